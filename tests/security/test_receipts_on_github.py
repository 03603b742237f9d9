"""``gm receipt`` on the fake of GitHub: reviews as the API tells them, merges that it makes, its faults and lies."""

import pytest

from gitops_models.errors import GmError
from tests.support import policy as documents
from tests.support.colleagues import ACTIONS
from tests.support.github import Fault
from tests.support.scribed import Scribed


@pytest.fixture(name="team")
def _team(tmp_path, home, fake):
    return Scribed(tmp_path / "team", home, fake)


def test_a_merge_made_on_the_page_is_accepted_by_the_receipt(team):
    number = team.promote()
    team.review(number, "raio")
    step = team.repo.merge_on_page(number, "engineer")
    assert team.judged().steps[-1].status == "pending"
    done = team.receipt("--json")
    assert done.status == 0, done.err
    (one,) = (one for one in done.json["steps"] if one["step"] == step)
    assert (one["receipt"], one["pullRequest"], one["said"], one["status"]) == ("signed", number, "allowed", "accepted")
    assert (team.live(), team.judged().steps[-1].oid) == ("1.0.0", step)
    assert team.said() == [(104, "approved")]
    refs = team.registry.refs()
    again = team.receipt()
    assert (again.status, again.out) == (0, "every step has its receipt\n")
    assert team.registry.refs() == refs


def test_reviews_count_after_a_renaming_and_not_of_a_deleted_account_or_a_bot(team, fake):
    number = team.promote()
    team.repo.settings.actions_may_approve = True
    head = team.pull(number).head
    team.client(ACTIONS).submit_review(number, commit=head, event="APPROVE", body="")
    team.review(number, "raio")
    team.review(number, "lead")
    fake.delete_account("lead")
    fake.rename("raio", "another-name")
    verdict = team.verdict(number)
    assert verdict.allowed
    assert {one.person: one.why for quorum in verdict.quorums for one in quorum.ignored} == {
        f"github:{ACTIONS}": "a bot does not review",
        "github:ghost": "the account was deleted",
    }
    team.repo.merge_on_page(number, "engineer")
    assert team.give().given
    assert (team.live(), team.said()) == ("1.0.0", [(104, "approved")])


def test_a_review_outlives_update_branch_and_is_gone_after_a_force_push(team):
    number = team.promote()
    team.review(number, "raio")
    team.registry.commit({"README.md": b"x"}, land=True)
    team.repo.scan()
    reviewed, head = team.pull(number).head, team.repo.update_branch(number, "engineer")
    assert reviewed != head
    assert team.verdict(number).allowed
    tree = team.registry.store.commit(head).tree
    forced = team.registry.commit({}, parents=[team.registry.tip], tree=tree)
    before = team.pull(number).head_ref
    team.registry.force(forced, f"refs/heads/{before}")
    team.repo.scan(team.fake.accounts["engineer"])
    verdict = team.verdict(number)
    assert verdict.codes == ("GM-P401",)
    assert "does not build on" in next(one.why for quorum in verdict.quorums for one in quorum.ignored)
    team.repo.merge_on_page(number, "engineer")
    team.give()
    assert (team.live(), team.judged().steps[-1].status) == (None, "pending")


def test_a_dismissal_by_the_api_takes_the_approval_away(team):
    number = team.promote()
    client, head = team.client("raio"), team.pull(number).head
    found = client.submit_review(number, commit=head, event="APPROVE", body="fine")
    assert team.verdict(number).allowed
    team.client("owner").dismiss_review(number, found.id, "looked at the wrong version")
    assert team.verdict(number).codes == ("GM-P401",)
    team.repo.merge_on_page(number, "engineer")
    team.give()
    assert (team.live(), team.said()) == (None, [(104, "dismissed")])


FAULTS = {
    "403": (Fault(status=403, body={"message": "Resource not accessible by integration"}), "GM-F402", 4),
    "404": (Fault(status=404, body={"message": "Not Found"}), "GM-F403", 6),
    "truncated": (Fault(truncate=20), "GM-F408", 9),
    "other words": (Fault(status=200, body={"message": "no list"}), "GM-F408", 9),
    "an unknown state": (
        Fault(
            status=200,
            body=[
                {
                    "id": 1,
                    "user": {"id": 104, "login": "raio", "type": "User"},
                    "body": "",
                    "state": "BLESSED",
                    "commit_id": "1" * 40,
                    "submitted_at": "2026-11-21T12:00:00Z",
                }
            ],
        ),
        "GM-F408",
        9,
    ),
}


WHOLE = {
    "401": (Fault(status=401, body={"message": "Bad credentials"}), "GM-F401", 4),
    "redirect": (Fault(redirect="https://elsewhere.example/reviews"), "GM-F409", 5),
    "500": (Fault(status=500, body={"message": "Server Error"}), "GM-F407", 9),
}


@pytest.mark.attack("an API that answers nonsense of one pull request is no approval", "GM-F408", by="forge")
@pytest.mark.parametrize("name", FAULTS)
def test_what_is_wrong_with_a_pull_request_gives_its_step_no_receipt(team, fake, name):
    fault, code, status = FAULTS[name]
    number = team.promote()
    team.review(number, "raio")
    step = team.repo.merge_on_page(number, "engineer")
    refs = team.registry.refs()
    fake.fail("GET", r"/pulls/[0-9]+/reviews", fault, times=9)
    (one,) = (one for one in team.give().given if one.step == step)
    assert (one.word, one.status, one.problem.code, one.problem.exit_status) == ("failed", "pending", code, status)
    assert (team.registry.refs(), team.live()) == (refs, None)


@pytest.mark.attack("an API that fails or answers nonsense is no approval", "GM-F401", "GM-F409", by="forge")
@pytest.mark.parametrize("name", WHOLE)
def test_an_api_that_fails_gives_no_receipt(team, fake, name):
    fault, code, status = WHOLE[name]
    number = team.promote()
    team.review(number, "raio")
    team.repo.merge_on_page(number, "engineer")
    refs = team.registry.refs()
    fake.fail("GET", r"/pulls/[0-9]+/reviews", fault, times=9)
    with pytest.raises(GmError) as refusal:
        team.give()
    assert (refusal.value.code, refusal.value.exit_status) == (code, status)
    assert (team.registry.refs(), team.live()) == (refs, None)


def made_up(team, number, account):
    """A list of reviews with an approval that nobody gave."""
    said = {"id": 1, "user": {"id": account, "login": "raio", "type": "User"}, "body": "", "state": "APPROVED"}
    said |= {"commit_id": team.pull(number).head, "submitted_at": "2026-11-21T12:00:00Z"}
    return Fault(status=200, body=[said])


@pytest.mark.attack(
    "a forge that makes up the review that is missing, where decisions are signed", "GM-P401", by="forge"
)
def test_made_up_reviews_reach_no_further_than_the_risk_lets_reviews_count(tmp_path, home, fake):
    team = Scribed(tmp_path / "team", home, fake, risk="critical")
    number = team.promote()
    fake.fail("GET", r"/pulls/[0-9]+/reviews", made_up(team, number, 104), times=9)
    team.repo.merge_on_page(number, "engineer")
    (one,) = (one for one in team.give().given if one.word == "signed")
    ignored = {one.person: one.why for quorum in one.verdict.quorums for one in quorum.ignored}
    assert ignored["raio"].endswith("counts only signed decisions")
    assert (team.judged().steps[-1].status, team.live()) == ("pending", None)


def test_the_pull_request_is_the_one_that_git_merged(team):
    number = team.promote()
    team.review(number, "raio")
    step = team.repo.merge_on_page(number, "engineer")

    def lie(found):
        return [{**one, "head": {**one["head"], "sha": "9" * 40}} for one in found]

    team.fake.fail("GET", rf"/commits/{step}/pulls", Fault(change=lie))
    (one,) = (one for one in team.give().given if one.step == step)
    assert (one.word, one.problem.code) == ("disagrees", "GM-F431")
    assert team.live() is None


@pytest.mark.attack("an earlier commit of somebody's branch as a stranger's pull request", "ignored", by="author")
def test_a_strangers_pull_request_of_an_earlier_commit_stops_no_receipt(team):
    number = team.promote()
    first = team.pull(number).head
    team.registry.commit({"README.md": b"x"}, land=True)
    team.repo.scan()
    team.repo.update_branch(number, "engineer")
    team.review(number, "raio")
    other = team.by_hand(first, "stub", by="engineer2", title="hello")
    step = team.repo.merge_on_page(number, "engineer")
    assert [team.pull(one).merge_commit for one in (number, other)] == [step, step]
    (one,) = (one for one in team.give().given if one.step == step)
    assert (one.word, one.status, one.body.pull_request, one.problem) == ("signed", "accepted", number, None)
    assert team.live() == "1.0.0"


@pytest.mark.attack("many reviews, as long as GitHub takes them, so that none can be read", "ignored", by="author")
def test_the_longest_reviews_of_a_stranger_stop_no_receipt(team, fake):
    number = team.promote()
    team.review(number, "raio")
    fake.account("stranger", 999, "read")
    client, head = team.client("stranger"), team.pull(number).head
    for _ in range(70):  # 100 on one page were more than 16 MiB
        client.submit_review(number, commit=head, event="COMMENT", body="\U0001f600" * 65536)
    step = team.repo.merge_on_page(number, "engineer")
    (one,) = (one for one in team.give().given if one.step == step)
    assert (one.word, one.status, team.said(), team.live()) == ("signed", "accepted", [(104, "approved")], "1.0.0")


@pytest.mark.attack("one's own merged pull request that cannot be read, to stop all receipts", "GM-F408", by="author")
def test_a_pull_request_that_cannot_be_read_stops_no_other(team, fake):
    files = dict(documents.version_files("1.1.0", model="spam", author="engineer"))  # a registration needs nobody
    other = team.by_hand(team.registry.commit(files), "stub", by="engineer")
    mine = team.repo.merge_on_page(other, "engineer")
    number = team.promote()
    team.review(number, "raio")
    step = team.repo.merge_on_page(number, "engineer")
    fake.fail("GET", rf"/pulls/{other}/reviews", Fault(status=200, body={"message": "no list"}), times=9)
    done = team.receipt("--json")
    found = {one["step"]: one for one in done.json["steps"]}
    assert (found[mine]["receipt"], found[mine]["problem"], done.status) == ("failed", "GM-F408", 9)
    assert (found[step]["receipt"], found[step]["status"], team.live()) == ("signed", "accepted", "1.0.0")
