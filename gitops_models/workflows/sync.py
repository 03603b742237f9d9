"""Bringing a remote's refs here; each kind into a namespace of its own that nothing else writes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitops_models.errors import GmError
from gitops_models.store.gitcli import lines_of
from gitops_models.store.locks import break_stale_locks
from gitops_models.store.refs import RefUpdate, update_refs

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from gitops_models.store.repository import Store

UNREACHABLE = "GM-S201"
# From so many refs on a fetch without news costs more than another connection that only asks for them.
MANY = 1_000


def line_ref(remote: str | None, line: str) -> str:
    """The ref that holds the line: the remote's where there is one."""
    return f"refs/remotes/{remote}/{line}" if remote else f"refs/heads/{line}"


def fetch_all(store: Store, remote: str, line: str) -> None:
    """Bring line, proposals, ledger and tags. Tags that this clone has are never moved."""
    from gitops_models.store.transport import fetch  # noqa: PLC0415 - only where there is a remote

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
    """Whether this clone has the remote's refs as they are, asked only where git would compare many of them.

    Listings are compared as sets of lines: ten thousand tags one by one would be a third of a command.
    """
    known = store.listing(*(place.removesuffix("*") for place in places.values()))
    if known.count(b"\n") < MANY:
        return False
    from gitops_models.store.transport import listing  # noqa: PLC0415 - as above

    # git also lists what only ends like a pattern: refs/notes/refs/gm/x.
    there = b"".join(_at(listing(store, remote, *places), places))
    for source, place in places.items():
        there = there.replace(_part_of_line(source), _part_of_line(place))
    missing = any(_part_of_line(place) not in there for place in places.values() if not place.endswith("*"))
    return not missing and set(there.splitlines(keepends=True)) == set(_at(known, places.values()))


def _at(listed: bytes, patterns: Iterable[str]) -> list[bytes]:
    """Give the lines of a listing whose names fit one of ``patterns``."""
    parts = tuple(map(_part_of_line, patterns))
    return [line for line in listed.splitlines(keepends=True) if line[line.find(b"\t") :].startswith(parts)]


def _part_of_line(pattern: str) -> bytes:
    """Give how the name begins, or all of it, where it stands in a line of a listing: after a tab."""
    return b"\t" + (pattern[:-1] if pattern.endswith("*") else f"{pattern}\n").encode("utf-8", "surrogateescape")


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
    """Take over tags of the remote whose names this clone has not."""
    theirs, own = f"refs/gm-tags/{remote}/*", "refs/tags/*"
    listed = store.listing(theirs[:-1], own[:-1])
    adopted = listed.replace(_part_of_line(theirs), _part_of_line(own))
    others = set(adopted.splitlines(keepends=True)) - set(listed.splitlines(keepends=True))
    if others:
        known = {line.partition("\t")[2] for line in lines_of(listed)}
        seen = sorted((name, oid) for oid, _, name in (line.partition("\t") for line in lines_of(b"".join(others))))
        update_refs(store, [RefUpdate(name, oid, None) for name, oid in seen if name not in known], "adopt tags")
