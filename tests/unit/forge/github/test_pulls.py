"""Pull requests on a real server: what is sent, what is read, and answers that lie."""

import pytest

from gitops_models.errors.codes import Exit
from gitops_models.forge.github.calls import segment
from gitops_models.forge.github.models import Account
from tests.support.answering import Reply
from tests.support.refusals import refused

HOME = "/repos/acme/registry"
OID, OTHER, MERGE = "0f" * 20, "1e" * 20, "2d" * 20
ADA = {"id": 7, "login": "ada", "type": "User"}
MERGING = f"PUT {HOME}/pulls/12/merge"
PULL = f"GET {HOME}/pulls/12"


def pull(number=12, **changes):
    made = {
        "id": 1000 + number,
        "number": number,
        "state": "open",
        "merged": False,
        "draft": False,
        "title": "promote",
        "body": "because",
        "head": {"sha": OID, "ref": "gm/promote/x", "repo": {"id": 42}},
        "base": {"sha": OTHER, "ref": "main"},
        "user": ADA,
        "merge_commit_sha": MERGE,
        "labels": [{"id": 1, "name": "gm"}],
        "html_url": "https://github.com/acme/registry/pull/12",
        "mergeable": True,
    }
    return made | changes


def merged(**changes):
    return pull(**({"state": "closed", "merged": True, "merged_at": "2026-11-22T08:00:00Z"} | changes))


def merge(client):
    return client.merge(12, expect_head=OID, title="one", message="two")


def test_a_pull_request_is_read(server, client):
    server.on(PULL, pull())
    found = client.pull(12)
    assert (found.number, found.state, found.merged, found.title, found.body) == (
        12,
        "open",
        False,
        "promote",
        "because",
    )
    assert (found.head, found.head_ref, found.head_repository) == (OID, "gm/promote/x", 42)
    assert (found.base, found.base_ref, found.author) == (OTHER, "main", Account(7, "ada", "User"))
    assert (found.labels, found.url, found.mergeable) == (("gm",), "https://github.com/acme/registry/pull/12", True)


def test_the_trial_merge_of_an_open_one_is_no_merge(server, client):
    server.on(PULL, pull(), merged())
    assert [client.pull(12).merge_commit, client.pull(12).merge_commit] == [None, MERGE]


def test_another_pull_request_than_the_one_asked_for_is_refused(server, client):
    server.on(PULL, pull(13))
    assert refused("GM-F408", client.pull, 12).message == "GitHub answers with pull request 13 for 12"


def test_the_list_says_what_it_wants_and_takes_nothing_else(server, client):
    strays = [
        pull(13, state="closed"),
        pull(14, base={"sha": OID, "ref": "dev"}),
        pull(15, head={"sha": OID, "ref": "y"}),
    ]
    server.on(f"GET {HOME}/pulls", [pull(), *strays])
    assert [one.number for one in client.pulls(base="main", head="gm/promote/x")] == [12]
    query = server.asked[0].query
    assert (query["state"], query["base"], query["head"]) == ("open", "main", "acme:gm/promote/x")
    assert [one.number for one in client.pulls("all")] == [12, 13, 14, 15]
    client.pulls(head="eve:y")
    assert server.asked[-1].query["head"] == "eve:y"


def test_a_list_does_not_say_merged_but_when(server, client):
    row = merged()
    del row["merged"]
    server.on(f"GET {HOME}/commits/{MERGE}/pulls", [row])
    (found,) = client.pulls_of_commit(MERGE)
    assert (found.merged, found.merge_commit) == (True, MERGE)


def test_commits_and_files_of_a_pull_request(server, client):
    inner = {"tree": {"sha": OTHER}, "message": "words\n"}
    signed = inner | {"verification": {"verified": True, "reason": "valid"}}
    rows = [
        {"sha": OID, "parents": [], "commit": inner, "author": None, "committer": {}},
        {"sha": OTHER, "parents": [{"sha": OID}], "commit": signed, "author": ADA, "committer": ADA},
    ]
    server.on(f"GET {HOME}/pulls/12/commits", rows)
    first, second = client.pull_commits(12)
    assert (first.author, first.committer, first.verified, first.reason) == (None, None, None, None)
    assert (second.parents, second.tree, second.message) == ((OID,), OTHER, "words\n")
    assert (second.verified, second.reason) == (True, "valid")
    files = [{"filename": "a\x1b", "status": "renamed", "previous_filename": "b"}, {"filename": "c", "status": "added"}]
    server.on(f"GET {HOME}/pulls/12/files", files)
    one, two = client.pull_files(12)
    assert (one.path, one.status, one.previous, two.previous) == ("a\\x1b", "renamed", "b", None)


@pytest.mark.parametrize(("path", "call", "key", "most"), [("commits", "pull_commits", "sha", 250)])
def test_where_github_stops_listing_nothing_is_taken_for_whole(server, client, path, call, key, most):
    def reply(asked):
        page = int(asked.query["page"])
        rows = [{key: f"{number:040x}"} for number in range((page - 1) * 100, min(page * 100, most))]
        link = f'<{server.api}{HOME}/pulls/12/{path}?page={page + 1}>; rel="next"'
        return Reply(rows, headers={"Link": link} if page * 100 < most else {})

    server.on(f"GET {HOME}/pulls/12/{path}", reply)
    assert "no more than 250" in refused("GM-F408", getattr(client, call), 12).message


def test_too_many_files_are_not_taken_for_whole(server, client, monkeypatch):
    monkeypatch.setattr("gitops_models.forge.github.pulls.MOST_FILES", 2)
    server.on(f"GET {HOME}/pulls/12/files", [{"filename": name, "status": "added"} for name in "ab"])
    assert "no more than 2 files" in refused("GM-F408", client.pull_files, 12).message


# Opening and editing


def test_opening_sends_what_is_asked_for(server, client):
    server.on(f"POST {HOME}/pulls", Reply(pull(), 201))
    assert client.open_pull("promote", "because", "gm/promote/x", "main").number == 12
    body = {"title": "promote", "body": "because", "head": "gm/promote/x", "base": "main", "draft": False}
    assert server.asked[0].body == body


@pytest.mark.parametrize("lost", [Reply({}, 502), Reply(drop=True), Reply(pull(), 201, cut=3)])
def test_an_opening_whose_answer_is_lost_is_looked_for(server, client, lost):
    server.on(f"POST {HOME}/pulls", lost)
    server.on(f"GET {HOME}/pulls", [pull()])
    assert client.open_pull("promote", "because", "gm/promote/x", "main").number == 12
    assert server.lines.count(f"POST {HOME}/pulls") == 1


def test_an_opening_that_did_not_happen_is_told(server, client):
    server.on(f"POST {HOME}/pulls", Reply({}, 502))
    server.on(f"GET {HOME}/pulls", [pull(title="another")])
    refused("GM-F407", client.open_pull, "promote", "because", "gm/promote/x", "main")
    server.on(f"POST {HOME}/pulls", Reply({"message": "Validation Failed"}, 422))
    refused("GM-F405", client.open_pull, "promote", "because", "gm/promote/x", "main")
    assert server.lines.count(f"GET {HOME}/pulls") == 1


def test_editing_sends_only_what_changes(server, client):
    server.on(f"PATCH {HOME}/pulls/12", pull(state="closed"))
    assert client.edit_pull(12, state="closed").state == "closed"
    assert server.asked[0].body == {"state": "closed"}


def test_labels_and_reviewers(server, client):
    labels = [{"id": 1, "name": "gm"}, {"id": 2, "name": "high\u202e"}]
    server.on(f"GET {HOME}/issues/12/labels", labels)
    server.on(f"POST {HOME}/issues/12/labels", labels)
    assert client.labels(12) == client.add_labels(12, ["high"]) == ("gm", "high\\u202e")
    assert server.asked[-1].body == {"labels": ["high"]}
    server.on(f"POST {HOME}/issues/12/labels", {"labels": labels})
    refused("GM-F408", client.add_labels, 12, ["high"])
    path = f"{HOME}/pulls/12/requested_reviewers"
    server.on(f"GET {path}", {"users": [ADA], "teams": [{"id": 3, "slug": "risk"}]})
    server.on(f"POST {path}", Reply(pull(), 201))
    found = client.requested_reviewers(12)
    assert ([one.id for one in found.accounts], found.teams) == ([7], ("risk",))
    client.request_reviewers(12, ["ada"])
    client.request_reviewers(12, [], ["risk"])
    assert [one.body for one in server.asked[-2:]] == [
        {"reviewers": ["ada"]},
        {"reviewers": [], "team_reviewers": ["risk"]},
    ]


@pytest.mark.parametrize("name", ["", ".", "..", "a\0b"])
def test_a_name_that_would_be_another_path_is_no_name(name):
    refused("GM-F403", segment, name)


def test_a_name_is_one_part_of_a_path():
    assert segment("feature/../../x?y#z%2F") == "feature%2F..%2F..%2Fx%3Fy%23z%252F"


# Merging


def test_a_merge_names_the_head_that_was_judged(server, client):
    server.on(MERGING, {"merged": True, "sha": MERGE, "message": "done"})
    assert merge(client) == MERGE
    body = {"merge_method": "merge", "sha": OID, "commit_title": "one", "commit_message": "two"}
    assert (server.asked[0].body, server.lines) == (body, [MERGING])


@pytest.mark.parametrize("lost", [Reply({}, 502), Reply(drop=True), Reply({"merged": True, "sha": MERGE}, cut=4)])
def test_a_merge_whose_answer_is_lost_is_asked_after(server, client, lost):
    server.on(MERGING, lost)
    server.on(PULL, pull(), merged())
    assert merge(client) == MERGE
    assert (server.lines, server.waits.waited) == ([MERGING, PULL, PULL], [1.0])


def test_a_merge_that_did_not_happen_is_told(server, client):
    server.on(MERGING, Reply({}, 504))
    server.on(PULL, pull())
    assert refused("GM-F407", merge, client).exit_status == Exit.EXTERNAL
    assert (server.lines.count(MERGING), server.waits.waited) == (1, [1.0, 3.0])


def test_a_merge_that_cannot_be_asked_after_is_told(server, client):
    server.on(MERGING, Reply({}, 504))
    server.on(PULL, Reply({}, 401))
    refused("GM-F407", merge, client)


@pytest.mark.parametrize(
    ("status", "message", "code", "exit_status"),
    [
        (405, "Required status check is expected.", "GM-F405", Exit.DENIED),
        (422, "Validation Failed", "GM-F405", Exit.DENIED),
        (409, "Base branch was modified.", "GM-F404", Exit.CONFLICT),
    ],
)
def test_a_merge_that_github_refuses_is_told_with_its_reason(server, client, status, message, code, exit_status):
    server.on(MERGING, Reply({"message": message}, status))
    server.on(PULL, pull())
    error = refused(code, merge, client)
    assert (error.exit_status, message in error.message, server.lines) == (exit_status, True, [MERGING, PULL])


@pytest.mark.parametrize("status", [405, 409, 502])
def test_a_head_that_moved_is_a_conflict(server, client, status):
    server.on(MERGING, Reply({}, status))
    server.on(PULL, pull(head={"sha": OTHER, "ref": "gm/promote/x", "repo": None}))
    error = refused("GM-F404", merge, client)
    assert (error.exit_status, error.message) == (Exit.CONFLICT, f"the head of pull request 12 is {OTHER} now")


def test_what_is_merged_already_is_merged(server, client):
    server.on(MERGING, Reply({"message": "Pull Request is not mergeable"}, 405))
    server.on(PULL, merged())
    assert merge(client) == MERGE


def test_another_head_that_was_merged_is_a_conflict(server, client):
    server.on(MERGING, Reply({}, 405))
    server.on(PULL, merged(head={"sha": OTHER, "ref": "gm/promote/x", "repo": None}))
    refused("GM-F404", merge, client)


def test_who_may_not_merge_is_told(server, client):
    server.on(MERGING, Reply({"message": "Resource not accessible"}, 403))
    refused("GM-F402", merge, client)
    assert server.lines == [MERGING]


@pytest.mark.parametrize(
    "answer", [{"merged": False, "sha": MERGE}, {"sha": MERGE}, {"merged": True, "sha": "main"}, {}]
)
def test_an_answer_that_says_both_is_no_merge(server, client, answer):
    server.on(MERGING, answer)
    server.on(PULL, pull())
    refused("GM-F408", merge, client)
