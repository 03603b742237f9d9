"""Lint of a policy: each finding from a policy that has it, and the profiles that have none."""

from datetime import UTC, datetime

import pytest

from gitops_models.policy.lint import Ground, lint
from gitops_models.policy.profiles import PROFILES, profile
from gitops_models.policy.verdict import Severity
from gitops_models.registry.documents import Model, parse_document
from tests.support.policy import AT as WAIVED_AT
from tests.support.policy import PERSONS, people_yaml, policy_yaml, waiver_file, yamls
from tests.support.recorded import tell

AT = datetime(2026, 11, 21, 12, tzinfo=UTC)
WHERE = "policies/policy.yaml"
FRAUD = Model(name="fraud", risk="high", use=("payments",))


def policy(**changes):
    """The regulated profile without what asks for hardware keys and training of people."""
    table = {name: {**row, "touch": False} for name, row in yamls.load(profile("regulated"), WHERE)["risks"].items()}
    return policy_yaml(**{"training": None, "risks": table, **changes})


def people(persons=None, **changes):
    return parse_document(people_yaml(persons, **changes), "policies/people.yaml")


def ground(*models, people=None, at=AT):
    return Ground(at, people, models)


def told(data, where):
    findings = lint(data, WHERE, where or ground())
    for one in findings:
        tell(f"{one.severity} {one.code} {one.where}: {one.message} {one.details} {one.hint}")
    return findings


def found(data, where=None):
    return {(one.code, one.severity, one.message) for one in told(data, where)}


def codes(data, where=None, severity=None):
    return [one.code for one in told(data, where) if severity in (None, one.severity)]


def risks(**rows):
    return {**yamls.load(policy(), WHERE)["risks"], **rows}


@pytest.mark.parametrize("name", PROFILES)
def test_what_init_writes_has_no_error(name):
    assert codes(profile(name), severity=Severity.DENY) == []


def test_every_finding_has_a_place_and_a_remedy():
    (one,) = lint(policy(stage_rules={"staging": {}}), WHERE, ground())
    assert (one.code, one.severity, one.where, bool(one.hint)) == ("GM-P728", Severity.WARN, WHERE, True)


# The document alone


def test_an_empty_quorum_is_named_although_the_document_is_not_valid():
    data = policy(risks=risks(high={"approve": [], "evidence": "signed", "rollback": {"authorize": ["raio"]}}))
    said = lint(data, WHERE, ground())
    assert [one.code for one in said] == ["GM-P720", "GM-D021"]
    assert said[0].message == "risks.high.approve is empty"
    assert all(one.severity is Severity.DENY for one in said)


def test_an_empty_quorum_without_a_word_behind_the_colon_is_named_too():
    assert codes(policy(policy_changes={"approve": None}))[0] == "GM-P720"
    assert "GM-P720" not in codes(policy(conditions=[{"approve": 1}]))


def test_none_is_no_empty_quorum():
    assert "GM-P720" not in codes(policy(policy_changes={"approve": "none"}))


def test_a_document_that_cannot_be_read_is_what_the_loader_says():
    assert codes(b"a: &b c\n") == ["GM-D004"]
    assert codes(policy(kind="People")) == ["GM-D022"]


def test_a_role_that_is_used_and_not_listed_is_an_error():
    said = found(policy(promotion={"may": ["pilot"]}))
    assert ("GM-D021", Severity.DENY, "roles that are used but not listed: pilot") in said


def test_a_role_that_nothing_asks_for():
    data = policy(roles=[*yamls.load(policy(), WHERE)["roles"], "spectator"])
    assert found(data) == {("GM-P722", Severity.WARN, "the role spectator is listed and nothing asks for it")}


@pytest.mark.parametrize(
    ("freeze", "ends"),
    [
        ({"days": ["mon", "tue", "wed", "thu", "fri", "sat", "sun"]}, False),
        ({"first": "2026-12-20"}, False),
        ({"start": "08:00", "end": "08:00"}, False),
        ({"days": ["sat", "sun"]}, True),
        ({"first": "2026-12-20", "last": "2027-01-06"}, True),
        ({"start": "18:00", "end": "08:00"}, True),
    ],
)
def test_a_freeze_that_never_ends(freeze, ends):
    assert ("GM-P726" in codes(policy(stage_rules={"production": {"freeze": [freeze]}}))) is not ends


def test_a_freeze_that_never_ends_is_an_error_that_names_stage_and_risks():
    freeze = {"first": "2026-12-20", "risks": ["high", "critical"]}
    (one,) = found(policy(stage_rules={"production": {"freeze": [{"days": ["sat"]}, freeze]}}))
    message = "stage_rules.production.freeze.1: from some day on nothing of high, critical risk is promoted"
    assert one == ("GM-P726", Severity.DENY, message)


def test_a_stage_that_takes_no_format_cannot_be_reached():
    said = found(policy(stage_rules={"production": {"formats": {"high": []}}}))
    message = "production cannot be reached at high risk: its list of formats is empty"
    assert said == {("GM-P725", Severity.DENY, message)}
    assert codes(policy(stage_rules={"production": {"formats": {"high": ["onnx"]}}})) == []


def test_stage_rules_that_ask_for_nothing():
    rules = {
        "development": {"soak_hours": {"high": 1}},
        "validation": {},
        "staging": {"max_age_days": 90},
        "production": {"max_age_days": 90, "evidence": ["evaluation"], "soak_hours": {"high": 1}},
    }
    assert found(policy(stage_rules=rules)) == {
        ("GM-P728", Severity.WARN, "stage_rules.development.soak_hours: no stage lies before development"),
        ("GM-P728", Severity.WARN, "stage_rules.validation asks for nothing"),
        ("GM-P728", Severity.WARN, "stage_rules.staging.max_age_days: the stage asks for no evidence"),
    }


def test_floors_that_change_nothing():
    floors = [{"risk": "low"}, {"models": "spam*", "risk": "high"}, {"models": "f*", "use": ["x-ray"], "risk": "high"}]
    assert found(policy(floors=floors)) == {("GM-P729", Severity.WARN, "floors.0: every model has at least low risk")}
    said = found(policy(floors=floors), ground(FRAUD))
    assert {message for _, _, message in said} == {
        "floors.0: every model has at least low risk",
        "floors.1 holds for no model that is there",
        "floors.2 holds for no model that is there",
    }
    assert codes(policy(floors=[{"models": "fr*", "use": ["payments"], "risk": "high"}]), ground(FRAUD)) == []
    assert codes(policy(floors=[{"use": ["x-ray"], "risk": "high"}]), ground(FRAUD)) == []


def test_a_higher_risk_that_asks_fewer_people():
    table = risks(critical={"approve": "none", "evidence": "signed", "rollback": {"authorize": ["raio"]}})
    assert found(policy(risks=table, stage_rules={}, roles=_roles_without("oversight-committee"))) == {
        ("GM-P730", Severity.WARN, "critical risk asks fewer people than high risk")
    }


def _roles_without(*gone):
    known = yamls.load(policy(), WHERE)
    deleting = (known.get("retention") or {}).get("delete", [])
    still = {entry if isinstance(entry, str) else entry["role"] for entry in deleting}
    return [role for role in known["roles"] if role not in set(gone) - still and role != "emergency-committee"]


def test_conditions_that_bind_nothing():
    conditions = [
        {"id": "b", "require": {"metric": "auc", "at_least": 0.9, "at_most": 0.8}},
        {"id": "b", "when": {"stage": "production"}, "require": {"metric": "auc", "at_most": 0.8}},
        {"id": "c", "require": {"metric": "auc", "at_least": 0.9, "at_most": 0.9}},
    ]
    assert found(policy(conditions=conditions)) == {
        ("GM-P732", Severity.DENY, "conditions: no figure can meet b"),
        ("GM-P732", Severity.DENY, "conditions: b is given twice"),
    }


@pytest.mark.parametrize(("degrade", "codes_"), [("fallback:fraud@1.0.0", []), ("fallback:fraud@2.0.0", ["GM-P734"])])
def test_a_fallback_that_is_not_registered(degrade, codes_):
    data = policy(rollback={"degrade": degrade})
    assert codes(data, Ground(AT, versions=frozenset(["fraud@1.0.0"]))) == codes_
    assert codes(data) == []
    assert codes(policy(rollback={"degrade": "undeploy"}), Ground(AT, versions=frozenset())) == []


# The people

TRAINING = {"training": {"versioning": "2026-06-01"}}


def without(*gone):
    return {name: roles for name, roles in PERSONS.items() if name not in gone}


def test_the_people_of_the_tests_meet_every_quorum():
    assert codes(policy(), ground(FRAUD, people=people())) == []


def test_a_role_that_no_policy_knows():
    said = found(
        policy(), ground(people=people({**PERSONS, "pilot-1": ["pilot", {"role": "ace", "models": ["fraud"]}]}))
    )
    assert said == {
        ("GM-P721", Severity.WARN, "pilot-1 holds ace, which the policy does not list"),
        ("GM-P721", Severity.WARN, "pilot-1 holds pilot, which the policy does not list"),
    }


@pytest.mark.parametrize("affiliation", ["contractor", "External (Acme Ltd)", "IT consultant"])
def test_an_external_person_has_an_end(affiliation):
    said = found(policy(), ground(people=people(engineer={"affiliation": affiliation})))
    assert said == {("GM-P727", Severity.WARN, f"engineer ({affiliation}) has no `until`")}
    ends = people(engineer={"affiliation": affiliation, "until": "2030-01-01"})
    assert codes(policy(), ground(people=ends)) == []
    assert codes(policy(), ground(people=people(engineer={"affiliation": "employee"}))) == []


def test_a_quorum_that_nobody_can_meet_is_an_error_where_a_model_has_the_risk():
    nobody = people(without("domain", "both", "domain-of-other"))
    said = found(policy(), ground(FRAUD, people=nobody))
    assert ("GM-P723", Severity.DENY, "distinct people cannot agree to changes of high risk (fraud)") in said
    calm = found(policy(), ground(Model(name="fraud", risk="low"), people=nobody))
    unused = "distinct people cannot agree to changes of high risk (nothing asks for it today)"
    assert ("GM-P723", Severity.WARN, unused) in calm
    assert not any(severity is Severity.DENY for _, severity, _ in calm)


def test_the_risk_that_a_floor_gives_is_the_one_that_is_used():
    floors = [{"models": "fraud", "risk": "critical"}]
    nobody = people(without("board1", "board2"))
    assert "GM-P723" in codes(policy(floors=floors), ground(FRAUD, people=nobody), severity=Severity.DENY)


def test_quorums_that_no_model_has_in_use_are_warnings():
    changes = {"registration": {"may": ["ml-engineer"], "approve": ["technical-lead"], "new_model": ["technical-lead"]}}
    retention = {"keep_days": 10, "delete": ["technical-lead"]}
    said = found(
        policy(retention=retention, **changes),
        ground(people=people(without("lead", "lead2"))),
    )
    for what in ("registrations", "new models and lower risks", "deletions of bytes"):
        message = f"distinct people cannot agree to {what} (nothing asks for it today)"
        assert ("GM-P723", Severity.WARN, message) in said
    assert "GM-P723" not in codes(policy(retention=None), ground(people=people()))


def test_a_quorum_that_ends_within_60_days():
    leaving = {"until": "2027-01-10"}
    soon = people(domain=leaving, both=leaving)
    message = "in 60 days distinct people cannot agree to changes of high risk (fraud) any more"
    assert ("GM-P724", Severity.DENY, message) in found(policy(), ground(FRAUD, people=soon))
    later = {"until": "2027-01-20"}
    assert codes(policy(), ground(FRAUD, people=people(domain=later, both=later))) == []


def test_training_that_ends_within_60_days():
    training = {"topics": ["versioning"], "valid_days": 180}
    everybody = {name.replace("-", "_"): TRAINING for name in PERSONS}
    table = policy(training=training)
    soon = lint(table, WHERE, ground(FRAUD, people=people(**everybody)))
    assert [one.message for one in soon if one.severity is Severity.DENY] == [
        "in 60 days distinct people cannot agree to policy changes any more",
        "in 60 days distinct people cannot agree to changes of high risk (fraud) any more",
    ]
    fresh = {name: {"training": {"versioning": "2026-11-01"}} for name in everybody}
    assert codes(table, ground(FRAUD, people=people(**fresh))) == []
    never = {name: {"training": {}} for name in everybody}
    nobody = codes(table, ground(FRAUD, people=people(**never)), severity=Severity.DENY)
    assert nobody == ["GM-P723", "GM-P723", "GM-P731", "GM-P731"]


def test_nobody_who_could_begin():
    said = found(policy(), ground(FRAUD, people=people(without("engineer", "engineer2", "lead", "lead2"))))
    for what in ("register", "promote"):
        message = f"nobody who counts holds ml-engineer or technical-lead, so nobody can {what}"
        assert ("GM-P731", Severity.DENY, message) in said
    gone = people(without("operator"))
    said = found(policy(emergency={"role": ["operator"]}), ground(FRAUD, people=gone))
    message = "nobody who counts holds operator, so nobody can "
    assert ("GM-P731", Severity.WARN, f"{message}roll back at low risk") in said
    assert ("GM-P731", Severity.WARN, f"{message}act in an emergency") in said
    said = found(policy(emergency=None), ground(FRAUD, people=gone))
    assert ("GM-P731", Severity.WARN, f"{message}act in an emergency") not in said
    low = Model(name="fraud", risk="low")
    assert "GM-P731" in codes(policy(), ground(low, people=gone), severity=Severity.DENY)
    away = people(operator={"suspended": True})
    assert "GM-P731" in codes(policy(), ground(low, people=away), severity=Severity.DENY)


def test_a_stage_that_asks_for_a_workload_that_nobody_declared():
    data = policy(stage_rules={"production": {"provenance": ["trainer", "ci"]}})
    said = found(data, ground(people=people()))
    message = "production cannot be reached: no workload trainer, ci may sign provenance"
    assert said == {("GM-P725", Severity.DENY, message)}
    known = yamls.load(people_yaml(), "people.yaml")
    workflow = {
        "issuer": "https://token.actions.githubusercontent.com",
        "identity": "https://github.com/acme/fraud/.github/workflows/train.yml@refs/heads/main",
        "repository_id": "583231",
        "owner_id": "9919",
        "ref": "refs/heads/main",
    }
    known["workloads"].append({"id": "trainer", "may": ["provenance"], "workflows": [workflow]})
    declared = parse_document(yamls.dump(known), "policies/people.yaml")
    assert codes(data, ground(people=declared)) == []


def test_errors_come_first():
    rules = {"validation": {}, "production": {"formats": {"high": []}}}
    assert codes(policy(stage_rules=rules)) == ["GM-P725", "GM-P728"]


# Waivers


def waivers(**fields):
    """One waiver as lint sees it."""
    return [parse_document(data, path, "Waiver") for path, data in waiver_file(**fields).items()]


@pytest.mark.parametrize(
    ("fields", "codes_"),
    [
        ({}, []),
        ({"code": "GM-P401"}, ["GM-P708"]),
        ({"expires": "2026-11-21T12:00:00Z"}, ["GM-P735"]),
        ({"expires": "2027-02-19T12:00:00Z"}, []),
        ({"expires": "2027-02-19T12:00:01Z"}, ["GM-P736"]),
        ({"models": ["*"]}, ["GM-P737"]),
        ({"models": ["*"], "version": "1.0.0"}, []),
        ({"models": ["calm*"]}, []),
        ({"models": ["nothing"]}, ["GM-P738"]),
        ({"stage": "production"}, []),
        ({"stage": "moon"}, ["GM-P738"]),
    ],
)
def test_waivers_that_are_over_last_long_or_hold_for_much_or_for_nothing(fields, codes_):
    known = (Model(name="fraud", risk="high"), Model(name="calm", risk="low"))
    given = Ground(WAIVED_AT, None, known, waivers=waivers(**fields))
    assert codes(policy(), given) == codes_
    assert {one.where for one in lint(policy(), "policies/policy.yaml", given)} <= {"policies/waivers/w-1.yaml"}


def test_a_waiver_for_every_model_is_none_too_many_where_no_risk_is_high():
    known = (Model(name="calm", risk="low"),)
    assert codes(policy(), Ground(WAIVED_AT, None, known, waivers=waivers(models=["*"]))) == []
    assert codes(policy(), Ground(WAIVED_AT, waivers=waivers(models=["nothing"]))) == []
