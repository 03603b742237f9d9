"""A remote that is a repository on this machine: nobody but us looks after what a killed push left in it.

A server's operator does that for a server. Here a person kills a command or the machine stops, the receiving git dies
with it, and its lock files would refuse every later push.
"""

import re
from pathlib import Path
from urllib.parse import unquote, urlsplit

from gitops_models.errors import GmError
from gitops_models.store.config import remote_address
from gitops_models.store.locks import BrokenLock, break_stale_locks
from gitops_models.store.repository import Store

_ELSEWHERE = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://|[^/]+:")  # scheme://… or host:path, as git reads them


def break_locks_of(store: Store, remote: str) -> tuple[BrokenLock, ...]:
    """Remove the lock files that nobody holds in ``remote`` if it is a directory here; give what was removed.

    A repository that is not here, or that we may not write, is left alone.
    """
    path = _directory(store, remote)
    if path is None:
        return ()
    try:
        return break_stale_locks(Store.open(path))
    except (GmError, OSError):
        return ()


def _directory(store: Store, remote: str) -> Path | None:
    try:
        address = remote if Path(remote).is_dir() else remote_address(store, remote)
    except GmError:
        return None
    if address.startswith("file://"):
        address = unquote(urlsplit(address).path)
    elif _ELSEWHERE.match(address):
        return None
    path = (store.work_tree or store.git_dir) / address
    return path if path.is_dir() else None
