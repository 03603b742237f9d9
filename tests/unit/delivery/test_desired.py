import hashlib
from dataclasses import replace

import pytest

from gitops_models.delivery.desired import change_behind, desired_state, desired_states
from gitops_models.delivery.values import ModelStage, Standing
from gitops_models.registry.stack import LiveStack, StackEntry
from gitops_models.registry.state import Blocked, Touch
from tests.support.delivery import Accepted, Unchanged, artifacts_of, chosen

AT = ModelStage("fraud", "production")


class Step:
    def __init__(self, oid, status="accepted", change_id="d" * 64):
        self.oid, self.status, self.change_id = oid, status, change_id


class Pending:
    change = Unchanged()

    def __init__(self, step):
        self.step = step


def test_the_stage_state_names_the_version_and_the_lineage_its_bytes():
    accepted = chosen("1.1.0")
    wanted = desired_state(accepted.history(), AT)
    lineage = accepted.files["models/fraud/versions/1.1.0/lineage.yaml"]
    assert wanted.standing is Standing.SERVE
    assert wanted.deployment.version == "1.1.0"
    assert wanted.deployment.artifacts == artifacts_of("1.1.0")
    assert wanted.deployment.lineage_sha256 == hashlib.sha256(lineage).hexdigest()


def test_every_model_and_stage_of_the_selection_is_named_once_and_sorted():
    accepted = chosen("1.0.0").stage("fraud", "1.1.0", "staging")
    accepted.model("risk").version("risk", "1.0.0").stage("risk", "1.0.0")
    history = accepted.history()
    places = [str(wanted.at) for wanted in desired_states(history)]
    assert places == ["fraud#production", "fraud#staging", "risk#production"]
    assert [str(w.at) for w in desired_states(history, stages=["staging"])] == ["fraud#staging"]
    assert [str(w.at) for w in desired_states(history, models=["ri*"])] == ["risk#production"]


def test_a_place_that_is_occupied_and_not_desired_is_undeployed():
    gone = ModelStage("gone", "production")
    wanted = desired_states(chosen("1.0.0").history(), occupied=[AT, gone, ModelStage("gone", "staging")])
    assert [(str(w.at), w.standing) for w in wanted] == [
        ("fraud#production", Standing.SERVE),
        ("gone#production", Standing.UNDEPLOY),
        ("gone#staging", Standing.UNDEPLOY),
    ]
    outside = desired_states(chosen("1.0.0").history(), stages=["staging"], occupied=[gone])
    assert outside == ()


def test_the_repository_narrows_what_a_target_serves():
    accepted = chosen("1.0.0").stage("fraud", "1.1.0", "staging")
    accepted.model("risk").version("risk", "1.0.0").stage("risk", "1.0.0")
    accepted.put("policies/targets.yaml", "kind: Targets\ntargets: [{id: eu, stage: production, models: ['fr*']}]\n")
    history = accepted.history()
    assert [str(w.at) for w in desired_states(history, target="eu")] == ["fraud#production"]
    assert desired_states(history, target="eu", stages=["staging"]) == ()
    assert len(desired_states(history, target="us")) == 3


def test_a_stage_without_state_is_undeployed():
    accepted = Accepted().model("fraud").version("fraud", "1.0.0")
    assert desired_state(accepted.history(), AT).standing is Standing.UNDEPLOY


def test_a_stage_state_that_pins_another_lineage_bars_only_its_model():
    accepted = chosen("1.0.0").stage("fraud", "1.0.0", pins="0" * 64)
    accepted.model("risk").version("risk", "1.0.0").stage("risk", "1.0.0")
    bad, good = desired_states(accepted.history())
    assert (bad.standing, bad.problem.code) == (Standing.UNKNOWN, "GM-R201")
    assert good.standing is Standing.SERVE


def test_a_document_that_cannot_be_read_bars_only_its_model():
    accepted = chosen("1.0.0")
    history = accepted.history()
    accepted.put("models/fraud/stages/production.yaml", "kind: StageState\nnonsense: 1\n")
    history = replace(history, state=replace(history.state, snapshot=_snapshot(accepted)))
    wanted = desired_state(history, AT)
    assert (wanted.standing, wanted.problem.code) == (Standing.UNKNOWN, "GM-D021")


def _snapshot(accepted):
    other = Accepted()
    other.files = {path: data for path, data in accepted.files.items() if "/stages/" not in path}
    snapshot = other.history().state.snapshot
    blobs = {path: data for path, data in accepted.files.items() if "/stages/" in path}
    from gitops_models.registry.snapshot import Entry  # noqa: PLC0415

    source = other.blobs
    return snapshot.with_entries({path: Entry(0o100644, source.add(data)) for path, data in blobs.items()})


@pytest.mark.clause("A-emergency-6")
def test_a_quarantined_version_is_barred_and_its_bytes_must_leave():
    wanted = desired_state(chosen("1.1.0", barred="1.1.0").history(), AT)
    assert wanted.standing is Standing.QUARANTINED
    assert wanted.quarantined == {wanted.deployment.digest}
    released = chosen("1.1.0", barred="1.1.0").quarantine("fraud", "1.1.0", 2, "release")
    assert desired_state(released.history(), AT).standing is Standing.SERVE


def test_a_quarantined_version_without_a_readable_lineage_still_bars_nothing_else():
    accepted = chosen("1.0.0").quarantine("fraud", "9.9.9")
    assert desired_state(accepted.history(), AT).standing is Standing.SERVE


@pytest.mark.clause("B-2-3", "B-11-1")
def test_suspended_stays_resumed_goes_on_retired_is_undeployed():
    assert desired_state(chosen("1.0.0").status("fraud", "suspend").history(), AT).standing is Standing.SUSPENDED
    resumed = chosen("1.0.0").status("fraud", "suspend").status("fraud", "resume", 2)
    assert desired_state(resumed.history(), AT).standing is Standing.SERVE
    assert desired_state(chosen("1.0.0").status("fraud", "retire").history(), AT).standing is Standing.UNDEPLOY


def test_a_hold_is_told_with_its_reason_and_changes_nothing():
    wanted = desired_state(chosen("1.0.0").hold("fraud").history(), AT)
    assert (wanted.standing, wanted.hold) == (Standing.SERVE, "poisoned labels")


def test_the_last_known_good_is_kept_unless_it_is_quarantined():
    def keep(accepted):
        history = accepted.history()
        stack = LiveStack()
        for version in ("1.0.0", "1.1.0"):
            stack = stack.push(StackEntry(version, "0" * 64, None))
        state = replace(history.state, stacks={("fraud", "production"): stack})
        return desired_state(replace(history, state=state), AT).keep

    one = desired_state(chosen("1.0.0").history(), AT).deployment.digest
    assert keep(chosen("1.1.0")) == {one}
    assert keep(chosen("1.1.0", barred="1.0.0")) == frozenset()


def test_an_unreadable_lineage_of_an_earlier_version_stops_nothing():
    accepted = chosen("1.1.0")
    accepted.files.pop("models/fraud/versions/1.0.0/lineage.yaml")
    history = accepted.history()
    stack = LiveStack().push(StackEntry("1.0.0", "0" * 64, None)).push(StackEntry("1.1.0", "0" * 64, None))
    history = replace(history, state=replace(history.state, stacks={("fraud", "production"): stack}))
    wanted = desired_state(history, AT)
    assert (wanted.standing, wanted.keep) == (Standing.SERVE, frozenset())


def test_a_blocked_model_says_whether_it_waits_or_was_denied():
    history = chosen("1.0.0").history()
    blocked = {"model:fraud": Blocked("e" * 40, "d" * 64, ("GM-P401",))}
    history = replace(history, state=replace(history.state, blocked=blocked))
    waits = replace(history, pending={"model:fraud": Pending(Step("e" * 40, "pending"))})
    denied = replace(history, pending={"model:fraud": Pending(Step("e" * 40, "denied"))})
    assert desired_state(waits, AT).waiting.pending
    assert desired_state(waits, AT).waiting.reason == "GM-P401"
    assert not desired_state(denied, AT).waiting.pending
    assert not desired_state(history, AT).waiting.pending
    assert desired_state(waits, AT).standing is Standing.SERVE


def test_the_change_behind_a_deployment_is_the_one_that_touched_the_stage():
    history = chosen("1.0.0").history()
    assert change_behind(history, AT) is None
    touched = {"models/fraud/stages/production.yaml": Touch(1, "e" * 40)}
    history = replace(history, state=replace(history.state, touched=touched), steps=(Step("e" * 40), Step("f" * 40)))
    assert change_behind(history, AT) == "d" * 64
