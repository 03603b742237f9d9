"""Trailers against facts: which claims of a commit are not so. Pure."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from gitops_models.registry import trailers as tr
from gitops_models.registry.events import EVENT_NAMES
from gitops_models.registry.values import dataclass

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

GOVERNANCE = frozenset({"policy-changed", "people-changed", "targets-changed", "waiver-added", "other-governed"})
WORDS: Mapping[str, frozenset[str]] = {
    "registration": frozenset({"version-registered"}),
    "evidence": frozenset({"evidence-added"}),
    "promotion": frozenset({"promoted"}),
    "rollback": frozenset({"rolled-back"}),
    "undeployment": frozenset({"undeployed"}),
    "hold": frozenset({"hold-placed"}),
    "lift": frozenset({"hold-lifted"}),
    "quarantine": frozenset({"quarantined"}),
    "release": frozenset({"quarantine-released"}),
    "cause": frozenset({"cause-opened", "cause-resolved"}),
    "suspension": frozenset({"suspended"}),
    "resumption": frozenset({"resumed"}),
    "retirement": frozenset({"retired"}),
    "deletion": frozenset({"bytes-deleted"}),
    "restore": frozenset({"restored"}),
    "restoration": frozenset({"restored"}),
    "policy": GOVERNANCE,
    "setup": GOVERNANCE,
    **{name: frozenset({name}) for name in EVENT_NAMES},
}
"""What the words of ``Gm-Event`` mean in events; an event's own name means itself."""

_SPACES = re.compile(r"\s+")


@dataclass(frozen=True)
class Truth:
    """What a step really is: the values that each trailer may have without lying.

    ``versions_from`` and ``versions_to`` map a version to the sha256 of its lineage (None where it is not known).
    ``approvers`` are the persons whose agreement counts, ``revertible`` the steps whose move a rollback undoes,
    ``impact`` the consumers and targets that the moves concern.
    """

    events: frozenset[str]
    models: frozenset[str]
    stages: frozenset[str]
    versions_from: Mapping[str, str | None]
    versions_to: Mapping[str, str | None]
    risks: frozenset[str]
    change_id: str | None
    approvers: frozenset[str]
    causes: frozenset[str]
    techniques: frozenset[str]
    incidents: frozenset[str]
    reasons: frozenset[str]
    revertible: frozenset[str]
    impact: frozenset[str] = frozenset()


def lies(claimed: tr.Trailers, truth: Truth) -> tuple[str, ...]:
    """Return what the trailers say that is not so, as ``Key: value (is …)``; keys that gm does not know say nothing."""
    found = (_lie(key, value, truth) for key, value in claimed)
    return tuple(dict.fromkeys(lie for lie in found if lie))


def _lie(key: str, value: str, truth: Truth) -> str | None:
    for name, allowed in _allowed(truth):
        if name.lower() == key.lower():
            return None if _spaced(value) in allowed else f"{name}: {value} (is {_listed(allowed)})"
    if key.lower() == tr.GM_EVENT.lower() and not WORDS.get(value, frozenset()) & truth.events:
        return f"{tr.GM_EVENT}: {value} (is {_listed(truth.events)})"
    if key.lower() == tr.GM_IMPACT.lower() and not truth.impact.issuperset(value.split(", ")):
        return f"{tr.GM_IMPACT}: {value} (is {_listed(truth.impact)})"
    return None


def _allowed(truth: Truth) -> Iterator[tuple[str, frozenset[str]]]:
    """Yield the trailers whose value has to be one of a set; a reason only where a document fixes it."""
    yield tr.GM_MODEL, truth.models
    yield tr.GM_STAGE, truth.stages
    yield tr.GM_FROM, _spellings(truth.versions_from)
    yield tr.GM_TO, _spellings(truth.versions_to)
    yield tr.GM_RISK, truth.risks
    yield tr.GM_CHANGE, frozenset({truth.change_id or ""})
    yield tr.APPROVED_BY, truth.approvers
    yield tr.GM_CAUSE, truth.causes
    yield tr.GM_TECHNIQUE, truth.techniques
    yield tr.GM_INCIDENT, truth.incidents
    yield tr.REVERTS, truth.revertible
    if truth.reasons:
        yield tr.GM_REASON, frozenset(map(_spaced, truth.reasons))


def _spellings(versions: Mapping[str, str | None]) -> frozenset[str]:
    pinned = {f"{version}@sha256:{digest}" for version, digest in versions.items() if digest}
    return frozenset(versions) | pinned


def _spaced(text: str) -> str:
    return _SPACES.sub(" ", text).strip()


def _listed(values: frozenset[str]) -> str:
    return " or ".join(sorted(value for value in values if value)) or "none"
