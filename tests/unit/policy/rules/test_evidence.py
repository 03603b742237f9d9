from datetime import timedelta

import pytest

from tests.support.policy import (
    AT,
    LENIENT,
    World,
    artifact,
    digest,
    evidence_file,
    finding,
    policy_yaml,
    version_files,
)

RULES = {
    "development": {"evidence": ["unit-tests"]},
    "staging": {"evidence": ["evaluation"]},
    "production": {"evidence": ["evaluation"]},
}
LATER = "2026-11-21T11:30:00Z"
LATEST = "2026-11-21T11:45:00Z"


def world(risk="low", rules=None):
    policy = policy_yaml(**{**LENIENT, "stage_rules": RULES if rules is None else rules})
    return World(policy).registered("1.0.0", risk=risk)


def promote(here, stage="development", approvals=("raio", "domain", "lead"), **fields):
    return here.judge(here.stage("1.0.0", stage), approvals=approvals, **fields)


@pytest.mark.clause("B-5.2-2")
def test_a_stage_without_its_evidence_is_refused():
    here = world()
    verdict = promote(here)
    assert verdict.codes == ("GM-P307",)
    assert "unit-tests" in finding(verdict, "GM-P307").message
    assert promote(here.accept(evidence_file("1.0.0", "unit-tests"))).allowed


def test_evidence_of_another_type_does_not_help():
    assert promote(world().accept(evidence_file("1.0.0", "evaluation"))).codes == ("GM-P307",)


def test_evidence_in_the_same_change_counts():
    here = world()
    edits = {**here.stage("1.0.0", "development"), **evidence_file("1.0.0", "unit-tests", by="engineer")}
    assert here.judge(edits, approvals=["lead"]).allowed


@pytest.mark.clause("B-5.2-2")
def test_evidence_for_other_bytes_does_not_count():
    here = world().accept(evidence_file("1.0.0", "unit-tests", artifacts_sha256=[digest("else")]))
    verdict = promote(here)
    assert verdict.codes == ("GM-P307",)
    assert "other bytes" in finding(verdict, "GM-P307").details[0]


@pytest.mark.clause("B-5.2-2")
@pytest.mark.parametrize("result", ["failed", "revoked"])
def test_the_latest_result_decides(result):
    here = world().accept(evidence_file("1.0.0", "unit-tests"))
    here.accept(evidence_file("1.0.0", "unit-tests", name="second", result=result, created=LATER))
    verdict = promote(here)
    assert verdict.codes == ("GM-P308",)
    assert result in finding(verdict, "GM-P308").message


def test_only_another_signer_supersedes_a_failure():
    here = world().accept(evidence_file("1.0.0", "unit-tests", result="failed"))
    here.accept(evidence_file("1.0.0", "unit-tests", name="again", created=LATER))
    verdict = promote(here)
    assert verdict.codes == ("GM-P308",)
    assert "own failure" in finding(verdict, "GM-P308").details[0]
    here.accept(evidence_file("1.0.0", "unit-tests", name="third", by="engineer2", created=LATEST))
    assert promote(here).allowed


def test_at_the_same_second_of_one_step_what_speaks_against_the_version_decides():
    failed = evidence_file("1.0.0", "unit-tests", name="a", result="failed", by="engineer2")
    here = world().accept({**failed, **evidence_file("1.0.0", "unit-tests", name="z")})
    assert promote(here).codes == ("GM-P308",)


@pytest.mark.parametrize(
    ("passed", "failed", "codes"),
    [
        ("2026-11-21T11:00:00Z", "2026-11-21T11:00:00.5Z", ("GM-P308",)),
        ("2026-11-21T11:00:00.5Z", "2026-11-21T11:00:00Z", ()),
        ("2026-11-21T11:00:00.10Z", "2026-11-21T11:00:00.1Z", ("GM-P308",)),
    ],
)
def test_within_one_step_evidence_is_in_the_order_of_time_and_not_of_text(passed, failed, codes):
    good = evidence_file("1.0.0", "unit-tests", name="a", created=passed)
    bad = evidence_file("1.0.0", "unit-tests", name="b", created=failed, result="failed", by="engineer2")
    assert promote(world().accept({**good, **bad})).codes == codes


def test_what_was_accepted_later_decides_whatever_time_it_names():
    far = evidence_file("1.0.0", "unit-tests", name="a", created="2098-12-31T00:00:00Z", by="engineer")
    here = world().accept(far)
    failed = evidence_file("1.0.0", "unit-tests", name="b", result="failed", created=LATER)
    assert here.judge(failed, by="ci").allowed
    assert promote(here.accept(failed)).codes == ("GM-P308",)


def test_evidence_of_the_same_change_comes_after_what_is_accepted():
    here = world().accept(evidence_file("1.0.0", "unit-tests", created="2098-12-31T00:00:00Z", result="failed"))
    fresh = evidence_file("1.0.0", "unit-tests", name="b", by="engineer", created=LATER)
    edits = {**here.stage("1.0.0", "development"), **fresh}
    assert here.judge(edits, approvals=["lead"]).allowed


@pytest.mark.clause("B-5.2-2")
@pytest.mark.parametrize(
    ("risk", "by", "codes"),
    [
        ("high", "ci", ()),
        ("high", "engineer2", ("GM-P309",)),
        ("high", "engineer", ("GM-P309",)),
        ("high", "raio", ()),
        ("critical", "engineer", ("GM-P309", "GM-P401")),
        ("medium", "engineer", ()),
    ],
)
def test_for_high_and_critical_risk_evidence_of_late_stages_is_independent(risk, by, codes):
    here = (
        world(risk).promoted("1.0.0", "development", "validation").accept(evidence_file("1.0.0", "evaluation", by=by))
    )
    verdict = here.judge(here.stage("1.0.0", "staging"), by="engineer2", approvals=["raio", "domain", "lead"])
    assert verdict.codes == codes


def test_early_stages_take_the_word_of_the_engineer():
    here = world("high").accept(evidence_file("1.0.0", "unit-tests", by="engineer"))
    assert promote(here).allowed


def add(here, by="engineer", **fields):
    return here.judge(evidence_file("1.0.0", "evaluation", **{"by": by, **fields}), by=by)


def test_evidence_names_its_signer():
    here = world()
    assert add(here).allowed
    assert add(here, by="ci").allowed
    verdict = here.judge(evidence_file("1.0.0", "evaluation", by="ci"))
    assert verdict.codes == ("GM-P310",)
    assert "nobody known" in finding(here.judge(evidence_file("1.0.0", "evaluation"), by=None), "GM-P310").message


def test_evidence_that_binds_other_bytes_is_not_added():
    assert add(world(), artifacts_sha256=[digest("else")]).codes == ("GM-P311",)
    assert add(world(), artifacts_sha256=[digest("else"), artifact("1.0.0")["sha256"]]).allowed


def test_evidence_for_a_version_that_is_not_there_is_refused():
    assert world().codes(evidence_file("7.0.0", "evaluation", by="engineer")) == ("GM-P311",)


def test_a_version_without_served_roles_is_bound_by_all_its_bytes():
    here = World(policy_yaml(stage_rules={}, lineage={})).registered()
    parts = [artifact("1.0.0", path=name, role="evaluation") for name in ("a.bin", "b.bin")]
    here.accept(version_files("1.0.0", artifacts=parts))
    assert add(here, artifacts_sha256=[parts[0]["sha256"]]).codes == ("GM-P311",)
    assert add(here, artifacts_sha256=[part["sha256"] for part in parts]).allowed


def test_backdated_evidence_and_evidence_from_the_future_are_refused():
    here = world().accept(evidence_file("1.0.0", "evaluation", created=LATER))
    assert add(here, name="old").codes == ("GM-P312",)
    assert add(here, name="new", created=LATER).allowed
    assert add(here, name="far", created="2026-11-21T12:06:00Z").codes == ("GM-P312",)
    edits = evidence_file("1.0.0", "evaluation", name="far", by="engineer", created="2026-11-21T12:06:00Z")
    assert here.judge(edits, at=AT + timedelta(minutes=2)).allowed
    assert here.judge(edits, at=None).allowed


def test_evidence_is_revoked_by_its_signer_or_an_approver():
    here = world().accept(evidence_file("1.0.0", "evaluation", by="engineer"))
    fields = {"name": "off", "result": "revoked", "created": LATER}
    assert add(here, **fields).allowed
    assert add(here, by="raio", **fields).allowed
    assert add(here, by="engineer2", **fields).codes == ("GM-P313",)
    assert add(here, by="ci", **fields).codes == ("GM-P313",)


def test_an_approver_adds_no_evidence_but_a_revocation():
    here = world()
    assert add(here, by="raio").codes == ("GM-P403",)


def test_a_stage_without_a_version_says_only_that():
    here = world()
    assert here.codes(here.stage("5.0.0", "development"), approvals=["lead"]) == ("GM-P303",)


@pytest.mark.parametrize(("good", "bad"), [("ci", "visitor"), ("visitor", "ci"), ("ci", "domain"), ("lead", "ci")])
def test_of_two_results_at_the_same_time_that_decides_which_speaks_against_it(good, bad):
    here = world()
    edits = evidence_file("1.0.0", "unit-tests", by=good, name="a")
    edits |= evidence_file("1.0.0", "unit-tests", by=bad, result="failed", name="b")
    verdict = promote(here.accept(edits))
    assert finding(verdict, "GM-P308").message == f"unit-tests of fraud@1.0.0 is failed (by {bad})"


@pytest.mark.parametrize(("accepted", "codes"), [("12:05:00", ("GM-P312",)), ("12:05:01", ())])
def test_accepted_evidence_counts_as_far_ahead_as_clocks_differ(accepted, codes):
    here = world().accept(evidence_file("1.0.0", "bias", created=f"2026-11-21T{accepted}Z"), "ci")
    added = evidence_file("1.0.0", "bias", name="later", created="2026-11-21T12:04:59Z")
    assert here.codes(added, "ci") == codes
