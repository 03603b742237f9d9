"""Lines that can be cut, and work within a time, against real servers on loopback."""

import os
import ssl
import threading
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from threading import Event
from urllib.parse import urlsplit

import pytest

from gitops_models.delivery.checks.web import Lines
from gitops_models.delivery.lines import Answer, HttpLine, Line, target_of, within
from gitops_models.delivery.notify.exchange import post
from gitops_models.delivery.targets.asking import ask
from gitops_models.errors import GmError
from tests.support.receiver import raw_server, receiver, self_signed

SHORT, LONG = 0.3, 30
FOR_EVER = b"Content-Length: 99999999\r\n"


def nothing():
    raise AssertionError("cut although it was in time")


def line_to(port, *, scheme="http", seconds=LONG, **more):
    return HttpLine(urlsplit(f"{scheme}://127.0.0.1:{port}"), seconds=seconds, **more)


def got(line, *, most=100, **headers):
    return line.ask("GET", "/", None, headers, most=most)


@dataclass
class Peer:
    """A server that answers each request on a line with the next of ``answers``; it counts lines."""

    answers: list
    port: int = 0
    lines: list = field(default_factory=list)

    def serve(self, connection, _over):
        self.lines.append(0)
        while connection.recv(65536):
            self.lines[-1] += 1
            answer = self.answers.pop(0)
            connection.sendall(answer)
            if b"Content-Length" not in answer or b"Connection: close" in answer:
                return


@contextmanager
def peer(*answers):
    made = Peer(list(answers))
    with raw_server(made.serve) as made.port:
        yield made


def said(body=b"ok", *headers, status=200):
    lines = [b"HTTP/1.1 %d Said" % status, b"Content-Length: %d" % len(body), *headers]
    return b"\r\n".join(lines) + b"\r\n\r\n" + body


@contextmanager
def trickling(begin, context=None):
    """A server that says ``begin`` and then one byte after the other, for as long as anybody is there."""

    def serve(connection, over):
        with context.wrap_socket(connection, server_side=True) if context else connection as speaking:
            speaking.recv(65536)
            speaking.sendall(begin)
            while not over.wait(0.01):
                speaking.sendall(b"a")

    with raw_server(serve) as port:
        yield port


# within


def test_what_work_returns_is_returned_and_nothing_is_cut():
    assert within(LONG, lambda: threading.current_thread().name, nothing, name="gm-here") == "gm-here"
    assert within(LONG, lambda: None, nothing, name="gm-here") is None
    error = ValueError("a value, not raised")
    assert within(LONG, lambda: error, nothing, name="gm-here") is error


@pytest.mark.parametrize(
    "error", [GmError("GM-R310", "engine answers 503", where="fraud"), OSError(5, "x"), SystemExit(3)]
)
def test_what_work_raises_is_raised_as_it_is(error):
    def work():
        raise error

    with pytest.raises(type(error)) as raised:
        within(LONG, work, nothing, name="gm-here")
    assert raised.value is error


def test_after_its_time_work_is_cut_once_and_what_it_still_says_does_not_count():
    cuts, ending, threads = [], Event(), []

    def work():
        threads.append(threading.current_thread())
        ending.wait(LONG)
        return "late"

    def cut():
        cuts.append(1)
        ending.set()
        threads[0].join(LONG)  # it has said it before anybody looks

    with pytest.raises(TimeoutError):
        within(SHORT, work, cut, name="gm-here")
    assert (cuts, threads[0].is_alive(), threads[0].daemon) == ([1], False, True)


# What trickles is cut, and its thread ends while the server still speaks.

BEGINS = {
    "status": b"HTTP/1.1 2",
    "headers": b"HTTP/1.1 200 OK\r\nX-Slow: ",
    "body": b"HTTP/1.1 200 OK\r\n" + FOR_EVER + b"\r\n",
    "body of the last answer": b"HTTP/1.1 200 OK\r\nConnection: close\r\n" + FOR_EVER + b"\r\n",
    "body of no said length": b"HTTP/1.1 200 OK\r\n\r\n",
    "body of an old server": b"HTTP/1.0 200 OK\r\n\r\n",
    "pieces": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nffffff\r\n",
}


def left_behind(line):
    """The thread of work that a cut of ``line`` is to end."""
    threads = []

    def work():
        threads.append(threading.current_thread())
        with line:
            return got(line, most=1 << 20)

    with pytest.raises(TimeoutError):
        within(SHORT, work, line.cut, name="gm-here")
    threads[0].join(LONG)
    return threads[0]


@pytest.mark.parametrize("begin", BEGINS.values(), ids=BEGINS)
def test_a_peer_that_trickles_is_cut_and_the_thread_is_free(begin):
    with trickling(begin) as port:
        assert not left_behind(line_to(port)).is_alive()


def test_a_peer_that_trickles_while_tls_greets_is_cut():
    with trickling(b"\x16\x03\x03\x40\x00") as port:  # the head of a long record
        assert not left_behind(line_to(port, scheme="https")).is_alive()


@pytest.mark.parametrize("begin", BEGINS.values(), ids=BEGINS)
def test_a_peer_that_trickles_below_tls_is_cut(begin, tmp_path):
    certificate, key = self_signed(tmp_path)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    with trickling(begin, context) as port:
        assert not left_behind(line_to(port, scheme="https", ca_file=str(certificate))).is_alive()


def test_a_peer_that_says_nothing_is_cut():
    with raw_server(lambda _, over: over.wait(LONG)) as port:
        assert not left_behind(line_to(port)).is_alive()


@pytest.mark.parametrize("begin", BEGINS.values(), ids=BEGINS)
def test_whoever_asks_leaves_no_thread_with_a_peer_that_trickles(begin):
    with trickling(begin) as port:
        url = f"http://127.0.0.1:{port}/"
        with pytest.raises(TimeoutError):
            ask("GET", url, None, {}, seconds=SHORT)
        if begin.endswith(b"\r\n"):  # the status is all that a notice waits for
            assert post(urlsplit(url), b"", {}, seconds=LONG, ca_file=None) == 200
        else:
            with pytest.raises(TimeoutError):
                post(urlsplit(url), b"", {}, seconds=SHORT, ca_file=None)
        for thread in threading.enumerate():
            if thread.name in ("gm-ask", "gm-notice"):
                thread.join(LONG)
                assert not thread.is_alive()


# The line


def test_a_line_that_was_cut_connects_no_more_and_says_so():
    with peer() as server:
        line = Line()
        line.cut()
        line.cut()
        assert line.over
        with pytest.raises(TimeoutError):
            line.connect("127.0.0.1", server.port, LONG)


def test_a_cut_ends_what_waits_for_bytes_and_a_second_one_finds_nothing():
    with raw_server(lambda _, over: over.wait(LONG)) as port, Line() as line:
        with line.connect("127.0.0.1", port, LONG) as connection:
            line.cut()
            assert connection.recv(1) == b""
        line.cut()


def test_a_line_that_was_let_go_may_be_used_again():
    with raw_server(lambda connection, _: connection.sendall(b"x")) as port, Line() as line:
        for _ in range(2):
            with line.connect("127.0.0.1", port, LONG) as connection:
                assert connection.recv(1) == b"x"
        line.close()
        with line.connect("127.0.0.1", port, LONG) as connection:
            assert connection.recv(1) == b"x"
        assert not line.over


def test_no_socket_is_left_open():
    before = len(list(Path("/proc/self/fd").iterdir()))
    answers = (said(), said(b"ok", b"Connection: close"), said(), b"SSH-2.0-x\r\n", said(b"x" * 101), said(status=204))
    with peer(*answers) as server:
        with line_to(server.port) as line:
            assert [got(line).status for _ in range(3)] == [200, 200, 200]
            for _ in range(2):
                with pytest.raises(OSError, match=r"HTTP answer|longer"):
                    got(line)
        url = urlsplit(f"http://127.0.0.1:{server.port}/")
        assert post(url, b"", {}, seconds=LONG, ca_file=None) == 204
    with pytest.raises(ConnectionRefusedError):
        post(url, b"", {}, seconds=LONG, ca_file=None)
    assert len(list(Path("/proc/self/fd").iterdir())) == before


# HTTP


def test_requests_go_over_one_line_until_the_server_ends_it():
    answers = (said(b"1"), said(b"2", b"Connection: close"), said(b"3", status=404))
    with peer(*answers) as server, line_to(server.port) as line:
        assert [got(line) for _ in range(3)] == [Answer(200, b"1"), Answer(200, b"2"), Answer(404, b"3")]
    assert server.lines == [2, 1]


def test_an_answer_is_as_long_as_it_may_be_and_no_longer():
    with peer(said(b"x" * 100), said(b"x" * 101), said(b"after")) as server, line_to(server.port) as line:
        assert got(line).body == b"x" * 100
        with pytest.raises(OSError, match="longer") as refused:
            got(line)
        assert refused.value.strerror == "the answer is longer than 100 bytes"
        assert got(line).body == b"after"  # on a line of its own: the rest of the long one is nobody's answer


@pytest.mark.parametrize(("body", "short"), [(b"[1]", 2), (b"", 5)])
def test_an_answer_is_as_long_as_it_says(body, short):
    def serve(connection, _over):
        asked.append(connection.recv(65536))
        # The second answer is whole, on a line of its own.
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n" + (body if len(asked) == 1 else b"[1,2]"))

    asked = []
    with raw_server(serve) as port, line_to(port) as line:
        with pytest.raises(OSError, match="shorter") as refused:
            got(line)
        assert (refused.value.errno, refused.value.strerror) == (0, f"the answer is {short} bytes shorter than it says")
        assert got(line) == Answer(200, b"[1,2]")


def test_what_has_a_length_and_no_body_is_whole():
    says = b" Said\r\nContent-Length: 5\r\n\r\n"
    with peer(b"HTTP/1.1 304" + says, b"HTTP/1.1 200" + says) as server, line_to(server.port) as line:
        assert got(line) == Answer(304, b"")
        assert line.ask("HEAD", "/", None, {}, most=0) == Answer(200, b"")
    assert server.lines == [2]


@pytest.mark.parametrize(
    ("answer", "name"),
    [
        (b"SSH-2.0-x\r\n", "BadStatusLine"),
        (b"HTTP/1.1 200\r\n" + b"A: b\r\n" * 200 + b"\r\n", "HTTPException"),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n", "IncompleteRead"),
    ],
)
def test_what_is_no_http_is_named(answer, name):
    with peer(answer) as server, line_to(server.port) as line, pytest.raises(OSError, match="HTTP") as refused:
        got(line)
    assert (refused.value.errno, refused.value.strerror) == (0, f"no HTTP answer ({name})")


def test_a_request_that_cannot_be_written_is_no_answer_either():
    with peer() as server, line_to(server.port) as line, pytest.raises(OSError, match="HTTP") as refused:
        got(line, token="two\r\nlines")
    assert refused.value.strerror == "no HTTP answer (ValueError)"


def test_what_the_system_says_is_passed_on(tmp_path):
    with peer() as server:
        pass
    with line_to(server.port) as line, pytest.raises(ConnectionRefusedError):
        got(line)
    lost = line_to(server.port, scheme="https", ca_file=str(tmp_path / "none"))
    with lost, pytest.raises(FileNotFoundError):
        got(lost)


def test_an_answer_without_a_length_is_not_whole_when_it_was_cut_short():
    def serve(connection, _over):
        connection.recv(65536)
        connection.sendall(b"HTTP/1.1 200 OK\r\n\r\nhalf")
        line.cut()  # what was sent can still be read, and then the end

    with raw_server(serve) as port, line_to(port) as line, pytest.raises(TimeoutError):
        got(line)


def test_the_server_has_to_be_who_it_is(tmp_path):
    files = self_signed(tmp_path)
    with receiver(files) as server:
        with line_to(server.port, scheme="https") as line, pytest.raises(OSError, match="CertVerification") as refused:
            got(line)
        assert refused.value.strerror == "no HTTP answer (SSLCertVerificationError)"
        with pytest.raises(ssl.SSLCertVerificationError):  # for a notice, in OpenSSL's own words
            post(urlsplit(server.url), b"", {}, seconds=LONG, ca_file=None)
        with line_to(server.port, scheme="https", ca_file=str(files[0])) as line:
            assert got(line) == Answer(204, b"")
    assert len(server.deliveries) == 1


def test_a_file_of_authorities_that_hangs_is_left_behind_and_holds_up_no_other_line(tmp_path):
    files = self_signed(tmp_path)
    hangs = tmp_path / "hangs"
    os.mkfifo(hangs)
    with receiver(files) as server:
        for send in (ask_in, post_in):
            with pytest.raises(TimeoutError):
                send(SHORT, server.url, hangs)
            assert send(LONG, server.url, files[0]) == 204
    stuck = [thread for thread in threading.enumerate() if thread.name in ("gm-ask", "gm-notice")]
    assert len(stuck) == 2
    os.close(os.open(hangs, os.O_WRONLY))
    for thread in stuck:
        thread.join(LONG)
        assert not thread.is_alive()


def ask_in(seconds, url, ca_file):
    return ask("POST", url, b"{}", {}, seconds=seconds, ca_file=str(ca_file)).status


def post_in(seconds, url, ca_file):
    return post(urlsplit(url), b"{}", {}, seconds=seconds, ca_file=str(ca_file))


def test_an_engine_with_authorities_is_not_spoken_to_in_the_clear(tmp_path):
    files = self_signed(tmp_path)
    with receiver(files) as server:
        clear = server.url.replace("https:", "http:")
        assert ask("POST", clear, b"{}", {}, seconds=LONG, ca_file=str(files[0])).status == 204
        with pytest.raises(OSError, match=r"no HTTP answer|reset"):
            ask("POST", clear, b"{}", {}, seconds=LONG)
    assert len(server.deliveries) == 1


@pytest.mark.parametrize(
    ("url", "where"),
    [
        ("http://a.example/b?c=d", ("a.example", 80, False)),
        ("https://a.example", ("a.example", 443, True)),
        ("https://[::1]:8443/b", ("::1", 8443, True)),
    ],
)
def test_an_address_says_where_and_how(url, where):
    line = HttpLine(urlsplit(url), seconds=LONG)
    assert (line.host, line.port, line.secure) == where


def test_the_target_of_a_request_is_path_and_query():
    urls = ("http://a/b/c?d=e&f", "http://a", "http://a?b", "http://a/#c")
    assert [target_of(urlsplit(url)) for url in urls] == ["/b/c?d=e&f", "/", "/?b", "/"]


# Several lines


def test_a_line_that_is_opened_after_the_cut_is_cut_too():
    with peer() as server, Lines(LONG) as lines:
        first = lines.client(f"http://127.0.0.1:{server.port}")
        lines.cut()
        second = lines.client(f"http://127.0.0.1:{server.port}")
        for client in (first, second):
            assert client.line.over
            with pytest.raises(TimeoutError):
                client.get()
    assert server.lines in ([0], [0, 0])
