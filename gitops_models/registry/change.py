"""The semantic difference between the accepted state and a tree, and its id (DESIGN.md section 5)."""

from collections.abc import Iterable, Sequence
from functools import cached_property
from itertools import chain
from typing import TYPE_CHECKING, TypeVar

from gitops_models.registry.canonical import jcs, sha256_hex
from gitops_models.registry.derive import derive_events
from gitops_models.registry.events import Event, ModelEvent, Restored
from gitops_models.registry.pathchange import PathChange
from gitops_models.registry.snapshot import Snapshot
from gitops_models.registry.values import dataclass

if TYPE_CHECKING:
    from gitops_models.registry.state import AcceptedState

__all__ = ["Change", "PathChange", "change_id", "diff"]

_E = TypeVar("_E", bound=Event)


@dataclass(frozen=True, eq=False)
class Change:
    """Files that differ (sorted by path), what that means (in judging order), and the scopes concerned.

    ``before`` is the accepted snapshot, ``after`` the same with the concerned scopes as in the judged tree.
    """

    paths: tuple[PathChange, ...]
    events: tuple[Event, ...]
    scopes: frozenset[str]
    before: Snapshot
    after: Snapshot

    @property
    def empty(self) -> bool:
        """Whether nothing happens."""
        return not self.events

    @cached_property
    def models(self) -> tuple[str, ...]:
        """The models that events speak of, sorted."""
        return tuple(sorted({event.model for event in self.events if isinstance(event, ModelEvent)}))

    def of(self, *kinds: type[_E]) -> tuple[_E, ...]:
        """Return the events of these classes, in order."""
        return tuple(event for event in self.events if isinstance(event, kinds))

    def added(self, *kinds: str) -> tuple[PathChange, ...]:
        """Return the new files of these kinds of place (of any kind when none is given)."""
        return tuple(path for path in self._of_kind(kinds) if path.before is None)

    def edited(self, *kinds: str) -> tuple[PathChange, ...]:
        """Return the accepted files of these kinds that are other or gone now: what immutability is judged on."""
        return tuple(path for path in self._of_kind(kinds) if path.before is not None)

    def removed(self, *kinds: str) -> tuple[PathChange, ...]:
        """Return the accepted files of these kinds that are gone now."""
        return tuple(path for path in self._of_kind(kinds) if path.after is None)

    def mutable_paths(self) -> tuple[str, ...]:
        """Return the changed paths that an anchor is needed for."""
        return tuple(path.path for path in self.paths if self.before.layout.mutable(path.path))

    def _of_kind(self, kinds: tuple[str, ...]) -> Iterable[PathChange]:
        return (path for path in self.paths if not kinds or path.place.kind in kinds)


def diff(
    state: "AcceptedState",
    head: Snapshot,
    *,
    scopes: Iterable[str] | None = None,
    stage_order: Sequence[str] = (),
) -> Change:
    """Return what ``head`` changes about the accepted state, within ``scopes`` (all when None).

    Files outside ``scopes`` are taken from the accepted state. A blocked scope among ``scopes`` whose files equal the
    accepted ones is ``Restored``. ``stage_order`` is the policy's, for the order of stage moves. The source of ``head``
    must have the accepted blobs too, and its layout must be that of the accepted state (``ValueError``).
    """
    before = state.snapshot
    if before.layout != head.layout:
        raise ValueError("both must be read with one layout")
    wanted = {*before.scope_names(), *head.scope_names()} if scopes is None else set(scopes)
    changed = {scope: before.scope(scope).differences(head.scope(scope)) for scope in wanted}
    paths = tuple(_path_change(before, head, path) for path in sorted(chain(*changed.values()), key=sort_key))
    restored = [scope for scope in sorted(wanted) if not changed[scope] and scope in state.blocked]
    # New content is where the head comes from; a source of proposals may lie over that of the accepted state.
    after = before.reading(head.blobs) if paths else before
    for scope in filter(changed.get, sorted(wanted)):
        head.scope(scope).adopt_index(before.scope(scope), changed[scope])
        after = after.with_scope(scope, head.scope(scope))
    events = derive_events(paths, before, after, state.stacks, stage_order)
    returned = tuple(Restored(paths=(), scope=scope) for scope in restored)
    touched = frozenset((*filter(changed.get, wanted), *restored))
    return Change(paths, _merge_restored(events, returned), touched, before, after)


def _merge_restored(events: tuple[Event, ...], restored: tuple[Restored, ...]) -> tuple[Event, ...]:
    forbidden = sum(event.name == "forbidden" for event in events)
    return (*events[:forbidden], *restored, *events[forbidden:])


def _path_change(before: Snapshot, head: Snapshot, path: str) -> PathChange:
    return PathChange(path, before.entry(path), head.entry(path), before.place(path))


def sort_key(path: str) -> bytes:
    """Return the order of paths in a change id: their bytes."""
    return path.encode("utf-8", "surrogateescape")


def change_id(repository_id: str, line: str, change: Change, anchor: str | None) -> str:
    """Return the id that approvals are bound to: sha256 over what changes, from what, on which line.

    ``anchor`` is :meth:`AcceptedState.anchor` of the change.
    """
    paths = [
        {
            # A name that is not UTF-8 has no JSON form; such a file is never accepted, but must have an id.
            "path": path.path.encode("utf-8", "backslashreplace").decode(),
            "from": change.before.sha256(path.path),
            "to": change.after.sha256(path.path),
        }
        for path in change.paths
    ]
    return sha256_hex(jcs({"repository": repository_id, "line": line, "paths": paths, "anchor": anchor}))
