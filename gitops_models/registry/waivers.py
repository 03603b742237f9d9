"""The waivers of a repository."""

from __future__ import annotations

from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, cast

from gitops_models.registry.paths import POLICY_SCOPE
from gitops_models.registry.times import parse_time

if TYPE_CHECKING:
    from datetime import datetime

    from gitops_models.registry.documents import Waiver
    from gitops_models.registry.snapshot import Snapshot

WAIVERS = "policies/waivers"


def waivers(snapshot: Snapshot) -> tuple[Waiver, ...]:
    """Return every waiver, by id, also those that have expired."""
    names = sorted(str(name) for name in snapshot.scope(POLICY_SCOPE).members("waivers"))
    return tuple(cast("Waiver", snapshot.document(f"{WAIVERS}/{name}.yaml")) for name in names)


def stands(waiver: Waiver, at: datetime) -> bool:
    """Whether the waiver has not expired; at the very time of its end it has."""
    return at < parse_time(waiver.expires)


def is_for(waiver: Waiver, model: str) -> bool:
    """Whether the model fits one of its patterns."""
    return any(fnmatchcase(model, pattern) for pattern in waiver.models)


def waivers_in_force(snapshot: Snapshot, at: datetime, model: str | None = None) -> tuple[Waiver, ...]:
    """Return the waivers that have not expired, of one model when named."""
    return tuple(one for one in waivers(snapshot) if stands(one, at) and (model is None or is_for(one, model)))
