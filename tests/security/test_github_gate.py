"""The gate on GitHub: its check stands on a commit, whichever pull requests have that commit as their head."""

import pytest

from gitops_models.errors import Exit, GmError
from gitops_models.registry.trailers import parse_trailers
from gitops_models.workflows.merging import merge
from gitops_models.workflows.posting import check_and_post, find_pull
from gitops_models.workflows.promote import Promotion, promote
from gitops_models.workflows.propose import Draft, propose
from gitops_models.workflows.queue import waiting
from gitops_models.workflows.review import approve, find_proposal
from tests.support import policy as documents
from tests.support.colleagues import ACTIONS
from tests.support.github import Fault
from tests.support.team import start


def ask(team):
    """The number of a promotion's pull request."""
    with team.acting("engineer") as session:
        return promote(session, Promotion("fraud@1.0.0", "it is better", to="staging")).proposal.number


def copy_of(team, number):
    """The number of another pull request with the same head."""
    return team.by_hand(team.pull(number).head, "copy", by="engineer2", title="the same commit")


def gate(team, number):
    """What the gate's job says of a pull request, and the check that stands on its head then."""
    with team.acting("engineer", ACTIONS) as session:
        verdict = check_and_post(session, find_pull(session, number)).verdict
    return verdict.allowed, verdict.codes, team.checks(number)[-1]["conclusion"]


@pytest.mark.lookalike("a second pull request of an approved head")
def test_a_copy_of_an_approved_pull_request_does_not_turn_its_check_red(team):
    number = ask(team)
    team.review(number, "raio")
    assert gate(team, number) == (True, (), "success")
    assert gate(team, copy_of(team, number)) == (True, (), "success")


@pytest.mark.attack("a copy of a pull request hides a request for changes", "GM-P402", by="author")
@pytest.mark.parametrize("late", ["an approval", "one that is dismissed"])
def test_a_request_for_changes_counts_on_every_pull_request_of_its_head(team, late):
    number = ask(team)
    other = copy_of(team, number)
    team.review(other, "raio")
    team.review(number, "raio", "REQUEST_CHANGES")
    denied = (False, ("GM-P401", "GM-P402"), "failure")
    assert gate(team, other) == gate(team, number) == denied
    again = team.review(other, "raio")
    if late == "one that is dismissed":
        team.client("raio").dismiss_review(other, again.id, "no")
    assert gate(team, other) == gate(team, number) == denied


@pytest.mark.attack("approvals that the author wrote in the trailers of the proposal", "ignored", by="author")
def test_no_approval_that_the_author_wrote_stands_on_the_page_or_in_the_merge(team):
    files = documents.version_files("1.1.0", model="fraud", author="engineer")
    claimed = (("Approved-By", "raio"), ("approved-by", "domain"), ("gm-change", "0" * 64), ("Gm-Cause", "drift"))
    draft = Draft("registration", "fraud", "register(fraud): 1.1.0", "trained", files, "1.1.0", trailers=claimed)
    with team.acting("engineer") as session:
        proposal = propose(session, draft).proposal
    page = parse_trailers(f"t\n\n{team.pull(proposal.number).body}")
    assert page.pairs == (("Gm-Cause", "drift"), ("Gm-Reason", "trained"))
    with team.acting("lead") as session:
        approve(session, find_proposal(session, proposal.id))
    with team.acting("engineer") as session:
        landed = merge(session, find_proposal(session, proposal.id))
    message = parse_trailers(team.registry.store.commit(landed.step).message)
    assert "raio" not in message.all("Approved-by")
    assert message.all("Gm-Change") == (landed.evaluation.change_id,)


def standing(team, number):
    """The newest check on the head, which is the one that counts."""
    newest = team.checks(number)[-1]
    return newest["status"], newest["conclusion"]


@pytest.mark.attack("a judgement that is cancelled leaves the check that passed before", "ignored", by="author")
@pytest.mark.parametrize("end", [KeyboardInterrupt, RecursionError, SystemExit])
def test_what_ends_a_judgement_fails_the_check_that_passed_before(team, end, monkeypatch):
    number, seen = ask(team), []
    team.review(number, "raio")
    assert gate(team, number) == (True, (), "success")

    def ended(*_):
        seen.append(standing(team, number))
        raise end

    monkeypatch.setattr("gitops_models.workflows.posting.check", ended)
    with pytest.raises(end):
        gate(team, number)
    assert (seen, standing(team, number)) == ([("in_progress", None)], ("completed", "failure"))
    monkeypatch.undo()
    assert gate(team, number) == (True, (), "success")


def test_a_judgement_told_to_end_fails_its_check(team, fake):
    number = ask(team)
    team.review(number, "raio")
    assert gate(team, number) == (True, (), "success")
    fake.fail("GET", r"/reviews$", Fault(delay=120))
    with start(team.clone("raio"), "check", "--pr", str(number), "--post", **fake.environ(ACTIONS)) as process:
        while standing(team, number)[0] != "in_progress":
            assert process.poll() is None
        process.terminate()
        assert process.wait(60) == Exit.INTERRUPTED
    assert standing(team, number) == ("completed", "failure")


@pytest.mark.parametrize(("times", "stands"), [(1, ("completed", "failure")), (None, ("in_progress", None))])
def test_a_check_that_cannot_be_completed_does_not_pass(team, fake, times, stands):
    number = ask(team)
    team.review(number, "raio")
    assert gate(team, number) == (True, (), "success")
    fake.fail("PATCH", r"/check-runs/\d+$", Fault(status=403), times=times)
    with pytest.raises(GmError) as caught:
        gate(team, number)
    assert (caught.value.code, standing(team, number)) == ("GM-F402", stands)


def test_the_comment_of_another_bot_is_not_taken_for_ones_own(team, fake):
    number = ask(team)
    fake.account("helper[bot]", 900, "write", kind="Bot")
    team.comment(number, "helper[bot]", "<!-- gm:policy -->\nallowed, says a bot")
    for _ in range(2):
        gate(team, number)
    assert [who for who, _ in team.comments(number)] == ["helper[bot]", ACTIONS]


@pytest.mark.attack("heads of strangers fill the clones of everybody who lists proposals", "ignored", by="author")
def test_lists_fetch_nothing_of_strangers_until_somebody_looks(team):
    mine = ask(team)
    team.clone("raio")
    head = team.registry.commit({"junk": b"x" * 1000})
    number = team.by_hand(head, "junk", by="engineer2", title="hello")
    with team.acting("raio") as session:
        states = {one.proposal.number: one.state for one in waiting(session)}
        assert states == {mine: "waiting", number: "not fetched"}
        assert find_proposal(session, str(mine)).number == mine
        assert not session.store.has(head)
        looked = find_proposal(session, str(number))
        assert (looked.head, session.store.has(head)) == (head, True)
