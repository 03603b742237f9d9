"""Dates that nobody can believe: they stop no fold and freeze nobody."""

from datetime import UTC, datetime

import pytest

from gitops_models.store.objects import Ident
from gitops_models.store.writer import write_commit, write_tree
from gitops_models.trust.bodies import Acceptance
from gitops_models.trust.records import make_acceptance
from gitops_models.verification.fold import fold
from tests.support import policy as documents
from tests.support.keys import ed25519_key
from tests.support.registry import Registry

FAR = datetime(2099, 1, 1, tzinfo=UTC)


def test_a_commit_dated_in_the_year_ten_thousand_is_denied_and_ends_no_fold(tmp_path):
    registry = Registry(tmp_path / "r")
    tree = write_tree(registry.store, registry.store.commit(registry.tip).tree, {"models/fraud/model.yaml": b"x"})
    ident = Ident("engineer", "engineer@example.org", 253_402_300_800)
    registry.force(write_commit(registry.store, tree, [registry.tip], "far", ident, ident, None))
    registry.version("spam", "1.0.0")
    assert registry.statuses() == ["denied", "accepted"]


@pytest.mark.parametrize("at", [253_402_300_790, -62_135_596_700])
def test_a_commit_dated_in_the_last_or_first_seconds_of_the_calendar_ends_no_fold(tmp_path, at):
    registry = Registry(tmp_path / "r")
    tree = write_tree(registry.store, registry.store.commit(registry.tip).tree, {"models/fraud/model.yaml": b"x"})
    ident = Ident("engineer", "engineer@example.org", at)
    registry.force(write_commit(registry.store, tree, [registry.tip], "far", ident, ident, None))
    registry.version("spam", "1.0.0")
    assert registry.statuses() == ["denied", "accepted"]


def test_an_acceptance_of_a_change_that_needs_no_quorum_moves_no_bound(tmp_path):
    registry = Registry(tmp_path / "r")
    registry.version("fraud", "1.0.0", risk="low")
    before = registry.history()
    proposal = registry.draft("fraud", documents.version_files("1.1.0"), event="registration", version="1.1.0")
    evaluation = registry.check(proposal)
    step = registry.merge_by_hand(proposal.head)
    body = Acceptance(
        main=before.tip,
        merge=step,
        head=proposal.head,
        change_id=evaluation.change_id,
        at="2099-01-01T00:00:00Z",
        checkpoint=None,
    )
    writer = registry.session("engineer").writer()
    writer.append(evaluation.change_id, make_acceptance(body, ed25519_key("engineer")))
    assert registry.statuses()[-1] == "accepted"
    assert registry.history().state.at == before.state.at
    registry.live("fraud", "1.1.0", "development")
    assert registry.statuses()[-1] == "accepted"


def test_an_acceptance_of_the_future_does_not_count_before_its_time(tmp_path):
    registry = Registry(tmp_path / "r")
    registry.version("fraud", "1.0.0", risk="low")
    proposal = registry.promote("fraud", "1.0.0", "development")
    registry.approve(proposal, "lead")
    registry.clock.time, now = FAR, registry.clock.now()
    registry.merge(proposal)

    def status(clock):
        history = fold(registry.store, pin=registry.pin, tip=registry.tip, ledger=registry.ledger, now=clock)
        return history.steps[-1].status

    assert (status(now), status(registry.clock.now())) == ("pending", "accepted")


def test_a_suspended_person_accepts_nothing(tmp_path):
    registry = Registry(tmp_path / "r")
    registry.version("fraud", "1.0.0", risk="low")
    proposal = registry.promote("fraud", "1.0.0", "development")
    registry.approve(proposal, "lead")
    people = documents.yamls.load(registry.history().state.snapshot.data("policies/people.yaml"), "people.yaml")
    for person in people["people"]:
        person["suspended"] = person["id"] == "engineer2"
    change = registry.draft("policy", {"policies/people.yaml": documents.yamls.dump(people)}, event="policy")
    registry.approve(change, "raio")
    registry.merge(change)
    evaluation, main = registry.check(proposal), registry.tip
    step = registry.merge_by_hand(proposal.head, by="lead")
    at = registry.clock.now().strftime("%Y-%m-%dT%H:%M:%SZ")
    body = Acceptance(main=main, merge=step, head=proposal.head, change_id=evaluation.change_id, at=at, checkpoint=None)
    registry.session("engineer2").writer().append(evaluation.change_id, make_acceptance(body, ed25519_key("engineer2")))
    assert registry.statuses()[-1] == "pending"
    registry.session("lead").writer().append(evaluation.change_id, make_acceptance(body, ed25519_key("lead")))
    assert registry.statuses()[-1] == "accepted"
