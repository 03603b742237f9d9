"""What gm writes into the commits of rollbacks, degradations, retirements and deletions is so."""

from gitops_models.audit.gathering import gather
from gitops_models.audit.timeline import timeline
from gitops_models.workflows.deleting import delete_bytes
from gitops_models.workflows.lifecycle import Turn, turn
from tests.support import stories


def lies(story):
    history = story.history()
    return [row.lies for row in timeline(history, gather(story.store, history)) if row.lies]


def test_no_trailer_of_a_way_back_or_of_an_end_lies(tmp_path):
    changes = {"rollback": {"degrade": "undeploy"}, "retention": {"keep_days": 1, "delete": ["raio"]}}
    story = stories.registry(tmp_path / "registry.git", changes=changes)
    for version, fields in (("1.0.0", {}), ("1.1.0", {"data": [{"name": "tx"}]}), ("1.2.0", {"base": "fraud@1.1.0"})):
        story.version("fraud", version, **fields)
        story.live("fraud", version, *stories.STAGES)
    story.merge(story.rollback("fraud", before_data="tx", quarantine_siblings=True, incident="INC-1"), by="operator")
    story.merge(story.rollback("fraud", cause="tampering"), by="operator")
    assert story.live_version("fraud", "production") is None
    story.clock.tick(days=2)
    for reference, undeploy in (("fraud@1.1.0", False), ("fraud", True)):
        story.clock.tick()
        proposal = turn(story.session("engineer"), Turn(reference, "retire", "over", undeploy=undeploy)).proposal
        story.approve(proposal, "lead")
        story.merge(proposal)
    story.version("spam", "1.0.0")
    story.merge(turn(story.session("operator"), Turn("spam", "suspend", "audit")).proposal, by="operator")
    story.clock.tick(days=2)
    proposal = delete_bytes(story.session("raio"), "spam@1.0.0", "old").proposal
    story.approve(proposal, "raio2")
    story.merge(proposal, by="raio")
    assert set(story.statuses()) == {"accepted"}
    assert lies(story) == []
