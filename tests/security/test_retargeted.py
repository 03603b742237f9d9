"""Approvals given while a pull request had another base: its page showed something else then."""

from datetime import UTC, datetime, timedelta

import pytest

from gitops_models.errors import GmError
from gitops_models.forge.github.translation import reviews_of
from gitops_models.registry.times import format_time
from tests.support import stories
from tests.support.github import Fault
from tests.support.onforge import Pulls, seen
from tests.support.scribed import Scribed

EVENTS = r"/issues/[0-9]+/events"


@pytest.fixture(name="team")
def _team(tmp_path, home, fake):
    return Scribed(tmp_path / "team", home, fake)


@pytest.fixture(name="number")
def _number(team, fake):
    """A pull request that was approved as a typo in a branch of its author's, and then pointed at the line."""
    fake.clock = lambda: datetime.now(UTC) - timedelta(minutes=2)
    registry = team.registry
    dev = registry.commit(stories.stage_file(registry, "1.0.0", "staging"), by="engineer", reason="it is better")
    registry.force(dev, "refs/heads/dev")
    team.repo.scan(fake.accounts["engineer"])
    number = team.by_hand(registry.commit({"README.md": b"a typo\n"}, parents=[dev]), "typo", base="dev")
    client = team.client("engineer")
    assert [one.path for one in client.pull_files(number)] == ["README.md"]
    team.review(number, "raio")
    client.api.request("PATCH", f"{client.home}/pulls/{number}", body={"base": "main"})
    assert [one.path for one in client.pull_files(number)] == ["README.md", "models/fraud/stages/staging.yaml"]
    fake.clock = lambda: datetime.now(UTC)
    return number


@pytest.mark.attack(
    "a pull request pointed at the line after it was approved for another branch", "GM-P401", by="author"
)
def test_an_approval_for_another_base_does_not_count(team, number):
    assert [one.state for one in team.client("raio").reviews(number)] == ["approved"]
    assert team.verdict(number).codes == ("GM-P401",)
    team.repo.merge_on_page(number, "engineer")
    team.give()
    assert (team.judged().steps[-1].status, team.live(), team.said()) == ("pending", None, [])


@pytest.mark.lookalike("an approval given again after the pull request was pointed at the line")
def test_an_approval_given_since_counts(team, number):
    team.review(number, "raio")
    assert team.verdict(number).allowed
    team.repo.merge_on_page(number, "engineer")
    team.give()
    assert (team.judged().steps[-1].status, team.live(), team.said()) == ("accepted", "1.0.0", [(104, "approved")])


@pytest.mark.attack("an API that does not say what happened to a pull request", "GM-F408", by="forge")
@pytest.mark.parametrize(
    ("fault", "code"),
    [
        (Fault(truncate=1), "GM-F408"),
        (Fault(status=404, body={"message": "Not Found"}), "GM-F403"),
        (Fault(status=200, body=[{"id": 1, "event": "labeled"}]), "GM-F408"),
    ],
    ids=["truncated", "not found", "no time"],
)
def test_without_its_events_no_review_counts(team, fake, number, fault, code):
    step = team.repo.merge_on_page(number, "engineer")
    fake.fail("GET", EVENTS, fault, times=9)
    (one,) = (one for one in team.give().given if one.step == step)
    assert (one.word, one.status, one.problem.code) == ("failed", "pending", code)
    assert team.live() is None


def test_a_request_for_changes_stays_and_an_approval_of_the_same_second_does_not(tmp_path):
    story, pulls = stories.registry(tmp_path / "r"), Pulls()
    said = [
        seen(story, "lead", "changes-requested", commit=story.tip, number=1, minutes=-3),
        seen(story, "lead", commit=story.tip, number=2, minutes=-2),
        seen(story, "raio", commit=story.tip, number=3),
        seen(story, "domain", commit=story.tip, number=4, minutes=1),
        seen(story, "lead2", "dismissed", commit=story.tip, number=5, minutes=-1),
    ]
    pulls.add(7, story.tip, story.tip, *said)
    assert [one.id for one in reviews_of(pulls, 7)] == [1, 2, 3, 4, 5]
    pulls.turned[7] = format_time(story.clock.now())
    assert [one.id for one in reviews_of(pulls, 7)] == [1, 4, 5]
    pulls.wrong[7] = GmError("GM-F408", "nonsense")
    with pytest.raises(GmError) as refusal:
        reviews_of(pulls, 7)
    assert refusal.value.code == "GM-F408"
