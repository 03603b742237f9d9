"""POST /alerts: a token, a limit on size, and nothing else is answered."""

import http.client
import json
import socket
from threading import Thread

import pytest

from gitops_models.delivery.triggers.receiver import receiving
from gitops_models.delivery.triggers.settings import Receiver
from gitops_models.errors import GmError

TOKEN = "a-token-of-24-characters"
ALERTS = json.dumps({"alerts": []}).encode()


@pytest.fixture
def place(tmp_path):
    (tmp_path / "token").write_text(TOKEN + "\n")
    return Receiver(token_file=str(tmp_path / "token"), port=0)


@pytest.fixture
def heard():
    return []


@pytest.fixture
def port(place, heard):
    def hear(body):
        if body == b"nonsense":
            raise GmError("GM-R603", "it is no JSON")
        heard.append(body)

    with receiving(place, hear, seconds=0.3) as port:
        yield port


def post(port, body=ALERTS, *, path="/alerts", token=TOKEN, method="POST", headers=()):
    line = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    given = {"Authorization": f"Bearer {token}", **dict(headers)}
    line.request(method, path, body, {name: text for name, text in given.items() if text is not None})
    with line.getresponse() as answer:
        said = answer.status
        answer.read()
    line.close()
    return said


def test_who_has_the_token_is_heard(port, heard):
    assert (post(port), heard) == (200, [ALERTS])


@pytest.mark.parametrize("token", ["", "wrong", TOKEN + "x", TOKEN.upper(), "\xe9"])
def test_who_has_not_is_not(port, heard, token):
    assert (post(port, token=token), heard) == (401, [])


@pytest.mark.parametrize(
    ("asked", "status"),
    [
        ({"path": "/"}, 404),
        ({"path": "/alerts/../x"}, 404),
        ({"method": "GET"}, 501),
        ({"method": "PUT"}, 501),
        ({"body": b"nonsense"}, 400),
        ({"headers": [("Content-Length", "many")]}, 411),
        ({"headers": [("Transfer-Encoding", "chunked")]}, 411),
        ({"headers": [("Content-Length", str((1 << 20) + 1))]}, 413),
        ({"headers": [("X", "y" * 70_000)]}, 431),
    ],
)
def test_anything_else_is_refused_and_not_heard(port, heard, asked, status):
    assert (post(port, **asked), heard) == (status, [])


def test_who_is_slow_or_hangs_up_is_not_heard_and_keeps_nobody_out(port, heard):
    with socket.create_connection(("127.0.0.1", port), 10) as slow:
        head = f"POST /alerts HTTP/1.1\r\nAuthorization: Bearer {TOKEN}\r\nContent-Length: 100\r\n\r\nhalf"
        slow.sendall(head.encode())
        assert (post(port), heard) == (200, [ALERTS])
        assert slow.recv(100) == b""
    with socket.create_connection(("127.0.0.1", port), 10) as gone:
        gone.sendall(head.encode())
        gone.shutdown(socket.SHUT_WR)
        assert b" 400 " in gone.recv(100)
    assert heard == [ALERTS]


def drips(line):
    """Send a byte now and then until the other side hangs up; whether it does within some time."""
    line.settimeout(0.05)
    for _ in range(100):
        try:
            line.sendall(b"a")
            if line.recv(1) == b"":
                return True
        except TimeoutError:
            continue
        except ConnectionError:
            return True
    return False


@pytest.mark.parametrize(
    "head",
    [b"", b"POST /alerts HTTP/1.1\r\nX: ", f"POST /alerts HTTP/1.1\r\nAuthorization: Bearer {TOKEN}\r\nX: ".encode()],
)
def test_who_trickles_holds_no_place_for_long(port, heard, head):
    """The limit counts from the first byte to the last, before any token is asked for."""
    lines = [socket.create_connection(("127.0.0.1", port), 10) for _ in range(8)]
    for line in lines:
        line.sendall(head)
    assert all(drips(line) for line in lines)
    for line in lines:
        line.close()
    assert (post(port), heard) == (200, [ALERTS])


def test_where_no_thread_can_be_started_the_place_is_free_again(port, heard, monkeypatch):
    class Tired(Thread):
        def start(self):
            raise RuntimeError("can't start new thread")

    with monkeypatch.context() as patched:
        patched.setattr("socketserver.threading.Thread", Tired)
        for _ in range(9):
            with socket.create_connection(("127.0.0.1", port), 10) as line:
                assert line.recv(1) == b""
    assert (post(port), heard) == (200, [ALERTS])


def test_a_crowd_is_turned_away(port, heard):
    lines = [socket.create_connection(("127.0.0.1", port), 10) for _ in range(20)]
    turned = sum(line.recv(1) == b"" for line in lines[8:])
    for line in lines:
        line.close()
    assert (turned, heard) == (12, [])


@pytest.mark.parametrize("token", ["short", "two words of a token, long enough", "\xff" * 30])
def test_a_token_that_is_none_is_refused(place, tmp_path, token):
    (tmp_path / "token").write_bytes(token.encode("latin-1"))
    with pytest.raises(GmError) as caught, receiving(place, print):
        pass
    assert caught.value.code == "GM-R605"


def test_an_address_that_is_taken_and_a_missing_token_are_told(place, port, tmp_path):
    for taken in (
        place.model_copy(update={"port": port}),
        place.model_copy(update={"token_file": str(tmp_path / "x")}),
    ):
        with pytest.raises(GmError) as caught, receiving(taken, print):
            pass
        assert caught.value.code == "GM-R605"
