"""Bringing a remote's refs here; each kind into a namespace of its own that nothing else writes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitops_models.errors import GmError
from gitops_models.store.locks import break_stale_locks
from gitops_models.store.refs import RefUpdate, update_refs
from gitops_models.store.transport import fetch

if TYPE_CHECKING:
    from gitops_models.store.repository import Store

UNREACHABLE = "GM-S201"


def line_ref(remote: str | None, line: str) -> str:
    """The ref that holds the line: the remote's where there is one."""
    return f"refs/remotes/{remote}/{line}" if remote else f"refs/heads/{line}"


def fetch_all(store: Store, remote: str, line: str) -> None:
    """Bring line, proposals, ledger and tags. Tags that this clone has are never moved."""
    refspecs = [
        f"+refs/heads/{line}:refs/remotes/{remote}/{line}",
        f"+refs/heads/gm/*:refs/remotes/{remote}/gm/*",
        f"+refs/gm/*:refs/gm-remote/{remote}/*",
        f"+refs/tags/*:refs/gm-tags/{remote}/*",
    ]
    fetch(store, remote, refspecs, prune=True)
    _adopt_tags(store, remote)


def go_online(store: Store, remote: str, line: str) -> str | None:
    """Fetch; an unreachable remote is no error where this clone already knows the line: returns why instead.

    Locks that a killed command left go first, also those that only plain git would meet.
    """
    break_stale_locks(store)
    try:
        fetch_all(store, remote, line)
    except GmError as error:
        if error.code != UNREACHABLE or store.ref(line_ref(remote, line)) is None:
            raise
        return error.message
    return None


def _adopt_tags(store: Store, remote: str) -> None:
    prefix = f"refs/gm-tags/{remote}/"
    known = store.refs(prefix, "refs/tags/")
    seen = {f"refs/tags/{name.removeprefix(prefix)}": oid for name, oid in known.items() if name.startswith(prefix)}
    fresh = [RefUpdate(name, new=oid, old=None) for name, oid in seen.items() if name not in known]
    update_refs(store, fresh, "adopt tags")
