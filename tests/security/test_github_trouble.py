"""Verbs on pull requests when the API fails, lies or somebody is quicker: never an approval, always a clear error."""

import pytest

from gitops_models.errors import Exit, GmError
from gitops_models.forge.github.forge import GitHubForge
from gitops_models.registry.trailers import parse_trailers
from gitops_models.workflows.merging import merge
from gitops_models.workflows.patience import Patience
from gitops_models.workflows.promote import Promotion, promote
from gitops_models.workflows.queue import waiting
from gitops_models.workflows.review import approve, check, find_proposal, proposals
from tests.support.colleagues import ACTIONS, Colleagues
from tests.support.github import Fault
from tests.support.keys import ed25519_key

MERGE = r"/pulls/\d+/merge$"
PULL = r"/pulls/\d+$"
REVIEWS = r"/pulls/\d+/reviews$"
NOW = Patience(0)


def ask(team):
    with team.acting("engineer") as session:
        return promote(session, Promotion("fraud@1.0.0", "it is better", to="staging")).proposal


def approved(team):
    """An open proposal that raio has signed."""
    proposal = ask(team)
    with team.acting("raio") as session:
        approve(session, find_proposal(session, proposal.id))
    return proposal


def live(team):
    state = team.judged().state.snapshot.stage_state("fraud", "staging")
    return state.version if state else None


def refused(team, work):
    """The error of ``work``, which left the line and what is accepted as they were."""
    tip = team.registry.tip
    with pytest.raises(GmError) as caught:
        work()
    assert (team.registry.tip, live(team)) == (tip, None)
    return caught.value


@pytest.mark.parametrize("fault", [Fault(drop=True, applied=True), Fault(status=502, applied=True), Fault(truncate=9)])
def test_a_lost_answer_of_the_merge_is_asked_for_again(team, fake, fault):
    number = approved(team).number
    fake.fail("PUT", MERGE, fault)
    with team.acting("engineer") as session:
        landed = merge(session, find_proposal(session, str(number)))
    assert (landed.waiting, live(team)) == ("", "1.0.0")
    assert [pull.merge_commit for pull in team.pulls()] == [landed.step]


@pytest.mark.attack("a push between the judgement and the merge", "GM-F404", by="author")
def test_a_head_that_moves_between_judgement_and_merge_is_not_merged(team, fake):
    proposal = approved(team)

    def move(data):
        head = team.registry.commit({"models/fraud/notes.txt": b"x"}, parents=[proposal.head])
        team.registry.force(head, proposal.ref)
        team.repo.scan(fake.accounts["engineer"])
        return data

    with team.acting("engineer") as session:
        found = find_proposal(session, str(proposal.number))
        fake.fail("GET", PULL, Fault(change=move))  # the last look before the merge
        error = refused(team, lambda: merge(session, found, patience=NOW))
    assert (error.code, error.exit_status) == ("GM-F404", Exit.CONFLICT)
    with team.acting("engineer") as session:
        stale = found  # judged again from the list that was read before
        assert refused(team, lambda: check(session, stale)).code == "GM-F204"


def test_a_line_that_moves_before_the_merge_is_judged_again(team, fake):
    number = approved(team).number
    fake.fail(
        "PUT", MERGE, Fault(status=405, body={"message": "Base branch was modified. Review and try the merge again."})
    )
    with team.acting("engineer") as session:
        merge(session, find_proposal(session, str(number)))
    assert live(team) == "1.0.0"
    fake.faults.clear()


def test_a_line_that_keeps_moving_and_a_rule_of_the_forge_end_the_merge(team, fake):
    number = approved(team).number
    moved = {"message": "Base branch was modified. Review and try the merge again."}
    for body, code in ((moved, "GM-F202"), ({"message": "Required status check is expected."}, "GM-F405")):
        fake.fail("PUT", MERGE, Fault(status=405, body=body), times=None)
        with team.acting("engineer") as session:
            found = find_proposal(session, str(number))
            assert refused(team, lambda: merge(session, found, patience=NOW)).code == code  # noqa: B023 - called at once
        fake.faults.clear()


@pytest.mark.attack("the forge names another commit as the merge", "GM-F432", by="forge")
@pytest.mark.parametrize("lie", ["tip", "head", "unknown"])
def test_a_merge_that_did_not_happen_is_not_believed(team, fake, lie):
    proposal = approved(team)
    sha = {"tip": team.registry.tip, "head": proposal.head, "unknown": "e" * 40}[lie]
    fake.fail("PUT", MERGE, Fault(body={"sha": sha, "merged": True, "message": "Pull Request successfully merged"}))
    with team.acting("engineer") as session:
        found = find_proposal(session, str(proposal.number))
        error = refused(team, lambda: merge(session, found, patience=NOW))
    assert (error.code, error.exit_status) == ("GM-F432", Exit.INTEGRITY)


@pytest.mark.attack("the forge slips content into the merge", "GM-F432", by="forge")
@pytest.mark.parametrize(
    "slipped", [{"models/fraud/stages/production.yaml": b"x"}, {"README.md": b"not what was judged"}]
)
def test_a_merge_with_other_content_is_not_accepted(team, fake, slipped):
    proposal = approved(team)

    def evil(data):
        step = team.registry.merge_by_hand(proposal.head, by="engineer2", files=slipped)
        return {**data, "sha": step}

    body = {"sha": "0" * 40, "merged": True, "message": "Pull Request successfully merged"}
    fake.fail("PUT", MERGE, Fault(body=body))
    original = GitHubForge.merge
    with team.acting("engineer") as session, pytest.MonkeyPatch.context() as patch:
        patch.setattr(GitHubForge, "merge", lambda self, *given: evil({"sha": original(self, *given)})["sha"])
        found = find_proposal(session, str(proposal.number))
        with pytest.raises(GmError) as caught:
            merge(session, found, patience=NOW)
    assert caught.value.code == "GM-F432"
    assert (live(team), team.judged().steps[-1].status in {"pending", "denied"}) == (None, True)


@pytest.mark.attack("the API names another head than Git has", "GM-F431", by="forge")
def test_another_head_than_that_of_git_is_not_judged(team, fake):
    proposal = approved(team)
    older = team.registry.tip
    fake.fail("GET", PULL, Fault(change=lambda data: {**data, "head": {**data["head"], "sha": older}}))
    done = team.gm("engineer", "--json", "check", "--pr", str(proposal.number))
    assert (done.status, done.error["code"]) == (Exit.CONFLICT, "GM-F431")


@pytest.mark.parametrize(
    ("fault", "code"),
    [
        (Fault(change=lambda data: data and [{**one, "state": "UNHEARD_OF"} for one in data]), "GM-F408"),
        (Fault(body="not json"), "GM-F408"),
        (Fault(status=403), "GM-F402"),
        (Fault(status=404), "GM-F403"),
    ],
)
def test_reviews_that_cannot_be_read_are_no_approvals(team, fake, fault, code):
    number = ask(team).number
    team.review(number, "raio")
    fake.fail("GET", REVIEWS, fault, times=None)
    with team.acting("engineer") as session:
        found = find_proposal(session, str(number))
        assert refused(team, lambda: merge(session, found, patience=NOW)).code == code
        (item,) = waiting(session)
        assert (item.state, item.unblock) == (code, ())


@pytest.mark.parametrize(
    ("fault", "code", "status"),
    [(Fault(status=401), "GM-F401", 4), (Fault(status=503), "GM-F407", 9), (Fault(body="{}"), "GM-F408", 9)],
)
def test_a_silent_api_leaves_branches_and_signed_decisions(team, fake, fault, code, status):
    proposal = ask(team)
    fake.fail("*", r"^/(repos|user)\b", fault, times=None)
    listed = team.gm("raio", "--json", "proposals")
    assert (listed.status, code in listed.err) == (0, True), listed.err
    assert listed.json["proposals"][0]["id"] == proposal.id
    signed = team.gm("raio", "--json", "approve", proposal.id)
    assert (signed.status, signed.json["verdict"]["allowed"]) == (0, True)
    merged = team.gm("engineer", "--json", "merge", proposal.id)
    assert (merged.status, merged.error["code"]) == (status, code)
    unknown = team.gm("engineer", "--json", "merge", "77")
    assert unknown.error["code"] == code, unknown.err
    assert live(team) is None


def test_without_a_token_what_git_holds_is_shown_and_nothing_is_merged(team):
    proposal = ask(team)
    listed = team.gm("raio", "--json", "proposals", GH_TOKEN="", PATH="/usr/bin:/bin")
    assert (listed.status, listed.json["proposals"][0]["id"]) == (0, proposal.id)
    assert "GM-F410" in listed.err
    looked = team.gm("raio", "status", GH_TOKEN="", PATH="/usr/bin:/bin")
    assert (looked.status, "GM-F410" in looked.err) == (0, True), looked.err
    merged = team.gm("engineer", "--json", "merge", proposal.id, GH_TOKEN="", PATH="/usr/bin:/bin")
    assert (merged.status, merged.error["code"]) == (4, "GM-F410")


def test_a_command_killed_between_the_push_and_the_page_is_given_again(team, fake):
    fake.fail("POST", r"/pulls$", Fault(status=403))
    words = ("--json", "promote", "fraud@1.0.0", "--to", "staging", "-m", "why")
    killed = team.gm("engineer", *words)
    assert (killed.status, killed.error["code"], team.pulls()) == (4, "GM-F402", [])
    (branch,) = [name for name in team.registry.refs() if name.startswith("refs/heads/gm/")]
    again = team.gm("engineer", *words)
    assert (again.status, again.json["branch"]) == (0, branch.removeprefix("refs/heads/"))
    assert [pull.head_ref for pull in team.pulls()] == [again.json["branch"]]
    assert parse_trailers(f"t\n\n{team.pull(1).body}").get("Gm-Event") == "promotion"


def test_what_decorates_the_page_fails_nothing(team, fake):
    fake.fail("POST", r"/labels$", Fault(status=403))
    fake.fail("POST", r"/requested_reviewers$", Fault(status=422))
    opened = team.gm("engineer", "promote", "fraud@1.0.0", "--to", "staging", "-m", "why")
    assert (opened.status, len(team.pulls())) == (0, 1)
    assert "warning: labels of pull request 1: " in opened.err
    assert "warning: asking raio for a review: " in opened.err


def test_a_page_opened_by_somebody_else_in_the_same_moment_is_taken_up(team, fake):
    proposal = ask(team)
    fake.fail("GET", r"/pulls$", Fault(body=[]))
    with team.acting("engineer") as session:
        again = promote(session, Promotion("fraud@1.0.0", "it is better", to="staging")).proposal
    assert (again.number, len(team.pulls())) == (proposal.number, 1)


def test_a_review_that_is_not_taken_leaves_the_signature(team, fake):
    number = ask(team).number
    fake.fail("POST", REVIEWS, Fault(status=422))
    signed = team.gm("raio", "--json", "approve", str(number))
    assert (signed.status, signed.json["verdict"]["allowed"]) == (0, True)
    assert "warning: signed, and not a review on the forge: GM-F405" in signed.err
    assert team.pull(number).reviews == []


@pytest.mark.attack("a review with the token of somebody else", "GM-F434", by="reviewer")
@pytest.mark.parametrize("account", ["domain", "github-actions[bot]"])
def test_nobody_reviews_with_the_token_of_somebody_else(team, account):
    number = ask(team).number
    with team.acting("raio", account=account) as session:
        done = approve(session, find_proposal(session, str(number)))
    assert (done.unsaid.code, done.evaluation.verdict.allowed) == ("GM-F434", True)
    assert team.pull(number).reviews == []


def test_a_pull_request_whose_head_cannot_be_fetched_stops_no_other(team, fake):
    proposal = ask(team)
    gone = "d" * 40
    fake.fail("GET", r"/pulls$", Fault(change=lambda data: data and [_moved(data[0], 99, gone), *data]), times=None)
    with team.acting("raio") as session:
        found = {item.proposal.id: item.state for item in waiting(session)}
    assert found[proposal.id] == "waiting"
    assert found["99"] == "not fetched"
    with team.acting("raio") as session:
        assert [one.id for one in proposals(session, strict=True)] == [proposal.id, "99"]


def _moved(data, number, sha):
    head = {**data["head"], "sha": sha, "ref": "elsewhere"}
    return {**data, "id": 1, "number": number, "head": head}


def test_tags_and_branches_that_cannot_be_tidied_are_told_and_the_step_is_accepted(team, monkeypatch):
    number = approved(team).number
    refused_close = GmError("GM-F407", "GitHub cannot be reached")

    def close(_self, _proposal):
        raise refused_close

    monkeypatch.setattr(GitHubForge, "close", close)
    with team.acting("engineer") as session:
        landed = merge(session, find_proposal(session, str(number)))
        assert session.hosted.notes == [f"{refused_close}; `gm tag` makes tags that are missing"]
    assert (landed.waiting, live(team)) == ("", "1.0.0")


def test_a_merge_that_gm_did_not_live_to_accept_is_accepted_by_the_next_one(team):
    proposal = approved(team)
    step = team.repo.merge_on_page(proposal.number, "engineer")
    assert team.judged().steps[-1].status == "pending"
    done = team.gm("engineer", "--json", "merge", proposal.id)
    assert (done.status, done.json["step"], done.json["released"]) == (0, step, True)
    assert live(team) == "1.0.0"


def test_with_the_forge_away_a_rollback_goes_into_a_bundle(tmp_path, home, fake):
    team = Colleagues(tmp_path / "team", home, fake, versions=("1.0.0", "1.1.0"))
    for version in ("1.0.0", "1.1.0"):
        team.registry.live("fraud", version, "staging", risk="medium")
    team.repo.scan()
    assert team.gm("operator", "status").status == 0
    fake.fail("*", r".", Fault(status=503), times=None)
    file = tmp_path / "rollback.bundle"
    words = ("rollback", "fraud", "--stage", "staging", "--bundle", str(file), "-m", "drift")
    done = team.gm("operator", *words)
    assert (done.status, file.exists()) == (0, True), done.err


def test_a_comment_that_cannot_be_written_changes_nothing_of_the_verdict(team, fake):
    number = approved(team).number
    fake.fail("*", r"/comments$", Fault(status=403), times=None)
    done = team.gm_at(team.clone("raio"), ACTIONS, "--json", "check", "--pr", str(number), "--post")
    assert (done.status, "warning: no comment on " in done.err) == (0, True), done.err
    assert [one["conclusion"] for one in team.checks(number)] == ["success"]


@pytest.mark.attack("a merge signed by a key that nobody accepted for the forge", "GM-F432", by="forge")
def test_a_merge_by_another_key_than_the_forges_is_not_accepted(team, fake):
    proposal = approved(team)
    fake.merge_key = ed25519_key("somebody else's forge")
    with team.acting("engineer") as session, pytest.raises(GmError) as caught:
        merge(session, find_proposal(session, str(proposal.number)), patience=NOW)
    assert caught.value.code == "GM-F432"
    assert [line.split(":")[0] for line in caught.value.details] == ["GM-P803"]
    assert live(team) is None
