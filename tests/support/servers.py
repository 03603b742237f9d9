"""Real servers on loopback that tests start and stop: Prometheus, Alertmanager and an S3 (moto).

``make test-servers`` puts the programs under ``.cache/servers``; those on PATH do too. Each server chooses its port,
says so in its log, and is ready when the log says so: nobody sleeps or guesses. It is stopped by the number of its own
process.

A test that asks for one of the fixtures here bears the marker ``server`` by itself; one that starts a server with
``start_prometheus`` and its like bears ``@pytest.mark.server("prometheus")``. Where the program is missing it is
skipped, and CI fails on that skip.
"""

import contextlib
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import urllib.error
import urllib.request
from collections import deque
from dataclasses import dataclass, field
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Condition, Event, Thread
from urllib.parse import quote

import pytest

from tests.support.serving import Quiet, serving

UNPACKED = Path(__file__).resolve().parents[2] / ".cache" / "servers"
PROGRAMS = {"prometheus": ("prometheus",), "alertmanager": ("alertmanager", "prometheus-alertmanager")}
FIXTURES = {"prometheus": "prometheus", "s3": "moto"}
START_SECONDS = 120
# logfmt of Go's servers and werkzeug's sentence: the address stands after the words.
LISTENING = re.compile(r"(?:Listening on|Running on)\b.*127\.0\.0\.1:(\d+)")


@cache
def program(name):
    """The path of a server's program; None where it is missing. moto is a part of .venv."""
    if name == "moto":
        return str(Path(sys.executable).with_name("moto_server"))
    unpacked = (UNPACKED / name / "usr" / "bin" / each for each in PROGRAMS[name])
    on_path = map(shutil.which, PROGRAMS[name])
    return next((str(found) for found in (*on_path, *unpacked) if found and Path(found).is_file()), None)


def why_missing(names):
    """The reason to skip a test that needs these servers; None where all are there."""
    absent = next((name for name in sorted(names) if program(name) is None), None)
    return f"{absent} is not installed: run make test-servers" if absent else None


@dataclass
class Server:
    """A process that serves on a port of loopback. ``log`` has its last lines."""

    process: subprocess.Popen
    log: deque = field(default_factory=lambda: deque(maxlen=200))
    port: int = 0

    @property
    def url(self):
        return f"http://127.0.0.1:{self.port}"

    def ask(self, path, body=None, *, method=None, seconds=30):
        """The JSON of an answer, whatever its status; ``body`` is posted as JSON."""
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self.url + path, data, {"Content-Type": "application/json"}, method=method)
        try:
            with urllib.request.urlopen(request, timeout=seconds) as answer:
                said = answer.read()
        except urllib.error.HTTPError as error:
            with error:
                said = error.read()
        return json.loads(said) if said[:1] in (b"{", b"[") else said.decode()

    def stop(self, number=signal.SIGTERM):
        """End it; afterwards nobody listens on its port."""
        self.process.send_signal(number)
        try:
            self.process.wait(30)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


class Prometheus(Server):
    """Prometheus, with the lifecycle API on."""

    def query(self, expression):
        """The answer to an instant query."""
        return self.ask(f"/api/v1/query?query={quote(expression)}")

    def reload(self):
        """Read the configuration again."""
        return self.ask("/-/reload", {}, method="POST")


class Alertmanager(Server):
    """Alertmanager without a cluster."""

    def fire(self, *alerts):
        """Hand alerts in, each a mapping of labels, as Prometheus does."""
        return self.ask("/api/v2/alerts", [{"labels": labels} for labels in alerts])


class S3(Server):
    """S3 as moto plays it, empty at first; ``environment`` is what a client needs to come in."""

    environment = {  # noqa: RUF012 - never changed
        "AWS_ACCESS_KEY_ID": "testing",
        "AWS_SECRET_ACCESS_KEY": "testing",
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_EC2_METADATA_DISABLED": "true",
    }

    def make_bucket(self, name):
        """A new bucket; its address for DVC."""
        request = urllib.request.Request(f"{self.url}/{name}", method="PUT")
        urllib.request.urlopen(request, timeout=30).close()
        return f"s3://{name}"

    def forget(self):
        """Remove every bucket and object."""
        self.ask("/moto-api/reset", {}, method="POST")


@contextlib.contextmanager
def running(kind, command, *, ready, cwd=None):
    """Start ``command`` and give it as ``kind`` once its log has named its port and said ``ready``."""
    process = subprocess.Popen(
        command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, cwd=cwd,
        env={"PATH": os.defpath, "HOME": str(cwd or "/"), "PYTHONUNBUFFERED": "1"},
    )  # fmt: skip
    server, is_ready = kind(process), Event()
    listener = Thread(target=_listen, args=(server, ready, is_ready))
    listener.start()
    try:
        is_ready.wait(START_SECONDS)
        assert server.port, f"{command[0]} did not start:\n{''.join(server.log)}"
        yield server
    finally:
        server.stop()
        listener.join()
        process.stderr.close()


def _listen(server, ready, is_ready):
    """Read the log to its end, or the server would wait for room in the pipe."""
    for line in server.process.stderr:
        server.log.append(line)
        found = LISTENING.search(line)
        if found:
            server.port = int(found[1])
        if server.port and ready in "".join(server.log):
            is_ready.set()
    is_ready.set()


def start_prometheus(folder, *, targets=(), settings=None, every="100ms"):
    """Prometheus with its data in ``folder``, which asks ``targets`` (host:port) for metrics ``every`` so often.

    ``settings`` are more top-level parts of its configuration, such as ``alerting`` and ``rule_files``.
    """
    folder.mkdir(parents=True, exist_ok=True)
    scraped = {"job_name": "tests", "static_configs": [{"targets": list(targets)}]}
    times = {"scrape_interval": every, "scrape_timeout": every, "evaluation_interval": every}
    config = {"global": times, "scrape_configs": [scraped], **(settings or {})}
    (folder / "prometheus.yml").write_text(json.dumps(config))
    command = [
        program("prometheus"),
        f"--config.file={folder / 'prometheus.yml'}",
        f"--storage.tsdb.path={folder / 'data'}",
        "--web.listen-address=127.0.0.1:0",
        "--web.enable-lifecycle",
    ]
    return running(Prometheus, command, ready="Server is ready to receive web requests", cwd=folder)


def start_alertmanager(folder, *, webhook, bearer=None, every="100ms"):
    """Alertmanager with its data in ``folder``, which posts every group of alerts to ``webhook``."""
    folder.mkdir(parents=True, exist_ok=True)
    hook = {"url": webhook, "send_resolved": True}
    if bearer:
        hook["http_config"] = {"authorization": {"type": "Bearer", "credentials": bearer}}
    route = {
        "receiver": "gm",
        "group_wait": every,
        "group_interval": every,
        "repeat_interval": "1h",
        "group_by": ["..."],
    }
    config = {"route": route, "receivers": [{"name": "gm", "webhook_configs": [hook]}]}
    (folder / "alertmanager.yml").write_text(json.dumps(config))
    command = [
        program("alertmanager"),
        f"--config.file={folder / 'alertmanager.yml'}",
        f"--storage.path={folder / 'data'}",
        "--web.listen-address=127.0.0.1:0",
        "--cluster.listen-address=",
    ]
    return running(Alertmanager, command, ready="Listening on", cwd=_templates())


def _templates():
    """The directory that an Alertmanager out of ``make test-servers`` reads its templates from."""
    folder = UNPACKED / "alertmanager" / "usr" / "share" / "prometheus" / "alertmanager"
    return folder if folder.is_dir() else None


def start_s3():
    """An S3 without buckets."""
    return running(S3, [program("moto"), "-H", "127.0.0.1", "-p", "0"], ready="Running on")


class Exposed:
    """Metrics for Prometheus to fetch: ``text`` in its exposition format, and what came of it."""

    def __init__(self):
        self.text, self.status, self.address = "", 200, ""
        self.fetched = 0
        self._changed = Condition()

    def answer(self):
        """Status and body of one answer."""
        with self._changed:
            self.fetched += 1
            self._changed.notify_all()
            return self.status, self.text.encode()

    def show(self, text, *, status=200):
        """Answer this from now on, and come back when Prometheus keeps it.

        It asks a target anew only when it is done with the last answer.
        """
        with self._changed:
            self.text, self.status = text if text.endswith("\n") else f"{text}\n", status
            enough = self.fetched + 2
            assert self._changed.wait_for(lambda: self.fetched >= enough, START_SECONDS), "nobody asks for metrics"


@contextlib.contextmanager
def exposed():
    """Serve metrics while the block runs."""
    made = Exposed()

    class Handler(Quiet, BaseHTTPRequestHandler):
        def do_GET(self):
            status, body = made.answer()
            self.send_response(status)
            self.send_header("Content-Type", "text/plain; version=0.0.4")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

    with serving(ThreadingHTTPServer(("127.0.0.1", 0), Handler)) as port:
        made.address = f"127.0.0.1:{port}"
        yield made


@pytest.fixture
def metrics():
    """Metrics that a test shows (``metrics.show("model_accuracy 0.9")``)."""
    with exposed() as made:
        yield made


@pytest.fixture
def prometheus(tmp_path, metrics):
    """A Prometheus that asks ``metrics`` ten times a second."""
    with start_prometheus(tmp_path / "prometheus", targets=[metrics.address]) as server:
        yield server


@pytest.fixture(scope="session")
def _s3_server():
    with start_s3() as server:
        yield server


@pytest.fixture
def s3(_s3_server, monkeypatch):
    """An empty S3, and the credentials for it in the environment."""
    _s3_server.forget()
    for name, value in _s3_server.environment.items():
        monkeypatch.setenv(name, value)
    return _s3_server
