"""Bringing a remote's refs here; each kind into a namespace of its own that nothing else writes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitops_models.errors import GmError
from gitops_models.store.locks import break_stale_locks
from gitops_models.store.refs import RefUpdate, update_refs
from gitops_models.store.transport import fetch, ls_remote

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from gitops_models.store.repository import Store

UNREACHABLE = "GM-S201"
# From so many refs on a fetch without news costs more than another connection that only asks for them.
MANY = 1_000


def line_ref(remote: str | None, line: str) -> str:
    """The ref that holds the line: the remote's where there is one."""
    return f"refs/remotes/{remote}/{line}" if remote else f"refs/heads/{line}"


def fetch_all(store: Store, remote: str, line: str) -> None:
    """Bring line, proposals, ledger and tags. Tags that this clone has are never moved."""
    places = {
        f"refs/heads/{line}": f"refs/remotes/{remote}/{line}",
        "refs/heads/gm/*": f"refs/remotes/{remote}/gm/*",
        "refs/gm/*": f"refs/gm-remote/{remote}/*",
        "refs/tags/*": f"refs/gm-tags/{remote}/*",
    }
    if not _nothing_new(store, remote, places):
        fetch(store, remote, [f"+{source}:{place}" for source, place in places.items()], prune=True)
    _adopt_tags(store, remote)


def _nothing_new(store: Store, remote: str, places: Mapping[str, str]) -> bool:
    """Whether this clone has the remote's refs as they are, asked only where git would compare many of them."""
    known = store.refs(*(place.removesuffix("*") for place in places.values()))
    here = {name: oid for name, oid in known.items() if any(_fits(name, place) for place in places.values())}
    if len(here) < MANY:
        return False
    return here == dict(_placed(ls_remote(store, remote, *places), places))


def _placed(refs: Mapping[str, str], places: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    for name, oid in refs.items():
        source = next((source for source in places if _fits(name, source)), None)
        if source is not None:
            yield places[source].removesuffix("*") + name.removeprefix(source.removesuffix("*")), oid


def _fits(name: str, pattern: str) -> bool:
    return name.startswith(pattern[:-1]) if pattern.endswith("*") else name == pattern


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
