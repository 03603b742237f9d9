"""One way to run local git plumbing: argument list, explicit repository, clean environment, timeout.

Nothing here goes to the network; that is transport.py.
"""

import os
import re
import subprocess
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path

from gitops_models.errors import GmError
from gitops_models.registry.values import dataclass
from gitops_models.store.environment import SETTINGS, scrub

MINIMUM = (2, 34)
TIMEOUT = 120.0
_GRACE = 5.0


@dataclass(frozen=True)
class GitContext:
    """Which repository a git process works on, and with which (already scrubbed) environment."""

    git_dir: Path | None
    env: Mapping[str, str]
    work_tree: Path | None = None

    def command(self, args: Sequence[str]) -> list[str]:
        """Give the whole argument list of ``git <args>`` in this repository."""
        command = ["git", "--no-pager"]
        if self.git_dir is not None:
            command.append(f"--git-dir={self.git_dir}")
        if self.work_tree is not None:
            command.append(f"--work-tree={self.work_tree}")
        for setting in SETTINGS:
            command += ["-c", setting]
        return [*command, *args]

    @property
    def cwd(self) -> Path | None:
        """Where it runs: git takes the current directory for the top of the work tree when it is told no other."""
        return self.work_tree or self.git_dir


@dataclass(frozen=True)
class Completed:
    """What a finished git process said."""

    status: int
    stdout: bytes
    stderr: str


def run(context: GitContext, args: Sequence[str], *, stdin: bytes = b"", timeout: float = TIMEOUT) -> Completed:
    """Run ``git <args>`` and give back whatever it said; a status that is not 0 is the caller's to judge.

    Raises GM-S008 when there is no git, GM-S010 when it needs more than ``timeout`` seconds.
    """
    process = spawn(context, args)
    try:
        stdout, stderr = process.communicate(stdin, timeout=timeout)
    except subprocess.TimeoutExpired as late:
        stop(process)
        raise GmError("GM-S010", f"git {args[0]} did not finish within {timeout:g} s") from late
    except BaseException:
        stop(process)
        raise
    return Completed(process.returncode, stdout, stderr.decode("utf-8", "replace"))


def output(context: GitContext, args: Sequence[str], *, stdin: bytes = b"", timeout: float = TIMEOUT) -> bytes:
    """Give the standard output of ``git <args>``; GM-S009 with git's own lines when it fails."""
    done = run(context, args, stdin=stdin, timeout=timeout)
    if done.status:
        raise failed(args[0], done)
    return done.stdout


def lines_of(data: bytes) -> list[str]:
    """Give the lines of git's output that are UTF-8.

    Not ``str.splitlines``: it also splits at U+2028, U+0085 and other signs that a ref name may hold, so that one name
    would come out as two lines. A name that is no text is nobody's that we know.
    """
    found = []
    for line in data.split(b"\n"):
        try:
            found.append(line.decode())
        except UnicodeDecodeError:
            continue
    return [line for line in found if line]


def failed(verb: str, done: Completed) -> GmError:
    """Give the error for a git process that ended with a status it should not."""
    lines = [line for line in re.split(r"[\r\n]+", done.stderr) if line.strip()]
    said = lines[-1] if lines else f"status {done.status}"
    return GmError("GM-S009", f"git {verb}: {said}", details=lines[:-1])


def spawn(context: GitContext, args: Sequence[str]) -> subprocess.Popen[bytes]:
    """Start ``git <args>`` with pipes on all three streams (for conversations; otherwise use run)."""
    pipe = subprocess.PIPE
    command = context.command(args)
    try:
        return subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=pipe, env=dict(context.env), cwd=context.cwd)
    except OSError as error:
        raise GmError("GM-S008", f"git cannot be started: {error.strerror}") from error


def stop(process: subprocess.Popen[bytes]) -> None:
    """End a git process kindly: on SIGTERM git removes its lock files, on SIGKILL they would stay."""
    process.terminate()
    try:
        process.wait(_GRACE)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
    # Closed, not read to the end: a child of git that lives on may hold the other side open.
    for pipe in (process.stdin, process.stdout, process.stderr):
        if pipe is not None:
            with suppress(BrokenPipeError):
                pipe.close()


def git_version(environ: Mapping[str, str] | None = None) -> tuple[int, ...]:
    """Give the version of the git on PATH as numbers, such as (2, 39, 5)."""
    context = GitContext(None, scrub(os.environ if environ is None else environ))
    text = output(context, ["version"]).decode("utf-8", "replace")
    match = re.search(r"(\d+(?:\.\d+)+)", text)
    if match is None:
        raise GmError("GM-S008", f"git does not say its version: {text.strip()}")
    return tuple(int(part) for part in match.group(1).split("."))


def require_git(environ: Mapping[str, str] | None = None) -> tuple[int, ...]:
    """Give the version of git; GM-S008 when it is older than this program needs."""
    version = git_version(environ)
    if version < MINIMUM:
        found = ".".join(str(part) for part in version)
        needed = ".".join(str(part) for part in MINIMUM)
        raise GmError("GM-S008", f"git {found} is installed, {needed} or newer is needed")
    return version
