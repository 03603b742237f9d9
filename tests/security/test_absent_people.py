"""Attacks with the keys of people who count for nothing at present: suspended, or past their last day."""

from datetime import UTC, datetime

import pytest

from gitops_models.policy.denied import Denied
from gitops_models.workflows.merging import merge
from tests.support import policy as documents
from tests.support import stories
from tests.support.stories import last

AWAY = {"engineer2": {"suspended": True}, "lead2": {"until": "2026-11-20"}, "domain2": {"until": "2026-11-21"}}


def crowded(path):
    """A registered version, and three people of whom two count for nothing."""
    registry = stories.registry(path, persons=AWAY)
    registry.version("fraud", "1.0.0")
    return registry


@pytest.fixture
def absent(story):
    return story(crowded)


@pytest.mark.attack("a merge signed by a suspended person", "GM-P803", by="thief")
@pytest.mark.parametrize(
    ("by", "status", "codes"),
    [
        ("engineer2", "denied", ("GM-P803",)),
        ("lead2", "denied", ("GM-P803",)),
        ("domain2", "accepted", ()),
        ("visitor", "denied", ("GM-P803",)),
        ("lead", "accepted", ()),
        ("ci", "accepted", ()),
    ],
)
def test_a_merge_is_signed_by_somebody_who_counts(absent, by, status, codes):
    head = absent.commit(documents.version_files("1.1.0"))
    absent.merge_by_hand(head, by=by)
    assert (last(absent).status, last(absent).verdict.codes) == (status, codes)


@pytest.mark.parametrize("by", ["engineer2", "lead2"])
def test_a_merge_with_every_approval_is_not_landed_by_somebody_absent(absent, by):
    proposal = absent.promote("fraud", "1.0.0", "staging")
    absent.approve(proposal, "lead")
    absent.merge_by_hand(proposal.head, by=by)
    assert (last(absent).status, absent.live_version("fraud", "staging")) == ("denied", None)
    assert "GM-P803" in last(absent).verdict.codes


@pytest.mark.parametrize("by", ["engineer2", "lead2"])
def test_a_merge_that_no_reader_would_count_never_leaves_the_clone(absent, by):
    proposal = absent.promote("fraud", "1.0.0", "staging")
    absent.approve(proposal, "lead")
    before = absent.refs()
    with pytest.raises(Denied) as denied:
        merge(absent.session(by), proposal)
    assert denied.value.verdict.codes == ("GM-P404", "GM-P803")
    assert absent.refs() == before
    assert merge(absent.session("domain2"), proposal).step == absent.tip


@pytest.mark.attack("a merge signed after the person's last day", "GM-P803", by="thief")
def test_a_merge_after_the_last_day_is_refused_at_its_own_time(absent):
    absent.clock.time = datetime(2026, 11, 22, 0, 0, tzinfo=UTC)
    head = absent.commit(documents.version_files("1.1.0"))
    absent.merge_by_hand(head, by="domain2")
    assert (last(absent).status, last(absent).verdict.codes) == ("denied", ("GM-P803",))


def test_a_restoration_is_not_landed_by_somebody_absent(absent):
    start = absent.tip
    absent.commit({"models/fraud/stages/staging.yaml": b"junk"}, land=True)
    back = absent.commit({"models/fraud/stages/staging.yaml": None})
    for by, status in (("engineer2", "denied"), ("lead2", "denied"), ("raio", "restored")):
        tip = absent.tip
        absent.merge_by_hand(back, by=by)
        assert last(absent).status == status
        absent.force(tip)
    assert absent.tip != start


@pytest.mark.attack("records and evidence proposed by a suspended person", "GM-P403", by="thief")
@pytest.mark.parametrize("by", ["engineer2", "lead2"])
def test_nothing_is_proposed_by_somebody_absent(absent, by):
    """Records, evidence and the people file alike."""
    for files in (documents.hold_file(by=by), documents.evidence_file("1.0.0", "evaluation", by=by)):
        tip = absent.tip
        absent.merge_by_hand(absent.commit(files, by=by), by="lead")
        assert "GM-P403" in last(absent).verdict.codes
        absent.force(tip)
