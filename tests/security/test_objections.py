"""A request for changes on the forge is not outrun by the acceptance of the step that it was made for."""

import pytest

from gitops_models.errors import GmError
from gitops_models.policy.denied import Denied
from gitops_models.trust.records import Acceptance
from gitops_models.workflows.late import accept_late, approve_late, check_waiting, waiting_steps
from gitops_models.workflows.merging import merge
from gitops_models.workflows.patience import Patience
from gitops_models.workflows.receipt import receipts
from gitops_models.workflows.receiptpens import key_pen
from gitops_models.workflows.review import approve, find_proposal
from tests.support.github import Fault
from tests.support.onforge import Pulls, on_page, seen, told
from tests.support.scribed import Scribed


def waiting(session):
    (pending,) = waiting_steps(session)
    return pending


# As a receipt says it, where no forge is asked


@pytest.fixture(name="landed")
def _landed(tmp_path):
    """A promotion with a complete quorum, signed, merged on the page against a request for changes."""
    story, pulls = told(tmp_path / "r"), Pulls()
    found = story.promote("fraud", "1.0.0", "staging")
    story.approve(found, "lead")
    step = on_page(story, found.head)

    def say(state, minutes=0):
        pulls.add(7, step, found.head, seen(story, "lead2", state, commit=found.head, minutes=minutes))
        story.clock.tick()
        receipts(story.session("scribe"), pulls, key_pen)

    return story, say


@pytest.mark.attack("accepting by key a step on which changes are requested on the forge", "GM-P402", by="author")
def test_a_step_is_not_accepted_against_the_request_for_changes_in_its_receipt(landed):
    story, say = landed
    say("changes-requested")
    session = story.session("engineer")
    with story.untouched(), pytest.raises(Denied) as denied:
        accept_late(session, waiting(session))
    assert denied.value.verdict.codes == ("GM-P402",)
    assert check_waiting(session, waiting(session)).verdict.codes == ("GM-P402",)
    assert (story.history().steps[-1].status, story.live_version("fraud", "staging")) == ("pending", None)
    late = approve_late(story.session("lead"), waiting(session))
    assert (late.released, late.evaluation.verdict.codes) == (False, ("GM-P402",))


def test_a_request_for_changes_that_was_dismissed_stops_nothing(landed):
    story, say = landed
    session = story.session("engineer")
    assert check_waiting(session, waiting(session)).verdict.allowed
    say("changes-requested")
    say("dismissed", minutes=1)
    assert story.live_version("fraud", "staging") == "1.0.0"


# As the forge says it


@pytest.fixture(name="team")
def _team(tmp_path, home, fake):
    return Scribed(tmp_path / "team", home, fake)


def signed(team):
    """A promotion that a raio signed; its number."""
    number = team.promote()
    with team.acting("raio") as session:
        approve(session, find_proposal(session, str(number)))
    return number


def accept(team):
    with team.acting("engineer") as session:
        accept_late(session, waiting(session))
        return session


@pytest.mark.attack("accepting by key before a receipt tells of the request for changes", "GM-P402", by="author")
def test_the_forge_is_asked_for_requests_for_changes(team):
    number = signed(team)
    found = team.client("raio").submit_review(
        number, commit=team.pull(number).head, event="REQUEST_CHANGES", body="wait"
    )
    team.repo.merge_on_page(number, "engineer")
    refs = team.registry.refs()
    with pytest.raises(Denied) as denied:
        accept(team)
    assert (denied.value.verdict.codes, team.registry.refs(), team.live()) == (("GM-P401", "GM-P402"), refs, None)
    team.client("owner").dismiss_review(number, found.id, "it is fine now")
    assert accept(team).unheard is None
    assert team.live() == "1.0.0"


@pytest.mark.lookalike("accepting by key a step on which only people without a say asked for changes")
def test_requests_for_changes_of_people_without_a_say_stop_nothing(team, fake):
    number = signed(team)
    fake.account("stranger", 999, "read")
    for person in ("stranger", "engineer2"):
        team.review(number, person, "REQUEST_CHANGES")
    team.repo.merge_on_page(number, "engineer")
    accept(team)
    assert team.live() == "1.0.0"


def test_an_approval_on_the_page_does_not_make_up_for_a_signature(team):
    number = team.promote()
    team.review(number, "raio")
    team.repo.merge_on_page(number, "engineer")
    with pytest.raises(Denied) as denied:
        accept(team)
    assert (denied.value.verdict.codes, team.live()) == (("GM-P401",), None)


def test_where_the_forge_is_silent_signatures_decide_and_it_is_said(team, fake):
    number = signed(team)
    team.repo.merge_on_page(number, "engineer")
    fake.fail("GET", r"/commits/[0-9a-f]+/pulls", Fault(status=401, body={"message": "Bad credentials"}), times=9)
    done = team.gm("engineer", "merge", team.judged().steps[-1].oid)
    assert (done.status, team.live()) == (0, "1.0.0"), done.err
    assert "GM-F401" in done.err


def test_what_is_wrong_here_is_no_silence_of_the_forge(team, monkeypatch):
    number = signed(team)
    team.repo.merge_on_page(number, "engineer")

    def broken(_):
        raise GmError("GM-C187", "no forge at all")

    monkeypatch.setattr("gitops_models.workflows.receiptpulls.pull_requests", broken)
    with pytest.raises(GmError) as refusal:
        accept(team)
    assert (refusal.value.code, team.live()) == ("GM-C187", None)


@pytest.mark.attack("merging while changes are being requested on the page", "GM-F432", by="author")
def test_a_request_for_changes_between_the_look_and_the_merge_is_seen_after_it(team, monkeypatch):
    number = signed(team)
    head = team.pull(number).head
    with team.acting("engineer") as session:
        proposal = find_proposal(session, str(number))
        place = session.hosted
        real = type(place).merge

        def late(self, *words):
            team.client("raio").submit_review(number, commit=head, event="REQUEST_CHANGES", body="wait")
            return real(self, *words)

        monkeypatch.setattr(type(place), "merge", late)
        with pytest.raises(GmError) as refusal:
            merge(session, proposal, patience=Patience(5))
    assert refusal.value.code == "GM-F432"
    assert any("GM-P402" in one for one in refusal.value.details)
    records = team.registry.ledger.records(team.judged().steps[-1].change_id)
    assert not any(isinstance(one.body, Acceptance) for one in records)
    assert team.live() is None
