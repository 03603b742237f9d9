"""The whole of lint over one policy and what it stands on."""

from __future__ import annotations

from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

from gitops_models.errors import GmError
from gitops_models.policy.document import load_policy
from gitops_models.policy.lint.document import lint_policy, unread
from gitops_models.policy.lint.found import error, warning
from gitops_models.policy.lint.people import lint_people
from gitops_models.policy.lint.waivers import lint_waivers
from gitops_models.registry import yamls
from gitops_models.registry.values import dataclass

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import datetime

    from gitops_models.policy.document import Policy
    from gitops_models.policy.verdict import Finding
    from gitops_models.registry.documents import Model, People, Waiver

FALLBACK = "fallback:"


@dataclass(frozen=True)
class Ground:
    """What a policy stands on. ``people`` and ``versions`` (as ``model@version``) are None where none are known."""

    at: datetime
    people: People | None = None
    models: Sequence[Model] = ()
    versions: frozenset[str] | None = None
    waivers: Sequence[Waiver] = ()


def lint(data: bytes, where: str, ground: Ground) -> tuple[Finding, ...]:
    """Everything that is wrong or odd about a policy document, errors first; ``where`` is its path for messages."""
    try:
        policy = load_policy(data, where)
    except GmError as error:
        return unread(_raw(data, where), error)
    found = [*lint_policy(policy), *_idle_floors(policy, ground.models), *_missing_fallback(policy, ground.versions)]
    found += lint_waivers(policy, ground.waivers, ground.models, ground.at)
    if ground.people is not None:
        found += lint_people(policy, ground.people, ground.models, ground.at)
    return tuple(sorted(found, key=lambda one: (one.severity, one.code)))


def _raw(data: bytes, where: str) -> dict[str, object] | None:
    try:
        return yamls.load(data, where)
    except GmError:
        return None


def _missing_fallback(policy: Policy, versions: frozenset[str] | None) -> Iterator[Finding]:
    """A fallback is looked for when nothing else is left: too late to find that it is not there."""
    fallback = policy.rollback.degrade.removeprefix(FALLBACK)
    if versions is not None and fallback != policy.rollback.degrade and fallback not in versions:
        yield error("GM-P734", f"rollback.degrade names {fallback}, which is not registered")


def _idle_floors(policy: Policy, models: Sequence[Model]) -> Iterator[Finding]:
    """Floors by name that hold for no model, where there are models; one by use waits for models to come."""
    for number, floor in enumerate(policy.floors):
        if floor.models == "*":
            continue
        held = [
            model
            for model in models
            if fnmatchcase(model.name, floor.models) and (not floor.use or not set(floor.use).isdisjoint(model.use))
        ]
        if models and not held:
            yield warning("GM-P729", f"floors.{number} holds for no model that is there")
