"""One program of the operator's, run to its end: no shell, a short environment, a limit on time and on what it says."""

from __future__ import annotations

import os
import selectors
import signal
import subprocess
import time
from contextlib import suppress
from dataclasses import dataclass
from typing import IO, TYPE_CHECKING

from gitops_models.registry.text import visible

if TYPE_CHECKING:
    from collections.abc import Sequence

# Nothing that could steer a program or tell it a secret of ours: no GIT_*, SSH_*, LD_*, PYTHON*, no tokens of CI jobs.
ENVIRONMENT = ("PATH", "HOME", "USER", "LOGNAME", "TMPDIR", "LANG", "LC_ALL", "TZ")
TEMPORARY_FAILURE = 75  # EX_TEMPFAIL of sysexits.h: another attempt may help
MOST_OUTPUT = 65536
_SHOWN = 200
_PIPE = 4096  # bytes that come at once, at least, from a pipe that is full
_CHUNK = 65536
_LOOK_SECONDS = 0.05


@dataclass(frozen=True)
class Ended:
    """How a program ended: the beginning of what it wrote, and ``None`` for a ``status`` that did not come in time."""

    status: int | None
    output: bytes
    errors: bytes

    @property
    def words(self) -> str:
        """What it complained of, for a message: one line, escaped."""
        said = (self.errors or self.output).decode("utf-8", "replace")
        return visible(" ".join(said.split())[:_SHOWN])


def run_program(command: Sequence[str], *, seconds: float) -> Ended:
    """Run ``command`` in ``/`` with nothing on its standard input; one that takes longer is killed with its children.

    Raises ``OSError`` where it cannot be started.
    """
    environment = {name: os.environ[name] for name in ENVIRONMENT if name in os.environ}
    process = subprocess.Popen(
        tuple(command),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=environment,
        cwd="/",
        start_new_session=True,
    )
    with process:
        try:
            heard = _listen(process, time.monotonic() + seconds)
            if process.poll() is None:
                _end(process)
                return Ended(None, *heard)
        except BaseException:
            _end(process)
            raise
    return Ended(process.returncode, *heard)


def _listen(process: subprocess.Popen[bytes], deadline: float) -> tuple[bytes, bytes]:
    """Take what it says until it has ended or its time is over; what is beyond the limit is thrown away."""
    heard = {1: b"", 2: b""}
    with selectors.DefaultSelector() as selector:
        for number, pipe in ((1, process.stdout), (2, process.stderr)):
            selector.register(_open(pipe), selectors.EVENT_READ, number)
        while process.poll() is None and (left := deadline - time.monotonic()) > 0:
            if selector.get_map():
                _take(selector, heard, min(left, _LOOK_SECONDS))
                continue
            with suppress(subprocess.TimeoutExpired):
                process.wait(left)
        # What it wrote last is still in the pipes; a child that it left behind may go on writing for ever.
        for _ in range(2 * MOST_OUTPUT // _PIPE):
            _take(selector, heard, 0)
    return heard[1], heard[2]


def _take(selector: selectors.BaseSelector, heard: dict[int, bytes], seconds: float) -> None:
    """Read once from each pipe that has something within ``seconds``."""
    for key, _ in selector.select(seconds):
        data = os.read(key.fd, _CHUNK)
        heard[key.data] += data[: MOST_OUTPUT - len(heard[key.data])]
        if not data:
            selector.unregister(key.fileobj)


def _open(pipe: IO[bytes] | None) -> IO[bytes]:
    if pipe is None:
        raise OSError(0, "no pipe")
    return pipe


def _end(process: subprocess.Popen[bytes]) -> None:
    """Kill it and what it started; it is not reaped yet, so its number is nobody else's."""
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()
