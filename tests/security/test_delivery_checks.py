"""Around a switch: nobody weakens a check, a broken check holds no bad version, and nothing unapproved comes back."""

import json
import os
import pickle
import sys
from dataclasses import replace

import pytest
from pydantic import TypeAdapter

from gitops_models.delivery.checks.assemble import checks_for
from gitops_models.delivery.checks.settings import CheckList
from gitops_models.delivery.resolve import resolve
from gitops_models.delivery.results import State
from gitops_models.policy.document import load_policy
from gitops_models.registry.chronicle import Happening
from gitops_models.registry.state import Touch
from tests.support.delivery import Accepted, Bytes, artifacts_of, chosen, content_of, deployment, reconciler
from tests.support.policy import policy_yaml, waiver_file

STEP = "5" * 40
PATH = "models/fraud/stages/production.yaml"
NOWHERE = {"use": "command", "command": ["/nowhere/at/all"], "when": "before", "retries": 0}


def accepted(version, *checks):
    made = chosen(version)
    if checks:
        row = {"id": "local", "stage": "production", "checks": list(checks)}
        made.put("policies/targets.yaml", f"kind: Targets\ntargets: [{json.dumps(row)}]\n")
    return made


def history(made, *, staged=(), back=False):
    """What was accepted, as after a life: ``staged`` were live here once, ``back``: a rollback set the stage."""
    found = made.history() if isinstance(made, Accepted) else made
    found.policy = load_policy(policy_yaml("solo"), "policy")
    changes = {"ever_staged": {("fraud", "production"): dict.fromkeys(staged)}}
    if back:
        changes["touched"] = {PATH: Touch(1, STEP)}
        changes["chronicle"] = {"fraud": (Happening("rollback", STEP, None, "production"),)}
    found.state = replace(found.state, **changes)
    return found


def go(tmp_path, found, *parts, source=None):
    run = reconciler(tmp_path / "srv", found, state=tmp_path / "state", source=source)
    named = TypeAdapter(CheckList).validate_python(list(parts))
    (result,) = replace(run, checks=checks_for(named, wait=lambda _seconds: None)).run().results
    return result


def served(tmp_path):
    return (resolve(tmp_path / "srv/fraud/production") / "model.onnx").read_bytes()


def metric(**fields):
    return {"id": "auc", "use": "metric", "command": [sys.executable, "-c", "print(0.9)"], "retries": 0, **fields}


@pytest.mark.attack("leave out a check that the policy asks for", "GM-R522", by="operator")
def test_a_check_that_the_policy_asks_for_and_nobody_defined_stops_the_switch(tmp_path):
    go(tmp_path, history(accepted("1.0.0")))
    bad = go(tmp_path, history(accepted("1.1.0", "answers")))
    assert (bad.error.code, bad.live) == ("GM-R522", "1.0.0")
    assert "has no check of this name" in bad.error.message
    assert served(tmp_path) == content_of("1.0.0")["model.onnx"]


@pytest.mark.lookalike("a check that the policy asks for and does not require")
def test_a_check_that_is_not_required_stops_nothing(tmp_path):
    fine = go(tmp_path, history(accepted("1.1.0", {"id": "answers", "required": False})))
    assert (fine.error, fine.live) == (None, "1.1.0")


@pytest.mark.attack("loosen a limit of the policy in the reconciler's file", "GM-R521", by="operator")
@pytest.mark.clause("A-validation-3")
def test_the_limits_of_the_policy_hold_where_the_operators_are_looser(tmp_path):
    go(tmp_path, history(accepted("1.0.0")))
    asked = accepted("1.1.0", {"id": "auc", "above": 0.9})
    bad = go(tmp_path, history(asked, staged=["1.0.0"]), metric(above=0.5, required=False, models=["other"]))
    assert (bad.error.code, bad.error.message) == ("GM-R521", "auc: failed: 0.9 is not above 0.9")
    assert (bad.state, bad.live) == (State.VALIDATION_FAILED, "1.0.0")


@pytest.mark.attack("have a limit of the policy fall on a check that does not know it", "GM-R521", by="operator")
def test_a_limit_that_a_check_does_not_know_is_not_overlooked(tmp_path):
    odd = go(tmp_path, history(accepted("1.1.0", {"id": "auc", "p95_below_ms": 3.0})), metric(above=0.5))
    assert odd.error.code == "GM-R521"
    assert odd.error.message.endswith("a metric knows no p95_below_ms, which policies/targets.yaml asks")


@pytest.mark.attack("break a check so that a rollback waits for it", "ignored", by="operator")
@pytest.mark.clause("A-testing-7")
def test_a_way_back_does_not_wait_for_a_check_that_cannot_be_run(tmp_path):
    go(tmp_path, history(accepted("1.1.0")))
    waiting = go(tmp_path, history(accepted("1.0.0", "unknown")), {"id": "gone", **NOWHERE})
    assert (waiting.error.code, waiting.live) == ("GM-R522", "1.1.0")
    back = go(tmp_path, history(accepted("1.0.0", "unknown"), back=True), {"id": "gone", **NOWHERE})
    assert (back.error, back.live) == (None, "1.0.0")
    assert {one.id for one in back.checks if one.passed is None} == {"unknown", "gone"}


@pytest.mark.attack("break one check of a way back so that the next is not run", "GM-R520", by="operator")
def test_behind_a_check_that_cannot_be_run_the_next_one_still_refuses(tmp_path):
    go(tmp_path, history(accepted("1.1.0")))
    refuse = {**NOWHERE, "id": "weights-scan", "command": [sys.executable, "-c", "raise SystemExit('backdoor')"]}
    bad = go(tmp_path, history(accepted("1.0.0"), back=True), {"id": "gone", **NOWHERE}, {**refuse, "timeout": 30})
    assert (bad.error.code, bad.error.message, bad.live) == ("GM-R520", "weights-scan: failed: backdoor", "1.1.0")


@pytest.mark.attack("break a check so that damaged bytes stay served", "ignored", by="node")
def test_healing_does_not_wait_for_a_check_that_cannot_be_run(tmp_path):
    go(tmp_path, history(accepted("1.0.0")))
    file = resolve(tmp_path / "srv/fraud/production") / "model.onnx"
    file.chmod(0o644)
    file.write_bytes(b"spoiled")
    healed = go(tmp_path, history(accepted("1.0.0"), staged=["1.0.0"]), {"id": "gone", **NOWHERE})
    assert (healed.error, healed.live) == (None, "1.0.0")
    assert served(tmp_path) == content_of("1.0.0")["model.onnx"]


@pytest.mark.attack("fail the check of a rollback to have the bad version back", "GM-R521", by="operator")
@pytest.mark.clause("A-validation-4")
def test_what_a_rollback_leads_away_from_never_comes_back_by_itself(tmp_path):
    go(tmp_path, history(accepted("1.1.0")))
    failed = go(tmp_path, history(accepted("1.0.0"), staged=["1.0.0", "1.1.0"], back=True), metric(above=0.99))
    assert (failed.state, failed.error.code, failed.live) == (State.VALIDATION_FAILED, "GM-R521", "1.0.0")
    assert served(tmp_path) == content_of("1.0.0")["model.onnx"]


@pytest.mark.attack("lay a registered version with its note where it is restored to", "GM-R521", by="node")
def test_only_what_was_accepted_here_once_is_restored(tmp_path):
    """Other hands put 1.0.0 there, which was never asked for at this stage; then the version that is does not pass."""
    go(tmp_path, history(accepted("1.0.0")))
    bad = go(tmp_path, history(accepted("1.1.0"), staged=["1.1.0"]), metric(above=0.99))
    assert (bad.error.code, bad.live) == ("GM-R521", "1.1.0")
    assert served(tmp_path) == content_of("1.1.0")["model.onnx"]


@pytest.mark.attack("have a version restored that was barred meanwhile", "GM-R521", by="author")
def test_a_version_that_is_barred_is_not_restored(tmp_path):
    go(tmp_path, history(accepted("1.0.0")))
    barred = accepted("1.1.0").quarantine("fraud", "1.0.0")
    bad = go(tmp_path, history(barred, staged=["1.0.0", "1.1.0"]), metric(above=0.99))
    assert (bad.error.code, bad.live) == ("GM-R521", "1.1.0")


@pytest.mark.attack("have the previous version restored at high risk without a person", "GM-R521", by="operator")
def test_from_high_risk_on_nothing_is_restored_without_a_person(tmp_path):
    go(tmp_path, history(accepted("1.0.0")))
    risky = accepted("1.1.0").put("models/fraud/model.yaml", "kind: Model\nname: fraud\nrisk: high\nowners: [team]\n")
    bad = go(tmp_path, history(risky, staged=["1.0.0", "1.1.0"]), metric(above=0.99))
    assert (bad.error.code, bad.live) == ("GM-R521", "1.1.0")


@pytest.mark.attack("declare an interface that the files do not have", "GM-R520", by="author")
def test_files_that_take_something_else_than_was_recorded_are_refused(tmp_path):
    made = chosen("1.0.0")
    interface = "interface: {inputs: [{name: x, dtype: float32, shape: [-1, 4]}]}\n"
    path = "models/fraud/versions/1.0.0/lineage.yaml"
    made.files[path] += interface.encode()
    made.stage("fraud", "1.0.0")
    bad = go(tmp_path, history(made))
    assert (bad.error.code, bad.live) == ("GM-R520", None)
    assert bad.checks[-1].message.startswith("the files: ")
    assert deployment("1.0.0").digest in [path.name for path in (tmp_path / "srv/fraud/production/store").iterdir()]
    assert Bytes().asked == []


class Runs:
    """Runs a program when it is loaded."""

    def __reduce__(self):
        return os.system, ("touch /tmp/never",)


def pickled(value, risk="low"):
    """A version that is one pickle, and its bytes."""
    content = {"model.pkl": pickle.dumps(value)}
    artifacts = artifacts_of("1.0.0", content)
    made = Accepted().model("fraud").version("fraud", "1.0.0")
    path = "models/fraud/versions/1.0.0/lineage.yaml"
    head, _, _ = made.files[path].partition(b"- {")
    entry = f"- {{path: model.pkl, role: weights, sha256: '{artifacts[0].sha256}', size: {artifacts[0].size}}}\n"
    made.files[path] = head + entry.encode()
    made.put("models/fraud/model.yaml", f"kind: Model\nname: fraud\nrisk: {risk}\nowners: [team]\n")
    return made.stage("fraud", "1.0.0"), Bytes({"1.0.0": content})


@pytest.mark.attack("have a pickle served that runs a program when it is loaded", "GM-R520", by="author")
def test_a_pickle_that_runs_a_program_is_not_switched_to_not_even_by_a_rollback(tmp_path):
    made, source = pickled(Runs())
    for back in (False, True):
        bad = go(tmp_path, history(made, back=back), source=source)
        assert (bad.error.code, bad.live) == ("GM-R520", None)
        assert "scan: failed: model.pkl" in bad.error.message
        assert "system" in bad.error.message


@pytest.mark.attack("have a format served at high risk that can hold code", "GM-R520", by="author")
def test_a_pickle_is_not_switched_to_at_high_risk(tmp_path):
    made, source = pickled([1, 2], "high")
    bad = go(tmp_path, history(made), source=source)
    assert (bad.error.code, bad.live) == ("GM-R520", None)


@pytest.mark.lookalike("a clean pickle at low risk, and at high risk as the way back")
@pytest.mark.parametrize(("risk", "back"), [("low", False), ("high", True)])
def test_a_clean_pickle_is_served_where_it_was_agreed_to(tmp_path, risk, back):
    made, source = pickled([1, 2], risk)
    fine = go(tmp_path, history(made, back=back), source=source)
    assert (fine.error, fine.live) == (None, "1.0.0")


@pytest.mark.lookalike("a clean pickle at high risk that a waiver let in")
def test_a_pickle_that_a_waiver_let_in_is_served(tmp_path):
    made, source = pickled([1, 2], "high")
    made.files |= waiver_file("old", code="GM-P321")
    assert go(tmp_path, history(made), source=source).live == "1.0.0"
