"""Requests that go wrong, on a real server: always a clear error with its exit status, never half an answer."""

import json
import socket
from email.utils import formatdate

import pytest

from gitops_models._version import __version__
from gitops_models.errors import GmError
from gitops_models.errors.codes import Exit
from gitops_models.forge.github import answers, exchange
from tests.support.answering import NOW, TOKEN, Reply, answering
from tests.support.receiver import raw_server

ADA = {"id": 7, "login": "ada", "type": "User", "shiny": True}
USER = "GET /user"
COMMENT = "POST /repos/acme/registry/issues/1/comments"


def refused(call, code, *arguments, **named):
    with pytest.raises(GmError) as caught:
        call(*arguments, **named)
    assert caught.value.code == code, caught.value.message
    assert TOKEN not in f"{caught.value.message} {caught.value.where} {caught.value.details}"
    return caught.value


def test_a_request_says_who_asks_and_which_version_of_the_api_is_meant(server, client):
    server.on(USER, ADA)
    assert (client.me().id, client.me().login) == (7, "ada")
    headers = server.asked[0].headers
    assert headers["authorization"] == f"Bearer {TOKEN}"
    assert headers["x-github-api-version"] == "2022-11-28"
    assert headers["accept"] == "application/vnd.github+json"
    assert headers["user-agent"] == f"gitops-models/{__version__}"


@pytest.mark.parametrize(
    ("status", "code", "exit_status"),
    [
        (400, "GM-F405", Exit.DENIED),
        (401, "GM-F401", Exit.AUTHENTICATION),
        (403, "GM-F402", Exit.AUTHENTICATION),
        (404, "GM-F403", Exit.NOT_FOUND),
        (405, "GM-F405", Exit.DENIED),
        (409, "GM-F404", Exit.CONFLICT),
        (410, "GM-F403", Exit.NOT_FOUND),
        (412, "GM-F404", Exit.CONFLICT),
        (422, "GM-F405", Exit.DENIED),
        (451, "GM-F402", Exit.AUTHENTICATION),
    ],
)
def test_a_refusal_is_asked_once_and_told_with_its_reason(server, client, status, code, exit_status):
    server.on(USER, Reply({"message": "because \x1b[2J"}, status))
    error = refused(client.me, code)
    assert error.exit_status == exit_status
    assert error.message == f"GitHub answers {status}: because \\x1b[2J"
    assert (server.lines, server.waits.waited) == ([USER], [])


def test_the_reasons_below_the_message_are_details(server, client):
    reasons = [{"resource": "PullRequest", "field": "base", "code": "invalid"}, "a \x9b word", 7, {"code": 1}]
    server.on(COMMENT, Reply({"message": "Validation Failed", "errors": reasons}, 422))
    error = refused(client.comment, "GM-F405", 1, "words")
    assert error.details == ("PullRequest base invalid", "a \\x9b word", "1")


@pytest.mark.parametrize("body", [b"<html>", b"[]", b'{"message": 7, "errors": 1}', b""])
def test_a_refusal_without_a_reason_is_a_refusal(server, client, body):
    server.on(USER, Reply(body, 403))
    assert refused(client.me, "GM-F402").message.startswith("GitHub answers 403: (no reason")


@pytest.mark.parametrize("status", [500, 502, 503, 504, 408])
def test_a_question_is_asked_again_where_the_server_is_at_fault(server, client, status):
    server.on(USER, Reply({}, status), Reply({}, status), ADA)
    assert client.me().id == 7
    assert server.waits.waited == [1.0, 3.0]


def test_after_the_third_failure_the_server_counts_as_away(server, client):
    server.on(USER, Reply({"message": "Server Error"}, 502))
    assert refused(client.me, "GM-F407").exit_status == Exit.EXTERNAL
    assert server.lines == [USER] * 3


@pytest.mark.parametrize("reply", [Reply({}, 502), Reply({}, cut=1), Reply(drop=True)])
def test_what_would_happen_twice_is_never_asked_again(server, client, reply):
    server.on(COMMENT, reply)
    refused(client.comment, "GM-F408" if reply.cut else "GM-F407", 1, "words")
    assert (server.lines, server.waits.waited) == ([COMMENT], [])


def test_what_sets_the_same_again_is_asked_again(server, client):
    server.on("PATCH /repos/acme/registry/issues/comments/5", Reply({}, 503), {"id": 5, "user": None, "body": "x"})
    assert client.edit_comment(5, "x").id == 5
    assert len(server.asked) == 2


def test_a_truncated_answer_is_no_answer(server, client):
    server.on(USER, Reply(ADA, cut=5))
    error = refused(client.me, "GM-F408")
    assert (error.message, error.exit_status) == ("the answer was cut short", Exit.EXTERNAL)
    assert len(server.asked) == 3


def test_an_answer_without_a_length_that_ends_early_is_no_answer(server, client):
    server.on(USER, Reply(ADA, cut=5, headers={"Content-Length": None, "Connection": "close"}))
    assert "no JSON" in refused(client.me, "GM-F408").message


def test_a_chunk_that_ends_early_is_no_answer(server, client):
    chunk = b'100\r\n{"id": 7, "login": "ada"}'
    server.on(USER, Reply(chunk, headers={"Content-Length": None, "Transfer-Encoding": "chunked"}))
    assert refused(client.me, "GM-F408").message == "the answer was cut short"


def test_hanging_up_is_no_answer(server, client):
    server.on(USER, Reply(drop=True))
    assert refused(client.me, "GM-F407").exit_status == Exit.EXTERNAL


def test_a_server_that_keeps_silent_is_left_after_its_time(server):
    server.on(USER, Reply(hang=True))
    error = refused(server.client(seconds=0.2).me, "GM-F407")
    assert error.message == "no whole answer within 0.2 s"


def test_a_server_that_trickles_is_left_after_its_time():
    def trickle(connection, over):
        connection.recv(65536)
        connection.sendall(b"HTTP/1.1 200 OK\r\n")
        while not over.wait(0.05):
            connection.sendall(b"X-Slow: 1\r\n")

    with raw_server(trickle) as port, answering() as other:
        other.url = f"http://127.0.0.1:{port}"
        client = other.client(seconds=0.4)
        client.api.pauses = ()
        assert refused(client.me, "GM-F407").message == "no whole answer within 0.4 s"


def test_a_server_that_is_not_there_is_named():
    with socket.create_server(("127.0.0.1", 0)) as taken, answering() as other:
        other.url = f"http://127.0.0.1:{taken.getsockname()[1]}"
        client = other.client()
        taken.close()
        error = refused(client.me, "GM-F407")
    assert (error.where, other.waits.waited) == (other.api, [1.0, 3.0])


def test_no_http_is_no_answer():
    def babble(connection, _over):
        connection.recv(65536)
        connection.sendall(b"SSH-2.0-OpenSSH\r\n")

    with raw_server(babble) as port, answering() as other:
        other.url = f"http://127.0.0.1:{port}"
        refused(other.client().me, "GM-F407")


def test_an_answer_has_a_largest_size(server, client, monkeypatch):
    monkeypatch.setattr(exchange, "MOST_BYTES", 1000)
    server.on(USER, ADA | {"bio": "x" * 1000})
    assert "more than 1000 bytes" in refused(client.me, "GM-F408").message


def test_a_packed_answer_was_not_asked_for(server, client):
    server.on(USER, Reply(ADA, headers={"Content-Encoding": "gzip"}))
    assert "packed" in refused(client.me, "GM-F408").message
    assert server.asked[0].headers["accept-encoding"] == "identity"


@pytest.mark.parametrize(
    "body",
    [
        *(b"", b"\xff\xfe", b"<html>", b'{"id": 7', b'{"id": 7, "id": 8}', b'{"id": NaN}', b"[" * 100_000, b"9" * 5000),
        *(b'{"id": 1e999}', json.dumps(ADA).encode("utf-16")),
    ],
)
def test_what_is_no_strict_json_is_no_answer(server, client, body):
    server.on(USER, Reply(body))
    assert refused(client.me, "GM-F408").exit_status == Exit.EXTERNAL


@pytest.mark.parametrize(("depth", "fine"), [(answers.MOST_DEPTH, True), (answers.MOST_DEPTH + 1, False)])
def test_an_answer_has_a_largest_depth(depth, fine):
    body = ("[" * (depth - 1) + '{"a": 1}' + "]" * (depth - 1)).encode()
    if fine:
        assert answers.parse_json(body, "it") == json.loads(body)
        return
    assert "nested" in refused(answers.parse_json, "GM-F408", body, "it").message


@pytest.mark.parametrize("status", [203, 206, 207, 300, 399])
def test_a_part_of_an_answer_is_no_answer(server, client, status):
    server.on(USER, Reply(ADA, status))
    assert refused(client.me, "GM-F408").message == f"GitHub answers {status} to GET /api/v3/user"


def test_a_bug_of_ours_stays_one(client):
    with pytest.raises(UnicodeEncodeError):
        client.api.line.send(exchange.Request("GET", "/", {"X-Name": "\u2603"}))


def test_no_content_is_no_object(server, client):
    server.on(USER, Reply(status=204))
    assert refused(client.me, "GM-F408").message == "user is not an object"


# Redirects


def test_a_redirect_to_another_host_gets_no_token(server, client):
    with answering() as other:
        other.on(USER, ADA)
        server.on(USER, Reply(status=307, headers={"Location": f"{other.api}/user"}))
        error = refused(client.me, "GM-F409")
        assert (error.exit_status, other.asked) == (Exit.INTEGRITY, [])
    assert len(server.asked) == 1


@pytest.mark.parametrize(
    "location",
    [
        "https://127.0.0.1:1/api/v3/user",
        "/login",
        "//elsewhere.example/api/v3/user",
        "../../etc",
        "http://127.0.0.1@elsewhere.example/api/v3/user",
        "http://user@127.0.0.1/api/v3/user",
        "http://[::1/",
        "",
        "\\\\elsewhere",
        "/api/v3/%0d%0a x",
        "/api/v3/../login",
    ],
)
def test_a_redirect_out_of_the_api_is_not_followed(server, client, location):
    server.on(USER, Reply(status=302, headers={"Location": location}))
    refused(client.me, "GM-F409")
    assert len(server.asked) == 1


def test_a_question_follows_the_renaming_of_the_repository(server, client):
    moved = Reply(status=301, headers={"Location": f"{server.api}/repositories/42"})
    server.on("GET /repos/acme/registry", moved)
    owner = {"id": 1}
    found = {"id": 42, "owner": owner, "full_name": "acme/models", "default_branch": "main", "private": True}
    server.on("GET /repositories/42", found)
    assert (client.repository().id, client.repository().allow_merge_commit) == (42, None)


def test_a_change_follows_nothing(server, client):
    server.on(COMMENT, Reply(status=307, headers={"Location": f"{server.api}/repositories/42/issues/1/comments"}))
    refused(client.comment, "GM-F409", 1, "words")
    assert len(server.asked) == 1


def test_redirects_come_to_an_end(server, client):
    server.on(USER, Reply(status=302, headers={"Location": f"{server.api}/user"}))
    refused(client.me, "GM-F409")
    assert len(server.asked) == 4


# ETags


def test_what_did_not_change_is_not_sent_again(server, client):
    def reply(asked):
        if asked.headers.get("if-none-match") == '"one"':
            return Reply(status=304)
        return Reply(ADA, headers={"ETag": '"one"'})

    server.on(USER, reply)
    assert client.me() == client.me()
    assert [one.headers.get("if-none-match") for one in server.asked] == [None, '"one"']


def test_what_changed_is_what_counts(server, client):
    server.on(USER, Reply(ADA, headers={"ETag": '"one"'}), Reply(ADA | {"login": "eve"}, headers={"ETag": '"two"'}))
    assert [client.me().login, client.me().login] == ["ada", "eve"]


def test_nothing_that_was_never_told_is_unchanged(server, client):
    server.on(USER, Reply(status=304))
    refused(client.me, "GM-F408")


def test_few_answers_are_kept(server, client):
    for number in range(200):
        server.on(f"GET /repos/acme/registry/collaborators/u{number}/permission", Reply({"permission": "read"}))
        server.routes[f"GET /repos/acme/registry/collaborators/u{number}/permission"][0].headers["ETag"] = '"x"'
        client.permission(f"u{number}")
    assert len(client.api._kept) == 128


# Limits of the rate


@pytest.mark.parametrize("status", [403, 429])
def test_a_secondary_limit_is_waited_for(server, client, status):
    server.on(COMMENT, Reply({}, status, {"Retry-After": "17"}), {"id": 1, "user": ADA, "body": "words"})
    assert client.comment(1, "words").id == 1
    assert server.waits.waited == [17.0]


@pytest.mark.parametrize("status", [403, 429])
def test_the_limit_of_the_hour_is_waited_for(server, client, status):
    headers = {"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": str(int(NOW) + 20)}
    server.on(USER, Reply({}, status, headers), ADA)
    assert client.me().id == 7
    assert server.waits.waited == [21.0]


def test_a_long_limit_is_told_instead(server, client):
    headers = {"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": str(int(NOW) + 1800)}
    server.on(USER, Reply({"message": "API rate limit exceeded"}, 403, headers))
    error = refused(client.me, "GM-F406")
    assert error.exit_status == Exit.EXTERNAL
    assert error.message == "asked too often; again in 1801 s, at 2027-01-15T08:30:01Z: API rate limit exceeded"
    assert server.waits.waited == []


def test_a_limit_that_goes_on_is_told_at_last(server, client):
    server.on(USER, Reply({}, 429, {"Retry-After": "40"}))
    refused(client.me, "GM-F406")
    assert server.waits.waited == [40.0, 40.0]


def test_a_limit_of_no_time_does_not_spin(server):
    client = server.client(limit=3.0)
    server.on(USER, Reply({}, 429, {"Retry-After": "0"}))
    refused(client.me, "GM-F406")
    assert server.waits.waited == [1.0, 1.0, 1.0]


@pytest.mark.parametrize(
    "headers", [{}, {"Retry-After": formatdate(NOW)}, {"X-RateLimit-Remaining": "0"}, {"Retry-After": "9" * 40}]
)
def test_a_limit_without_a_time_is_a_minute(server, client, headers):
    server.on(USER, Reply({}, 429, headers), ADA)
    assert client.me().id == 7
    assert server.waits.waited == [60.0]


def test_words_of_a_secondary_limit_count_too(server, client):
    server.on(USER, Reply({"message": "You have exceeded a secondary rate limit."}, 403), ADA)
    assert client.me().id == 7
    assert server.waits.waited == [60.0]
