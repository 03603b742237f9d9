"""Who may do what: one test for each line of the table, its proposers and its quorum, from both sides."""

import pytest

from gitops_models.registry.paths import model_scope
from tests.support.policy import (
    LENIENT,
    World,
    cause_file,
    commit,
    evidence_file,
    hold_file,
    model_yaml,
    people_yaml,
    policy_yaml,
    quarantine_file,
    status_file,
    version_files,
    yamls,
)

FULL = {"low": ["lead"], "medium": ["raio"], "high": ["raio", "domain"]}
FULL["critical"] = [*FULL["high"], "board1", "board2"]
RISKS = tuple(FULL)
SAFE = ("lead", "raio", "domain", "board1", "rescue1", "operator", "owner")


def world(risk="low", **policy):
    return World(policy_yaml(**{**LENIENT, **policy})).registered("1.0.0", "1.1.0", "1.2.0", risk=risk)


def live(risk="low", *, stages=None, versions=("1.0.0", "1.1.0", "1.2.0"), **policy):
    here = world(risk, **policy)
    for version in versions:
        here.promoted(version, *(stages or ()))
    return here


def signed(files, name):
    """The same records, said by somebody else."""
    return {path: data.replace(b"by: operator", f"by: {name}".encode()) for path, data in files.items()}


@pytest.mark.clause("B-10-1")
@pytest.mark.parametrize("risk", RISKS)
def test_a_model_is_added_by_who_registers_with_the_risks_approval_and_the_officer(risk):
    here = World(policy_yaml(**LENIENT))
    edits = {"models/fraud/model.yaml": model_yaml(risk=risk)}
    full = [*FULL[risk], *([] if "raio" in FULL[risk] else ["raio"])]
    assert here.codes(edits, approvals=full) == ()
    for absent in full:
        assert here.codes(edits, approvals=[one for one in full if one != absent]) == ("GM-P401",)
    assert here.codes(edits, "operator", approvals=full) == ("GM-P403",)


@pytest.mark.parametrize("risk", RISKS)
def test_a_model_is_changed_with_the_approval_of_its_risk(risk):
    here = world(risk)
    edits = {"models/fraud/model.yaml": model_yaml(risk=risk, owners=["team"])}
    assert here.codes(edits, approvals=FULL[risk]) == ()
    assert here.codes(edits, approvals=FULL[risk][1:]) == ("GM-P401",)
    assert here.codes(edits, "raio2", approvals=FULL[risk]) == ("GM-P403",)


@pytest.mark.parametrize("risk", ["medium", "high", "critical"])
def test_the_risk_of_a_model_is_lowered_by_the_approval_of_the_higher_one_and_the_officer(risk):
    edits = {"models/fraud/model.yaml": model_yaml(risk="low")}
    assert world(risk).codes(edits, approvals=["lead", "lead2"]) == ("GM-P401",)
    assert world(risk).codes(edits, approvals=FULL[risk]) == ()
    raised = {"models/fraud/model.yaml": model_yaml(risk=risk)}
    assert world("low").codes(raised, approvals=["lead"]) == ("GM-P401",)
    assert world("low").codes(raised, approvals=FULL[risk]) == ()


def test_the_risk_that_a_floor_gives_asks_for_its_approval():
    floors = [{"models": "fraud", "risk": "high"}]
    here = world("low", floors=floors)
    assert here.codes(here.stage("1.0.0", "development"), approvals=["lead"]) == ("GM-P401",)
    assert here.codes(here.stage("1.0.0", "development"), approvals=FULL["high"]) == ()


@pytest.mark.clause("B-10-1")
@pytest.mark.parametrize(("by", "codes"), [("engineer", ()), ("lead", ()), ("ci", ()), ("operator", ("GM-P403",))])
def test_a_version_is_registered_by_who_registers_alone(by, codes):
    assert world().codes(version_files("2.0.0", author=by), by) == codes


def test_a_version_is_registered_with_an_approval_where_the_policy_asks_for_it():
    here = world(registration={"may": ["ml-engineer"], "approve": ["technical-lead"]})
    assert here.codes(version_files("2.0.0")) == ("GM-P401",)
    assert here.codes(version_files("2.0.0"), approvals=["lead"]) == ()


@pytest.mark.parametrize(
    ("by", "codes"), [("engineer", ()), ("ci", ()), ("monitor", ("GM-P403",)), ("raio", ("GM-P403",))]
)
def test_evidence_is_added_by_who_registers_or_a_workload_that_may(by, codes):
    assert world().codes(evidence_file("1.0.0", "evaluation", by=by), by) == codes


@pytest.mark.clause("B-10-1")
@pytest.mark.parametrize("risk", RISKS)
def test_a_version_is_promoted_by_who_promotes_with_the_risks_approval(risk):
    here = world(risk)
    edits = here.stage("1.0.0", "development")
    assert here.codes(edits, approvals=FULL[risk]) == ()
    assert here.codes(edits, approvals=FULL[risk][1:]) == ("GM-P401",)
    assert here.codes(edits, "operator", approvals=FULL[risk]) == ("GM-P403",)
    assert here.codes(edits, "ci", approvals=FULL[risk]) == ()
    assert here.codes(edits, "monitor", approvals=FULL[risk]) == ("GM-P403",)


def test_a_stage_may_have_a_quorum_of_its_own():
    here = world(
        "high", stage_rules={"development": {"approve": ["technical-lead"]}, "validation": {"approve": "none"}}
    )
    assert here.codes(here.stage("1.0.0", "development"), approvals=["lead"]) == ()
    here.promoted("1.0.0", "development")
    assert here.codes(here.stage("1.0.0", "validation")) == ()


@pytest.mark.clause("B-6.3-1", "B-6.3-2", "B-6.3-3", "B-10-1")
@pytest.mark.parametrize(
    ("risk", "by", "approvals", "codes"),
    [
        ("low", "operator", (), ()),
        ("low", "monitor", (), ()),
        ("low", "engineer", ("lead",), ("GM-P403",)),
        ("medium", "operator", (), ()),
        ("medium", "monitor", (), ()),
        ("medium", "raio", (), ("GM-P403",)),
        ("high", "raio", (), ()),
        ("high", "monitor", (), ("GM-P401",)),
        ("high", "monitor", ("raio",), ()),
        ("high", "operator", ("raio",), ("GM-P403",)),
        ("critical", "rescue1", (), ("GM-P401",)),
        ("critical", "rescue1", ("rescue2",), ()),
        ("critical", "monitor", ("rescue1", "rescue2"), ()),
        ("critical", "raio", ("rescue1", "rescue2"), ("GM-P403",)),
    ],
)
def test_a_rollback_to_the_last_known_good_version(risk, by, approvals, codes):
    here = live(risk)
    assert here.codes({**here.stage("1.1.0"), **hold_file(by=by)}, by, approvals=approvals) == codes


@pytest.mark.parametrize(
    ("risk", "by", "approvals", "codes"),
    [
        ("low", "operator", (), ("GM-P401",)),
        ("low", "operator", ("lead",), ()),
        ("low", "monitor", ("lead", "operator"), ("GM-P503",)),
        ("high", "raio", (), ("GM-P401",)),
        ("high", "raio", ("domain",), ()),
        ("critical", "rescue1", ("rescue2",), ("GM-P401",)),
        ("critical", "rescue1", ("rescue2", "board1"), ()),
    ],
)
def test_a_deeper_rollback_asks_for_one_more_approver_and_is_never_a_machines(risk, by, approvals, codes):
    here = live(risk)
    assert here.codes({**here.stage("1.0.0"), **hold_file(by=by)}, by, approvals=approvals) == codes


@pytest.mark.clause("B-10-1")
@pytest.mark.parametrize("risk", RISKS)
@pytest.mark.parametrize("files", [hold_file(), cause_file(), status_file("suspend"), quarantine_file("1.2.0")])
def test_safety_is_cheap_for_who_approves_or_operates(risk, files):
    here = live(risk, versions=("1.0.0", "1.1.0"))
    for name in SAFE:
        assert here.codes(signed(files, name), name) == ()
    for name in ("engineer", "visitor", "ci"):
        assert here.codes(signed(files, name), name) == ("GM-P403",)


@pytest.mark.parametrize("files", [hold_file(), cause_file(), quarantine_file("1.2.0")])
def test_a_workload_that_may_places_holds_opens_causes_and_quarantines(files):
    assert world().codes(signed(files, "monitor"), "monitor") == ()


def test_a_workload_suspends_nothing():
    assert world().codes(signed(status_file("suspend"), "monitor"), "monitor") == ("GM-P403",)


def test_a_live_version_is_quarantined_only_with_the_rollback_of_every_stage_and_its_authority():
    here = live("high", stages=("development", "validation"))
    barred = quarantine_file("1.2.0", by="raio")
    one = {**barred, **here.stage("1.1.0", "development")}
    both = {**one, **here.stage("1.1.0", "validation")}
    assert here.codes(barred, "raio") == ("GM-P504",)
    assert here.codes(one, "raio") == ("GM-P504",)
    assert here.codes(both, "raio") == ()
    assert here.codes(signed({**both, **quarantine_file("1.2.0")}, "operator"), "operator") == ("GM-P401", "GM-P403")


@pytest.mark.parametrize("risk", RISKS)
def test_a_quarantine_that_takes_the_last_good_version_away_needs_the_risks_approval(risk):
    here = live(risk, versions=("1.0.0", "1.1.0"))
    assert here.codes(quarantine_file("1.0.0"), "operator") == ("GM-P401",)
    assert here.codes(quarantine_file("1.0.0"), "operator", approvals=FULL[risk]) == ()


BACK = [
    (hold_file(), hold_file(2, action="lift", root_cause="https://i.example/1", by="engineer2")),
    (quarantine_file("1.0.0"), quarantine_file("1.0.0", 2, action="release", by="engineer2")),
    (status_file("suspend"), status_file("resume", 2, by="engineer2")),
    ({}, {"models/fraud/stages/development.yaml": None}),
    ({}, status_file("retire", version="1.0.0", by="engineer2")),
]


@pytest.mark.parametrize("risk", RISKS)
@pytest.mark.parametrize(("before", "edits"), BACK, ids=["lift", "release", "resume", "undeploy", "retire"])
def test_the_way_back_and_the_end_need_the_risks_approval(risk, before, edits):
    here = live(risk, versions=("1.1.0", "1.2.0"), stages=("development",)).accept(before, "operator")
    assert here.codes(edits, "engineer2", approvals=FULL[risk]) == ()
    assert here.codes(edits, "engineer2", approvals=FULL[risk][1:]) == ("GM-P401",)
    others = {path: data.replace(b"engineer2", b"operator") if data else data for path, data in edits.items()}
    assert here.codes(others, "operator", approvals=FULL[risk]) == ("GM-P403",)


@pytest.mark.parametrize(("by", "codes"), [("visitor", ()), ("operator", ()), ("ci", ("GM-P403",))])
def test_any_person_restores_a_blocked_scope_alone(by, codes):
    here = world()
    scope = model_scope("fraud")
    here.state = here.state.block([scope], step="f" * 40, change_id="c", codes=("GM-P401",))
    back = commit(["models/fraud/stages/production.yaml"], by, left=None)
    assert here.codes({}, scopes=[scope], commits=(back,)) == codes


@pytest.mark.clause("B-10-1")
@pytest.mark.parametrize("by", ["visitor", "engineer", "operator"])
@pytest.mark.parametrize(
    "edits",
    [
        {"policies/policy.yaml": policy_yaml(**LENIENT, version=2)},
        {"policies/people.yaml": people_yaml(visitor={"roles": ["operator"]})},
        {"policies/targets.yaml": b"apiVersion: gitops-models/v1\nkind: Targets\n"},
        {".github/CODEOWNERS": b"* @acme\n"},
    ],
    ids=["policy", "people", "targets", "other"],
)
def test_policy_people_and_the_rest_are_proposed_by_any_person_and_approved_as_the_policy_says(edits, by):
    here = world()
    assert here.codes(edits, by, approvals=["raio", "owner"]) == ()
    assert here.codes(edits, by, approvals=["raio"]) == ("GM-P401",)
    assert here.codes(edits, by, approvals=["raio", "lead"]) == ("GM-P401",)


def test_no_workload_proposes_a_policy():
    edits = {"policies/policy.yaml": policy_yaml(**LENIENT, version=2)}
    assert world().codes(edits, "ci", approvals=["raio", "owner"]) == ("GM-P403",)


def test_the_change_of_a_quorum_locks_nobody_out():
    table = yamls.load(policy_yaml(), "p")["risks"]
    table["low"]["approve"] = [{"role": "technical-lead", "of": 9}]
    edits = {"policies/policy.yaml": policy_yaml(**LENIENT, version=2, risks=table)}
    assert world().codes(edits, approvals=["raio", "owner"]) == ("GM-P703",)


@pytest.mark.clause("B-11-1")
def test_a_suspended_model_is_not_promoted_and_may_be_mended():
    here = live("low", versions=("1.0.0", "1.1.0")).accept(status_file("suspend"), "operator")
    assert here.codes(here.stage("1.2.0", "development"), approvals=["lead"]) == ("GM-P305",)
    # What ends a suspension has to be made, measured and looked at; and safety goes on.
    assert here.codes(version_files("2.0.0")) == ()
    assert here.codes(evidence_file("1.2.0", "evaluation", by="ci"), "ci") == ()
    assert here.codes({**here.stage("1.0.0"), **hold_file()}, "operator") == ()
    assert here.codes(status_file("resume", 2, by="engineer"), approvals=["lead"]) == ()


@pytest.mark.clause("B-11-2")
@pytest.mark.parametrize("fields", [{"suspended": True}, {"until": "2026-11-20"}])
def test_a_suspended_person_neither_proposes_nor_approves(fields):
    people = people_yaml(engineer=fields, lead=fields, operator=fields, owner=fields)
    here = World(policy_yaml(**LENIENT), people).registered("1.0.0", "1.1.0").promoted("1.0.0").promoted("1.1.0")
    assert here.codes(version_files("2.0.0")) == ("GM-P403",)
    assert here.codes({**here.stage("1.0.0"), **hold_file()}, "operator") == ("GM-P403",)
    assert here.codes(here.stage("1.0.0", "development"), "engineer2", approvals=["lead"]) != ()
    edits = {"policies/policy.yaml": policy_yaml(**LENIENT, version=2)}
    assert here.codes(edits, "engineer2", approvals=["raio", "owner"]) == ("GM-P401",)
