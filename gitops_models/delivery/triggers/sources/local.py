"""file, command and integrity: signals from this machine."""

from __future__ import annotations

import os
import stat
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING

from gitops_models.delivery.checks.fill import filled as filled_words
from gitops_models.delivery.processes import TEMPORARY_FAILURE, run_program
from gitops_models.delivery.triggers.settings import QUERY
from gitops_models.delivery.triggers.sources.base import AWAY, REFUSED, UNFIT
from gitops_models.delivery.triggers.sources.fill import filled
from gitops_models.delivery.triggers.sources.reports import answer_of, load
from gitops_models.delivery.triggers.values import Answer, Sample
from gitops_models.errors import GmError
from gitops_models.registry.values import dataclass

if TYPE_CHECKING:
    from gitops_models.delivery.processes import Ended
    from gitops_models.delivery.triggers.settings import CommandSource, FileSource, IntegritySource
    from gitops_models.delivery.triggers.sources.base import Subject

MOST_BYTES = 1 << 20


@dataclass(frozen=True)
class FileReport:
    """A file of JSON that some tool writes anew; its age is that of its last change."""

    place: FileSource

    def read(self, query: str | None, subject: Subject) -> Answer:
        """Read it; a file that is not there is no data."""
        path = Path(filled_words(self.place.path, subject.words))
        try:
            # Never waits at a FIFO, never follows a link that was put there.
            descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
        except FileNotFoundError:
            return Answer()
        except OSError as error:
            raise GmError(AWAY, f"{self.place.id}: {error.strerror}", where=str(path)) from error
        with os.fdopen(descriptor, "rb") as file:
            status = os.fstat(descriptor)
            if not stat.S_ISREG(status.st_mode):
                raise GmError(REFUSED, f"{self.place.id}: it is no regular file", where=str(path))
            data = file.read(MOST_BYTES + 1)
        if len(data) > MOST_BYTES:
            raise GmError(REFUSED, f"{self.place.id}: more than {MOST_BYTES} bytes", where=str(path))
        changed = datetime.fromtimestamp(status.st_mtime, UTC)
        return answer_of(load(data), query, subject.slots, changed)


@dataclass(frozen=True)
class CommandReport:
    """A program that prints JSON; status 75 (EX_TEMPFAIL) is no data, any other but 0 an error."""

    place: CommandSource

    def read(self, query: str | None, subject: Subject) -> Answer:
        """Run it with its words filled in."""
        ended = self._run([self._word(word, query, subject) for word in self.place.command])
        if ended.status == TEMPORARY_FAILURE:
            return Answer()
        if ended.status is None:
            raise GmError(AWAY, f"{self.place.id} did not end within {self.place.timeout:g} s")
        if ended.status != 0:
            raise GmError(REFUSED, f"{self.place.id} ended with {ended.status} {ended.words}".rstrip())
        return answer_of(load(ended.output), None, subject.slots)

    def _run(self, words: list[str]) -> Ended:
        try:
            return run_program(words, seconds=self.place.timeout)
        except OSError as error:
            raise GmError(AWAY, f"{self.place.id} cannot be started: {error.strerror}") from error

    def _word(self, word: str, query: str | None, subject: Subject) -> str:
        if word != QUERY:
            return filled_words(word, subject.words)
        text = filled(query or "", subject.slots, str)
        if text.startswith("-"):
            raise GmError(UNFIT, "a query for a command must not begin with a dash")
        return text


@dataclass(frozen=True)
class Integrity:
    """What is served, hashed again."""

    place: IntegritySource

    def read(self, query: str | None, subject: Subject) -> Answer:
        """Count the differences between what is served and what was accepted."""
        del query
        return Answer((Sample(Decimal(len(subject.damage())), subject.now),))
