"""Whether a policy enforces a clause, and which of its fields would."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from gitops_models.registry.values import dataclass

if TYPE_CHECKING:
    from gitops_models.policy.clauses.clause import Clause
    from gitops_models.policy.document import Policy

State = Literal["enforced", "not enforced", "outside"]


@dataclass(frozen=True)
class Standing:
    """How a clause stands under one policy. ``lacking`` are the fields that would enforce it."""

    state: State
    lacking: tuple[str, ...] = ()


def standing(clause: Clause, policy: Policy) -> Standing:
    """Return how ``clause`` stands: *outside* whatever the policy says, else by the fields that it needs."""
    if clause.outside:
        return Standing("outside")
    lacking = tuple(need.shown for need in clause.needs if not need.met(policy))
    return Standing("not enforced", lacking) if lacking else Standing("enforced")
