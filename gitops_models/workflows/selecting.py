"""Which commits and tags somebody means: revisions, ranges, or everything that a ref reaches."""

from collections.abc import Collection, Sequence
from dataclasses import replace
from typing import Literal

from gitops_models.errors import GmError
from gitops_models.registry.values import dataclass
from gitops_models.store.gitcli import run
from gitops_models.store.repository import Store

__all__ = ["Chosen", "Selection", "select"]

_TAGS = "refs/tags/"


@dataclass(frozen=True)
class Selection:
    """Revisions (``main``, ``fraud@v1.0.0``, an id) and ranges (``a..b``, ``a...b``), or ``everything``."""

    revisions: tuple[str, ...] = ()
    everything: bool = False


@dataclass(frozen=True)
class Chosen:
    """One object; ``name`` is what its ref calls a tag, None where no ref was meant."""

    oid: str
    type: Literal["commit", "tag"]
    name: str | None = None


def select(store: Store, selection: Selection) -> list[Chosen]:
    """Return the objects meant, each once: commits newest first as ``git rev-list`` has them, then tags.

    Raises GM-S011 to S014 for revisions that name no commit or tag.
    """
    if selection.everything:
        head = store.ref("HEAD")
        tips = [*store.refs().values(), *([head] if head else [])]
        return [*_commits(store, tips, []), *_tags(store)]
    found = [one for revision in selection.revisions for one in _named(store, revision)]
    return list(dict.fromkeys(found))


def _named(store: Store, revision: str) -> list[Chosen]:
    if ".." in revision:
        return _range(store, revision)
    oid = store.resolve(revision, kind="any")
    kind, _ = store.raw(oid)
    if kind == "commit":
        return [Chosen(oid, "commit")]
    if kind != "tag":
        raise GmError("GM-S014", f"{revision} is a {kind}, not a commit or tag", where=revision)
    name = revision.removeprefix(_TAGS)
    return [Chosen(oid, "tag", name if store.refs(_TAGS).get(_TAGS + name) == oid else None)]


def _range(store: Store, revision: str) -> list[Chosen]:
    dots = "..." if "..." in revision else ".."
    first, _, last = revision.partition(dots)
    one, other = (store.resolve(end or "HEAD") for end in (first, last))
    if dots == "..":
        return _commits(store, [other], [one])
    only_one, only_other = _commits(store, [one], [other]), _commits(store, [other], [one])
    return [*only_one, *only_other]


def _tags(store: Store) -> list[Chosen]:
    named = ((name.removeprefix(_TAGS), oid) for name, oid in store.refs(_TAGS).items())
    return [Chosen(oid, "tag", name) for name, oid in named if _kind(store, oid) == "tag"]


def _commits(store: Store, tips: Sequence[str], hidden: Sequence[str]) -> list[Chosen]:
    revisions = "".join(f"{line}\n" for line in (*tips, *(f"^{oid}" for oid in hidden)))
    # git writes a line at a time unless it is told that nobody waits for the first.
    patient = replace(store.git, env={**store.git.env, "GIT_FLUSH": "0"})
    listed = run(patient, ["rev-list", "--stdin"], stdin=revisions.encode())
    if listed.status == 0:
        return [Chosen(oid, "commit") for oid in listed.stdout.decode().split()]
    # git dies at a commit that it cannot read; every other one still gets its verdict.
    seen = _reached(store, hidden, frozenset())
    return [Chosen(oid, "commit") for oid in _reached(store, tips, seen)]


def _reached(store: Store, tips: Sequence[str], seen: Collection[str]) -> dict[str, None]:
    """Return what ``tips`` reach without going past ``seen``, in the order of the walk."""
    found: dict[str, None] = {}
    waiting = [oid for tip in reversed(tips) for oid in _peel(store, tip)]
    while waiting:
        oid = waiting.pop()
        if oid not in found and oid not in seen:
            found[oid] = None
            waiting += reversed(_parents(store, oid))
    return found


def _peel(store: Store, oid: str) -> list[str]:
    """Return the commit that ``oid`` is or stands for; also a missing object, which is no commit of anybody."""
    try:
        return [store.resolve(oid)]
    except GmError:
        return [oid] if _kind(store, oid) in {"commit", None} else []


def _parents(store: Store, oid: str) -> tuple[str, ...]:
    try:
        return store.commit(oid).parents
    except GmError:
        return ()


def _kind(store: Store, oid: str) -> str | None:
    try:
        return store.raw(oid)[0]
    except GmError:
        return None
