"""Formats by risk, and the audit after repeated violations."""

from datetime import timedelta

import pytest

from gitops_models.registry.chronicle import Happening
from gitops_models.registry.paths import model_scope
from tests.support.policy import (
    AT,
    LENIENT,
    World,
    artifact,
    evidence_file,
    finding,
    hold_file,
    policy_yaml,
    version_files,
)

STAGES = ("development", "validation", "staging", "production")
OTHERS = {"low": ["lead"], "medium": ["raio"], "high": ["raio", "domain"]}
OTHERS["critical"] = [*OTHERS["high"], "board1", "board2"]
SAFE = {"high": ["onnx", "safetensors"]}


def world(risk, formats, *artifacts):
    """A version with these artifacts that has passed every stage before production."""
    policy = policy_yaml(**{**LENIENT, "stage_rules": {"production": {"formats": formats}}})
    here = World(policy).registered(risk=risk)
    return here.accept(version_files("1.0.0", artifacts=list(artifacts))).promoted("1.0.0", *STAGES[:3])


@pytest.mark.clause("B-5.2-7")
@pytest.mark.parametrize(
    ("risk", "formats", "found", "expected"),
    [
        ("high", SAFE, "onnx", ()),
        ("high", SAFE, "pickle", ("GM-P321",)),
        ("high", SAFE, None, ("GM-P321",)),
        ("critical", SAFE, "pickle", ("GM-P321",)),
        ("medium", SAFE, "pickle", ()),
        ("critical", {**SAFE, "critical": ["onnx"]}, "onnx", ()),
        ("critical", {**SAFE, "critical": ["onnx"]}, "safetensors", ("GM-P321",)),
        # The entry of the higher risk does not open what the lower one shuts.
        ("critical", {**SAFE, "critical": ["pickle"]}, "pickle", ("GM-P321",)),
        ("high", {**SAFE, "critical": ["onnx"]}, "safetensors", ()),
        ("low", {}, None, ()),
    ],
)
def test_weights_have_a_format_that_the_risk_allows(risk, formats, found, expected):
    one = artifact("1.0.0", **({"format": found} if found else {}))
    here = world(risk, formats, one)
    assert here.codes(here.stage("1.0.0"), approvals=OTHERS[risk]) == expected


def test_binaries_are_looked_at_and_code_is_not():
    weights = artifact("1.0.0", format="onnx")
    code = artifact("1.0.0", path="train.py", role="training-code")
    binary = artifact("1.0.0", path="server.so", role="binary", format="elf")
    fine = world("high", SAFE, weights, code)
    assert fine.codes(fine.stage("1.0.0"), approvals=OTHERS["high"]) == ()
    here = world("high", SAFE, weights, binary)
    verdict = here.judge(here.stage("1.0.0"), approvals=OTHERS["high"])
    assert verdict.codes == ("GM-P321",)
    message = finding(verdict, "GM-P321").message
    assert message == "server.so of fraud@1.0.0 is elf; production takes onnx, safetensors"


def test_entries_that_share_no_format_allow_none():
    here = world("critical", {"high": ["onnx"], "critical": ["gguf"]}, artifact("1.0.0", format="onnx"))
    verdict = here.judge(here.stage("1.0.0"), approvals=OTHERS["critical"])
    assert finding(verdict, "GM-P321").message.endswith("production takes none")


def test_formats_bind_the_stage_that_names_them_and_no_rollback():
    here = world("high", SAFE, artifact("1.0.0", format="pickle"))
    assert here.codes(here.stage("9.9.9"), approvals=OTHERS["high"]) == ("GM-P301", "GM-P303")
    here.accept(here.stage("1.0.0")).registered("1.1.0", risk="high").promoted("1.1.0")
    assert here.codes({**here.stage("1.0.0"), **hold_file(by="raio")}, "raio", approvals=["raio2"]) == ()


RULE = {"count": 3, "per_days": 365}


def broken(*days, rule=RULE, at=AT, risk="low"):
    """A model of which steps were denied so many days ago, one each."""
    here = World(policy_yaml(**LENIENT, violations=rule)).registered("1.0.0", "1.1.0", risk=risk)
    return violate(here, *days, at=at)


def violate(here, *days, at=AT):
    for number, ago in enumerate(days):
        time = at - timedelta(days=ago) if ago is not None else None
        one = Happening("violation", f"{number:040x}", time)
        here.state = here.state.block([model_scope("fraud")], step=one.step, change_id="c", codes=(), violation=one)
    return here


def audit(by="raio", **fields):
    return evidence_file("1.0.0", "external-audit", by=by, **fields)


def codes(here, *more, by="engineer", **fields):
    edits = here.stage("1.0.0", "development")
    for one in more:
        edits |= one
    return here.codes(edits, by, approvals=["lead"], **fields)


@pytest.mark.clause("B-11-3")
@pytest.mark.parametrize(
    ("days", "expected"),
    [
        ((3, 2), ()),
        ((3, 2, 1), ("GM-P322",)),
        ((365, 2, 1), ("GM-P322",)),
        ((366, 2, 1), ()),
        # A claimed time to come, or none, ends no violation.
        ((3, 2, -9999), ("GM-P322",)),
        ((3, 2, None), ("GM-P322",)),
    ],
)
def test_repeated_violations_are_counted(days, expected):
    assert codes(broken(*days)) == expected


@pytest.mark.clause("B-11-3")
def test_an_audit_after_the_last_violation_lets_promotions_go_on():
    here = broken(3, 2, 1)
    verdict = here.judge(here.stage("1.0.0", "development"), approvals=["lead"])
    assert verdict.codes == ("GM-P322",)
    said = finding(verdict, "GM-P322").message
    assert said == "fraud has 3 violations in 365 days; fraud@1.0.0 needs external-audit evidence that came after them"
    here.accept(audit(), "raio", at=AT - timedelta(hours=1))
    assert codes(here) == ()
    # One more, and the audit is older than it, whatever time the step claims.
    assert codes(violate(here, 300)) == ("GM-P322",)


def test_an_audit_from_before_the_violations_does_not_count():
    here = World(policy_yaml(**LENIENT, violations=RULE)).registered("1.0.0")
    here.accept(audit(), "raio", at=AT - timedelta(days=5))
    assert codes(violate(here, 4, 3, 2)) == ("GM-P322",)


def test_an_audit_that_the_change_brings_counts():
    here = broken(3, 2, -9999)
    assert here.codes({**here.stage("1.0.0", "development"), **audit("lead2")}, "lead2", approvals=["lead"]) == (
        "GM-P322",
    )
    assert here.codes(audit("ci"), "ci") == ()
    assert codes(here.accept(audit("ci"), "ci")) == ()


@pytest.mark.parametrize("fields", [{"result": "failed"}, {"by": "engineer"}])
def test_an_audit_that_failed_or_is_their_own_does_not_count(fields):
    here = broken(3, 2, 1)
    here.accept(audit(**fields), fields.get("by", "raio"))
    assert codes(here) == ("GM-P322",)


def test_without_the_demand_and_for_another_model_nothing_is_counted():
    assert codes(broken(3, 2, 1, rule=None)) == ()
    here = broken(3, 2, 1).registered("1.0.0", model="churn")
    assert here.codes(here.stage("1.0.0", "development", "churn"), approvals=["lead"]) == ()


def test_rollbacks_and_holds_wait_for_no_audit():
    here = World(policy_yaml(**LENIENT, violations=RULE)).registered("1.0.0", "1.1.0")
    violate(here.promoted("1.0.0").promoted("1.1.0"), 3, 2, 1)
    assert here.codes({**here.stage("1.0.0"), **hold_file()}, "operator") == ()


def test_on_replay_violations_only_warn():
    assert codes(broken(3, 2, 1), live=False) == ()


def test_a_version_that_is_not_there_has_no_audit_to_miss():
    here = broken(3, 2, 1)
    assert here.codes(here.stage("9.9.9", "development"), approvals=["lead"]) == ("GM-P303",)
    assert codes(broken(3, 2, 1), at=None) != ()


@pytest.mark.parametrize(("by", "expected"), [("engineer2", ("GM-P322",)), ("ci", ("GM-P322",)), ("raio", ())])
def test_who_made_a_violation_does_not_audit_it(by, expected):
    here = broken(3, 2)
    one = Happening("violation", "f" * 40, AT, persons=frozenset(("engineer2", "ci")))
    here.state = here.state.block([model_scope("fraud")], step=one.step, change_id="c", codes=(), violation=one)
    assert codes(here.accept(audit(by), by)) == expected
