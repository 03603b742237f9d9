"""What a clause needs of a policy: a field, and whether this policy fills it so that the clause is enforced."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from gitops_models.registry.values import dataclass

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from gitops_models.policy.document import Policy
    from gitops_models.registry.documents import Risk


@dataclass(frozen=True)
class Need:
    """One demand on the policy. ``field`` is its dotted path, ``*`` stands for each entry; ``shown`` says the whole."""

    field: str
    shown: str
    met: Callable[[Policy], bool]


def given(field: str) -> Need:
    """Demand that the field says something; of a path with ``*``, that one entry does."""
    return Need(field, field, lambda policy: any(values(policy, field)))


def lists(field: str, *names: str) -> Need:
    """Demand that the list holds each of ``names``."""

    def met(policy: Policy) -> bool:
        held = {entry for value in values(policy, field) for entry in value or ()}
        return held.issuperset(names)

    return Need(field, f"{field}: {', '.join(names)}", met)


def lacks(field: str) -> Need:
    """Demand that the list is empty."""
    return Need(field, f"{field}: []", lambda policy: not any(values(policy, field)))


def evidence_at_every_stage() -> Need:
    """Demand that each stage names evidence."""

    def met(policy: Policy) -> bool:
        return all(stage in policy.stage_rules and policy.stage_rules[stage].evidence for stage in policy.stages)

    return Need("stage_rules.*.evidence", "stage_rules: evidence for every stage", met)


def quorum(risk: Risk, *roles: str) -> Need:
    """Demand that a change of this risk is approved by each of ``roles``."""
    field = f"risks.{risk}.approve"
    return Need(field, f"{field}: {', '.join(roles)}", lambda policy: _roles(policy, field).issuperset(roles))


def rollback_by(risk: Risk, kind: str, *roles: str) -> Need:
    """Demand that one of ``roles`` may initiate or has to authorize (``kind``) a rollback of this risk."""
    field = f"risks.{risk}.rollback.{kind}"
    return Need(field, f"{field}: {' or '.join(roles)}", lambda policy: bool(_roles(policy, field) & set(roles)))


def _roles(policy: Policy, field: str) -> frozenset[str]:
    (entries,) = values(policy, field)
    return frozenset(getattr(entry, "role", entry) for entry in entries)


def values(policy: Policy, field: str) -> list[Any]:
    """Every value at a dotted path. A part that is not given ends the way there."""
    return list(_below(policy, field.split(".")))


def _below(value: Any, path: list[str]) -> Iterator[Any]:
    if value is None or not path:
        yield value
        return
    head, *rest = path
    entries = value.values() if isinstance(value, dict) else value
    for entry in entries if head == "*" else [getattr(value, head, None)]:
        yield from _below(entry, rest)
