"""Lock files that a killed process left behind: found, proven unheld, removed, reported.

Git creates ``X.lock`` beside what it changes and removes it in milliseconds; after SIGKILL or a power cut it stays and
stops every later command. A lock is removed only when it is older than git's own waiting time and no git process
works in this repository; in a repository that gm owns alone no process of others can hold one.
"""

import fcntl
import os
import time
from collections.abc import Container, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from gitops_models.registry.values import dataclass
from gitops_models.store.repository import Store

HELD_AT_MOST = 3.0  # seconds; core.filesRefLockTimeout of our own git processes waits as long
UNKNOWN_HOLDER = 900.0  # seconds; where running processes cannot be seen (no /proc)
PROCESSES = Path("/proc")
_TOP_LEVEL = ("HEAD.lock", "index.lock", "packed-refs.lock", "config.lock", "ORIG_HEAD.lock", "FETCH_HEAD.lock")


@dataclass(frozen=True)
class BrokenLock:
    """A lock file that was removed and how old it was, in seconds."""

    path: Path
    age: float


def break_stale_locks(store: Store, *, exclusive: bool = False, now: float | None = None) -> tuple[BrokenLock, ...]:
    """Remove lock files that nobody holds and say so in the log; give what was removed.

    ``exclusive``: the repository is used by this process alone (a reconciler's own mirror), so every lock is stale.
    ``now`` is the time in seconds since 1970 that ages are measured at.
    """
    with _alone(store):
        moment = time.time() if now is None else now
        found = [lock for lock in _aged(_locks(store), moment) if exclusive or lock.age > HELD_AT_MOST]
        if not found or not (exclusive or _unheld(store, found)):
            return ()
        broken = tuple(lock for lock in found if _remove(lock.path))
    for lock in broken:
        _tell(lock)
    return broken


def _tell(lock: BrokenLock) -> None:
    import logging  # noqa: PLC0415 - hardly ever

    log = logging.getLogger(__name__)
    log.warning("removed a stale lock left by a killed process: %s (%.0f s old)", lock.path, lock.age)


@contextmanager
def _alone(store: Store) -> Iterator[None]:
    """One remover at a time: a second one would take the first one's fresh lock for the stale one it has seen."""
    directory = os.open(store.common_dir, os.O_RDONLY | os.O_DIRECTORY)
    try:
        fcntl.flock(directory, fcntl.LOCK_EX)
        yield
    finally:
        os.close(directory)


def _locks(store: Store) -> Iterator[Path]:
    for directory in {store.common_dir, store.git_dir}:
        yield from (directory / name for name in _TOP_LEVEL)
        refs = directory / "refs"
        for folder, _, names in os.walk(refs):
            yield from (Path(folder, name) for name in names if name.endswith(".lock"))


def _aged(paths: Iterator[Path], now: float) -> Iterator[BrokenLock]:
    for path in paths:
        try:
            yield BrokenLock(path, max(0.0, now - path.lstat().st_mtime))
        except FileNotFoundError:
            continue


def _remove(path: Path) -> bool:
    try:
        path.unlink()
    except FileNotFoundError:
        return False
    return True


def _unheld(store: Store, found: Sequence[BrokenLock]) -> bool:
    if not (PROCESSES / "self" / "comm").exists():
        return min(lock.age for lock in found) > UNKNOWN_HOLDER
    paths = {os.path.realpath(lock.path) for lock in found}
    running = [process for process in PROCESSES.iterdir() if process.name.isdigit()]
    return not any(_works_here(process, store) or _has_open(process, paths) for process in running)


def _has_open(process: Path, paths: Container[str]) -> bool:
    """Tell whether a process, git or another program that writes repositories, has one of the lock files open."""
    with suppress(OSError):
        return any(os.path.realpath(handle) in paths for handle in (process / "fd").iterdir())
    return False


def _works_here(process: Path, store: Store) -> bool:
    """Tell whether a process is a git that may work in this repository; one that we may not look into counts."""
    try:
        if not (process / "comm").read_text().startswith("git"):
            return False
        arguments = (process / "cmdline").read_bytes()
        directory = os.path.realpath((process / "cwd").readlink())
    except (FileNotFoundError, ProcessLookupError):
        return False
    except PermissionError:
        return True
    places = [os.path.realpath(place) for place in (store.git_dir, store.common_dir, store.work_tree) if place]
    inside = any(directory == place or directory.startswith(place + os.sep) for place in places)
    return inside or any(os.fsencode(place) in arguments for place in places)
