"""Reconciles of one model with two versions, without a repository, under strace: stopped or disturbed at chosen calls.

A run is a fork of one process that has imported everything, and takes a twentieth of a second.
"""

import json
import os
import shutil
import signal
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path

from gitops_models.delivery.resolve import resolve
from gitops_models.delivery.results import State
from tests.support.delivery import Ledger, checked_reconciler, chosen, content_of, reconciler
from tests.support.killing import own_points


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


def checked_here(root, version, _barred, refused, recorder=None):
    """A run with a check after the switch; ``refused`` does not pass it."""
    state = root / "state"
    return checked_reconciler(root / "srv", version, refused, state=state, recorder=recorder).run()


def validated(root):
    """Since when the place itself says that what is served passed its checks."""
    return json.loads((root / "srv/fraud/production/deployed.json").read_text())["validated"]


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


def promotion_of_what_passes(root):
    checked_here(root, "1.0.0", "", "9.9.9")
    return ["1.1.0", "", "9.9.9"], (content_of("1.0.0"), content_of("1.1.0")), content_of("1.1.0")


def promotion_of_what_does_not_pass(root):
    checked_here(root, "1.0.0", "", "1.1.0")
    return ["1.1.0", "", "1.1.0"], (content_of("1.0.0"), content_of("1.1.0")), content_of("1.0.0")


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
        return self.disturb(root, arguments, call, f"signal=KILL:when={number}")

    def disturb(self, root, arguments, call, how):
        """Run, and do to the calls what ``how`` says in strace's words."""
        return self.run(root, arguments, "-e", f"trace={call}", "-e", f"inject={call}:{how}", "-o", os.devnull)

    def points(self, root, arguments, calls, *, ends=0):
        """Where the undisturbed run can be disturbed: these calls, as far as they change its files."""
        log = root / "calls"
        assert self.run(root, arguments, "-y", "-e", f"trace={','.join(calls)}", "-o", str(log)) == ends
        return own_points(log.read_text(), str(root))


@contextmanager
def tracing():
    """Start the process that forks."""
    command = [sys.executable, "-m", "tests.support.delivery"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        yield Runner(process)
        process.stdin.close()


def copies_of(folder, scenario):
    """Fresh copies of the state that a scenario starts from, its arguments, what may be served, and what shall be."""
    template = folder / "template"
    template.mkdir()
    arguments, allowed, final = scenario(template)
    copies = (Path(shutil.copytree(template, folder / str(n), symlinks=True)) for n in range(10_000))
    return copies, arguments, allowed, final


def skips_no_check(root, arguments, final, at, *, good):
    """Hold that two more runs settle on ``final``, and that nothing is live or on record as such without its check."""
    recorder = Ledger()
    checked_here(root, *arguments, recorder=recorder)
    (again,) = checked_here(root, *arguments, recorder=recorder).results
    assert (served(root), leftovers(root)) == (final, []), at
    assert again.state is (State.LIVE if good else State.VALIDATION_FAILED), at
    assert bool(validated(root)) or not good, at
    assert good or [one.version for one in recorder.records if one.result != "failed"] == [], at
    assert all(one.checks for one in recorder.records if one.result == "succeeded"), at


def leftovers(root):
    """Temporary names of any kind, and intents that nobody closed."""
    hidden = list((root / "srv" / "fraud").rglob(".*"))
    return hidden + [path for path in (root / "state").rglob("*") if path.is_file()]
