"""One object from a remote into the content store, whatever the network does on the way.

A lost connection is taken up where it broke. Bytes that are others are asked for once more before they are called so:
a network that cuts or repeats an answer does it differently each time, a swapped object is the same each time.
"""

import os
from dataclasses import dataclass, field

from gitops_models.artifacts.cloud_errors import INCONSISTENT
from gitops_models.artifacts.content import ContentStore
from gitops_models.artifacts.hashing import Progress
from gitops_models.artifacts.partial import LOST, Arriving, arriving
from gitops_models.artifacts.readers import Reader
from gitops_models.artifacts.transfer import Expected, Received, bound_of, checked, hasher_for, pour
from gitops_models.errors import GmError

_ATTEMPTS = 5
_WRONG = frozenset({"GM-A312", "GM-A313", "GM-A314"})


def bring(
    md5: str, expected: Expected, reader: Reader, content: ContentStore, progress: Progress | None = None
) -> Received:
    """Store the object that ``reader`` knows by ``md5`` under its own sha256, once it is what was expected.

    GM-A311 missing, A312..A315 other bytes, A321 and A621 network (what arrived is kept), A322 credentials, A401 no
    place, A622 when the remote says one thing and another.
    """
    with arriving(content, md5) as file:
        received = _Bringing(md5, expected, reader, file, progress).run()
        content.keep(file.sink, file.path, received.sha256)
    return received


def bring_bytes(md5: str, expected: Expected, reader: Reader, content: ContentStore) -> bytes:
    """Give a small object's bytes and keep none of them; errors as ``bring``."""
    with arriving(content, md5) as file:
        received = _Bringing(md5, expected, reader, file, None).run()
        data = os.pread(file.sink, received.size, 0)
        file.path.unlink(missing_ok=True)
    return data


@dataclass
class _Bringing:
    md5: str
    expected: Expected
    reader: Reader
    file: Arriving
    progress: Progress | None
    wrong: list[GmError] = field(default_factory=list)
    fruitless: int = 0

    def run(self) -> Received:
        left = _ATTEMPTS
        while True:
            left -= 1
            start = self.file.size
            try:
                return self._receive()
            except GmError as error:
                if not left:
                    raise self._last(error) from error
                self._make_ready(error, start)

    def _receive(self) -> Received:
        if self.file.size > bound_of(self.expected):
            self.file.clear()
        with hasher_for(self.expected) as hasher:
            self.file.feed(hasher, self.progress)
            if hasher.size != self.expected.size:
                with self.reader.open(self.md5, hasher.size) as stream:
                    pour(stream, self.file.sink, self.expected, hasher, self.progress)
            return checked(hasher, self.expected)

    def _make_ready(self, error: GmError, start: int) -> None:
        """Have another attempt begin in the right place, or raise what ended this one."""
        if error.code in LOST and self.reader.distant and self._is_worth_it(error, start):
            return None
        if error.code == INCONSISTENT and start:
            return self.file.clear()  # going on from there is what fails
        if error.code not in _WRONG:
            raise error
        if error.code != "GM-A313" and self._is_cut():
            return None
        self.file.clear()
        if start:
            return None  # what lay there may have been other bytes
        return self._ask_again(error)

    def _is_worth_it(self, error: GmError, start: int) -> bool:
        """Whether a lost connection is tried anew at once: where bytes came, and once where none did."""
        if self.file.size > start:
            return True
        self.fruitless += 1
        return self.fruitless == 1 and error.code != "GM-A621"

    def _is_cut(self) -> bool:
        """Whether the remote itself has more of the object than it sent."""
        if not self.reader.distant:
            return False
        try:
            size = self.reader.size(self.md5)
        except GmError:
            return False
        return size is not None and size > self.file.size

    def _ask_again(self, error: GmError) -> None:
        if not self.reader.distant:
            raise error
        self.wrong.append(error)
        if len(self.wrong) == 1:
            return
        if len({str(each) for each in self.wrong}) == 1:
            raise error
        raise self._inconsistent("comes as other bytes each time") from error

    def _last(self, error: GmError) -> GmError:
        if error.code in _WRONG and self.reader.distant:
            return self._inconsistent(f"came incomplete or as other bytes {_ATTEMPTS} times")
        return error

    def _inconsistent(self, what: str) -> GmError:
        return GmError(INCONSISTENT, f"{self.expected.where} {what}", where=self.expected.where)
