"""Nothing good is left: what the policy declares takes place, by the one command, on the authority of a rollback."""

import pytest

from gitops_models.delivery.desired import desired_state
from gitops_models.delivery.values import ModelStage, Standing
from gitops_models.errors import GmError
from tests.support import stories
from tests.support.registry import APPROVERS

AT = ModelStage("fraud", "production")


def declaring(tmp_path, degrade, risk="low", **fields):
    """``fraud`` with one version in production, and ``rules`` live there too."""
    story = stories.registry(tmp_path / "registry.git", changes={"rollback": {"degrade": degrade}})
    story.version("fraud", "1.0.0", risk=risk, **fields)
    story.live("fraud", "1.0.0", *stories.STAGES, risk=risk)
    story.version("rules", "1.0.0")
    story.live("rules", "1.0.0", *stories.STAGES)
    return story


@pytest.mark.clause("A-limits-7")
def test_refusing_names_what_was_passed_over_and_changes_nothing(tmp_path):
    story = declaring(tmp_path, "refuse")
    with story.untouched(), pytest.raises(GmError) as refused:
        story.rollback("fraud")
    assert refused.value.code == "GM-P510"


@pytest.mark.clause("A-limits-7", "A-testing-8")
def test_when_every_version_is_poisoned_the_operator_stops_the_service(tmp_path):
    story = declaring(tmp_path, "undeploy", data=[{"name": "transactions"}])
    story.version("fraud", "1.1.0", base="fraud@1.0.0")
    story.live("fraud", "1.1.0", *stories.STAGES)
    proposal = story.rollback("fraud", before_data="transactions", quarantine_siblings=True)
    assert "Nothing good is left: production serves nothing until" in story.store.commit(proposal.head).message
    story.merge(proposal, by="operator")
    accepted = story.history().state.snapshot
    assert [story.live_version("fraud", stage) for stage in stories.STAGES] == [None, None]
    assert accepted.held("fraud", "production").reason == "it is worse"
    assert accepted.quarantined_versions("fraud") == ("1.0.0", "1.1.0")
    assert desired_state(story.history(), AT).standing is Standing.UNDEPLOY
    assert story.statuses()[-1] == "accepted"


@pytest.mark.clause("B-8-3")
def test_the_declared_fallback_is_served_until_the_model_returns(tmp_path):
    story = declaring(tmp_path, "fallback:rules@1.0.0")
    proposal = story.rollback("fraud")
    assert "serves rules@1.0.0 until the hold is lifted" in story.store.commit(proposal.head).message
    story.merge(proposal, by="operator")
    wanted = desired_state(story.history(), AT)
    assert (wanted.standing, wanted.deployment.label) == (Standing.SERVE, "rules@1.0.0")
    back = story.promote("fraud", "1.0.0", "production", lift_hold=True, root_cause="https://incidents.example/1")
    story.approve(back, *APPROVERS["low"])
    story.merge(back)
    assert desired_state(story.history(), AT).deployment.label == "1.0.0"


def test_a_fallback_that_was_never_approved_there_is_refused_with_the_reason(tmp_path):
    story = stories.registry(tmp_path / "r.git", changes={"rollback": {"degrade": "fallback:rules@1.0.0"}})
    story.version("fraud", "1.0.0")
    story.live("fraud", "1.0.0", *stories.STAGES)
    with story.untouched(), pytest.raises(GmError) as refused:
        story.rollback("fraud")
    assert refused.value.code == "GM-P510"
    assert refused.value.details == ("the declared fallback rules@1.0.0: it is not registered",)


def test_at_high_risk_the_stop_is_authorized_like_a_rollback(tmp_path):
    story = declaring(tmp_path, "undeploy", "high")
    proposal = story.rollback("fraud", by="raio")
    story.merge(proposal, by="raio")
    assert story.live_version("fraud", "production") is None


def test_other_stages_of_a_quarantined_version_stop_the_same_way(tmp_path):
    story = declaring(tmp_path, "undeploy")
    proposal = story.rollback("fraud", quarantine=True)
    story.merge(proposal, by="operator")
    accepted = story.history().state.snapshot
    assert [accepted.held("fraud", stage) is not None for stage in stories.STAGES] == [True, True]
    assert [story.live_version("fraud", stage) for stage in stories.STAGES] == [None, None]
