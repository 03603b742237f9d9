"""Records that the ledger does not have yet: signed, flushed, sent when the remote answers."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from gitops_models.delivery import durable
from gitops_models.delivery.records import DeploymentRecord
from gitops_models.errors import GmError

Sign = Callable[[DeploymentRecord], bytes]
Append = Callable[[str, Sequence[bytes]], None]


@dataclass(frozen=True)
class Delivered:
    """How many records went out and how many still wait, with the reason."""

    sent: int = 0
    waiting: int = 0
    problem: GmError | None = None


class Recorder(Protocol):
    """Where deployment records go."""

    def put(self, record: DeploymentRecord) -> None:
        """Keep ``record`` so that a crash cannot lose it; putting the same attempt again changes nothing."""

    def flush(self) -> Delivered:
        """Deliver what waits. Never raises: a remote that is away must not stop deployments."""


class NoRecorder:
    """Records nothing: for a reconciler without a key."""

    def put(self, record: DeploymentRecord) -> None:
        """Forget ``record``."""

    def flush(self) -> Delivered:
        """Have nothing to deliver."""
        return Delivered()


class Outbox:
    """Signs records into files below ``root`` and appends them to the ledger of their target.

    ``append(target, envelopes)`` must take a record that it already has without complaint, because a crash can come
    between its success and the removal of the file. It raises ``GmError`` where it cannot.
    """

    def __init__(self, root: Path, *, sign: Sign, append: Append) -> None:
        self._root = root
        self._sign = sign
        self._append = append

    def put(self, record: DeploymentRecord) -> None:
        """Sign and flush. Raises GM-R302 where the state directory cannot be written, and what signing raises."""
        path = self._root / record.target / f"{record.started.replace(':', '')}-{record.name}.dsse.json"
        try:
            if path.exists():
                return
            durable.make_directory(path.parent)
            durable.write_file(path, self._sign(record))
        except OSError as error:
            raise GmError("GM-R302", f"the outbox cannot be written: {error.strerror}", where=str(path)) from error

    def flush(self) -> Delivered:
        """Send each target's records, oldest first; a target whose ledger does not answer keeps its own."""
        total = Delivered()
        for folder in sorted(path for path in self._root.glob("*") if path.is_dir()):
            total = self._flush_target(folder, total)
        return total

    def _flush_target(self, folder: Path, total: Delivered) -> Delivered:
        paths = sorted(folder.glob("[!.]*.dsse.json"))
        if not paths:
            return total
        try:
            self._append(folder.name, [path.read_bytes() for path in paths])
            for path in paths:
                durable.remove_file(path)
        except (GmError, OSError) as error:
            problem = error if isinstance(error, GmError) else GmError("GM-R501", str(error), where=str(folder))
            return Delivered(total.sent, total.waiting + len(paths), problem)
        return Delivered(total.sent + len(paths), total.waiting, total.problem)
