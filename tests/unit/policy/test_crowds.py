"""No rule stops at the first event of a change: what is wrong with a later one is found behind others that are fine."""

from datetime import timedelta

import pytest

from gitops_models.policy.profiles import PROFILES, profile
from gitops_models.registry import yamls
from tests.support.policy import (
    AT,
    LENIENT,
    World,
    approve,
    artifact,
    cause_file,
    evidence_file,
    good_merge,
    hold_file,
    model_yaml,
    policy_yaml,
    quarantine_file,
    status_file,
    version_files,
)
from tests.unit.policy.rules.test_retention import deletion

MODELS = ("alpha", "bravo", "carol")
ALL = ("raio", "domain", "lead", "board1", "board2")


def places(verdict, code):
    """Where findings with a code stand."""
    return [one.where for one in verdict.findings if one.code == code]


def stages(here, version, names=MODELS, only=None):
    """The stage states that bring a version into stages of several models."""
    return {
        path: data
        for model in names
        for stage in only or here.policy.stages
        for path, data in here.stage(version, stage, model=model).items()
    }


def crowd(policy=None, risk="low", versions=("1.0.0", "1.1.0"), **fields):
    here = World(policy or policy_yaml(**LENIENT))
    for model in MODELS:
        here.registered(*versions, model=model, risk=risk, **fields)
    return here


@pytest.mark.parametrize("risk", ["low", "medium", "high", "critical"])
@pytest.mark.parametrize("name", PROFILES)
def test_three_models_go_through_every_stage_at_once(name, risk):
    here = crowd(profile(name), risk)
    for kind in ("unit-tests", "evaluation", "security"):
        here.accept(evidence_file("1.1.0", kind, model="alpha"), "ci", at=AT - timedelta(days=300))
    here.accept(evidence_file("1.1.0", "evaluation", model="bravo", result="failed"), "ci")
    verdict = here.judge(stages(here, "1.1.0"), approvals=ALL, tags={}, merge=good_merge("lead"))
    assert not verdict.allowed
    assert "GM-P108" in verdict.codes


def test_evidence_is_asked_for_in_every_stage_that_names_some():
    rules = {
        "validation": {"evidence": ["unit-tests", "evaluation"], "max_age_days": 30},
        "production": {"evidence": ["evaluation", "bias"], "max_age_days": 1},
    }
    here = crowd(policy_yaml(**{**LENIENT, "stage_rules": rules}), "high")
    here.accept(evidence_file("1.0.0", "unit-tests", model="bravo"), "ci", at=AT - timedelta(days=40))
    here.accept(evidence_file("1.0.0", "evaluation", model="bravo", result="failed"), "ci")
    here.accept(evidence_file("1.0.0", "bias", model="carol", by="engineer"), at=AT - timedelta(days=3))
    here.accept(evidence_file("1.0.0", "evaluation", model="carol", by="engineer"), at=AT - timedelta(days=20))
    verdict = here.judge(stages(here, "1.0.0"), approvals=ALL)
    assert places(verdict, "GM-P309") == ["models/carol/stages/production.yaml"] * 2
    assert "models/bravo/stages/validation.yaml" in places(verdict, "GM-P318")
    assert "models/carol/stages/production.yaml" in places(verdict, "GM-P318")


def test_added_evidence_is_looked_at_one_by_one():
    here = crowd().accept(evidence_file("1.0.0", "bias", model="bravo", by="ci"), "ci")
    edits = evidence_file("1.0.0", "bias", model="alpha", by="engineer")
    edits |= evidence_file("1.0.0", "bias", model="bravo", by="engineer", name="again", result="revoked")
    edits |= evidence_file("1.0.0", "bias", model="carol", by="visitor", created="2026-11-21T13:00:00Z")
    edits |= evidence_file("1.1.0", "bias", model="carol", by="engineer", artifacts_sha256=["0" * 64])
    verdict = here.judge(edits)
    assert places(verdict, "GM-P313") == ["models/bravo/versions/1.0.0/evidence/again.yaml"]
    assert places(verdict, "GM-P312") == ["models/carol/versions/1.0.0/evidence/bias.yaml"]
    assert places(verdict, "GM-P311") == ["models/carol/versions/1.1.0/evidence/bias.yaml"]


def test_who_proposes_is_asked_behind_what_nobody_may_and_what_everybody_may():
    here = crowd()
    edits = deletion(model="alpha", by="visitor")
    edits |= cause_file(model="bravo", by="visitor") | status_file("suspend", model="carol", by="visitor")
    verdict = here.judge(edits, by="visitor")
    assert len(places(verdict, "GM-P403")) == 3


def test_records_are_counted_and_signed_in_every_model():
    here = crowd().accept(hold_file(model="bravo")).accept(quarantine_file("1.0.0", model="carol"))
    here.accept(status_file("suspend", model="carol")).accept(deletion(model="bravo"))
    edits = hold_file(1, model="alpha") | hold_file(3, model="bravo") | quarantine_file("1.0.0", 1, model="alpha")
    edits |= quarantine_file("1.0.0", 4, model="carol", action="release") | status_file("resume", 3, model="carol")
    edits |= deletion(number=3, model="bravo") | deletion(number=2, model="alpha") | deletion(model="carol")
    edits |= {next(iter(hold_file(model="bravo"))): None}
    verdict = here.judge(edits, by="operator", approvals=ALL)
    assert places(verdict, "GM-P103") == [
        "models/alpha/deletions/1.0.0/2.yaml",
        "models/bravo/deletions/1.0.0/3.yaml",
        "models/bravo/holds/production/3.yaml",
        "models/carol/quarantine/1.0.0/4.yaml",
        "models/carol/status/3.yaml",
    ]
    assert places(verdict, "GM-P102") == ["models/bravo/holds/production/1.yaml"]


@pytest.mark.parametrize("number", [1, 2, 3])
def test_the_second_record_of_each_kind_is_number_2(number):
    here = crowd().accept(hold_file(model="bravo")).accept(quarantine_file("1.0.0", model="bravo"))
    here.accept(status_file("suspend", model="bravo")).accept(deletion(model="bravo"))
    edits = hold_file(number, model="bravo", reason="again") | status_file("suspend", number, model="bravo", reason="x")
    edits |= quarantine_file("1.0.0", number, model="bravo", reason="x") | deletion(number=number, model="bravo")
    verdict = here.judge(edits, by="operator", approvals=ALL)
    assert len(places(verdict, "GM-P103")) == (4 if number == 3 else 0)


def test_tags_are_looked_at_in_every_stage_but_the_first():
    here = crowd()
    registered = here.state.registered[("bravo", "1.0.0")].step
    tags = {"alpha/1.0.0": here.state.registered[("alpha", "1.0.0")].step, "bravo/1.0.0": registered[::-1]}
    tags |= {f"models/{name}": step for name, step in tags.items()} | {f"model/{n}": s for n, s in tags.items()}
    here.judge(stages(here, "1.0.0"), approvals=ALL, tags=tags)
    verdict = here.judge(stages(here, "1.0.0"), approvals=ALL, tags={})
    assert "GM-P108" in verdict.codes


def test_each_promotion_needs_a_way_back_and_each_rollback_fits():
    needs = {"consumers": [{"name": "app", "requires": {"outputs": ["score"]}}]}
    here = World(policy_yaml(**LENIENT))
    fine = {"interface": {"outputs": [{"name": "score", "dtype": "float32", "shape": [-1]}]}}
    for model in MODELS:
        here.registered(model=model, **needs)
        for version in ("1.0.0", "1.1.0", "1.2.0"):
            fields = {} if (model, version) in {("bravo", "1.0.0"), ("carol", "1.0.0")} else fine
            here.accept(version_files(version, model=model, **fields))
    here.accept(stages(here, "1.0.0"))
    verdict = here.judge(stages(here, "1.1.0", MODELS), approvals=ALL)
    assert places(verdict, "GM-P901") == ["models/bravo/stages/production.yaml", "models/carol/stages/production.yaml"]
    assert here.judge(stages(here, "1.2.0", ("alpha",)), approvals=ALL).denials == ()
    here.accept(stages(here, "1.1.0"))
    verdict = here.judge(stages(here, "1.0.0") | hold_file(model="bravo", degraded="no score"), "operator", ALL)
    assert "models/carol/stages/production.yaml" in places(verdict, "GM-P902")


def test_bytes_of_every_version_are_kept_for_their_time():
    here = crowd(policy_yaml(**{**LENIENT, "retention": {"keep_days": 30, "delete": ["raio"]}}))
    here.accept(version_files("2.0.0", model="bravo"), at=AT - timedelta(days=29, hours=23))
    here.accept(version_files("2.1.0", model="bravo"), at=AT - timedelta(days=30))
    edits = {}
    for model, version in (("alpha", "9.0.0"), ("bravo", "2.0.0"), ("bravo", "2.1.0"), ("carol", "1.0.0")):
        edits |= deletion(version, model=model)
    verdict = here.judge(edits, by="raio", approvals=("raio2",))
    assert places(verdict, "GM-P528") == [
        "models/bravo/deletions/2.0.0/1.yaml",
        "models/carol/deletions/1.0.0/1.yaml",
    ]


def test_every_version_is_read_behind_others_that_are_fine():
    here = crowd()
    edits = version_files("2.0.0", model="alpha")
    edits |= version_files("2.0.0", model="bravo", base="bravo@7.0.0", author="lead")
    edits |= version_files("2.0.0", model="carol", artifacts=[artifact("1.0.0", model="carol")], base="carol@2.0.0")
    edits |= {"models/carol/versions/2.1.0/lineage.yaml": b"kind: ["}
    here.judge(edits)
    del edits["models/carol/versions/2.1.0/lineage.yaml"]
    verdict = here.judge(edits)
    assert places(verdict, "GM-P106") == ["models/carol/versions/2.0.0/lineage.yaml"]


def test_automation_is_held_to_its_limits_in_every_model():
    risks = yamls.load(policy_yaml(), "p")["risks"]
    for row in risks.values():
        row["rollback"] = {"initiate": ["operator"], "automation": "restore"}
    limits = {"max_lkg_age_days": 10, "at_most": {"count": 1, "per_hours": 24}}
    here = World(policy_yaml(**{**LENIENT, "risks": risks, "rollback": limits}))
    for days, model in zip((1, 20, 30), MODELS, strict=True):
        here.registered("1.0.0", "1.1.0", "1.2.0", model=model)
        for version in ("1.0.0", "1.1.0", "1.2.0"):
            for path, data in stages(here, version, (model,)).items():
                here.accept({path: data}, at=AT - timedelta(days=days))
    here.accept(stages(here, "1.1.0", ("alpha", "bravo"), ("production",)), "monitor", AT - timedelta(hours=23))
    for by in ("monitor", "operator"):
        edits = stages(here, "1.1.0", ("carol",), ("production",)) | stages(here, "1.0.0", ("alpha", "bravo"))
        here.judge(edits, by=by)
    edits = stages(here, "1.2.0", ("alpha",), ("production",)) | stages(here, "1.1.0", ("carol",), ("staging",))
    verdict = here.judge(edits, by="monitor", approvals=ALL)
    assert "models/carol/stages/staging.yaml" in places(verdict, "GM-P509")


def test_decisions_are_counted_for_every_demand():
    here = World(policy_yaml(**LENIENT))
    for risk, model in zip(("low", "medium", "critical"), MODELS, strict=True):
        here.registered("1.0.0", model=model, risk=risk)
    edits = stages(here, "1.0.0", only=("development",))
    edits["models/alpha/model.yaml"] = model_yaml("alpha", "low", owners=["x"])
    opinions = [approve("lead", decision="reject"), approve("raio"), approve("both"), approve("rescue1")]
    opinions += [approve("domain-of-other"), approve("lead2", created=AT - timedelta(days=3000)), approve("board1")]
    verdict = here.judge(edits, approvals=opinions)
    assert len(verdict.quorums) >= 3


def test_a_refusal_names_everything_that_a_version_lacks():
    rule = {
        "require": ["code", "data", "parameters"],
        "coverage": ["weights", "evaluation", "environment", "benchmark"],
    }
    here = World(policy_yaml(**{**LENIENT, "lineage": rule})).registered()
    bare = here.judge(version_files("1.0.0"))
    said = [one.message for one in bare.findings if one.code in {"GM-P201", "GM-P202"}]
    assert said == [
        "fraud@1.0.0 lacks code, data, parameters",
        "fraud@1.0.0 has no artifact for evaluation, environment, benchmark",
    ]
    here.judge(version_files("1.0.0", not_applicable=["weights", "evaluation", "environment"]))
