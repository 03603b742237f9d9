"""Messages that wait: one file each, flushed before the first attempt and removed after the one that succeeds.

A run that was killed in between leaves the file, and the next run sends it again under the same id. Who sends holds a
lock, so that two runs never send the same file; who only puts a message waits for nobody.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import re
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from gitops_models.artifacts.files import fsync_directory
from gitops_models.delivery import durable
from gitops_models.delivery.notify.base import Message
from gitops_models.errors import GmError
from gitops_models.registry.values import dataclass

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

MOST_MESSAGES = 500
MOST_ASIDE = 50
MOST_BYTES = 512 * 1024
LOG_BYTES = 1024 * 1024
_PAUSE_SECONDS = 0.1
_HOUR_NS = 3600 * 10**9
# <order>-<rank>-<identity>.json: the rank, low for what may be dropped first, stands in the name because a full outbox
# is no time to read files.
_NAME = re.compile(r"([0-9]{20})-([0-9])-[0-9a-f]{32}\.json")


@dataclass(frozen=True)
class Outbox:
    """The directory ``root``, private to the operator."""

    root: Path

    def put(self, message: Message, *, rank: int, at: int) -> Sequence[GmError]:
        """Keep ``message``; ``at`` (nanoseconds) orders it after all that wait. Gives what had to go: GM-R706.

        An event that waits already is not put twice. Raises GM-R705 where it cannot be kept.
        """
        data = _render(message)
        if len(data) > MOST_BYTES:
            raise GmError("GM-R705", f"the notice has {len(data)} bytes, more than {MOST_BYTES}")
        with _as_r705(self.root):
            self._make(self.root)
            if any(_identity(message) in path.name for path in self.waiting()):
                return ()
            self._sweep(at)
            dropped = [GmError("GM-R706", f"dropped {path.name}", where=str(self.root)) for path in self._make_room()]
            order = max([at, *(int(path.name[:20]) + 1 for path in self.waiting()[-1:])])
            name = f"{order:020d}-{rank}-{_identity(message)}.json"
            durable.write_file(self.root / name, data, mode=0o600)
        return dropped

    def waiting(self) -> list[Path]:
        """Return the files that wait, oldest first. Raises GM-R705."""
        with _as_r705(self.root):
            found = os.listdir(self.root) if os.path.lexists(self.root) else []  # noqa: PTH208 - names are needed
        return [self.root / name for name in sorted(found) if _NAME.fullmatch(name)]

    def read(self, path: Path) -> Message | None:
        """Return the message in ``path``; None where another run has sent it meanwhile.

        Raises GM-R704 for a damaged file, which is set aside first and tried no more.
        """
        try:
            descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK)
        except FileNotFoundError:
            return None
        except OSError as error:
            raise self._damaged(path, error.strerror) from error
        try:
            with os.fdopen(descriptor, "rb") as file:
                return _parse(path.name, file.read(MOST_BYTES + 1))
        except (OSError, ValueError, KeyError, TypeError, RecursionError) as error:
            raise self._damaged(path, str(error)) from error

    def done(self, path: Path) -> None:
        """Forget a message that was delivered. Raises GM-R705."""
        with _as_r705(path):
            durable.remove_file(path)

    def set_aside(self, path: Path) -> None:
        """Move a file to ``aside``: tried no more, not lost; only the newest are kept there."""
        folder = self.root / "aside"
        with _as_r705(path):
            self._make(folder)
            path.replace(folder / path.name)
            fsync_directory(folder)
            for old in sorted(folder.iterdir())[:-MOST_ASIDE]:
                old.unlink(missing_ok=True)

    def record(self, line: bytes) -> None:
        """Append a line to ``notices.jsonl``, whether anybody is told or not; one older file is kept.

        Raises GM-R705.
        """
        path = self.root / "notices.jsonl"
        with _as_r705(path):
            self._make(self.root)
            if path.exists() and path.stat().st_size > LOG_BYTES:
                path.replace(path.with_suffix(".old.jsonl"))
            flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC
            descriptor = os.open(path, flags, 0o600)
            try:
                os.write(descriptor, line + b"\n")
                os.fsync(descriptor)
            finally:
                os.close(descriptor)

    @contextmanager
    def sending(self, *, wait: Callable[[float], None], now: Callable[[], float], seconds: float) -> Iterator[None]:
        """Be the only sender; GM-R707 where another one still is after ``seconds``."""
        with _as_r705(self.root):
            self._make(self.root)
            flags = os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC
            descriptor = os.open(self.root / "lock", flags, 0o600)
        try:
            deadline = now() + seconds
            while not _locked(descriptor):
                if now() >= deadline:
                    raise GmError("GM-R707", "another run is sending", where=str(self.root))
                wait(_PAUSE_SECONDS)
            yield
        finally:
            os.close(descriptor)

    def _make(self, folder: Path) -> None:
        if not folder.is_dir():
            durable.make_directory(folder.parent)
            folder.mkdir(mode=0o700, exist_ok=True)
            fsync_directory(folder.parent)

    def _make_room(self) -> list[Path]:
        """Drop what matters least, the oldest first, until one more fits."""
        files = self.waiting()
        too_many = max(len(files) - MOST_MESSAGES + 1, 0)
        dropped = sorted(files, key=lambda path: (path.name[21], path.name))[:too_many]
        for path in dropped:
            path.unlink(missing_ok=True)
        return dropped

    def _sweep(self, at: int) -> None:
        """Remove what killed runs left half written; nobody writes for an hour."""
        for left in self.root.glob(f".*{durable.TEMPORARY}"):
            if at - left.stat().st_mtime_ns > _HOUR_NS:
                left.unlink(missing_ok=True)

    def _damaged(self, path: Path, why: object) -> GmError:
        self.set_aside(path)
        return GmError("GM-R704", f"{path.name} is damaged and was set aside: {why}", where=str(self.root))


def _locked(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _identity(message: Message) -> str:
    """One file per event and notifier: the same event put again takes another place in the order, not another id."""
    return hashlib.sha256(f"{message.notifier}\n{message.id}".encode()).hexdigest()[:32]


def _render(message: Message) -> bytes:
    body = message.body.decode("ascii")
    fields = {"id": message.id, "kind": message.kind, "notifier": message.notifier, "body": body}
    return json.dumps({**fields, "sha256": hashlib.sha256(message.body).hexdigest()}).encode()


def _parse(name: str, data: bytes) -> Message:
    if len(data) > MOST_BYTES:
        raise ValueError(f"more than {MOST_BYTES} bytes")
    value: Any = json.loads(data)
    texts = [value[field] for field in ("id", "kind", "notifier", "body", "sha256")]
    if len(value) != len(texts) or not all(isinstance(text, str) for text in texts):
        raise ValueError("not a message")
    message = Message(value["id"], value["kind"], value["notifier"], value["body"].encode("ascii"))
    if hashlib.sha256(message.body).hexdigest() != value["sha256"] or _identity(message) not in name:
        raise ValueError("not the message that was written")
    return message


@contextmanager
def _as_r705(where: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise GmError("GM-R705", f"the outbox cannot be used: {error.strerror}", where=str(where)) from error
