import pytest

from tests.support.policy import (
    LENIENT,
    World,
    artifact,
    finding,
    hold_file,
    people_yaml,
    policy_yaml,
    quarantine_file,
    status_file,
    version_files,
)

STAGES = ("development", "validation", "staging", "production")


def world():
    return World().registered("1.0.0", "1.1.0")


def through(here, version, *stages, files=None):
    edits = dict(files or {})
    for stage in stages:
        edits |= here.stage(version, stage, files=files or {})
    return edits


@pytest.mark.clause("B-5.2-1")
def test_each_stage_in_order_is_allowed():
    here = world()
    for stage in STAGES:
        assert here.judge(here.stage("1.0.0", stage), approvals=["lead"]).allowed
        here.promoted("1.0.0", stage)


@pytest.mark.clause("B-5.2-1")
@pytest.mark.parametrize("stage", STAGES[1:])
def test_a_skipped_stage_is_refused(stage):
    here = world()
    verdict = here.judge(here.stage("1.0.0", stage), approvals=["lead"])
    assert verdict.codes == ("GM-P301",)
    assert STAGES[STAGES.index(stage) - 1] in finding(verdict, "GM-P301").message


@pytest.mark.clause("B-5.2-1")
def test_one_change_through_all_stages_is_judged_stage_by_stage():
    here = world()
    verdict = here.judge(through(here, "1.0.0", *STAGES), approvals=["lead"])
    assert verdict.allowed
    assert len(verdict.quorums) == 1
    assert here.codes(through(here, "1.0.0", "development", "production"), approvals=["lead"]) == ("GM-P301",)


def test_registration_and_promotion_through_stages_fit_in_one_change():
    here = world()
    edits = through(here, "1.2.0", "development", "validation", files=version_files("1.2.0"))
    assert here.judge(edits, approvals=["lead"]).allowed


def test_a_version_rolled_back_out_of_a_stage_passes_it_again():
    here = world().promoted("1.0.0", "development", "validation").promoted("1.1.0", "development", "validation")
    here.promoted("1.0.0", "validation")
    assert here.codes(here.stage("1.1.0", "staging"), approvals=["lead"]) == ("GM-P301",)
    here.promoted("1.1.0", "validation")
    assert here.judge(here.stage("1.1.0", "staging"), approvals=["lead"]).allowed


def test_a_stage_that_the_policy_does_not_know_is_refused():
    here = world()
    assert here.codes(here.stage("1.0.0", "canary"), approvals=["lead"]) == ("GM-P301",)


@pytest.mark.clause("B-4.2-7")
def test_a_stage_must_pin_the_lineage():
    here = world()
    edits = here.stage("1.0.0", "development", lineage_sha256="f" * 64)
    assert here.codes(edits, approvals=["lead"]) == ("GM-P302",)


@pytest.mark.clause("B-9-2", "B-4.3-3")
def test_a_version_that_is_not_registered_cannot_be_promoted():
    here = world()
    assert here.codes(here.stage("3.0.0", "development"), approvals=["lead"]) == ("GM-P303",)


@pytest.mark.clause("A-emergency-6")
def test_a_quarantined_version_is_not_promoted_until_released():
    here = world().accept(quarantine_file("1.0.0"), by="operator")
    edits = here.stage("1.0.0", "development")
    assert here.codes(edits, approvals=["lead"]) == ("GM-P304",)
    here.accept(quarantine_file("1.0.0", 2, action="release"))
    assert here.judge(edits, approvals=["lead"]).allowed


def test_a_version_that_holds_quarantined_bytes_is_not_promoted():
    shared = artifact("shared", path="prep.bin", role="preprocessing")
    here = World().registered()
    for version in ("1.0.0", "1.1.0"):
        here.accept(version_files(version, artifacts=[artifact(version), shared]))
    here.accept(quarantine_file("1.0.0", digests=[shared["sha256"]]))
    verdict = here.judge(here.stage("1.1.0", "development"), approvals=["lead"])
    assert verdict.codes == ("GM-P304",)
    assert "quarantined bytes" in finding(verdict, "GM-P304").message


@pytest.mark.clause("B-11-1", "B-2-3")
def test_a_suspended_model_and_a_retired_version_are_not_promoted():
    edits = world().stage("1.0.0", "development")
    assert world().accept(status_file("suspend")).codes(edits, approvals=["lead"]) == ("GM-P305",)
    assert world().accept(status_file("retire", version="1.0.0")).codes(edits, approvals=["lead"]) == ("GM-P305",)
    assert world().accept(status_file("retire")).codes(edits, approvals=["lead"]) == ("GM-P305",)
    here = world().accept(status_file("suspend")).accept(status_file("resume", 2))
    assert here.judge(edits, approvals=["lead"]).allowed


@pytest.mark.clause("A-limits-4")
def test_a_held_stage_bars_promotions_until_lifted_also_in_the_same_change():
    here = world().accept(hold_file(stage="development"), by="operator")
    edits = here.stage("1.0.0", "development")
    verdict = here.judge(edits, approvals=["lead"])
    assert verdict.codes == ("GM-P306",)
    assert "seen in tests" in finding(verdict, "GM-P306").message
    lift = hold_file(2, stage="development", action="lift", root_cause="https://x", by="engineer")
    assert here.judge({**edits, **lift}, approvals=["lead"]).allowed


def test_a_hold_placed_beside_a_promotion_bars_it():
    here = World(people=people_yaml(operator={"roles": ["operator", "ml-engineer"]})).registered("1.0.0")
    edits = {**here.stage("1.0.0", "development"), **hold_file(stage="development")}
    assert here.codes(edits, by="operator", approvals=["lead"]) == ("GM-P306",)


def test_a_hold_on_another_stage_bars_nothing_here():
    here = world().accept(hold_file(stage="production"))
    assert here.judge(here.stage("1.0.0", "development"), approvals=["lead"]).allowed


CONSUMER = {"consumers": [{"name": "checkout", "requires": {"outputs": ["score"]}}]}
SCORE = {"outputs": [{"name": "score", "dtype": "float32", "shape": [-1]}]}
OTHER = {"outputs": [{"name": "label", "dtype": "int64", "shape": [-1]}]}


@pytest.mark.clause("B-8-1")
@pytest.mark.parametrize(
    ("model", "lineage", "codes"),
    [
        ({}, {}, ()),
        (CONSUMER, {}, ("GM-P314",)),
        (CONSUMER, {"interface": SCORE}, ()),
        (CONSUMER, {"interface": OTHER}, ("GM-P314",)),
        ({**CONSUMER, "interface": SCORE}, {}, ("GM-P314",)),
        ({**CONSUMER, "interface": SCORE, "type": "pipeline"}, {}, ("GM-P314",)),
        ({**CONSUMER, "interface": SCORE, "type": "prompt"}, {}, ()),
        ({**CONSUMER, "interface": OTHER, "type": "configuration"}, {}, ("GM-P314",)),
        ({**CONSUMER, "type": "prompt"}, {}, ("GM-P314",)),
        ({"consumers": [{"name": "checkout"}], "type": "prompt"}, {}, ()),
        ({**CONSUMER, "interface": SCORE}, {"interface": OTHER}, ("GM-P314",)),
    ],
)
def test_consumers_find_what_they_need(model, lineage, codes):
    here = World().registered(**model).accept(version_files("1.0.0", **lineage))
    verdict = here.judge(here.stage("1.0.0", "development"), approvals=["lead"])
    assert verdict.codes == codes
    if codes:
        assert "checkout" in finding(verdict, "GM-P314").details[0]


def test_while_the_policy_is_blocked_promotions_are_denied_and_rollbacks_work():
    here = world().promoted("1.0.0", "development").promoted("1.1.0", "development")
    promotion, rollback = here.stage("1.1.0", "validation"), here.stage("1.0.0", "development")
    here.state = here.state.block(["policy"], step="9" * 40, change_id="d" * 64, codes=["GM-P401"])
    assert here.codes(promotion, approvals=["lead"], scopes=["model:fraud"]) == ("GM-P315",)
    assert here.judge(rollback, by="operator", scopes=["model:fraud"]).allowed


def test_a_blocked_model_does_not_stop_another():
    here = world()
    here.state = here.state.block(["model:churn"], step="9" * 40, change_id="d" * 64, codes=["GM-P401"])
    assert here.judge(here.stage("1.0.0", "development"), approvals=["lead"]).allowed


@pytest.mark.clause("B-5.2-3")
def test_a_stage_rule_may_ask_for_its_own_quorum():
    policy = policy_yaml(
        **{**LENIENT, "stage_rules": {"development": {"approve": "none"}, "validation": {"approve": ["raio"]}}}
    )
    here = World(policy).registered("1.0.0")
    assert here.judge(here.stage("1.0.0", "development")).allowed
    here.promoted("1.0.0", "development")
    assert here.codes(here.stage("1.0.0", "validation"), approvals=["lead"]) == ("GM-P401",)
    assert here.judge(here.stage("1.0.0", "validation"), approvals=["raio"]).allowed
