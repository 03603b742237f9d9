"""A version of another model stands in while a stage is held and nothing good of its own is left."""

import hashlib
from dataclasses import replace

import pytest

from gitops_models.delivery.desired import desired_state, desired_states
from gitops_models.delivery.results import State
from gitops_models.delivery.values import ModelStage, Standing
from gitops_models.registry.stack import LiveStack, StackEntry
from tests.support.delivery import Accepted, Bytes, chosen, content_of, reconciler

AT = ModelStage("fraud", "production")
SERVED = {"1.0.0": content_of("1.0.0"), "2.0.0": content_of("2.0.0")}


def degraded(*, pins=None, barred=False, lifted=False):
    """``fraud`` was taken out of production, and the hold serves ``rules@2.0.0`` instead."""
    accepted = Accepted().model("fraud").version("fraud", "1.0.0").model("rules").version("rules", "2.0.0")
    lineage = hashlib.sha256(accepted.files["models/rules/versions/2.0.0/lineage.yaml"]).hexdigest()
    named = f"{{model: rules, version: 2.0.0, lineage_sha256: '{pins or lineage}'}}"
    hold = f"stage: production\naction: hold\nfallback: {named}"
    accepted._note("holds/production/1", "Hold", "fraud", hold)
    if lifted:
        accepted._note("holds/production/2", "Hold", "fraud", "stage: production\naction: lift\nroot_cause: x")
    if barred:
        accepted.quarantine("rules", "2.0.0")
    return taken_out(accepted.history())


def taken_out(history):
    stack = LiveStack().push(StackEntry("1.0.0", "0" * 64, None)).undeploy()
    return replace(history, state=replace(history.state, stacks={tuple(AT): stack}))


@pytest.mark.clause("B-8-3", "A-limits-7")
def test_the_fallback_is_served_with_the_condition_degraded_and_the_model_returns(tmp_path):
    root, state = tmp_path / "srv", tmp_path / "state"
    assert reconciler(root, chosen("1.0.0"), state=state, source=Bytes(SERVED)).run().ok
    report = reconciler(root, degraded(), state=state, source=Bytes(SERVED)).run()
    (result,) = report.results
    assert (report.ok, result.state, result.live, result.desired) == (
        True,
        State.DEGRADED,
        "rules@2.0.0",
        "rules@2.0.0",
    )
    assert [one.message for one in result.conditions if one.type == "Degraded"] == ["rules@2.0.0 stands in"]
    assert (root / "fraud/production/current/model.onnx").read_bytes() == content_of("2.0.0")["model.onnx"]
    again = reconciler(root, degraded(), state=state, source=Bytes(SERVED)).run().results[0]
    assert (again.done.value, again.state) == ("already there", State.DEGRADED)
    back = reconciler(root, chosen("1.0.0"), state=state, source=Bytes(SERVED)).run().results[0]
    assert (back.state, back.live) == (State.LIVE, "1.0.0")


def test_a_lift_ends_it_and_the_stage_is_empty(tmp_path):
    root, state = tmp_path / "srv", tmp_path / "state"
    assert reconciler(root, degraded(), state=state, source=Bytes(SERVED)).run().ok
    ended = reconciler(root, degraded(lifted=True), state=state, source=Bytes(SERVED)).run().results[0]
    assert (ended.done.value, ended.live) == ("retired", None)


def test_a_place_is_named_once_for_its_stand_in():
    (wanted,) = desired_states(degraded())
    assert (wanted.at, wanted.standing, wanted.deployment.source) == (AT, Standing.SERVE, "rules")
    assert desired_states(degraded(lifted=True)) == ()
    served = taken_out(chosen("1.0.0").hold("fraud").history())
    assert [wanted.deployment.label for wanted in desired_states(served)] == ["1.0.0"]


def test_a_fallback_that_is_barred_or_pinned_otherwise_is_not_installed():
    assert desired_state(degraded(barred=True), AT).standing is Standing.QUARANTINED
    other = desired_state(degraded(pins="f" * 64), AT)
    assert (other.standing, other.problem.code) == (Standing.UNKNOWN, "GM-R201")


def test_a_hold_that_cannot_be_read_bars_only_its_model():
    accepted = chosen("1.0.0").model("risk").version("risk", "1.0.0").stage("risk", "1.0.0")
    del accepted.files["models/fraud/stages/production.yaml"]
    accepted.put("models/fraud/holds/production/1.yaml", "kind: Hold\nnonsense: 1\n")
    found = {str(wanted.at): wanted.standing for wanted in desired_states(taken_out(accepted.history()))}
    assert found == {"fraud#production": Standing.UNKNOWN, "risk#production": Standing.SERVE}
