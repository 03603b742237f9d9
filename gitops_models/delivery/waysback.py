"""Which way back a place has when what was switched to it does not pass. Pure: the accepted state decides."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitops_models.delivery.desired import artifacts_of
from gitops_models.delivery.values import Deployment, LinkState, Observation, entry_digest
from gitops_models.errors import GmError
from gitops_models.policy.lkg import unfit
from gitops_models.policy.risk import SENSITIVE, model_risk

if TYPE_CHECKING:
    from gitops_models.delivery.values import Desired, ModelStage
    from gitops_models.verification.history import History


def restores_itself(history: History, at: ModelStage) -> bool:
    """Whether the reconciler may serve the previous version again by itself: what the policy lets automation do.

    From high risk on a person agrees, whatever the table says; so it is where the model cannot be read.
    """
    try:
        model = history.state.snapshot.model(at.model)
    except GmError:
        return False
    risk = model_risk(model, history.policy.floors)
    return risk not in SENSITIVE and history.policy.risks.of(risk).rollback.automation == "restore"


def is_way_back(history: History, wanted: Deployment) -> bool:
    """Whether ``wanted`` is itself what a rollback, an emergency, an override or a declared fallback asks for.

    What it leads away from must never be served again because the way back does not pass a check.
    """
    return wanted.override is not None or wanted.origin is not None or was_rolled_back(history, wanted.at)


def was_rolled_back(history: History, at: ModelStage) -> bool:
    """Whether what last set the stage was a rollback or an emergency."""
    step = change_step(history, at)
    back = history.state.happened(at.model, "rollback", "emergency")
    return any(one.subject == at.stage and one.step == step for one in back)


def change_step(history: History, at: ModelStage) -> str | None:
    """Return the accepted step that last set the stage state, ``None`` where the pin set it."""
    touch = history.state.touched.get(history.layout.stage_path(at.model, at.stage))
    return touch.step if touch else None


def standing_version(history: History, desired: Desired, seen: Observation) -> Deployment | None:
    """Return the version that is served, by the accepted lineage of the name in the note.

    ``None`` where nothing is, where it is barred, or where note, lineage and store entry do not agree: then nobody
    vouches for it. The bytes may be damaged: whether they are whole says ``Observation.lies``.
    """
    noted = seen.noted
    if noted is None or seen.link_state is LinkState.FOREIGN:
        return None
    if entry_digest(seen.link) not in (None, noted.digest) or noted.digest in desired.quarantined:
        return None
    model, _, version = noted.version.rpartition("@")
    origin = model or None
    snapshot = history.state.snapshot
    try:
        source = origin or desired.at.model
        if snapshot.lineage_sha256(source, version) != noted.lineage_sha256:
            return None
        artifacts = artifacts_of(snapshot, source, version)
    except GmError:
        return None
    found = Deployment(*desired.at, version, noted.lineage_sha256, artifacts, origin=origin)
    return found if found.digest == noted.digest and _is_vouched_for(history, found) else None


def version_of(history: History, desired: Desired, digest: str) -> Deployment | None:
    """Return the version of the model whose bytes ``digest`` stands for, unless it is barred."""
    snapshot, at = history.state.snapshot, desired.at
    if digest in desired.quarantined or not snapshot.has_model(at.model):
        return None
    for version in snapshot.versions(at.model):
        try:
            artifacts = artifacts_of(snapshot, at.model, version)
        except GmError:
            continue
        found = Deployment(*at, version, snapshot.lineage_sha256(at.model, version) or "", artifacts)
        if found.digest == digest:
            return found if _is_vouched_for(history, found) else None
    return None


def version_that_lay(history: History, desired: Desired, seen: Observation) -> Deployment | None:
    """Return the version that was served, also where a note that a failed write left behind is another's."""
    digest = entry_digest(seen.link)
    return standing_version(history, desired, seen) or (version_of(history, desired, digest) if digest else None)


def may_go_back(history: History, wanted: Deployment, before: Deployment) -> bool:
    """Not where the same version was healed, and never from a way back to what it leads away from."""
    is_other = before.digest != wanted.digest
    return is_other and restores_itself(history, wanted.at) and not is_way_back(history, wanted)


def _is_vouched_for(history: History, found: Deployment) -> bool:
    """Whether the accepted history once asked for it at this very place, and nothing speaks against it since.

    Who can write into the target could lay any registered version there, with its note: it must not come back.
    """
    state = history.state
    staged = state.ever_staged.get((found.model, found.stage), {})
    if found.origin is None and found.version not in staged:
        return False
    model = state.snapshot.model(found.source)
    return unfit(state.snapshot, found.source, found.version, model, suspect=state.suspect) is None
