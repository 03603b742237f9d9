"""Where the policy says that a rollback holds its stage, it does, and nothing is published without the hold."""

import pytest

from gitops_models.policy.denied import Denied
from tests.support import stories


@pytest.fixture
def story(tmp_path):
    told = stories.registry(tmp_path / "registry.git", changes={"rollback": {"hold": True}})
    for version in ("1.0.0", "1.1.0"):
        told.version("fraud", version)
        told.live("fraud", version, *stories.STAGES)
    return told


@pytest.mark.clause("A-limits-4")
def test_a_rollback_without_a_hold_is_refused_before_anything_is_published(story):
    with story.untouched(), pytest.raises(Denied) as refused:
        story.rollback("fraud", hold=False)
    assert refused.value.verdict.codes == ("GM-P531",)
    story.merge(story.rollback("fraud"), by="operator")
    assert story.live_version("fraud", "production") == "1.0.0"
    assert story.history().state.snapshot.held("fraud", "production").reason == "it is worse"


def test_every_stage_that_a_barred_version_leaves_is_held(story):
    story.merge(story.rollback("fraud", quarantine=True), by="operator")
    accepted = story.history().state.snapshot
    assert [story.live_version("fraud", stage) for stage in stories.STAGES] == ["1.0.0", "1.0.0"]
    assert [accepted.held("fraud", stage) is not None for stage in stories.STAGES] == [True, True]
