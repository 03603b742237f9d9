"""When an acceptance comes too early, and which approvals were there by then."""

from datetime import UTC, datetime, timedelta

import pytest

from gitops_models.registry.paths import Layout
from gitops_models.registry.snapshot import Snapshot
from gitops_models.registry.state import AcceptedState
from gitops_models.verification.acceptance import is_early, opinions_of
from tests.support import stories
from tests.support.stories import append, decision

AT = datetime(2026, 11, 21, 12, tzinfo=UTC)


class Nowhere:
    """A source without blobs."""


def state(at):
    """A state whose last acceptance was made at ``at``."""
    return AcceptedState(Snapshot(Layout(), {}, Nowhere()), None, at)


@pytest.mark.parametrize(("seconds", "early"), [(-301, True), (-300, False), (0, False), (301, False)])
def test_five_minutes_of_tolerance_before_the_previous_acceptance(seconds, early):
    assert is_early(AT + timedelta(seconds=seconds), state(AT)) is early


def test_nothing_is_early_before_the_first_acceptance():
    assert not is_early(AT, state(None))


@pytest.fixture(scope="module")
def reviewed(tmp_path_factory):
    """An open promotion, one approval made now and a rejection, both of known people."""
    registry = stories.two_models(tmp_path_factory.mktemp("reviewed") / "r")
    proposal = registry.promote("fraud", "1.1.0", "staging")
    like = registry.approve(proposal, "lead")[0]
    change = registry.check(proposal).change_id
    append(registry, change, decision(by="lead2", change_id=change, like=like, decision="reject"))
    return registry, change


def test_an_approval_from_after_the_acceptances_commit_is_shown_and_does_not_count(reviewed):
    registry, change = reviewed
    records = registry.ledger.records(change)
    seen = opinions_of(change, records, registry.history().people, made_by=lambda oid: oid == registry.pin)
    problems = {opinion.person: opinion.problem for opinion in seen}
    assert problems == {"lead": f"made at {registry.tip[:10]}, which is no earlier step of this line", "lead2": None}


def test_an_approval_made_by_then_counts(reviewed):
    registry, change = reviewed
    records = registry.ledger.records(change)
    for made_by in (None, lambda oid: oid == registry.tip):
        seen = opinions_of(change, records, registry.history().people, made_by=made_by)
        assert [opinion.problem for opinion in seen] == [None, None]
