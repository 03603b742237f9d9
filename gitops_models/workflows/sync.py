"""Bringing a remote's refs here; each kind into a namespace of its own that nothing else writes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitops_models.errors import GmError
from gitops_models.store.gitcli import lines_of
from gitops_models.store.locks import break_stale_locks
from gitops_models.store.refs import RefUpdate, update_refs

if TYPE_CHECKING:
    from collections.abc import Mapping

    from gitops_models.store.repository import Store

UNREACHABLE = "GM-S201"


def line_ref(remote: str | None, line: str) -> str:
    """The ref that holds the line: the remote's where there is one."""
    return f"refs/remotes/{remote}/{line}" if remote else f"refs/heads/{line}"


def fetch_all(store: Store, remote: str, line: str) -> None:
    """Bring line, proposals, ledger and tags. Tags that this clone has are never moved.

    The remote is asked for its refs first: mostly nothing is new, and fetching nothing takes longer than asking.
    """
    from gitops_models.store.transport import fetch, listing  # noqa: PLC0415 - only where there is a remote

    places = {
        f"refs/heads/{line}": f"refs/remotes/{remote}/{line}",
        "refs/heads/gm/*": f"refs/remotes/{remote}/gm/*",
        "refs/gm/*": f"refs/gm-remote/{remote}/*",
        "refs/tags/*": f"refs/gm-tags/{remote}/*",
    }
    known = _known(store, places)
    if _something_new(known, listing(store, remote, *places), places):
        fetch(store, remote, [f"+{source}:{place}" for source, place in places.items()], prune=True)
        known = _known(store, places)
    _adopt_tags(store, known, remote)


def _known(store: Store, places: Mapping[str, str]) -> bytes:
    """Give what this clone holds of the remote, as git lists it."""
    return store.listing(*(place.removesuffix("*") for place in places.values()))


def _something_new(known: bytes, heard: bytes, places: Mapping[str, str]) -> bool:
    """Whether the remote's refs are others than those that this clone keeps of it.

    Listings are compared as sets of lines, since ten thousand tags one by one would be half of a command; only lines
    that stand in one listing are looked at. git also lists what ends like a pattern: refs/notes/refs/gm/x.
    """
    for source, place in places.items():
        heard = heard.replace(_part_of_line(source), _part_of_line(place))
    ours = tuple(_part_of_line(place) for place in places.values())
    if not all(place in heard for place in ours if place.endswith(b"\n")):
        return True  # a line that the remote has not: fetching says so
    return any(line[line.find(b"\t") :].startswith(ours) for line in _lines(known) ^ _lines(heard))


def _part_of_line(pattern: str) -> bytes:
    """Give how the name begins, or all of it, where it stands in a line of a listing: after a tab."""
    return b"\t" + (pattern[:-1] if pattern.endswith("*") else f"{pattern}\n").encode()


def _lines(listed: bytes) -> set[bytes]:
    return set(listed.splitlines(keepends=True))


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


def _adopt_tags(store: Store, known: bytes, remote: str) -> None:
    """Take over tags of the remote whose names this clone has not."""
    adopted = known.replace(_part_of_line(f"refs/gm-tags/{remote}/*"), _part_of_line("refs/tags/*"))
    others = _lines(adopted) - _lines(known) - _lines(store.listing("refs/tags/"))
    if others:
        own = store.refs("refs/tags/")
        seen = sorted((name, oid) for oid, name in (line.split("\t", 1) for line in lines_of(b"".join(others))))
        update_refs(store, [RefUpdate(name, oid, None) for name, oid in seen if name not in own], "adopt tags")
