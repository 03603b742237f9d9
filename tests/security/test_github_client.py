"""A GitHub, or whoever stands between, that lies: never an approval, never our token, never a loss unseen."""

import pytest

from gitops_models.errors import GmError
from gitops_models.errors.codes import Exit
from gitops_models.forge.github.connect import github_of
from gitops_models.registry.text import UNSAFE
from tests.support.answering import TOKEN, Reply, answering

HOME = "/repos/acme/registry"
PULL = f"GET {HOME}/pulls/12"
MERGING = f"PUT {HOME}/pulls/12/merge"
REVIEWS = f"{HOME}/pulls/12/reviews"
OID, OTHER = "0f" * 20, "1e" * 20
ADA = {"id": 7, "login": "ada", "type": "User"}


@pytest.fixture(name="server")
def _server():
    with answering() as made:
        yield made


def review(number=1, **changes):
    made = {"id": number, "user": ADA, "state": "APPROVED", "commit_id": OID, "submitted_at": "2026-11-22T08:00:00Z"}
    return made | changes


def pull(**changes):
    side = {"sha": OID, "ref": "x", "repo": None}
    made = {"number": 12, "state": "open", "merged": False, "title": "t", "head": side, "base": side, "user": ADA}
    return made | changes


def refused(code, call, *arguments, **named):
    with pytest.raises(GmError) as caught:
        call(*arguments, **named)
    assert caught.value.code == code, caught.value.message
    assert not UNSAFE.search(caught.value.message + "".join(caught.value.details))
    return caught.value


def linked(server, rows, link):
    server.on(f"GET {REVIEWS}", Reply(rows, headers={"Link": link}))


@pytest.mark.attack("answer with a redirect to a server that collects tokens", "GM-F409", by="forge")
@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_carries_no_token_away(server, status):
    with answering() as eve:
        eve.on("GET /user", ADA)
        server.on("GET /user", Reply(status=status, headers={"Location": f"{eve.api}/user"}))
        error = refused("GM-F409", server.client().me)
        assert (eve.asked, error.exit_status) == ([], Exit.INTEGRITY)


@pytest.mark.attack("name another server as the next page of a list", "GM-F408", by="forge")
def test_the_next_page_is_on_the_same_server(server):
    with answering() as eve:
        eve.on(f"GET {REVIEWS}", [review(101)])
        rows = [review(number) for number in range(1, 21)]
        linked(server, rows, f'<{eve.api}{REVIEWS}?page=2>; rel="next"')
        refused("GM-F408", server.client().reviews, 12)
        assert eve.asked == []


@pytest.mark.attack("take the next page from another pull request, which was approved", "GM-F408", by="forge")
def test_the_next_page_is_of_the_same_list(server):
    approved = f"{HOME}/pulls/11/reviews"
    server.on(f"GET {approved}", [review(101)])
    rows = [review(number, state="COMMENTED") for number in range(1, 21)]
    linked(server, rows, f'<{server.api}{approved}?page=2>; rel="next"')
    refused("GM-F408", server.client().reviews, 12)
    assert f"GET {approved}" not in server.lines


@pytest.mark.attack("cut the list before the review that asks for changes", "GM-F408", by="forge")
def test_a_list_that_ends_early_is_not_taken_for_whole(server):
    def reply(asked):
        page = int(asked.query["page"])
        rows = [review(number) for number in range(page * 20 - 19, page * 20 + 1)]
        said = f'<{server.api}{REVIEWS}?page=2>; rel="next", <{server.api}{REVIEWS}?page=3>; rel="last"'
        return Reply(rows, headers={"Link": said if page == 1 else "<x>; rel=prev"})

    server.on(f"GET {REVIEWS}", reply)
    refused("GM-F408", server.client().reviews, 12)


@pytest.mark.attack("cut the body of the list of reviews in the middle", "GM-F408", by="forge")
def test_a_body_that_is_cut_is_no_list(server):
    rows = [review(1), review(2, state="CHANGES_REQUESTED")]
    server.on(f"GET {REVIEWS}", Reply(rows, cut=40))
    refused("GM-F408", server.client().reviews, 12)


@pytest.mark.attack("leave the Link header out of a full page", "ignored", by="forge")
def test_a_full_page_without_a_link_is_looked_behind(server):
    def reply(asked):
        first = asked.query["page"] == "1"
        return [review(n) for n in range(1, 21)] if first else [review(21, state="CHANGES_REQUESTED")]

    server.on(f"GET {REVIEWS}", reply)
    assert server.client().reviews(12)[-1].state == "changes-requested"


@pytest.mark.attack("give one review twice, in two states", "GM-F408", by="forge")
def test_one_review_has_one_state(server):
    server.on(f"GET {REVIEWS}", [review(1, state="CHANGES_REQUESTED"), review(1)])
    refused("GM-F408", server.client().reviews, 12)


@pytest.mark.attack("give a review without the id of its account, which logins are mapped for", "GM-F408", by="forge")
def test_a_login_is_nobody(server):
    server.on(f"GET {REVIEWS}", [review(user={"login": "ada", "type": "User"})])
    refused("GM-F408", server.client().reviews, 12)


@pytest.mark.attack("state a key of a review twice, for two readers", "GM-F408", by="forge")
def test_a_key_stands_once(server):
    server.on(f"GET {REVIEWS}", Reply(b'[{"id": 1, "state": "CHANGES_REQUESTED", "state": "APPROVED"}]'))
    refused("GM-F408", server.client().reviews, 12)


@pytest.mark.attack("record an approval of another commit than the one that was looked at", "GM-F408", by="forge")
def test_the_review_that_was_recorded_is_of_the_commit_that_was_judged(server):
    server.on(f"POST {REVIEWS}", review(commit_id=OTHER))
    refused("GM-F408", server.client().submit_review, 12, commit=OID, event="APPROVE", body="")


@pytest.mark.attack("answer with another pull request than the one asked for", "GM-F408", by="forge")
def test_the_answer_is_of_the_pull_request_that_was_asked_for(server):
    server.on(PULL, pull(number=11))
    refused("GM-F408", server.client().pull, 12)


@pytest.mark.attack("push between the judgement and the merge", "GM-F404", by="author")
def test_a_head_that_moved_is_not_merged(server):
    server.on(MERGING, Reply({"message": "Head branch was modified"}, 409))
    server.on(PULL, pull(head={"sha": OTHER, "ref": "x", "repo": None}))
    merge = server.client().merge
    refused("GM-F404", merge, 12, expect_head=OID, title="t", message="m")
    assert server.asked[0].body["sha"] == OID


@pytest.mark.attack("say of a trial merge that it is the merge", "GM-F407", by="forge")
def test_the_trial_merge_of_an_open_pull_request_is_no_merge(server):
    server.on(MERGING, Reply({}, 502))
    server.on(PULL, pull(merge_commit_sha=OTHER))
    refused("GM-F407", server.client().merge, 12, expect_head=OID, title="t", message="m")


@pytest.mark.attack("answer with a gigabyte of brackets", "GM-F408", by="forge")
def test_depth_is_bounded(server):
    server.on(PULL, Reply(b"[" * 1_000_000))
    refused("GM-F408", server.client().pull, 12)


@pytest.mark.attack("draw on the terminal with a login, a reason or a state", "ignored", by="author")
def test_nothing_of_the_api_reaches_the_terminal_raw(server):
    eve = ADA | {"login": "eve\x1b]0;lead\x07", "type": "Us\u202eer"}
    server.on(f"GET {REVIEWS}", [review(user=eve, state="APPRO\x9bVED")])
    (found,) = server.client().reviews(12)
    assert not UNSAFE.search(found.account.login + found.account.kind + found.state)
    assert found.state != "approved"
    reasons = {"message": "no\x1b[2J", "errors": ["\x1b]8;;http://eve\x07", {"message": "\u202e", "code": "x"}]}
    server.on(PULL, Reply(reasons, 422))
    refused("GM-F405", server.client().pull, 12)


@pytest.mark.attack("add a remote on a server that collects tokens", "GM-F410", by="author")
def test_a_token_for_github_goes_to_no_server_of_a_stranger(server):
    environ = {"GH_TOKEN": TOKEN, "GITHUB_TOKEN": TOKEN, "PATH": ""}
    refused("GM-F410", github_of, f"{server.url}/acme/registry.git", environ)
    assert server.asked == []


@pytest.mark.attack("point the remote at another server's repository of the same name", "GM-F411", by="author")
def test_the_api_is_that_of_the_remotes_server():
    environ = {"GITHUB_API_URL": "https://api.github.com", "GH_TOKEN": TOKEN}
    refused("GM-F411", github_of, "https://gitlab.example/acme/registry", environ)


@pytest.mark.attack("have the token sent unencrypted", "GM-F414", by="ci")
def test_a_token_is_sent_over_https_only():
    environ = {"GITHUB_API_URL": "http://api.github.com", "GH_TOKEN": TOKEN}
    refused("GM-F414", github_of, "https://github.com/acme/registry", environ)


@pytest.mark.attack("put a second header into the token's variable", "GM-F410", by="ci")
def test_a_token_is_one_word():
    refused("GM-F410", github_of, "https://github.com/a/b", {"GH_TOKEN": f"{TOKEN}\r\nX-Eve: 1"})


@pytest.mark.lookalike("Links that name the repository by its number, as GitHub's do")
def test_links_by_number_are_githubs_own(server):
    def reply(asked):
        first = asked.query["page"] == "1"
        link = f'<{server.api}/repositories/42/pulls/12/reviews?per_page=20&page=2>; rel="next"'
        rows = range(1, 21) if first else range(21, 31)
        return Reply([review(number) for number in rows], headers={"Link": link} if first else {})

    server.on(f"GET {REVIEWS}", reply)
    assert len(server.client().reviews(12)) == 30


@pytest.mark.lookalike("The repository was renamed, and GitHub sends to its number on the same server")
def test_a_renaming_is_followed_for_questions(server):
    server.on(PULL, Reply(status=301, headers={"Location": f"{server.api}/repositories/42/pulls/12"}))
    server.on("GET /repositories/42/pulls/12", pull())
    assert server.client().pull(12).head == OID


@pytest.mark.lookalike("Fields and words that are newer than gm")
def test_what_is_new_is_no_fault(server):
    server.on(f"GET {REVIEWS}", [review(1, shiny=[1]), review(2, state="ENDORSED", user=ADA | {"type": "Agent"})])
    assert [one.state for one in server.client().reviews(12)] == ["approved", "endorsed"]
