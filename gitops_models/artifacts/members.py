"""The files of one directory artifact on their way in: which of them are here already, also after a crash."""

import contextlib
import os
import re
from dataclasses import dataclass, field
from threading import Lock
from typing import TYPE_CHECKING

from gitops_models.artifacts.bring import bring
from gitops_models.artifacts.content import ContentStore
from gitops_models.artifacts.files import open_regular
from gitops_models.artifacts.hashing import Progress
from gitops_models.artifacts.manifests import MAX_FILES
from gitops_models.artifacts.readers import Reader
from gitops_models.artifacts.transfer import Expected, Received
from gitops_models.errors import GmError

if TYPE_CHECKING:
    from gitops_models.registry.documents import ArtifactEntry

_LINE = re.compile(r"([0-9a-f]{32}) ([0-9a-f]{64})", re.ASCII)
_MAX_NOTES = MAX_FILES * 98
_APPEND = os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC


@dataclass
class Members:
    """Brings members by their MD5, and notes the sha256 of each beside what is partial.

    A note is only a hint: what it names is hashed again, and the tree digest of all decides.
    """

    entry: "ArtifactEntry"
    reader: Reader
    content: ContentStore
    md5: str
    found: dict[str, Received] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._lock = Lock()
        self._size = 0
        self._notes = self.content.partial / f"{self.md5}.members"
        self._noted = self._read()

    def bring(self, md5: str, progress: Progress) -> None:
        """Have one member in the store; errors as ``bring``, GM-A313 when all are more than the artifact."""
        received = self._here(md5, progress)
        if received is None:
            expected = Expected(self.reader.where(md5), limit=self.entry.size, md5=md5)
            received = bring(md5, expected, self.reader, self.content, progress)
            self._note(received)
        with self._lock:
            self.found[md5] = received
            self._size += received.size
        if self._size > self.entry.size:
            raise GmError("GM-A313", f"{self.entry.path} has more than {self.entry.size} bytes", where=self.entry.path)

    def forget(self) -> None:
        """Drop the notes: the listing takes their place, or they led to another directory."""
        self._notes.unlink(missing_ok=True)

    def _here(self, md5: str, progress: Progress) -> Received | None:
        sha256 = self._noted.get(md5)
        path = self.content.get(sha256, progress) if sha256 else None
        return Received(sha256, md5, path.stat().st_size) if sha256 and path else None

    def _read(self) -> dict[str, str]:
        with contextlib.suppress(GmError, OSError), open_regular(self._notes) as stream:
            text = stream.read(_MAX_NOTES).decode("ascii", "replace")
            return {match[1]: match[2] for line in text.splitlines() if (match := _LINE.fullmatch(line))}
        return {}

    def _note(self, received: Received) -> None:
        """Add a line; without it the file would only be fetched again."""
        with self._lock, contextlib.suppress(OSError):
            sink = os.open(self._notes, _APPEND, 0o600)
            try:
                os.write(sink, f"{received.md5} {received.sha256}\n".encode())
            finally:
                os.close(sink)
