"""Whole ``gm`` commands killed by SIGKILL at chosen system calls, their own and those of the git processes they start.

A registry is built once; before each kill its directory is put back as it was, at the same path. The command runs in a
fork of one process that has imported everything, because a fresh interpreter for each kill would spend its time
importing.
"""

import contextlib
import ctypes
import importlib
import io
import json
import mmap
import os
import random
import re
import shutil
import signal
import subprocess
import sys
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import pytest

from gitops_models.errors import Exit
from tests.support.keys import ed25519_key
from tests.support.models import write_linear
from tests.support.registry import people_document

CALLS = (
    "rename", "renameat", "renameat2", "fsync", "fdatasync", "unlink", "unlinkat", "symlink", "symlinkat", "connect",
    "link", "linkat",
)  # fmt: skip
# Of these the command itself makes many that change nothing on disk: only those on its own files are points.
WRITING = ("openat", "write", "pwrite64", "writev", "copy_file_range", "sendfile", "ftruncate")
MUTATING = (*CALLS, *WRITING, "mkdir", "mkdirat", "rmdir", "chmod", "fchmod", "fchmodat", "utimensat")
SEED = 20261121
# What a module bears that stops runs at chosen calls.
TRACED = (
    pytest.mark.slow,
    pytest.mark.sweep,
    pytest.mark.skipif(shutil.which("strace") is None, reason="strace is not installed (apt-get install strace)"),
)
# What ``shop_to_deploy`` keeps, with the version that is live then and the one that is to be.
DEPLOYMENTS = (("first", None, "1.0.0"), ("promotion", "1.0.0", "1.1.0"), ("rollback", "1.1.0", "1.0.0"))
PEOPLE = {"ada": ["ml-engineer", "technical-lead", "operator", "policy-owner"], "ria": ["raio"]}

# Stands before git on PATH. The KILL_NUMBERth git of the command runs under strace: counted, or killed at one call;
# then, as in a power cut, everything else of the command dies with it.
SHIM = """#!/bin/sh
number=$(( $(cat "$KILL_NOTES/number" 2>/dev/null || echo 0) + 1 ))
echo $number > "$KILL_NOTES/number"
if [ -z "$KILL_NUMBER" ]; then
  exec strace -f -o "$KILL_NOTES/git.$number" -e trace="$KILL_CALLS" {git} "$@"
fi
[ "$number" = "$KILL_NUMBER" ] || exec {git} "$@"
strace -f -o /dev/null -e trace="$KILL_CALL" -e "inject=$KILL_CALL:$KILL_HOW:when=$KILL_WHEN" {git} "$@"
status=$?
echo $status > "$KILL_NOTES/status"
[ "$KILL_ALL" = 1 ] && kill -s KILL 0
exit $status
"""


@dataclass(frozen=True)
class Point:
    """Where to kill: at the ``when``th ``call`` of the command itself, or of any process of its ``git``th git.

    With ``error`` the call fails instead, and with ``lasting`` every later one like it too.
    """

    call: str
    when: int
    git: int = 0
    power_cut: bool = False
    error: str = ""
    lasting: bool = False

    def __str__(self):
        where = f"git {self.git}, " if self.git else ""
        lasting = " and all later" if self.lasting else ""
        return f"{where}{self.call} {self.when}{lasting} {self.error}{', all die' if self.power_cut else ''}".rstrip()

    @property
    def how(self):
        """What strace does at the call."""
        return f"error={self.error}" if self.error else "signal=KILL"

    @property
    def at(self):
        """At which call, in strace's words."""
        return f"{self.when}+" if self.lasting else str(self.when)


class Shop:
    """A bare repository, a clone with a solo policy, a DVC remote, two versions and a directory to serve from."""

    def __init__(self, root):
        self.root = root
        self.now = root / "now"
        self.server, self.clone, self.served_root = (self.now / name for name in ("server.git", "clone", "srv"))
        for name, weights in (("1.0.0", (0.5, -0.25)), ("1.1.0", (-0.5, 0.25))):
            write_linear(self.now / "bytes" / name / "model.onnx", weights)
        run_here("git", "init", "--quiet", "--bare", "--initial-branch=main", str(self.server))
        run_here("git", "init", "--quiet", "--initial-branch=main", str(self.clone))
        people = self.now / "people.yaml"
        people.write_bytes(people_document(PEOPLE))
        self.become("ada")
        words = ("--profile", "solo", "--people", str(people), "--remote", str(self.server))
        self.gm("init", *words, "--dvc-remote", str(self.now / "dvc"))
        for version in ("1.0.0", "1.1.0"):
            self.gm("register", "fraud", str(self.bytes_of(version)), "--risk", "low", "--merge", "-m", "because")

    def become(self, person):
        """From now on the clone signs and commits as ``person``."""
        key = self.now / "keys" / person
        if not key.exists():
            ed25519_key(person).write(key)
        identity = {"user.name": person, "user.email": f"{person}@example.org", "user.signingkey": str(key)}
        for name, value in {**identity, "gpg.format": "ssh"}.items():
            run_here("git", "-C", str(self.clone), "config", name, value)

    def bytes_of(self, version):
        """The model file of a version."""
        return self.now / "bytes" / version / "model.onnx"

    def gm(self, *words, expect=0):
        """Run ``gm`` in this process; what it printed on standard output."""
        status, out, err = call(["-C", str(self.clone), "--no-input", *words])
        assert status == expect, (words, status, err)
        return out

    def reconcile(self):
        """One run of the reconciler, whole."""
        return self.gm(*self.reconciling)

    @property
    def reconciling(self):
        """The words of one run of the reconciler."""
        return ("reconcile", "--dir", str(self.served_root), "--once")

    def refusing(self, version):
        """The words of a run with a check after the switch that ``version`` does not pass; its own state directory."""
        check = {"id": "answers", "use": "command", "when": "after", "retries": 0}
        command = ["/bin/sh", "-c", f'test "$0" != {version}', "{version}"]
        body = {
            "apiVersion": "gitops-models/v1",
            "kind": "Reconciler",
            "urls": [str(self.server)],
            "artifacts": {"url": str(self.now / "dvc")},
            "pin": self.git("rev-list", "--max-parents=0", "main"),
            "state": str(self.now / "state"),
            "key": str(self.now / "keys" / "ada"),
            "targets": [{"id": "local", "path": str(self.served_root), "stages": ["production"]}],
            "checks": [{**check, "command": command}],
            "prefetch": False,
        }
        config = self.now / "reconciler.yaml"
        config.write_text(json.dumps(body))
        return ("reconcile", "--config", str(config), "--once")

    def served(self):
        """What a reader gets from the production stage; None where nothing is live."""
        current = self.served_root / "fraud" / "production" / "current"
        return (current.resolve(strict=True) / "model.onnx").read_bytes() if current.is_symlink() else None

    def git(self, *args):
        """Run git on the server's repository."""
        return run_here("git", "-C", str(self.server), *args)

    def deployments(self):
        """How many deployment records the server has."""
        return len(self.git("rev-list", "refs/gm/deployments/local").splitlines())

    def keeps_refusing(self, version, live, at):
        """Hold that later runs with ``refusing(version)`` serve ``live`` and leave no intent open."""
        for _ in range(2):
            self.gm(*self.refusing(version), expect=Exit.DENIED)
            assert self.served() == live, at
        assert [path for path in self.now.glob("state/journal/**/*") if path.is_file()] == [], at

    def keep(self, name):
        """Keep the state that is there now."""
        shutil.copytree(self.now, self.root / name, symlinks=True)

    def back_to(self, name):
        """Put a kept state back at the same path."""
        make_writable(self.now)
        shutil.rmtree(self.now)
        shutil.copytree(self.root / name, self.now, symlinks=True)

    def left_over(self):
        """Locks of git, unfinished objects, temporary names, open intents and waiting records, wherever they are."""
        clone = self.clone / ".git"
        patterns = [(self.server, "*.lock"), (clone, "*.lock"), (clone / "gm", "tmp_*"), (self.served_root, ".*.new")]
        patterns += [(clone / "gm", "**/outbox/**/*.json"), (clone / "gm", "**/journal/**/*.json")]
        found = [path for folder, pattern in patterns for path in folder.rglob(pattern)]
        return [str(path.relative_to(self.now)) for path in found if path.name != "memory.json.lock"]


def shop_to_deploy(root):
    """A shop kept before its first deployment, before one of a newer version, and before one of a rollback."""
    made = Shop(root)
    made.gm("promote", "fraud@1.0.0", "--through", "production", "--merge", "-m", "go live")
    made.keep("first")
    made.reconcile()
    made.gm("promote", "fraud@1.1.0", "--through", "production", "--merge", "-m", "better")
    made.keep("promotion")
    made.reconcile()
    made.gm("rollback", "fraud", "--stage", "production", "--quarantine", "--merge", "-m", "worse")
    made.keep("rollback")
    return made


def make_writable(folder):
    """Served entries are read-only directories; rmtree needs them otherwise."""
    for path, folders, _ in os.walk(folder):
        for name in folders:
            child = Path(path, name)
            if not child.is_symlink():
                child.chmod(0o755)


def run_here(*command):
    """Run a command and give its output."""
    return subprocess.run(command, check=True, capture_output=True, text=True, timeout=120).stdout.strip()


def call(words):
    """Run ``gm`` in this process: exit status, standard output and standard error."""
    from gitops_models.cli.run import run  # noqa: PLC0415 - the server of forks imports it once

    out, err = io.StringIO(), io.StringIO()
    here = Path(words[1]) if words[0] == "-C" else Path.cwd()
    with contextlib.chdir(here), contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        status = run(words)
    return int(status), out.getvalue(), err.getvalue()


class Killer:
    """Runs ``gm`` in forks of one process, counted or killed."""

    def __init__(self, process, notes):
        self._process = process
        self._notes = notes
        self._shim = notes / "bin"
        self._shim.mkdir(parents=True)
        shim = self._shim / "git"
        shim.write_text(SHIM.replace("{git}", shutil.which("git")))
        shim.chmod(0o755)

    def count(self, clone, words, calls=CALLS, *, ends=0):
        """Every point of one undisturbed run, which ends with the status ``ends``."""
        self._forget()
        log = self._notes / "own"
        settings = {"KILL_CALLS": ",".join(CALLS)}
        end = self._run(clone, words, settings, ["-y", "-e", f"trace={','.join(calls)}", "-o", str(log)])
        assert end == ends, end
        points = own_points(log.read_text(), str(clone.parent))
        for number in range(1, int((self._notes / "number").read_text()) + 1):
            points += self._points_of_git(number)
        return points

    def kill(self, clone, words, point):
        """Run and kill; the exit status, negative for the signal that ended the command itself."""
        self._forget()
        if not point.git:
            inject = f"inject={point.call}:{point.how}:when={point.at}"
            tracing = ["-e", f"trace={point.call}", "-e", inject, "-o", os.devnull]
            return self._run(clone, words, {}, tracing)
        settings = {"KILL_NUMBER": point.git, "KILL_CALL": point.call, "KILL_WHEN": point.at}
        settings |= {"KILL_ALL": int(point.power_cut), "KILL_HOW": point.how}
        return self._run(clone, words, {name: str(value) for name, value in settings.items()}, None)

    @property
    def said(self):
        """What the last run printed; nothing where it was killed."""
        return (self._notes / "said").read_text()

    def _points_of_git(self, number):
        log = (self._notes / f"git.{number}").read_text()
        calls = Counter(re.findall(r"^(\d+) +(\w+)\(", log, re.MULTILINE))
        most = Counter()
        for (_, name), total in calls.items():
            most[name] = max(most[name], total)
        return [
            Point(name, when, number, power_cut)
            for name, total in most.items()
            for when in range(1, total + 1)
            for power_cut in (False, True)
        ]

    def _forget(self):
        for path in self._notes.iterdir():
            if path.is_file():
                path.unlink()

    def _run(self, clone, words, settings, tracing):
        settings = {**settings, "KILL_NOTES": str(self._notes)}
        if tracing is None or "KILL_CALLS" in settings:
            settings["PATH"] = f"{self._shim}{os.pathsep}{os.environ['PATH']}"
        request = {"words": ["-C", str(clone), "--no-input", *words], "settings": settings}
        self._process.stdin.write(json.dumps(request) + "\n")
        self._process.stdin.flush()
        pid = int(self._process.stdout.readline())
        if tracing is None:
            os.kill(pid, signal.SIGCONT)
            return int(self._process.stdout.readline())
        # Its threads too, and what it forks until that becomes another program: git has a strace of its own.
        strace = ["strace", "-f", "-b", "execve", "-p", str(pid), *tracing]
        with subprocess.Popen(strace, stderr=subprocess.PIPE, text=True) as tracer:
            assert "attached" in tracer.stderr.readline()
            os.kill(pid, signal.SIGCONT)
            end = int(self._process.stdout.readline())
            tracer.stderr.read()
        return end


def own_points(log, folder):
    """The points of a command itself, of its log with paths: calls that change files below ``folder``."""
    counted, found = Counter(), {}
    for thread, name, rest in re.findall(r"^(\d+) +(\w+)\((.*)", log, re.MULTILINE):
        counted[thread, name] += 1
        of_ours = folder in rest and not (name == "openat" and "O_CREAT" not in rest and "O_TRUNC" not in rest)
        if name not in WRITING or of_ours:
            found[Point(name, counted[thread, name])] = True
    return list(found)


@contextlib.contextmanager
def killer(notes):
    """Start the process that forks."""
    command = [sys.executable, "-m", "tests.support.killing"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        yield Killer(process, notes)
        process.stdin.close()


def sample(points, size):
    """``size`` of the points, the same on every run, from every call and every git; all of them with GM_SWEEP=1.

    GM_SWEEP_MOST bounds a sweep, for a machine that has no hours.
    """
    if os.environ.get("GM_SWEEP"):
        size = int(os.environ.get("GM_SWEEP_MOST", len(points)))
    if size >= len(points):
        return list(points)
    shuffled = random.Random(SEED).sample(list(points), len(points))
    groups = {}
    for point in shuffled:
        groups.setdefault((point.call, bool(point.git), point.power_cut, point.error), []).append(point)
    chosen = []
    while len(chosen) < min(size, len(points)):
        for group in groups.values():
            if group and len(chosen) < size:
                chosen.append(group.pop())
    return chosen


def note(line):
    """Say how much was tried; ``pytest -rA`` shows it."""
    sys.stdout.write(f"{line}\n")


def serve_runs():
    """For each request fork a process that stops, to be traced, and then runs ``gm``; print pid and end."""
    import_all()
    said = mmap.mmap(-1, 1 << 20)  # shared with the fork: what it says must not need a call that fails
    for line in sys.stdin:
        request = json.loads(line)
        said[:4] = bytes(4)
        child = os.fork()
        if child == 0:
            os.setpgrp()
            os.environ.update(request["settings"])
            ctypes.CDLL(None).prctl(0x59616D61, -1, 0, 0, 0)  # PR_SET_PTRACER_ANY: Yama lets only ancestors trace
            os.kill(os.getpid(), signal.SIGSTOP)
            status, out, err = call(request["words"])
            text = (out + err).encode("utf-8", "replace")[: len(said) - 4]
            said[4 : 4 + len(text)], said[:4] = text, len(text).to_bytes(4)
            os._exit(status)
        os.waitpid(child, os.WUNTRACED)
        say(child)
        end = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        Path(request["settings"]["KILL_NOTES"], "said").write_bytes(said[4 : 4 + int.from_bytes(said[:4])])
        say(end)


def import_all():
    """What the killed commands import, once and before the forks."""
    names = ("api", "artifacts.readers", "cli.app", "cli.run", "workflows.deliver")
    for name in ("git", *(f"gitops_models.{name}" for name in names)):
        importlib.import_module(name)
    for verb in ("merge", "promote", "reconcile"):
        importlib.import_module(f"gitops_models.cli.{verb}_")
    one_after_the_other()


def one_after_the_other():
    """Places one at a time: with threads the same number would be another call in each run."""
    visit, pool = (importlib.import_module(f"gitops_models.delivery.{name}") for name in ("visit", "pool"))
    visit.each = lambda work, items, *, failed, **_: pool.each(work, items, workers=1, failed=failed)


def say(number):
    """Tell the test a number."""
    sys.stdout.write(f"{number}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    serve_runs()
