"""Notices to a program: the event as JSON on its standard input, an exit status as its answer."""

from __future__ import annotations

import os
import selectors
import signal
import subprocess
import tempfile
from contextlib import suppress
from typing import IO, TYPE_CHECKING, Self

from gitops_models.delivery.notify.base import AGAIN
from gitops_models.errors import GmError
from gitops_models.registry.text import visible
from gitops_models.registry.values import dataclass

if TYPE_CHECKING:
    from collections.abc import Callable

    from gitops_models.delivery.notify.base import Message
    from gitops_models.delivery.notify.notices import Route

KEPT_OUTPUT = 2000
SHOWN_OUTPUT = 200
# Nothing that could steer a program or tell it a secret of ours: no GIT_*, SSH_*, LD_*, PYTHON*, no tokens of CI jobs.
ENVIRONMENT = ("PATH", "HOME", "USER", "LOGNAME", "TMPDIR", "LANG", "LC_ALL", "TZ")
_TEMPORARY_FAILURE = 75  # EX_TEMPFAIL of sysexits.h
_LOOK_SECONDS = 0.1


@dataclass(frozen=True)
class CommandNotifier:
    """Runs one program, without a shell, in ``/``."""

    id: str
    routes: frozenset[Route]
    command: tuple[str, ...]
    timeout: float
    now: Callable[[], float]

    def send(self, message: Message, *, left: float) -> None:
        """Run it once; status 0 is delivery, 75 (EX_TEMPFAIL) may pass by itself."""
        seconds = min(self.timeout, left)
        with tempfile.TemporaryFile() as event:  # a file, not a pipe: who does not read it must not block us
            event.write(message.body)
            event.seek(0)
            process = self._start(event.fileno())
            with process:
                said = self._follow(process, seconds)
        if process.returncode == 0:
            return
        code = AGAIN if process.returncode == _TEMPORARY_FAILURE else "GM-R702"
        shown = visible(" ".join(said.split())[:SHOWN_OUTPUT])
        raise GmError(code, f"{self.id}: {self.command[0]} ended with {process.returncode} {shown}".rstrip())

    def _start(self, event: int) -> subprocess.Popen[bytes]:
        environment = {name: os.environ[name] for name in ENVIRONMENT if name in os.environ}
        try:
            return subprocess.Popen(
                self.command,
                stdin=event,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.PIPE,
                env=environment,
                cwd="/",
                start_new_session=True,
            )
        except OSError as error:
            raise GmError("GM-R702", f"{self.id}: {self.command[0]} cannot be started: {error.strerror}") from error

    def _follow(self, process: subprocess.Popen[bytes], seconds: float) -> str:
        """Wait for its end and give the beginning of what it wrote to standard error."""
        try:
            deadline = self.now() + seconds
            with _Ear(process.stderr) as ear:
                while process.poll() is None and self.now() < deadline:
                    ear.listen(_LOOK_SECONDS)
                ear.listen(0)
        except BaseException:
            self._end(process)
            raise
        if process.poll() is None:
            self._end(process)
            raise GmError(AGAIN, f"{self.id}: {self.command[0]} did not end within {seconds:g} s")
        return ear.heard.decode("utf-8", "replace")

    def _end(self, process: subprocess.Popen[bytes]) -> None:
        """End it and what it started; it is not reaped yet, so its number is nobody else's."""
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


class _Ear:
    """Listens to a pipe, keeps the beginning and throws the rest away."""

    def __init__(self, pipe: IO[bytes] | None) -> None:
        self._pipe = pipe
        self._selector = selectors.DefaultSelector()
        self.heard = b""

    def __enter__(self) -> Self:
        if self._pipe is not None:
            self._selector.register(self._pipe, selectors.EVENT_READ)
        return self

    def __exit__(self, *_: object) -> None:
        self._selector.close()

    def listen(self, seconds: float) -> None:
        """Take what comes within ``seconds``, once."""
        for key, _ in self._selector.select(seconds):
            data = os.read(key.fd, 65536)
            self.heard += data[: KEPT_OUTPUT - len(self.heard)]
            if not data:
                self._selector.unregister(key.fileobj)
