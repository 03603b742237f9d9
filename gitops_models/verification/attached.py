"""What the judge is told of signatures that are attached to versions; only a change that needs one has them read."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from gitops_models.registry.events import Promoted
from gitops_models.registry.paths import TRUSTED_ROOT_JSON
from gitops_models.registry.scopes import REGULAR

if TYPE_CHECKING:
    from collections.abc import Mapping

    from gitops_models.policy.facts import Attestation
    from gitops_models.registry.change import Change
    from gitops_models.registry.pathchange import PathChange
    from gitops_models.registry.snapshot import Snapshot
    from gitops_models.store.repository import Store
    from gitops_models.verification.history import History

__all__ = ["Attached", "attached", "root_of"]


class Attached(NamedTuple):
    """What the judge may know of attached signatures; see ``Facts``."""

    provenance: Mapping[tuple[str, str], tuple[Attestation, ...]]
    malformed: Mapping[str, tuple[str, str]]


def attached(store: Store, history: History, change: Change) -> Attached:
    """What is attached to the versions that ``change`` promotes or signs; never raises for what somebody attached."""
    demanded = _demanded(history, change)
    brought = [path for path in change.paths if _attached_here(path)]
    if not demanded and not brought:
        return Attached({}, {})
    from gitops_models.verification import provenance  # noqa: PLC0415 - a twentieth of a start, needed by few changes

    found: dict[tuple[str, str], tuple[Attestation, ...]] = {}
    for (model, version), workloads in demanded.items():
        root = root_of(history.state.snapshot)
        place = provenance.Version(change.after, model, version)
        names = [
            name for name in provenance.signature_names(change.after, model, version) if name != provenance.MODEL_SIG
        ]
        found[model, version] = provenance.attestations(store, place, names, history.people, workloads, root=root)
    return Attached(found, dict(provenance.malformed(change, brought)))


def root_of(accepted: Snapshot) -> bytes | None:
    """Return the trusted root that the accepted policy pins, None where it pins none: then nothing keyless counts."""
    return accepted.data(TRUSTED_ROOT_JSON) if accepted.entry(TRUSTED_ROOT_JSON) else None


def _demanded(history: History, change: Change) -> dict[tuple[str, str], tuple[str, ...]]:
    """The versions that go into a stage that asks for provenance, and the workloads that it asks for."""
    wanted: dict[tuple[str, str], tuple[str, ...]] = {}
    for event in change.events:
        rule = history.policy.stage_rules.get(event.stage) if isinstance(event, Promoted) else None
        if isinstance(event, Promoted) and rule and rule.provenance:
            key = (event.model, event.to_version)
            wanted[key] = tuple(dict.fromkeys((*wanted.get(key, ()), *rule.provenance)))
    return wanted


def _attached_here(path: PathChange) -> bool:
    return path.place.kind == "signature" and path.after is not None and path.after.mode == REGULAR
