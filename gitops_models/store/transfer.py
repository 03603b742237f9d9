"""One git process that talks to a remote; what writes there runs under GitPython.

GitPython can only add to the caller's environment, so ``env -u`` takes away what must not reach git.
"""

import os
import re
import selectors
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from subprocess import Popen
from threading import Event, Thread, Timer
from typing import Any, TypeAlias

from gitops_models.errors import GmError
from gitops_models.registry.text import visible
from gitops_models.store.environment import unwanted
from gitops_models.store.gitcli import Completed, spawn, stop
from gitops_models.store.repository import Store

Progress: TypeAlias = Callable[[str], None]
_TICK = 0.2


def transfer(store: Store, args: Sequence[str], *, timeout: float, progress: Progress | None = None) -> Completed:
    """Run ``git <args>``; ``progress`` gets its messages line by line. GM-S201 after ``timeout`` seconds."""
    # GitPython's guard ends the process when it is collected, so it must outlive the conversation.
    guard = _start(store, args)
    return _finish(guard.proc, args[0], timeout, progress)


def bring(store: Store, args: Sequence[str], *, timeout: float, progress: Progress | None = None) -> Completed:
    """As ``transfer``, for what only reads from a remote: every command begins so, and waits for no GitPython."""
    process = spawn(store.git, args)
    try:
        if process.stdin is not None:
            process.stdin.close()
        return _finish(process, args[0], timeout, progress)
    except BaseException:
        stop(process)
        raise


def _finish(process: Popen[bytes], verb: str, timeout: float, progress: Progress | None) -> Completed:
    listener = _Listener(process, progress)
    expired = Event()
    late = Timer(timeout, _expire, (process, expired))
    late.start()
    try:
        stdout = process.stdout.read() if process.stdout else b""
        status = process.wait()
    finally:
        late.cancel()
        if process.poll() is None:
            process.terminate()
            process.wait()
        stderr = listener.finish()
    if expired.is_set() and status:
        raise GmError("GM-S201", f"git {verb} did not finish within {timeout:g} s")
    return Completed(status, stdout, stderr)


def _expire(process: Popen[bytes], expired: Event) -> None:
    expired.set()
    process.terminate()


def _start(store: Store, args: Sequence[str]) -> Any:
    try:
        with _scrubbed(store):
            from git.cmd import Git  # noqa: PLC0415 - GitPython costs as much as eighteen bare Pythons to import
            from git.exc import GitCommandNotFound  # noqa: PLC0415 - as above
    except ImportError as error:  # GitPython refuses to be imported where there is no git
        raise GmError("GM-S008", f"git cannot be started: {error}") from error
    taken = [part for name in unwanted(os.environ, store.git.env) for part in ("-u", name)]
    command = ["env", *taken, *store.git.command(args)]
    try:
        return Git(store.git.cwd).execute(command, as_process=True, env=dict(store.git.env))
    except GitCommandNotFound as error:
        raise GmError("GM-S008", f"git cannot be started: {error}") from error


@contextmanager
def _scrubbed(store: Store) -> Iterator[None]:
    """Hide what must not reach git while GitPython is imported, which runs `git version` with all that it finds.

    It even runs the program that GIT_PYTHON_GIT_EXECUTABLE names.
    """
    hidden = {name: os.environ.pop(name) for name in unwanted(os.environ, store.git.env)}
    try:
        yield
    finally:
        os.environ.update(hidden)


class _Listener:
    """Reads stderr beside the main thread, without ever blocking on it.

    An ssh or upload-pack that outlives git keeps the pipe open: a blocking read would hang until that one ends.
    """

    def __init__(self, process: Popen[bytes], progress: Progress | None) -> None:
        self._process = process
        self._progress = progress
        self._said = bytearray()
        self._ended = Event()
        self._thread = Thread(target=self._listen, daemon=True)
        self._thread.start()

    def finish(self) -> str:
        """Give everything that was said; to be called when git has ended."""
        self._ended.set()
        self._thread.join()
        for stream in (self._process.stdout, self._process.stderr):
            if stream is not None:
                stream.close()
        return self._said.decode("utf-8", "replace")

    def _listen(self) -> None:
        if self._process.stderr is None:
            return
        handle = self._process.stderr.fileno()
        with selectors.DefaultSelector() as selector:
            selector.register(handle, selectors.EVENT_READ)
            while True:
                if selector.select(_TICK):
                    chunk = os.read(handle, 65536)
                    if not chunk:
                        return
                    self._tell(chunk)
                elif self._ended.is_set():
                    return

    def _tell(self, chunk: bytes) -> None:
        begun = max(self._said.rfind(b"\n"), self._said.rfind(b"\r")) + 1
        self._said += chunk
        if self._progress is None:
            return
        lines = re.split(r"[\r\n]+", self._said[begun:].decode("utf-8", "replace"))
        for line in lines[:-1]:
            if line:
                self._progress(visible(line))
