"""The latency check with several clients at once: all of them ask, together, also over TLS."""

import os
import threading
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler
from threading import Event, Lock

import pytest
from pydantic import TypeAdapter

from gitops_models.delivery.checks.base import Subject
from gitops_models.delivery.checks.runner import attempt
from gitops_models.delivery.checks.settings import CheckList
from tests.support.delivery import chosen, deployment
from tests.support.inference import case, cases_file
from tests.support.receiver import self_signed
from tests.support.serving import Quiet, patient, serving

SHORT, LONG = 0.5, 60


@dataclass
class Counting:
    """A server that counts the requests on each line; the first on the line that comes as number ``odd`` is odd.

    Such a first request is answered with ``status``, and only after a moment in which others could go on.
    """

    odd: int = 0
    status: int = 200
    port: int = 0
    secure: bool = False
    lines: dict = field(default_factory=dict)
    opened: int = 0
    early: Event = field(default_factory=Event)
    lock: Lock = field(default_factory=Lock)

    @property
    def address(self):
        return f"http{'s' if self.secure else ''}://127.0.0.1:{self.port}"

    def take(self, line):
        """Count a request on ``line`` and give the status of its answer."""
        with self.lock:
            self.lines[line] = self.lines.get(line, 0) + 1
            first = self.lines[line] == 1
            number = len(self.lines)
            if not first and self.opened < self.odd:
                self.early.set()
        if not first:
            return 200
        if number == self.odd:
            self.early.wait(SHORT)
        with self.lock:
            self.opened += 1
        return self.status if number == self.odd else 200


@contextmanager
def counting(certificate=None, **options):
    served = Counting(secure=certificate is not None, **options)

    class Handler(Quiet, BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True
        wbufsize = -1

        def do_POST(self):
            self.rfile.read(int(self.headers["Content-Length"]))
            self.send_response(served.take(self.client_address))
            self.send_header("Content-Length", "2")
            self.end_headers()
            self.wfile.write(b"{}")
            self.wfile.flush()

    with serving(patient(Handler, certificate)) as served.port:
        yield served


@pytest.fixture
def measured(tmp_path):
    """Measure the answers of a server once."""
    cases = cases_file(tmp_path / "c.json", case(1.0), case(2.0))
    subject = Subject(deployment("1.0.0"), chosen("1.0.0").history())

    def measure(server, *, timeout=LONG, **fields):
        fields |= {"url": server.address, "cases": cases, "timeout": timeout, "p95_below_ms": 60_000}
        return attempt(TypeAdapter(CheckList).validate_python([{"id": "one", "use": "latency", **fields}])[0], subject)

    return measure


@pytest.fixture
def trusted(tmp_path, monkeypatch):
    """Certificate and key of a server, whose certificate the system trusts."""
    files = self_signed(tmp_path)
    monkeypatch.setenv("SSL_CERT_FILE", str(files[0]))
    return files


def test_over_tls_no_client_is_without_a_turn(trusted, measured):
    with counting(trusted) as server:
        found = measured(server, concurrency=8, requests=8)
        assert (found.passed, found.values["requests"], found.values["clients_lost"]) == (True, 8, 0)
        assert list(server.lines.values()) == [2] * 8  # the first on each line opens it
        server.lines.clear()
        assert measured(server, concurrency=8, requests=100).values["requests"] == 100
    assert (len(server.lines), min(server.lines.values()) >= 2, sum(server.lines.values())) == (8, True, 108)


def test_nobody_takes_a_turn_before_all_lines_are_open(measured):
    with counting(odd=4) as server:
        found = measured(server, concurrency=4, requests=40)
    assert (found.passed, found.values["requests"]) == (True, 40)
    assert not server.early.is_set()


def test_a_client_that_is_lost_at_once_fails_the_check_and_holds_up_nobody(measured):
    with counting(odd=4, status=500) as server:
        found = measured(server, concurrency=4, requests=40)
    assert (found.passed, found.values["requests"], found.values["clients_lost"]) == (False, 39, 1)
    assert found.message == "1 clients got no answer: status 500 {}"


def test_the_authorities_are_read_once_for_all_clients(trusted, measured, tmp_path, monkeypatch):
    once = tmp_path / "once"
    os.mkfifo(once)
    monkeypatch.setenv("SSL_CERT_FILE", str(once))
    writer = threading.Thread(target=once.write_bytes, args=(trusted[0].read_bytes(),), daemon=True)
    writer.start()
    with counting(trusted) as server:
        found = measured(server, concurrency=8, requests=16)
    writer.join(LONG)  # there is no second time
    assert (found.passed, found.values["requests"], found.values["clients_lost"]) == (True, 16, 0)


def test_authorities_that_hang_are_no_answer_in_time(trusted, measured, tmp_path, monkeypatch):
    hangs = tmp_path / "hangs"
    os.mkfifo(hangs)
    with counting(trusted) as server:
        with monkeypatch.context() as hanging:
            hanging.setenv("SSL_CERT_FILE", str(hangs))
            found = measured(server, timeout=SHORT)
        assert (found.passed, found.message) == (None, "no answer within 0.5 s")
        stuck = [thread for thread in threading.enumerate() if thread.name == "gm-check"]
        assert measured(server, concurrency=2, requests=4).passed
    os.close(os.open(hangs, os.O_WRONLY))
    for thread in stuck:
        thread.join(LONG)
        assert not thread.is_alive()
    assert len(stuck) == 1
