"""What a clone or reconciler remembers between runs, beside Git: the pin and the newest state it accepted.

It is more than a cache: without it a rewound history could not be told from a young one. So it is written with fsync
and rename, changed only under a lock, and a file that cannot be read is an error with a remedy, never a fresh start.
"""

import fcntl
import os
import tempfile
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from gitops_models.errors import GmError
from gitops_models.registry.canonical import jcs
from gitops_models.registry.paths import POLICY_YAML

__all__ = ["Memory", "Pin", "load_memory", "memory_path", "require_memory", "save_memory", "update_memory"]

Oid = Annotated[str, Field(pattern=r"^[0-9a-f]{40}$")]


class Pin(BaseModel):
    """The commit that a reader trusts without a judgement.

    ``reason`` and ``at`` (the reader's own clock) are given when a later pin starts an epoch.
    """

    model_config = ConfigDict(defer_build=True, frozen=True, extra="forbid")

    commit: Oid
    reason: str | None = None
    at: str | None = None


class Memory(BaseModel):
    """One reader's memory of one repository and line.

    ``accepted`` is the newest accepted tip, ``ledger`` the newest tip seen of each ledger ref, ``policy_version`` the
    newest accepted version of the policy, ``epochs`` the pins before this one.

    ``waiting`` names steps that were not accepted at the last look, with the tip of the line then, ``undecided`` those
    that had not been accepted at the look after that either. A look can fall between the moves of one push, so
    one alone proves nothing; after two, a word that the step was accepted before that tip comes too late (DESIGN.md
    section 6: not before the reader's "own last poll that did not see" it).
    """

    model_config = ConfigDict(defer_build=True, frozen=True, extra="forbid")

    repository: str
    line: str
    pin: Pin
    accepted: Oid | None = None
    ledger: Mapping[str, Oid] = Field(default_factory=dict)
    policy_version: int | None = None
    epochs: tuple[Pin, ...] = ()
    waiting: Mapping[Oid, Oid] = Field(default_factory=dict)
    undecided: Mapping[Oid, Oid] = Field(default_factory=dict)

    def repinned(self, commit: str, reason: str, *, at: str | None = None) -> "Memory":
        """Return the memory that starts a new epoch at ``commit``: what was accepted before is no longer compared."""
        fresh: dict[str, Any] = {
            "pin": Pin(commit=commit, reason=reason, at=at),
            "accepted": None,
            "policy_version": None,
        }
        fresh |= {"waiting": {}, "undecided": {}}
        return self.model_copy(update={**fresh, "epochs": (*self.epochs, self.pin)})

    def refuse_older_policy(self, version: int) -> None:
        """Raise GM-T602 where a policy newer than ``version`` was accepted before."""
        known = self.policy_version or 0
        if known > version:
            was = f"policy version {known} was accepted here before, now it is {version}"
            raise GmError("GM-T602", was, where=POLICY_YAML)

    def advanced(self, accepted: str, *, policy_version: int | None = None) -> "Memory":
        """Return the memory after ``accepted`` was accepted."""
        version = policy_version if policy_version is not None else self.policy_version
        return self.model_copy(update={"accepted": accepted, "policy_version": version})

    def looked(self, tip: str, *, undecided: Collection[str], decided: Collection[str]) -> "Memory":
        """Return the memory after a look at ``tip``, at which these steps were accepted and those were not."""
        still = {step: at for step, at in self.waiting.items() if step not in decided}
        return self.model_copy(
            update={"waiting": still | dict.fromkeys(undecided, tip), "undecided": {**self.undecided, **still}}
        )


def memory_path(common_dir: Path) -> Path:
    """Return where the memory of the repository at ``common_dir`` stands."""
    return common_dir / "gm" / "memory.json"


def load_memory(path: Path, *, repository: str | None = None, line: str | None = None) -> Memory | None:
    """Read the memory; None when nothing was ever remembered.

    Raises GM-T500 when the file is there and cannot be read or understood, GM-T501 when it is of another repository
    id or line than given.
    """
    try:
        memory = Memory.model_validate_json(path.read_bytes(), strict=True)
    except FileNotFoundError:
        return None
    except (OSError, ValidationError) as error:
        raise GmError(
            "GM-T500", f"the memory of this clone is unreadable ({_reason(error)})", where=str(path)
        ) from error
    for what, expected, found in (("repository", repository, memory.repository), ("line", line, memory.line)):
        if expected is not None and expected != found:
            raise GmError("GM-T501", f"remembered {what} {found!r}, but this is {expected!r}", where=str(path))
    return memory


def require_memory(path: Path, *, repository: str | None = None, line: str | None = None) -> Memory:
    """Read the memory; GM-T502 when there is none."""
    memory = load_memory(path, repository=repository, line=line)
    if memory is None:
        raise GmError("GM-T502", "this clone has no pin: nothing says which history to trust", where=str(path))
    return memory


def save_memory(path: Path, memory: Memory) -> None:
    """Write the memory so that a crash leaves the old or the new one, whole; GM-C003 when it cannot be written."""
    data = jcs(memory.model_dump(mode="json")) + b"\n"
    try:
        write_durably(path, data)
    except OSError as error:
        raise GmError("GM-C003", f"the memory cannot be written: {error.strerror}", where=str(path)) from error


def update_memory(path: Path, change: Callable[[Memory | None], Memory]) -> Memory:
    """Replace the memory by ``change`` of what it is now, alone among all processes that use this function."""
    with _alone(path):
        memory = change(load_memory(path))
        save_memory(path, memory)
    return memory


def write_durably(path: Path, data: bytes) -> None:
    """Write ``data`` beside ``path``, flush it to the disk, rename it into place and flush the directory."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
    _flush_directory(path.parent)


def _flush_directory(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


@contextmanager
def _alone(path: Path) -> Iterator[None]:
    """Hold the lock beside ``path``; the kernel drops it with the process, so no stale lock can stay."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.with_name(path.name + ".lock").open("ab") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _reason(error: Exception) -> str:
    if isinstance(error, ValidationError):
        first = error.errors()[0]
        return f"{'.'.join(str(part) for part in first['loc']) or 'content'}: {first['msg']}"
    return getattr(error, "strerror", None) or type(error).__name__
