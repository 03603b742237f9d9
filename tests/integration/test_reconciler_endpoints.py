"""The listener of a reconciler over real sockets: what it answers, and what strangers cannot make it do."""

import http.client
import json
import signal
import socket
import subprocess
import sys
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from threading import Condition, Event
from urllib.parse import urlsplit

import pytest

from gitops_models.delivery.assemble import open_reconciler
from gitops_models.delivery.config import read_config
from gitops_models.delivery.results import Report, Result, State, Sync
from gitops_models.delivery.serving import server as module
from gitops_models.delivery.serving.metrics import Gauges
from gitops_models.delivery.serving.server import MOST_AT_ONCE, listening
from gitops_models.delivery.serving.settings import Listen
from gitops_models.delivery.serving.wake import MOST_BYTES
from gitops_models.delivery.values import ModelStage
from gitops_models.errors import GmError
from tests.support.delivery import NOW, chosen
from tests.support.delivery_site import Site
from tests.support.servers import program, start_prometheus
from tests.unit.delivery.test_serving import BODY, SECRET, hub, standard

LIVE = Result("eu", ModelStage("fraud", "production"), State.LIVE, Sync.SYNCED, "1.0.0", "1.0.0", "d" * 64)
HISTORY = chosen("1.0.0").history()


class Place:
    """A listener at a free port, with the bell that it rings."""

    def __init__(self, address, gauges, rung, clock):
        self.address, self.gauges, self.rung, self.clock = address, gauges, rung, clock

    def ask(self, method, path, body=None, headers=None):
        connection = http.client.HTTPConnection(*self.address, timeout=30)
        try:
            connection.request(method, path, body, headers or {})
            answer = connection.getresponse()
            return answer.status, answer.read(), dict(answer.headers)
        finally:
            connection.close()

    def send(self, data):
        """What comes back for raw bytes until the listener hangs up."""
        with socket.create_connection(self.address, timeout=30) as connection:
            connection.sendall(data)
            found = b""
            with suppress(ConnectionResetError):
                while piece := connection.recv(65536):
                    found += piece
            return found

    def woken(self):
        return dict(self.gauges._wakes)


@pytest.fixture
def secret(tmp_path):
    path = tmp_path / "wake"
    path.write_bytes(SECRET)
    return path


@contextmanager
def listener(secret=None, *, address="127.0.0.1", port=0, seconds=30.0, **settings):
    clock = [0.0]
    gauges, rung = Gauges(lambda: clock[0]), Event()
    listen = Listen(address=address, port=port, wake_secret=str(secret) if secret else None, **settings)
    with listening(listen, gauges, rung.set, now=lambda: 1000.0, seconds=seconds) as where:
        parts = urlsplit(where)
        yield Place((parts.hostname, parts.port), gauges, rung, clock)


def test_metrics_are_what_prometheus_reads(secret):
    with listener(secret) as place:
        place.gauges.saw(Report("c" * 40, NOW, (LIVE,)), HISTORY)
        status, body, headers = place.ask("GET", "/metrics?x=1")
    assert status == 200
    assert headers["Content-Type"] == "text/plain; version=0.0.4; charset=utf-8"
    assert (headers["Cache-Control"], headers["X-Content-Type-Options"]) == ("no-store", "nosniff")
    assert headers["Server"].strip() == "gm"
    assert b'gm_deployment_info{digest="' + b"d" * 64 + b'",health="healthy",model="fraud"' in body


def test_ready_is_who_saw_verified_history_and_healthy_who_still_runs():
    with listener(silence=60) as place:
        assert place.ask("GET", "/healthz")[0] == 200
        status, body, _ = place.ask("GET", "/readyz")
        assert (status, json.loads(body)) == (503, {"ok": False, "reasons": ["no run has ended yet"]})
        place.gauges.saw(Report("c" * 40, NOW, (replace(LIVE, error=GmError("GM-R201", "x")),)), HISTORY)
        assert place.ask("GET", "/readyz")[:2] == (200, b'{"ok": true, "reasons": []}\n')
        place.gauges.failed(GmError("GM-S101", "https://user:token@git.example is away"))
        assert json.loads(place.ask("GET", "/readyz")[1])["reasons"] == ["GM-S101"]
        place.clock[0] = 60.0
        assert place.ask("GET", "/healthz")[0] == 200
        place.clock[0] = 61.0
        status, body, _ = place.ask("GET", "/healthz")
        assert (status, json.loads(body)["reasons"]) == (503, ["no sign of life for 61 s"])


def test_a_head_has_no_body_and_nothing_else_is_there(secret):
    with listener(secret) as place:
        status, body, headers = place.ask("HEAD", "/healthz")
        assert (status, body, int(headers["Content-Length"]) > 0) == (200, b"", True)
        assert [place.ask("GET", path)[0] for path in ("/", "/metrics/", "/../etc/passwd", "/wake")] == [
            404,
            404,
            404,
            405,
        ]
        assert place.ask("POST", "/metrics", b"")[0] == 404
        assert place.ask("DELETE", "/wake")[0] == 501


@pytest.mark.parametrize("headers", [hub(), standard()])
def test_a_signed_call_rings_the_bell(secret, headers):
    with listener(secret) as place:
        assert place.ask("POST", "/wake", BODY, headers)[0] == 202
        assert place.rung.is_set()
        assert place.woken() == {"accepted": 1}


@pytest.mark.parametrize("headers", [{}, hub(b"another body"), standard(at="1")])
def test_an_unsigned_call_wakes_nobody(secret, headers):
    with listener(secret) as place:
        assert place.ask("POST", "/wake", BODY, headers)[0] == 401
        assert not place.rung.is_set()
        assert place.woken() == {"refused": 1}


def test_without_a_secret_nothing_wakes():
    with listener() as place:
        assert place.ask("POST", "/wake", BODY, hub())[0] == 404
        assert not place.rung.is_set()


def test_a_secret_is_read_at_each_call_so_that_it_can_be_changed(secret):
    with listener(secret) as place:
        other = b"another secret of 24 bytes or more"
        secret.write_bytes(other)
        assert place.ask("POST", "/wake", BODY, hub())[0] == 401
        assert place.ask("POST", "/wake", BODY, hub(secret=other))[0] == 202
        secret.unlink()
        assert place.ask("POST", "/wake", BODY, hub())[0] == 503
        assert place.woken() == {"refused": 1, "accepted": 1, "no secret": 1}


@pytest.mark.parametrize(
    ("lines", "status"),
    [
        (b"", 411),
        (b"Content-Length: -1\r\n", 411),
        (b"Content-Length: 1_0\r\n", 411),
        (b"Content-Length: \xb2\r\n", 411),
        (b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n", 411),
        (b"Content-Length: %d\r\n" % (MOST_BYTES + 1), 413),
        (b"Content-Length: " + b"9" * 5000 + b"\r\n", 413),
        (b"X: 1\r\n" * 200, 431),
    ],
)
def test_a_body_without_a_sound_length_is_not_read(secret, lines, status):
    with listener(secret) as place:
        assert place.send(b"POST /wake HTTP/1.1\r\n" + lines + b"\r\n").startswith(b"HTTP/1.0 %d " % status)
        assert place.ask("GET", "/healthz")[0] == 200


@pytest.mark.parametrize(
    "data", [b"\x16\x03\x01\x02\x00\r\n\r\n", b"GET /\x1b[31m HTTP/9.9\r\n\r\n", b"G" * 70_000, b"\r\n"]
)
def test_nonsense_is_refused_without_being_repeated(data):
    with listener() as place:
        answer = place.send(data)
        assert b"\x1b" not in answer
        assert b"GGGG" not in answer
        assert place.ask("GET", "/healthz")[0] == 200


def test_who_dawdles_is_hung_up_on_and_who_crowds_finds_no_hand(secret, monkeypatch):
    monkeypatch.setattr(module, "MOST_AT_ONCE", 2)
    with listener(secret, seconds=0.5) as place, ExitStack() as held:
        slow = [held.enter_context(socket.create_connection(place.address, timeout=30)) for _ in range(2)]
        for one in slow:
            one.sendall(b"POST /wake HTTP/1.1\r\nX-Hub-Signature-256: sha256=0\r\nContent-Length: 100\r\n\r\nhalf")
        assert place.send(b"") == b""
        assert [one.recv(10) for one in slow] == [b"", b""]
        assert place.ask("GET", "/healthz")[0] == 200
        assert not place.rung.is_set()
    assert MOST_AT_ONCE > 2


def test_a_body_that_ends_early_wakes_nobody(secret):
    with listener(secret) as place, socket.create_connection(place.address, timeout=30) as connection:
        head = b"POST /wake HTTP/1.1\r\nX-Hub-Signature-256: %s\r\nContent-Length: 100\r\n\r\n"
        connection.sendall(head % hub()["x-hub-signature-256"].encode() + BODY)
        connection.shutdown(socket.SHUT_WR)
        assert connection.recv(10) == b""
        assert not place.rung.is_set()


def test_an_address_in_use_is_said_and_a_secret_is_looked_at_before(tmp_path):
    with listener() as place, pytest.raises(GmError) as error, listener(port=place.address[1]):
        raise AssertionError
    assert error.value.code == "GM-R120"
    with pytest.raises(GmError) as error, listener(tmp_path / "none"):
        raise AssertionError
    assert error.value.code == "GM-R121"


def test_the_next_protocol_is_spoken_too():
    with listener(address="::1") as place:
        assert place.ask("GET", "/healthz")[0] == 200


def test_a_listener_that_is_closed_leaves_its_port():
    with listener() as place:
        pass
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(place.address, timeout=5)


def test_a_site_that_listens_shows_what_it_serves(tmp_path, home):
    site = Site(tmp_path, home)
    (tmp_path / "wake").write_bytes(SECRET)
    site.config.write_text(site.config.read_text() + "listen: {port: 0, wake_secret: wake}\n")
    config = read_config(site.config)
    assert config.listen.wake_secret == str(tmp_path / "wake")
    with open_reconciler(config, clock=lambda: NOW) as reconciler, reconciler.listen() as where:
        parts = urlsplit(where)
        place = Place((parts.hostname, parts.port), reconciler.gauges, reconciler.wake, None)
        assert place.ask("GET", "/readyz")[0] == 503
        assert reconciler.run().ok
        assert place.ask("GET", "/readyz")[0] == 200
        metrics = place.ask("GET", "/metrics")[1].decode()
        assert 'gm_deploy_total{result="succeeded"} 1.0' in metrics
        assert f'gm_verified_commit_info{{commit="{site.pin}",repository="registry-a"}} 1.0' in metrics
        at = str(int(NOW.timestamp()))
        assert place.ask("POST", "/wake", BODY, standard(at=at))[0] == 202
        assert reconciler.wake.is_set()


def test_a_site_that_does_not_listen_counts_nothing(tmp_path, home):
    with open_reconciler(read_config(Site(tmp_path, home).config), clock=lambda: NOW) as reconciler:
        assert reconciler.gauges is None
        with reconciler.listen() as where:
            assert where is None


class Watched(Gauges):
    """Counts how often somebody asked, and says so."""

    def __init__(self):
        super().__init__()
        self.asked, self.changed = 0, Condition()

    def show(self):
        with self.changed:
            self.asked += 1
            self.changed.notify_all()
        return super().show()

    def wait_for(self, more):
        with self.changed:
            enough = self.asked + more
            assert self.changed.wait_for(lambda: self.asked >= enough, 120), "nobody asks"


@pytest.mark.server("prometheus")
def test_a_real_prometheus_reads_the_metrics_and_takes_the_rules(tmp_path):
    figures = Watched()
    refused = replace(LIVE, at=ModelStage("credit", "production"), error=GmError("GM-R201", "x"), sync=Sync.BEHIND)
    figures.saw(Report("c" * 40, NOW, (LIVE, refused)), HISTORY)
    rules = Path(__file__).resolve().parents[2] / "examples/reconciler/alerts.yaml"
    with listening(Listen(port=0), figures, Event().set, now=lambda: 0.0) as where:
        settings = {"rule_files": [str(rules)]}
        with start_prometheus(tmp_path / "p", targets=[urlsplit(where).netloc], settings=settings) as prometheus:
            figures.wait_for(3)
            (found,) = prometheus.query('gm_deployment_info{model="fraud"}')["data"]["result"]
            (count,) = prometheus.query("gm_verification_failures_total")["data"]["result"]
            (buckets,) = prometheus.query("gm_reconcile_duration_seconds_count")["data"]["result"]
            (group,) = prometheus.ask("/api/v1/rules")["data"]["groups"]
    metric = found["metric"]
    assert [metric[name] for name in ("version", "digest", "sync", "health")] == [
        "1.0.0",
        "d" * 64,
        "synced",
        "healthy",
    ]
    assert (count["metric"]["reason"], count["value"][1], buckets["value"][1]) == ("GM-R201", "1", "1")
    assert {rule["name"] for rule in group["rules"]} == {"GmSilent", "GmNotAsAccepted", "GmRefused", "GmDrift"}
    assert {rule["health"] for rule in group["rules"]} <= {"ok", "unknown"}
    check = [str(Path(program("prometheus")).with_name("promtool")), "check", "metrics"]
    ran = subprocess.run(check, input=figures.show(), capture_output=True, timeout=60, check=False)
    assert (ran.returncode, ran.stderr) == (0, b"")


def test_a_call_ends_the_pause_of_a_running_reconciler(tmp_path, home):
    site = Site(tmp_path, home)
    (tmp_path / "wake").write_bytes(SECRET)
    site.config.write_text(site.config.read_text() + "listen: {port: 0, wake_secret: wake}\ninterval: 3600\n")
    words = [sys.executable, "-m", "gitops_models", "reconcile", "--config", str(site.config)]
    with subprocess.Popen(words, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True) as running:
        try:
            parts = urlsplit(running.stderr.readline().split()[-1])
            assert any(line.startswith("next: ") for line in running.stderr)  # one run is over, the next an hour away
            place = Place((parts.hostname, parts.port), None, None, None)
            assert place.ask("GET", "/readyz")[0] == 200
            assert place.ask("POST", "/wake", BODY, hub())[0] == 202
            pages = (place.ask("GET", "/metrics")[1] for _ in range(5000))
            assert any(b'gm_reconcile_total{result="ok"} 2.0' in page for page in pages)
            running.send_signal(signal.SIGTERM)
            assert running.wait(60) == 0
        finally:
            running.kill()
