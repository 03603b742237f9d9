"""Several refs moved at once, each only if it still is where the caller saw it.

``git update-ref --stdin`` in its transaction form (start, prepare, commit): after ``prepare`` every ref is locked and
checked, so the commit moves all or none.
"""

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from subprocess import Popen, TimeoutExpired

from gitops_models.errors import GmError
from gitops_models.registry.values import dataclass
from gitops_models.store.gitcli import TIMEOUT, spawn, stop
from gitops_models.store.locks import break_stale_locks
from gitops_models.store.names import check_oid, check_ref
from gitops_models.store.repository import Store

ZERO = "0" * 40
_MOVED = re.compile(r"but expected|reference already exists|unable to resolve reference|reference is missing")
_IN_THE_WAY = re.compile(r"cannot create '|there are still refs under|cannot process '")


@dataclass(frozen=True)
class RefUpdate:
    """Move the ref with this full name from ``old`` (None: it must not exist) to ``new`` (None: delete it)."""

    name: str
    new: str | None
    old: str | None

    def __post_init__(self) -> None:
        check_ref(self.name)
        for oid in (self.new, self.old):
            if oid is not None:
                check_oid(oid)


def update_refs(store: Store, updates: Sequence[RefUpdate], message: str = "gm") -> None:
    """Move all of ``updates`` or none; ``message`` goes to the reflogs.

    They become visible in the order given, so records come before the branch that needs them. Raises GM-S101 when a
    ref is not at its ``old``, GM-S102 when one stays locked, GM-S103 when a ref stands in the way of a new name.
    """
    if not updates:
        return
    try:
        _commit(store, updates, message)
    except GmError as error:
        if error.code != "GM-S102" or not break_stale_locks(store):
            raise
        _commit(store, updates, message)


def _commit(store: Store, updates: Sequence[RefUpdate], message: str) -> None:
    with prepared(store, updates, message):
        pass


@contextmanager
def prepared(store: Store, updates: Sequence[RefUpdate], message: str = "gm") -> Iterator[None]:
    """Lock and check all refs, run the body, then move them; when the body raises nothing moves."""
    reason = " ".join(message.split())
    process = spawn(store.git, ["update-ref", "--create-reflog", "-m", reason, "--stdin", "-z"])
    try:
        script = b"start\0" + b"".join(_line(update) for update in updates) + b"prepare\0"
        _say(process, script, b"prepare: ok\n", updates)
        yield
        _say(process, b"commit\0", b"commit: ok\n", updates)
    except BaseException:
        stop(process)
        raise
    try:
        process.communicate(timeout=TIMEOUT)
    except TimeoutExpired as late:
        stop(process)
        raise GmError("GM-S010", "git update-ref did not finish") from late


def _line(update: RefUpdate) -> bytes:
    name, new, old = update.name, update.new, update.old
    if new is None:
        return f"delete {name}\0{old or ''}\0".encode()
    return f"update {name}\0{new}\0{old or ZERO}\0".encode()


def _say(process: Popen[bytes], text: bytes, awaited: bytes, updates: Sequence[RefUpdate]) -> None:
    if process.stdin is None or process.stdout is None or process.stderr is None:
        raise GmError("GM-S009", "git update-ref has no pipes")
    with suppress(BrokenPipeError):  # it ended early; what it said comes below
        process.stdin.write(text)
        process.stdin.flush()
    for line in process.stdout:
        if line == awaited:
            return
    raise _refusal(process.stderr.read().decode("utf-8", "replace"), updates)


def _refusal(said: str, updates: Sequence[RefUpdate]) -> GmError:
    where = next((update.name for update in updates if f"'{update.name}'" in said), updates[0].name)
    lines = [line.removeprefix("fatal: ") for line in said.split("\n") if line.strip()]
    reason = lines[0] if lines else "git update-ref ended without a word"
    if ".lock': File exists" in said:
        return GmError("GM-S102", f"{where} is locked", where=where, details=lines)
    if _MOVED.search(said):
        return GmError("GM-S101", f"{where} has moved: {reason}", where=where)
    if _IN_THE_WAY.search(said):
        return GmError("GM-S103", reason, where=where)
    return GmError("GM-S009", f"git update-ref: {reason}", where=where, details=lines[1:])
