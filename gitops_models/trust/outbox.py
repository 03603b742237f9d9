"""Records that wait for the remote: written durably before the first push, removed when it has them."""

from collections.abc import Iterator
from pathlib import Path

from gitops_models.errors import GmError
from gitops_models.registry.values import dataclass
from gitops_models.trust.memory import write_durably
from gitops_models.trust.records import Record, verify_record

__all__ = ["Outbox"]


@dataclass(frozen=True)
class Outbox:
    """A directory ``<root>/<topic>/<sha256>.json``."""

    root: Path

    @classmethod
    def of(cls, common_dir: Path, remote: str | None) -> "Outbox":
        """Return the outbox of a clone for one remote."""
        return cls(common_dir / "gm" / "outbox" / (remote or "here"))

    def put(self, topic: str, record: Record) -> None:
        """Keep a record until it is pushed."""
        write_durably(self._path(topic, record), record.envelope)

    def drop(self, topic: str, records: tuple[Record, ...]) -> None:
        """Forget records that the remote has."""
        for record in records:
            self._path(topic, record).unlink(missing_ok=True)

    def set_aside(self, topic: str, records: tuple[Record, ...]) -> None:
        """Move records that the remote refused to ``gm/refused``: no longer tried, not lost."""
        folder = self.root.parent.parent / "refused" / self.root.name / topic
        folder.mkdir(parents=True, exist_ok=True)
        for record in records:
            path = self._path(topic, record)
            path.replace(folder / path.name)

    def waiting(self, topic: str) -> tuple[Record, ...]:
        """Return the records that wait for one ref, by their claimed time; a damaged file is left alone."""
        found = [record for path in sorted((self.root / topic).glob("*.json")) if (record := _read(path))]
        return tuple(sorted(found, key=_when))

    def topics(self) -> Iterator[str]:
        """Yield every ref that records wait for."""
        folders = {path.parent.relative_to(self.root).as_posix() for path in self.root.glob("**/*.json")}
        yield from sorted(folders)

    def _path(self, topic: str, record: Record) -> Path:
        return self.root / topic / f"{record.sha256}.json"


def _read(path: Path) -> Record | None:
    try:
        record = verify_record(path.read_bytes())
    except (OSError, GmError):
        return None
    return record if path.name == f"{record.sha256}.json" else None


def _when(record: Record) -> tuple[str, str]:
    body = record.body
    times = (getattr(body, name, None) for name in ("created", "at", "finished"))
    return (next((time for time in times if time), ""), record.sha256)
