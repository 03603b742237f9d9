"""From changed files to events. Nothing is judged here, except what no policy could allow (``Forbidden``)."""

from collections.abc import Callable, Mapping, Sequence
from typing import TypeVar, cast

from gitops_models.errors import GmError
from gitops_models.registry import events as ev
from gitops_models.registry.documents import Cause, Document, Hold, Quarantine, StageState, Status
from gitops_models.registry.names import version_key
from gitops_models.registry.pathchange import PathChange
from gitops_models.registry.paths import ADD_ONLY_KINDS
from gitops_models.registry.scopes import GITLINK, REGULAR
from gitops_models.registry.snapshot import Snapshot
from gitops_models.registry.stack import LiveStack, classify_move
from gitops_models.registry.values import dataclass

_D = TypeVar("_D", bound=Document)
Stacks = Mapping[tuple[str, str], LiveStack]
_MODE_WORDS = {0o120000: "a symbolic link", GITLINK: "a submodule", 0o100755: "executable"}
# Removing one of these leaves nothing that could judge, or name, what comes next.
_KEPT = frozenset(("repository", "policy", "people", "model", "cause"))
_STATUS_EVENTS: dict[str, type[ev.StatusEvent]] = {"suspend": ev.Suspended, "resume": ev.Resumed, "retire": ev.Retired}
_EMPTY = LiveStack()


@dataclass(frozen=True)
class _Context:
    paths: tuple[PathChange, ...]
    before: Snapshot
    after: Snapshot
    stacks: Stacks

    def pointers(self, model: str, version: str) -> tuple[str, ...]:
        """Return the changed pointers of a version."""
        return tuple(
            change.path
            for change in self.paths
            if (change.place.kind, change.place.model, change.place.version) == ("pointer", model, version)
        )


def derive_events(
    paths: tuple[PathChange, ...], before: Snapshot, after: Snapshot, stacks: Stacks, stage_order: Sequence[str]
) -> tuple[ev.Event, ...]:
    """Return the events of changed files in judging order (see ``events.ORDER``)."""
    context = _Context(paths, before, after, stacks)
    found = [event for change in paths for event in _events(context, change)]
    return tuple(sorted(found, key=lambda event: _order(event, stage_order)))


def _order(event: ev.Event, stage_order: Sequence[str]) -> tuple[object, ...]:
    is_move = isinstance(event, ev.StageMove | ev.Undeployed)
    rank = ev.ORDER.index(ev.StageMove if is_move else type(event))
    stage = getattr(event, "stage", "")
    known = stage_order.index(stage) if stage in stage_order else len(stage_order)
    version = getattr(event, "version", None)
    return (
        rank,
        getattr(event, "model", ""),
        known,
        stage,
        version_key(version) if version else (),
        getattr(event, "number", 0),
        event.paths,
    )


def _events(context: _Context, change: PathChange) -> list[ev.Event]:
    refused = _forbidden(change)
    if refused:
        return [refused]
    try:
        return _DERIVERS[change.place.kind](context, change)
    except GmError as error:
        return [_refuse(change, f"the document is not valid: {error.code}: {error.message}", "invalid")]


def _forbidden(change: PathChange) -> ev.Forbidden | None:
    kind = change.place.kind
    if change.after is None:
        if kind in _KEPT or (kind in ADD_ONLY_KINDS and change.before is not None):
            return _refuse(change, f"{_a(kind)} is never removed", "removed")
        return None
    if change.after.mode != REGULAR:
        word = _MODE_WORDS.get(change.after.mode, f"of mode {change.after.mode:o}")
        return _refuse(change, f"the file is {word}; governed files are regular and not executable", "mode")
    if kind == "other":
        return _refuse(change, "no such file belongs here", "unknown")
    if change.before is not None and kind in ADD_ONLY_KINDS:
        return _refuse(change, f"{_a(kind)} is never edited", "edited")
    return None


def _a(kind: str) -> str:
    return f"an {kind}" if kind[0] in "aeiou" else f"a {kind}"


def _refuse(change: PathChange, why: str, reason: ev.ForbiddenReason) -> ev.Forbidden:
    return ev.Forbidden(paths=(change.path,), path=change.path, why=why, reason=reason)


def _plain(cls: type[ev.Event]) -> "_Deriver":
    return lambda _context, change: [cls(paths=(change.path,))]


def _waiver(_context: _Context, change: PathChange) -> list[ev.Event]:
    if change.after is None:
        return [ev.OtherGoverned(paths=(change.path,))]
    return [ev.WaiverAdded(paths=(change.path,), waiver=str(change.place.name))]


def _model(_context: _Context, change: PathChange) -> list[ev.Event]:
    cls = ev.ModelAdded if change.before is None else ev.ModelChanged
    return [cls(paths=(change.path,), model=str(change.place.model))]


def _triggers(_context: _Context, change: PathChange) -> list[ev.Event]:
    return [ev.TriggersChanged(paths=(change.path,), model=str(change.place.model))]


def _lineage(context: _Context, change: PathChange) -> list[ev.Event]:
    model, version = str(change.place.model), str(change.place.version)
    paths = (change.path, *context.pointers(model, version))
    return [ev.VersionRegistered(paths=paths, model=model, version=version)]


def _pointer(context: _Context, change: PathChange) -> list[ev.Event]:
    model, version = str(change.place.model), str(change.place.version)
    if context.before.has_version(model, version):
        return [_refuse(change, "a released version gains no pointer", "edited")]
    if not context.after.has_version(model, version):
        return [_refuse(change, "a pointer without a lineage beside it", "orphan")]
    return []  # named by VersionRegistered


def _evidence(context: _Context, change: PathChange) -> list[ev.Event]:
    model, version = str(change.place.model), str(change.place.version)
    if not context.after.has_version(model, version):
        return [_refuse(change, "evidence for a version that is not registered", "orphan")]
    return [ev.EvidenceAdded(paths=(change.path,), model=model, version=version, evidence=str(change.place.name))]


def _stage(context: _Context, change: PathChange) -> list[ev.Event]:
    model, stage = str(change.place.model), str(change.place.stage)
    stack = context.stacks.get((model, stage), _EMPTY)
    if change.after is None:
        return [ev.Undeployed(paths=(change.path,), model=model, stage=stage, from_version=stack.live_version)]
    state = _document(context, change, StageState)
    back = classify_move(stack, state.version) == "rolled-back"
    cls: type[ev.StageMove] = ev.RolledBack if back else ev.Promoted
    return [
        cls(
            paths=(change.path,),
            model=model,
            stage=stage,
            from_version=stack.live_version,
            to_version=state.version,
            lineage_sha256=state.lineage_sha256,
        )
    ]


def _hold(context: _Context, change: PathChange) -> list[ev.Event]:
    cls = ev.HoldPlaced if _document(context, change, Hold).action == "hold" else ev.HoldLifted
    model, stage, number = str(change.place.model), str(change.place.stage), int(change.place.number or 0)
    return [cls(paths=(change.path,), model=model, stage=stage, number=number)]


def _quarantine(context: _Context, change: PathChange) -> list[ev.Event]:
    barred = _document(context, change, Quarantine).action == "quarantine"
    cls = ev.Quarantined if barred else ev.QuarantineReleased
    model, version, number = str(change.place.model), str(change.place.version), int(change.place.number or 0)
    return [cls(paths=(change.path,), model=model, version=version, number=number)]


def _deletion(_context: _Context, change: PathChange) -> list[ev.Event]:
    model, version, number = str(change.place.model), str(change.place.version), int(change.place.number or 0)
    return [ev.BytesDeleted(paths=(change.path,), model=model, version=version, number=number)]


def _status(context: _Context, change: PathChange) -> list[ev.Event]:
    status = _document(context, change, Status)
    cls = _STATUS_EVENTS[status.action]
    model, number = str(change.place.model), int(change.place.number or 0)
    return [cls(paths=(change.path,), model=model, number=number, version=status.version)]


def _cause(context: _Context, change: PathChange) -> list[ev.Event]:
    now = _document(context, change, Cause)
    model, name = str(change.place.model), str(change.place.name)
    opened = ev.CauseOpened(paths=(change.path,), model=model, cause=name)
    resolved = ev.CauseResolved(paths=(change.path,), model=model, cause=name)
    if now.resolution is None:
        return [opened]
    return [opened, resolved] if change.before is None else [resolved]


def _document(context: _Context, change: PathChange, cls: type[_D]) -> _D:
    """Return the document after the change; the path has already demanded its kind, so the class cannot differ."""
    del cls  # for the type checker
    return cast("_D", context.after.document(change.path))


_Deriver = Callable[[_Context, PathChange], list[ev.Event]]
_DERIVERS: dict[str, _Deriver] = {
    "repository": _plain(ev.OtherGoverned),
    "policy": _plain(ev.PolicyChanged),
    "people": _plain(ev.PeopleChanged),
    "targets": _plain(ev.TargetsChanged),
    "waiver": _waiver,
    "policy-test": _plain(ev.OtherGoverned),
    "workflow": _plain(ev.OtherGoverned),
    "dvc-config": _plain(ev.OtherGoverned),
    "codeowners": _plain(ev.OtherGoverned),
    "extra": _plain(ev.OtherGoverned),
    "gitignore": _plain(ev.OtherGoverned),
    "other": _plain(ev.OtherGoverned),  # only its removal comes here
    "model": _model,
    "triggers": _triggers,
    "lineage": _lineage,
    "pointer": _pointer,
    "evidence": _evidence,
    "signature": _evidence,
    "stage-state": _stage,
    "hold": _hold,
    "quarantine": _quarantine,
    "cause": _cause,
    "status": _status,
    "deletion": _deletion,
}
