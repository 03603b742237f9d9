"""SIGKILL at every system call that makes something durable: old or new is served, and the next run heals."""

import os
import re
import shutil
import signal
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from gitops_models.delivery.resolve import resolve
from gitops_models.delivery.results import Done, State
from tests.support.delivery import Ledger, chosen, content_of, reconciler

CALLS = (
    "rename", "renameat", "renameat2", "fsync", "fdatasync", "unlink", "unlinkat", "symlink", "symlinkat", "connect",
    "rmdir", "mkdir", "chmod", "utimensat",
)  # fmt: skip

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(shutil.which("strace") is None, reason="strace is not installed (apt-get install strace)"),
]


def served(root):
    """What a reader gets: the content, or None where nothing is live."""
    place = root / "srv" / "fraud" / "production"
    if not (place / "current").is_symlink():
        return None
    live = resolve(place)
    return {str(file.relative_to(live)): file.read_bytes() for file in live.rglob("*") if file.is_file()}


def reconcile_here(root, version, barred=None, recorder=None):
    accepted = chosen(version, barred=barred)
    return reconciler(root / "srv", accepted, state=root / "state", keep=1, recorder=recorder).run()


def spoil(root):
    file = resolve(root / "srv" / "fraud" / "production") / "model.onnx"
    file.chmod(0o644)
    file.write_bytes(b"spoiled")


def first_deployment(root):
    del root
    return ["1.1.0"], (None, content_of("1.1.0")), content_of("1.1.0")


def promotion(root):
    reconcile_here(root, "1.0.0")
    return ["1.1.0"], (content_of("1.0.0"), content_of("1.1.0")), content_of("1.1.0")


def rollback_with_quarantine(root):
    reconcile_here(root, "1.0.0")
    reconcile_here(root, "1.1.0")
    return ["1.0.0", "1.1.0"], (content_of("1.1.0"), content_of("1.0.0")), content_of("1.0.0")


def healing(root):
    reconcile_here(root, "1.0.0")
    spoil(root)
    spoiled = {**content_of("1.0.0"), "model.onnx": b"spoiled"}
    return ["1.0.0"], (spoiled, content_of("1.0.0")), content_of("1.0.0")


class Runner:
    """Runs reconciles under strace in forks of one process that has imported everything."""

    def __init__(self, process):
        self._process = process

    def run(self, root, arguments, *options):
        line = "\t".join([str(root / "srv"), str(root / "state"), *arguments])
        self._process.stdin.write(f"{line}\n")
        self._process.stdin.flush()
        pid = int(self._process.stdout.readline())
        command = ["strace", "-f", "-p", str(pid), *options]
        with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as tracer:
            assert "attached" in tracer.stderr.readline()
            os.kill(pid, signal.SIGCONT)
            end = int(self._process.stdout.readline())
            tracer.stderr.read()
        return end

    def kill(self, root, arguments, call, number):
        """Kill the run as it enters the ``number``-th ``call``."""
        inject = f"inject={call}:signal=KILL:when={number}"
        return self.run(root, arguments, "-e", f"trace={call}", "-e", inject, "-o", os.devnull)

    def count(self, root, arguments):
        """How often the undisturbed run makes each call; the same every time, because nothing in it is random."""
        log = root / "calls"
        assert self.run(root, arguments, "-e", f"trace={','.join(CALLS)}", "-o", str(log)) == 0
        return Counter(re.findall(r"^\d+ +(\w+)\(", log.read_text(), re.MULTILINE))


@pytest.fixture(scope="module")
def runner():
    command = [sys.executable, "-m", "tests.support.delivery"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        yield Runner(process)
        process.stdin.close()


@pytest.fixture
def ready(tmp_path):
    """Give a builder of fresh copies of the state that a scenario starts from."""

    def build(scenario):
        template = tmp_path / "template"
        template.mkdir()
        arguments, allowed, final = scenario(template)
        copies = (Path(shutil.copytree(template, tmp_path / str(n), symlinks=True)) for n in range(10_000))
        return copies, arguments, allowed, final

    return build


@pytest.mark.clause("A-snapshots-8")
@pytest.mark.parametrize("scenario", [first_deployment, promotion, rollback_with_quarantine, healing])
def test_a_kill_at_any_durable_call_leaves_old_or_new_and_the_next_run_heals(runner, ready, scenario):
    copies, arguments, allowed, final = ready(scenario)
    counts = runner.count(next(copies), arguments)
    points = [(call, number) for call, total in sorted(counts.items()) for number in range(1, total + 1)]
    assert {"rename", "fsync", "symlink", "unlink"} <= set(counts)
    for call, number in points:
        root, at = next(copies), f"{call} {number}"
        assert runner.kill(root, arguments, call, number) == -signal.SIGKILL, at
        assert served(root) in allowed, at
        assert reconcile_here(root, *arguments).ok, at
        assert served(root) == final, at
        assert leftovers(root) == [], at
        (again,) = reconcile_here(root, *arguments).results
        assert (again.state, again.done) == (State.LIVE, Done.NOTHING), at


def leftovers(root):
    """Temporary names of any kind, and intents that nobody closed."""
    hidden = list((root / "srv" / "fraud").rglob(".*"))
    return hidden + [path for path in (root / "state").rglob("*") if path.is_file()]


def test_a_switch_that_a_killed_run_made_is_recorded_once_by_the_next(runner, ready):
    copies, arguments, _, final = ready(promotion)
    last = runner.count(next(copies), arguments)["unlink"]
    root = next(copies)
    # The last unlink closes the intent; before it the switch is made.
    assert runner.kill(root, arguments, "unlink", last) == -signal.SIGKILL
    assert served(root) == final
    recorder = Ledger()
    assert reconcile_here(root, *arguments, recorder=recorder).ok
    assert [(record.result, record.version) for record in recorder.records] == [("succeeded", "1.1.0")]
    assert recorder.records[0].reason == "seen after an interrupted run"
    recorder = Ledger()
    assert reconcile_here(root, *arguments, recorder=recorder).ok
    assert recorder.records == []
