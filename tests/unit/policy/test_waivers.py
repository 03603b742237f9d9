"""R14: what a waiver lets through, and what no waiver ever does."""

import pytest

from gitops_models.policy.context import Context
from gitops_models.policy.rule import Kind, Problem, Rule
from gitops_models.policy.rules import RULES
from gitops_models.policy.verdict import Severity
from gitops_models.policy.waiving import waived
from gitops_models.registry.snapshot import Snapshot
from gitops_models.registry.waivers import waivers, waivers_in_force
from tests.support.policy import (
    AT,
    LENIENT,
    World,
    commit,
    finding,
    policy_yaml,
    quarantine_file,
    version_files,
    waiver_file,
)

GOVERNORS = ("raio", "owner")
NEVER = ("GM-P401", "GM-P304", "GM-P306", "GM-P301", "GM-P101", "GM-P801", "GM-P503", "GM-P602", "GM-P708", "GM-P002")
WITH_EVIDENCE = {**LENIENT, "stage_rules": {"production": {"evidence": ["evaluation"]}}}


def evaluated(**waiver):
    """A version live in staging without the evidence that production asks for, and an accepted waiver of that."""
    here = World(policy_yaml(**WITH_EVIDENCE)).registered("1.0.0", "1.1.0").registered("1.0.0", model="churn")
    here.promoted("1.0.0", "development", "validation", "staging")
    here.promoted("1.0.0", "development", "validation", "staging", model="churn")
    return here.accept(waiver_file(**{"code": "GM-P307", **waiver})) if waiver else here


def promote(here, model="fraud", **facts):
    """The verdict on the promotion to production."""
    edits = here.stage("1.0.0", "production", model)
    return here.judge(edits, by="engineer", approvals=("lead",), **facts)


def test_without_a_waiver_the_rule_denies():
    assert promote(evaluated()).codes == ("GM-P307",)


@pytest.mark.parametrize(
    "fields",
    [
        {"models": ["fraud"]},
        {"models": ["other", "fr*"]},
        {"models": ["*"]},
        {"stage": "production"},
        {"version": "1.0.0"},
        {"stage": "production", "version": "1.0.0"},
    ],
)
def test_an_accepted_waiver_turns_the_denial_into_a_warning_that_names_it(fields):
    verdict = promote(evaluated(id="w-1", reason="the scanner is down", **fields))
    assert verdict.allowed
    (warning,) = [one for one in verdict.findings if one.code == "GM-P307"]
    assert (warning.severity, warning.waiver, warning.on_replay) == (Severity.WARN, "w-1", False)
    assert warning.details[-1] == "waived by w-1 until 2026-12-01T00:00:00Z: the scanner is down"


@pytest.mark.parametrize(
    "fields",
    [
        {"models": ["churn"]},
        {"models": ["fraud?"]},
        {"stage": "staging"},
        {"version": "1.1.0"},
        {"code": "GM-P318"},
        {"stage": "production", "version": "1.1.0"},
    ],
)
def test_a_waiver_of_another_model_stage_version_or_rule_lets_nothing_through(fields):
    verdict = promote(evaluated(**fields))
    assert verdict.codes == ("GM-P307",)
    assert finding(verdict, "GM-P307").waiver is None


def test_a_waiver_counts_for_its_own_model_only():
    here = evaluated(models=["fraud"])
    assert promote(here).allowed
    assert promote(here, "churn").codes == ("GM-P307",)


@pytest.mark.parametrize(("expires", "stands"), [("2026-11-21T12:00:00Z", False), ("2026-11-21T12:00:01Z", True)])
def test_a_waiver_ends_at_its_very_second_and_the_denial_says_so(expires, stands):
    verdict = promote(evaluated(id="w-1", expires=expires))
    assert verdict.allowed is stands
    if not stands:
        assert finding(verdict, "GM-P307").details[-1] == f"the waiver w-1 expired at {expires}"


def test_of_several_waivers_the_one_that_lasts_longest_counts():
    here = evaluated(id="w-1", expires="2026-11-21T11:30:00Z", created="2026-11-01T00:00:00Z")
    assert not promote(here).allowed
    here.accept(waiver_file(code="GM-P307", id="a-later", expires="2026-11-22T00:00:00Z"))
    assert finding(promote(here), "GM-P307").waiver == "a-later"


def test_an_earlier_created_time_makes_no_waiver_older_or_longer():
    here = evaluated(created="2020-01-01T00:00:00Z", expires="2026-11-21T11:59:59Z")
    assert promote(here).codes == ("GM-P307",)


def test_without_a_time_of_acceptance_no_waiver_counts():
    verdict = promote(evaluated(id="w-1"), at=None)
    assert "GM-P307" in verdict.codes
    assert finding(verdict, "GM-P307").details == ()


def test_a_waiver_that_the_same_change_brings_does_not_count():
    here = evaluated()
    edits = {**here.stage("1.0.0", "production"), **waiver_file(code="GM-P307")}
    assert here.judge(edits, by="engineer", approvals=("lead", *GOVERNORS)).codes == ("GM-P004",)
    context = _context(here, here.change(edits))
    (found,) = Rule("GM-P307", lambda _: [Problem("x", next(iter(edits)))], "x", waivable=True).findings(context)
    assert waived(context, found) == found


def test_a_removed_waiver_counts_no_more():
    here = evaluated(id="w-1")
    removed = dict.fromkeys(waiver_file(id="w-1"))
    assert here.judge(removed, by="engineer").codes == ("GM-P401",)
    assert here.judge(removed, by="engineer", approvals=GOVERNORS).allowed
    assert promote(here.accept(removed)).codes == ("GM-P307",)


def test_an_admission_rule_that_is_waived_does_not_deny_whoever_sees_the_step_live_later():
    policy = policy_yaml(**{**LENIENT, "stage_rules": {"production": {"freeze": [{"days": ["sat"]}]}}})
    here = World(policy).registered("1.0.0").promoted("1.0.0", "development", "validation", "staging")
    assert promote(here).codes == ("GM-P317",)
    here.accept(waiver_file(code="GM-P317"))
    assert promote(here).allowed
    replayed = promote(here, live=False)
    assert replayed.seen_live() == replayed
    assert promote(here, live=False) == replayed


def test_a_finding_that_only_warns_stays_what_it_is():
    here = evaluated(id="w-1")
    change = here.change(here.stage("1.0.0", "production"))
    context = _context(here, change)
    rule = Rule("GM-P307", lambda _: [Problem("known", change.paths[0].path, warns=True)], "x", waivable=True)
    (found,) = rule.findings(context)
    assert waived(context, found) == found


@pytest.mark.parametrize("where", [None, "README.md", "policies/policy.yaml"])
def test_what_is_about_no_model_cannot_be_waived(where):
    here = evaluated(models=["*"])
    context = _context(here, here.change(here.stage("1.0.0", "production")))
    (found,) = Rule("GM-P307", lambda _: [Problem("x", where)], "x", waivable=True).findings(context)
    assert waived(context, found) == found


def test_what_leaves_a_stage_is_about_no_version():
    here = evaluated(version="1.0.0")
    edits = {"models/fraud/stages/staging.yaml": None}
    context = _context(here, here.change(edits))
    (found,) = Rule("GM-P307", lambda _: [Problem("x", next(iter(edits)))], "x", waivable=True).findings(context)
    assert waived(context, found) == found


def test_a_registration_is_waived_by_model_and_version():
    policy = {**LENIENT, "lineage": {"require": ["artifacts", "code"], "coverage": ["weights"]}}
    here = World(policy_yaml(**policy)).registered("1.0.0")
    edits = version_files("1.1.0")
    assert here.judge(edits).codes == ("GM-P201",)
    here.accept(waiver_file(code="GM-P201", version="1.1.0"))
    assert here.judge(edits).allowed
    assert here.judge(version_files("1.2.0")).codes == ("GM-P201",)


def _context(here, change):
    return Context(change, here.facts(change), here.policy)


# Who may grant one, and of what


def test_a_waiver_takes_the_quorum_of_policy_changes():
    here = World().registered("1.0.0")
    edits = waiver_file(by="engineer")
    assert here.judge(edits, by="engineer").codes == ("GM-P401",)
    assert here.judge(edits, by="engineer", approvals=("lead", "raio")).codes == ("GM-P401",)
    assert here.judge(edits, by="engineer", approvals=GOVERNORS).allowed
    quorum = here.judge(edits, by="engineer", approvals=GOVERNORS).quorums[0]
    assert quorum.what == "waiver w-1"


def test_nobody_grants_themselves_a_waiver():
    here = World().registered("1.0.0")
    assert "GM-P401" in here.judge(waiver_file(by="raio"), by="raio", approvals=GOVERNORS).codes


def test_an_edited_waiver_is_a_new_one():
    here = evaluated(id="w-1", models=["churn"])
    edits = waiver_file(id="w-1", code="GM-P307", models=["*"], by="engineer")
    assert here.judge(edits, by="engineer").codes == ("GM-P401",)
    assert here.judge(edits, by="engineer", approvals=GOVERNORS).allowed


@pytest.mark.parametrize("code", [*NEVER, "GM-P308", "GM-P309", "GM-P410", "GM-P999", "GM-P000"])
def test_a_waiver_of_what_cannot_be_waived_is_refused(code):
    here = World().registered("1.0.0")
    verdict = here.judge(waiver_file(code=code, by="engineer"), by="engineer", approvals=GOVERNORS)
    assert verdict.codes == ("GM-P708",)
    assert code in finding(verdict, "GM-P708").message
    assert "GM-P316" in finding(verdict, "GM-P708").details[0]


@pytest.mark.parametrize(
    "code", ["gm-p316", "GM-P316 ", " GM-P316", "GM-P316\n", "GM-P31\uff16", "GM-P*", "GM-T001", "GM-P3160", "", 316]
)
def test_a_disguised_code_is_no_code(code):
    here = World().registered("1.0.0")
    verdict = here.judge(waiver_file(code=code, by="engineer"), by="engineer", approvals=GOVERNORS)
    assert verdict.codes == ("GM-P001",)


@pytest.mark.parametrize(
    "fields",
    [
        {"models": []},
        {"models": ["Fraud"]},
        {"models": ["[a-z]*"]},
        {"expires": None},
        {"expires": "2026-12-01"},
        {"expires": "2026-11-21T11:00:00Z"},
        {"reason": ""},
        {"reason": "two\nlines"},
        {"extra": 1},
    ],
)
def test_a_waiver_that_is_not_whole_is_refused(fields):
    here = World().registered("1.0.0")
    edits = waiver_file(by="engineer", **fields)
    assert here.judge(edits, by="engineer", approvals=GOVERNORS).codes == ("GM-P001",)


def test_a_waiver_under_another_name_than_its_file_is_refused():
    here = World().registered("1.0.0")
    (data,) = waiver_file(id="w-1", by="engineer").values()
    verdict = here.judge({"policies/waivers/w-2.yaml": data}, by="engineer", approvals=GOVERNORS)
    assert verdict.codes == ("GM-P002",)


def test_a_waiver_speaks_for_the_one_who_signs_it():
    here = World().registered("1.0.0")
    assert here.judge(waiver_file(by="lead"), by="engineer", approvals=GOVERNORS).codes == ("GM-P709",)
    edits = waiver_file(by="engineer")
    both = tuple(commit(edits, name, oid=oid * 40) for name, oid in (("engineer", "a"), ("lead", "b")))
    assert "GM-P709" in here.judge(edits, by="engineer", approvals=GOVERNORS, commits=both).codes


def test_what_may_be_waived_is_neither_form_nor_history_nor_agreement_nor_bar():
    waivable = {rule.code for rule in RULES if rule.waivable}
    lineage, fitness = {"GM-P201", "GM-P202"}, {"GM-P307", "GM-P319", "GM-P320", "GM-P321", "GM-P901"}
    assert waivable == lineage | fitness | {"GM-P316", "GM-P317", "GM-P318"}
    assert all(rule.severity is Severity.DENY for rule in RULES if rule.waivable)


def test_a_rule_that_may_not_be_waived_denies_beside_a_waiver_that_names_it():
    """As if a later version of gm had taken the rule off the list."""
    here = evaluated(models=["*"], code="GM-P304").accept(quarantine_file("1.0.0"))
    here.accept(waiver_file(id="w-2", models=["*"], code="GM-P307"))
    assert "GM-P304" in promote(here).codes


def test_admission_rules_are_marked_one_by_one():
    assert [one.code for one in RULES if one.kind is Kind.ADMISSION and one.waivable] == [
        "GM-P316",
        "GM-P317",
        "GM-P318",
    ]


# What is in force


def test_waivers_in_force_are_those_that_have_not_expired():
    here = World(files=waiver_file(id="b", models=["churn"]) | waiver_file(id="a"))
    here.accept(waiver_file(id="c", expires="2026-11-21T12:00:00Z"))
    snapshot = here.state.snapshot
    assert [one.id for one in waivers(snapshot)] == ["a", "b", "c"]
    assert [one.id for one in waivers_in_force(snapshot, AT)] == ["a", "b"]
    assert [one.id for one in waivers_in_force(snapshot, AT, "fraud")] == ["a"]
    assert waivers(Snapshot.empty(snapshot.layout, snapshot.blobs)) == ()
