"""What the accepted state asks to be served. Pure: documents in, values out; one bad document bars only its model."""

from __future__ import annotations

from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

from gitops_models.delivery.values import Deployment, Desired, ModelStage, Standing, Waiting
from gitops_models.errors import GmError
from gitops_models.policy.lkg import good_below
from gitops_models.registry.canonical import FileDigest, tree_digest
from gitops_models.registry.events import Promoted
from gitops_models.registry.paths import model_scope
from gitops_models.registry.standins import stand_in

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from gitops_models.registry.documents import Target
    from gitops_models.registry.snapshot import Snapshot
    from gitops_models.verification.history import History


def desired_states(
    history: History,
    *,
    target: str | None = None,
    stages: Collection[str] | None = None,
    models: Collection[str] | None = None,
    occupied: Iterable[ModelStage] = (),
) -> tuple[Desired, ...]:
    """Return what should be true at each model and stage of the selection, sorted.

    ``stages`` are names and ``models`` patterns, ``None`` selects all; where targets.yaml of the accepted state has
    rows for ``target``, they narrow it further. A place of ``occupied`` that the accepted state does not mention is to
    be undeployed.
    """
    snapshot = history.state.snapshot
    named = {ModelStage(model, stage) for model in snapshot.models() for stage in snapshot.stages(model)}
    left = (ModelStage(*key) for key, stack in history.state.stacks.items() if not stack.live)
    named |= {at for at in left if _has_stand_in(snapshot, at)}
    rows = tuple(row for row in snapshot.targets().targets if row.id == target)
    selected = (at for at in named | set(occupied) if _selects(at, stages, models) and _narrows(at, rows))
    return tuple(desired_state(history, at) for at in sorted(selected))


def desired_state(history: History, at: ModelStage) -> Desired:
    """Return what should be true at one model and stage; what cannot be read stands in ``problem``."""
    try:
        return _desired(history, at)
    except GmError as error:
        return Desired(at, Standing.UNKNOWN, waiting=_waiting(history, at.model), problem=error)


def deployment_of(snapshot: Snapshot, at: ModelStage) -> Deployment | None:
    """Return the version that the stage state names, or what stands in for it, with the digests of its lineage.

    ``None`` when there is neither.

    Raises GM-R201 where the stage state pins another lineage than the one that is there.
    """
    state = snapshot.stage_state(at.model, at.stage)
    if state is None:
        return _standing_in(snapshot, at)
    if snapshot.lineage_sha256(at.model, state.version) != state.lineage_sha256:
        raise GmError(
            "GM-R201",
            f"{at.model}@{state.version} is pinned with another lineage",
            where=snapshot.layout.stage_path(at.model, at.stage),
        )
    artifacts = artifacts_of(snapshot, at.model, state.version)
    return Deployment(at.model, at.stage, state.version, state.lineage_sha256, artifacts)


def _has_stand_in(snapshot: Snapshot, at: ModelStage) -> bool:
    try:
        return snapshot.has_model(at.model) and stand_in(snapshot, at.model, at.stage) is not None
    except GmError:
        return True  # it is said of this place alone that its documents cannot be read


def _standing_in(snapshot: Snapshot, at: ModelStage) -> Deployment | None:
    found = stand_in(snapshot, at.model, at.stage)
    if found is None:
        return None
    if snapshot.lineage_sha256(found.model, found.version) != found.lineage_sha256:
        raise GmError("GM-R201", f"{found.model}@{found.version} is pinned with another lineage", where=str(at))
    artifacts = artifacts_of(snapshot, found.model, found.version)
    return Deployment(at.model, at.stage, found.version, found.lineage_sha256, artifacts, origin=found.model)


def change_behind(history: History, at: ModelStage) -> str | None:
    """Return the id of the accepted change that last set the stage state, ``None`` where the pin set it."""
    touch = history.state.touched.get(history.layout.stage_path(at.model, at.stage))
    step = touch.step if touch else None
    return next((found.change_id for found in reversed(history.steps) if found.oid == step), None)


def _desired(history: History, at: ModelStage) -> Desired:
    snapshot = history.state.snapshot
    if not snapshot.has_model(at.model):
        return Desired(at, Standing.UNDEPLOY)
    wanted = None if snapshot.retired(at.model) else deployment_of(snapshot, at)
    barred = _quarantined(snapshot, at)
    hold = snapshot.held(at.model, at.stage)
    good = last_known_good(history, at)
    live = wanted.digest if wanted else None
    spares = {one.digest: one for one in (good, _candidate(history, at)) if one and one.digest not in {live, *barred}}
    return Desired(
        at,
        _standing(snapshot, wanted, barred, suspended=_suspended(history, at)),
        wanted,
        quarantined=barred,
        keep=frozenset({good.digest} if good else ()),
        hold=hold.reason if hold else None,
        waiting=_waiting(history, at.model),
        spares=tuple(spares.values()),
    )


def _suspended(history: History, at: ModelStage) -> bool:
    """Whether nothing is to be touched: the model is suspended, and this stage was not made safe since.

    While a model is suspended nothing is promoted; what is accepted then is a way back, and that never waits.
    """
    if not history.state.snapshot.suspended(at.model):
        return False
    told = history.state.happened(at.model, "suspended", "rollback", "emergency", "undeployed")
    last = next((one for one in reversed(told) if one.kind == "suspended" or one.subject == at.stage), None)
    return last is None or last.kind == "suspended"


def _standing(snapshot: Snapshot, wanted: Deployment | None, barred: frozenset[str], *, suspended: bool) -> Standing:
    if suspended:
        return Standing.SUSPENDED
    if wanted is None:
        return Standing.UNDEPLOY
    quarantined = snapshot.quarantined(wanted.source, wanted.version) or wanted.digest in barred
    return Standing.QUARANTINED if quarantined else Standing.SERVE


def artifacts_of(snapshot: Snapshot, model: str, version: str) -> tuple[FileDigest, ...]:
    """Return the digests that the lineage of a version records. Raises what reading it raises."""
    lineage = snapshot.lineage(model, version)
    return tuple(FileDigest(entry.path, entry.size, entry.sha256) for entry in lineage.artifacts)


def _digest(snapshot: Snapshot, at: ModelStage, version: str) -> str | None:
    """Return the deployment digest of a version; ``None`` where its lineage cannot be read."""
    try:
        return tree_digest(artifacts_of(snapshot, at.model, version))
    except GmError:
        return None


def _quarantined(snapshot: Snapshot, at: ModelStage) -> frozenset[str]:
    barred = snapshot.quarantined_versions(at.model)
    return frozenset(digest for version in barred if (digest := _digest(snapshot, at, version)))


def last_known_good(history: History, at: ModelStage) -> Deployment | None:
    """Return what a rollback would restore, so that its bytes stay at hand without a network."""
    snapshot = history.state.snapshot
    try:
        stack = history.state.stack(at.model, at.stage)
        good = next(good_below(snapshot, at.model, stack, suspect=history.state.suspect), None)
        return _deployment(snapshot, at, good.version) if good else None
    except GmError:
        return None  # what was live earlier must not stop what should be live now


def _candidate(history: History, at: ModelStage) -> Deployment | None:
    """Return the version that is likely to be wanted next: of the step that waits, else of the stage before.

    Only what is accepted as a version is fetched ahead: nobody fills a disk with what he merely proposed.
    """
    pending = history.pending.get(model_scope(at.model))
    moves = pending.change.of(Promoted) if pending and pending.step.status == "pending" else ()
    for move in moves:
        if (move.model, move.stage) == at:
            return _known(history, at, move.to_version, move.lineage_sha256)
    stages = history.policy.stages
    place = stages.index(at.stage) if at.stage in stages else 0
    state = history.state.snapshot.stage_state(at.model, stages[place - 1]) if place else None
    return _known(history, at, state.version, state.lineage_sha256) if state else None


def _known(history: History, at: ModelStage, version: str, lineage_sha256: str) -> Deployment | None:
    snapshot = history.state.snapshot
    try:
        if snapshot.lineage_sha256(at.model, version) != lineage_sha256 or snapshot.quarantined(at.model, version):
            return None
        return _deployment(snapshot, at, version)
    except GmError:
        return None


def _deployment(snapshot: Snapshot, at: ModelStage, version: str) -> Deployment:
    lineage = snapshot.lineage_sha256(at.model, version) or ""
    return Deployment(at.model, at.stage, version, lineage, artifacts_of(snapshot, at.model, version))


def _waiting(history: History, model: str) -> Waiting | None:
    scope = f"model:{model}"
    blocked = history.state.blocked.get(scope)
    if blocked is None:
        return None
    pending = history.pending.get(scope)
    waits = pending is not None and pending.step.status == "pending"
    return Waiting(blocked.step, waits, ", ".join(blocked.codes) or "approval or acceptance is missing")


def _narrows(at: ModelStage, rows: tuple[Target, ...]) -> bool:
    return not rows or any(_selects(at, (row.stage,), row.models) for row in rows)


def _selects(at: ModelStage, stages: Collection[str] | None, models: Collection[str] | None) -> bool:
    in_stage = stages is None or at.stage in stages
    return in_stage and (models is None or any(fnmatchcase(at.model, pattern) for pattern in models))
