"""Attacks around rollbacks: replays, popped versions, authority, and what may not be promoted."""

from unittest import mock

import pytest

from gitops_models.errors import GmError
from gitops_models.policy.denied import Denied
from gitops_models.workflows.merging import merge
from tests.support import policy as documents
from tests.support import stories
from tests.support.registry import APPROVERS, WORKLOADS, people_document
from tests.support.stories import denials, last, stage_file


def stage_versions(registry, stage="production"):
    return [entry.version for entry in registry.history().state.stack("fraud", stage).versions]


def back(registry, *approvers, by="operator", **fields):
    """Roll back and land; returns the step."""
    proposal = registry.rollback("fraud", by=by, hold=fields.pop("hold", False), **fields)
    registry.approve(proposal, *approvers)
    return registry.merge(proposal, by=by)


# The live stack


@pytest.mark.clause("A-testing-2", "A-summary-2")
@pytest.mark.attack("rolling back below the first version", "GM-P510", by="operator")
def test_rollbacks_never_return_to_what_was_rolled_back(live):
    back(live)
    assert live.live_version("fraud", "production") == "1.1.0"
    back(live)
    assert live.live_version("fraud", "production") == "1.0.0"
    with live.untouched(), pytest.raises(GmError) as caught:
        live.rollback("fraud")
    assert caught.value.code == "GM-P510"
    assert stage_versions(live) == ["1.0.0"]


@pytest.mark.clause("B-6.2-1")
@pytest.mark.attack("a rollback to what was rolled back", "GM-P511", by="operator")
def test_a_rollback_to_a_popped_version_is_refused(live):
    back(live)
    with live.untouched(), pytest.raises(GmError) as caught:
        live.rollback("fraud", to="1.2.0")
    assert caught.value.code == "GM-P511"


@pytest.mark.attack("a popped version brought back without approval", "GM-P401", by="operator")
def test_promoting_a_popped_version_needs_full_approval(live):
    back(live)
    proposal = live.promote("fraud", "1.2.0", "production")
    assert denials(live, proposal) == ("GM-P401",)
    live.approve(proposal, "lead")
    live.merge(proposal)
    assert (last(live).events[0].name, live.live_version("fraud", "production")) == ("promoted", "1.2.0")


@pytest.mark.attack("an approval replayed after a rollback", "GM-P401", by="reviewer")
def test_an_old_approval_cannot_be_replayed_after_a_rollback(live):
    first = live.rollback("fraud", hold=False)
    live.merge(first, by="operator")
    proposal = live.promote("fraud", "1.2.0", "production")
    live.approve(proposal, "lead")
    landed = live.check(proposal).change_id
    live.merge(proposal)
    back(live)
    again = live.promote("fraud", "1.2.0", "production")
    assert live.check(again).change_id != landed
    assert denials(live, again) == ("GM-P401",)
    stories.append(live, live.check(again).change_id, *live.ledger.records(landed))
    assert denials(live, again) == ("GM-P401",)


def test_the_very_commit_that_was_approved_changes_nothing_after_a_rollback(live):
    back(live)
    promoted = next(step for step in live.history().steps if step.events[0].name == "promoted" and step.index == 9)
    head = live.store.commit(promoted.oid).parents[1]
    live.merge_by_hand(head)
    assert (last(live).status, live.live_version("fraud", "production")) == ("untouched", "1.1.0")


@pytest.mark.clause("A-testing-7")
@pytest.mark.attack("storage that steers the rollback by losing bytes", "GM-P512", by="storage")
def test_automation_does_not_pass_over_a_last_known_good_whose_bytes_are_gone(live, tmp_path):
    (tmp_path / "storage").mkdir()
    config = f"[core]\n    remote = storage\n['remote \"storage\"']\n    url = {tmp_path / 'storage'}\n".encode()
    change = live.draft("-", {".dvc/config": config}, by="owner", event="policy")
    live.approve(change, "raio")
    live.merge(change, by="owner")
    with live.untouched(), pytest.raises(GmError) as caught:
        live.rollback("fraud")
    assert (caught.value.code, caught.value.where) == ("GM-P512", "fraud@1.1.0")


# Who may roll back

AUTHORITY = [
    ("low", "operator", [], True),
    ("low", "engineer", [], False),
    ("medium", "operator", [], True),
    ("medium", "lead", [], False),
    ("high", "raio", [], True),
    ("high", "operator", [], False),
    ("high", "domain", [], False),
    ("critical", "rescue1", ["rescue2"], True),
    ("critical", "rescue1", [], None),
    ("critical", "rescue1", ["raio", "board1"], None),
    ("critical", "operator", [], False),
]


@pytest.mark.clause("B-6.3-1", "B-6.3-2", "B-6.3-3")
@pytest.mark.attack("a rollback by somebody without its authority", "GM-P403", by="operator")
@pytest.mark.parametrize(("risk", "by", "approvers", "lands"), AUTHORITY)
def test_a_rollback_needs_the_authority_of_its_risk(story, risk, by, approvers, lands):
    registry = story(stories.two_versions, risk)
    if lands is False:
        with registry.untouched(), pytest.raises(Denied) as caught:
            registry.rollback("fraud", by=by)
        assert "GM-P403" in caught.value.verdict.codes
        return
    proposal = registry.rollback("fraud", by=by)
    registry.approve(proposal, *approvers)
    if lands is None:
        with registry.untouched(), pytest.raises(Denied) as caught:
            merge(registry.session(by), proposal)
        assert caught.value.code == "GM-P401"
        return
    registry.merge(proposal, by=by)
    assert registry.live_version("fraud", "production") == "1.0.0"


def test_a_deeper_rollback_needs_one_more_approver(live):
    proposal = live.rollback("fraud", to="1.0.0")
    assert denials(live, proposal) == ("GM-P401",)
    live.approve(proposal, "lead")
    live.merge(proposal, by="operator")
    assert live.live_version("fraud", "production") == "1.0.0"


@pytest.mark.attack("a deeper rollback made shallow by a quarantine", "GM-P401", by="operator")
@pytest.mark.parametrize(
    ("barred", "digests"),
    [("1.1.0", ()), ("1.1.0", ("1.1.0",)), ("1.2.0", ("1.1.0",)), ("1.2.0", ("1.2.0", "1.1.0"))],
)
def test_barring_the_last_known_good_on_the_way_does_not_make_a_rollback_less_deep(live, barred, digests):
    named = [documents.artifact(version)["sha256"] for version in digests]
    files = stage_file(live, "1.0.0") | documents.quarantine_file(barred, digests=named)
    if barred == "1.2.0":
        files |= stage_file(live, "1.0.0", "staging")
    else:
        files |= stage_file(live, "1.2.0", "staging")
    proposal = live.draft("fraud", files, by="operator", event="change")
    assert denials(live, proposal) == ("GM-P401",)
    live.approve(proposal, "lead")
    assert denials(live, proposal) == ()


@pytest.mark.lookalike("a quarantine of the version that is left")
def test_barring_the_version_that_is_left_is_part_of_its_rollback(live):
    files = stage_file(live, "1.1.0") | stage_file(live, "1.1.0", "staging")
    files |= documents.quarantine_file("1.2.0", digests=[documents.artifact("1.2.0")["sha256"]])
    proposal = live.draft("fraud", files, by="operator", event="change")
    assert denials(live, proposal) == ()


@pytest.mark.attack("automation that chooses its depth", "GM-P503", by="ci")
def test_automation_does_not_choose_its_depth_by_barring_what_lies_between(live):
    may = ["rolled-back", "hold-placed", "quarantined", "cause-opened"]
    with mock.patch.dict(WORKLOADS, {"ci": may}):
        people = people_document(stories.CROWD)
    change = live.draft("-", {"policies/people.yaml": people}, by="owner", event="policy")
    live.approve(change, "raio")
    live.merge(change, by="owner")
    deep = stage_file(live, "1.0.0") | documents.quarantine_file("1.1.0", by="ci")
    with live.untouched(), pytest.raises(Denied) as caught:
        live.draft("fraud", deep, by="ci", event="change")
    assert caught.value.verdict.codes == ("GM-P401", "GM-P503")
    proposal = live.draft("fraud", stage_file(live, "1.1.0"), by="ci", event="change")
    assert denials(live, proposal) == ()


@pytest.mark.attack("a return to an undeployed stage called a rollback", "GM-P401", by="operator")
def test_a_version_returns_to_an_undeployed_stage_by_promotion_only(story):
    registry = story(stories.two_versions, "high")
    proposal = registry.draft("fraud", {"models/fraud/stages/production.yaml": None}, event="rollback")
    registry.approve(proposal, "raio", "domain")
    registry.merge(proposal)
    back = registry.draft("fraud", stage_file(registry, "1.0.0"), event="promotion", version="1.0.0")
    assert [event.name for event in registry.check(back).change.events] == ["promoted"]
    registry.approve(back, "raio")
    assert denials(registry, back) == ("GM-P401",)
    registry.approve(back, "domain")
    registry.merge(back)
    assert (registry.live_version("fraud", "production"), stage_versions(registry)) == ("1.0.0", ["1.0.0"])


@pytest.mark.clause("B-9-3")
@pytest.mark.attack("a silent rollback by direct push", "GM-P403", by="author")
def test_a_rollback_by_direct_push_of_the_stage_file_is_denied(live):
    live.commit(stage_file(live, "1.1.0"), by="engineer", land=True)
    assert (last(live).status, last(live).verdict.codes) == ("denied", ("GM-P403",))
    assert live.live_version("fraud", "production") == "1.2.0"


@pytest.mark.lookalike("the same direct push by an operator")
def test_the_same_direct_push_by_an_operator_is_a_rollback_on_record(live):
    live.commit(stage_file(live, "1.1.0"), by="operator", land=True)
    assert (last(live).status, last(live).actor.id) == ("accepted", "operator")


@pytest.mark.clause("A-execution-1", "B-7-1")
@pytest.mark.attack("a rollback without a reason", "GM-P005", by="operator")
def test_a_rollback_without_a_reason_is_denied(live):
    live.commit(stage_file(live, "1.1.0"), by="operator", reason=None, land=True)
    assert last(live).verdict.codes == ("GM-P005",)
    assert live.live_version("fraud", "production") == "1.2.0"


# What may not be promoted


@pytest.mark.clause("A-limits-4")
@pytest.mark.attack("a promotion to a held stage", "GM-P306", by="operator")
def test_a_promotion_to_a_held_stage_is_denied(live):
    live.merge(live.rollback("fraud"), by="operator")
    with live.untouched(), pytest.raises(Denied) as caught:
        live.promote("fraud", "1.2.0", "production")
    assert caught.value.code == "GM-P306"


@pytest.mark.clause("A-limits-4")
@pytest.mark.lookalike("a promotion that lifts the hold with its cause")
def test_a_promotion_that_lifts_the_hold_with_its_root_cause_lands(live):
    live.merge(live.rollback("fraud"), by="operator")
    proposal = live.promote("fraud", "1.2.0", "production", lift_hold=True, root_cause="https://example.org/why")
    live.approve(proposal, "lead")
    live.merge(proposal)
    assert live.live_version("fraud", "production") == "1.2.0"


@pytest.mark.clause("A-emergency-6")
def test_a_quarantined_version_is_promoted_nowhere(live):
    live.merge(live.rollback("fraud", quarantine=True, hold=False), by="operator")
    assert (live.live_version("fraud", "production"), live.live_version("fraud", "staging")) == ("1.1.0", "1.1.0")
    for stage in stories.STAGES:
        with live.untouched(), pytest.raises(Denied) as caught:
            live.promote("fraud", "1.2.0", stage)
        assert "GM-P304" in caught.value.verdict.codes


@pytest.mark.clause("B-5.2-1")
@pytest.mark.attack("a stage skipped", "GM-P301", by="author")
def test_a_stage_is_not_skipped(registry):
    with registry.untouched(), pytest.raises(Denied) as caught:
        registry.promote("fraud", "1.1.0", "production")
    assert caught.value.code == "GM-P301"
    proposal = registry.promote("fraud", "1.1.0", "staging")
    registry.approve(proposal, *APPROVERS["low"])
    registry.merge(proposal)
    assert denials(registry, registry.promote("fraud", "1.1.0", "production")) == ("GM-P401",)


def test_a_skipped_stage_landed_by_force_stays_out(registry):
    registry.commit(stage_file(registry, "1.1.0", "production"), land=True)
    assert "GM-P301" in last(registry).verdict.codes
    assert registry.live_version("fraud", "production") is None
