"""What was agreed to already, so that a check must not stand in its way. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitops_models.delivery.waysback import is_way_back
from gitops_models.registry.waivers import is_for, stands, waivers

if TYPE_CHECKING:
    from gitops_models.delivery.checks.base import Subject


def heals(subject: Subject) -> bool:
    """Whether the very version is live already, so that its damaged bytes are brought back."""
    return subject.live is not None and subject.live.digest == subject.wanted.digest


def leads_back(subject: Subject) -> bool:
    """Whether the version is what a rollback, an emergency, an override or a fallback asks for."""
    return is_way_back(subject.history, subject.wanted)


def is_waived(subject: Subject, code: str) -> bool:
    """Whether a waiver of the rule let the version in, when the stage was given it."""
    wanted, state = subject.wanted, subject.history.state
    found = next((one for one in state.stack(*wanted.at).versions if one.version == wanted.version), None)
    at = found.at if found else None
    return any(
        one.code == code
        and is_for(one, wanted.model)
        and one.stage in (None, wanted.stage)
        and one.version in (None, wanted.version)
        and (at is None or stands(one, at))
        for one in waivers(state.snapshot)
    )
