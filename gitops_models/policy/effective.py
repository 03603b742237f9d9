"""What a policy amounts to: every field with its default, and who may do what (POLICY.md, section 1)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from gitops_models.policy.document import RISKS, slots
from gitops_models.policy.matching import Slot
from gitops_models.registry.documents import Part
from gitops_models.registry.values import dataclass

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from gitops_models.policy.document import Policy, RoleCount
    from gitops_models.registry.documents import Risk

QUORUMS = frozenset(("approve", "authorize", "new_model", "delete"))
"""Fields that hold a quorum, in which nobody is written as ``none``."""
ANYBODY = ("any person",)


@dataclass(frozen=True)
class Entitlement:
    """One line of the table: what, who may propose it, and who has to agree, both by risk in the order of risks."""

    what: str
    may: tuple[tuple[str, ...], ...]
    agree: tuple[tuple[str, ...], ...]
    note: str = ""


def filled(policy: Policy) -> dict[str, Any]:
    """Return the policy as plain values, every absent field with the value that counts for it."""
    found: dict[str, Any] = _plain(policy)
    return found


def _plain(value: Any, name: str = "") -> Any:
    if isinstance(value, Part):
        fields = type(value).model_fields.items()
        return {field.alias or key: _plain(getattr(value, key), key) for key, field in fields}
    if isinstance(value, tuple):
        return "none" if not value and name in QUORUMS else [_plain(one) for one in value]
    return {key: _plain(one) for key, one in value.items()} if isinstance(value, dict) else value


def entitlements(policy: Policy) -> tuple[Entitlement, ...]:
    """Who may do what under ``policy``."""
    return (
        *_registering(policy),
        *_promoting(policy),
        *_rolling_back(policy),
        *_safety(policy),
        *_governing(policy),
    )


def _registering(policy: Policy) -> Iterator[Entitlement]:
    may = _same(policy.registration.may)
    new = _words(policy.registration.new_model)
    both = tuple((*asked, *(role for role in new if role not in asked)) for asked in _approvals(policy))
    yield Entitlement("add a model, lower its risk", may, both)
    yield Entitlement("change a model or its triggers", may, _approvals(policy))
    yield Entitlement("register a version", may, _same(_words(policy.registration.approve)))
    yield Entitlement("add evidence", may, _same(()), "or a workload that may")


def _promoting(policy: Policy) -> Iterator[Entitlement]:
    may = _same(policy.promotion.may)
    yield Entitlement("promote", may, _approvals(policy), _selves(policy))
    for stage, rule in policy.stage_rules.items():
        if rule.approve is not None:
            yield Entitlement(f"promote to {stage}", may, _same(_words(rule.approve)), _selves(policy))
    what = "lift a hold, release from quarantine, resume, undeploy, retire"
    yield Entitlement(what, may, _approvals(policy), _selves(policy))


def _selves(policy: Policy) -> str:
    risks = policy.approvals.self_approval
    return f"at {', '.join(risks)} risk the proposer may approve" if risks else ""


def _rolling_back(policy: Policy) -> Iterator[Entitlement]:
    rows = [policy.risks.of(risk).rollback for risk in RISKS]
    may = tuple(tuple(dict.fromkeys((*row.initiate, *(slot.role for slot in slots(row.authorize))))) for row in rows)
    authorize = tuple(_words(row.authorize) for row in rows)
    yield Entitlement("roll back to the last known good", may, authorize, "the proposer may fill one slot")
    deeper = tuple((*asked, *_one_of(approve)) for asked, approve in zip(authorize, _quorums(policy), strict=True))
    yield Entitlement("roll back deeper", may, deeper, "never a workload")
    if policy.emergency is not None:
        skips = ", ".join(policy.emergency.skips) or "nothing"
        within = policy.emergency.ratify_within_hours
        note = f"last known good only; skips {skips}; ratified within {within} hours"
        yield Entitlement("roll back in an emergency", _same(policy.emergency.role), _same(()), note)


def _one_of(quorum: tuple[Slot, ...]) -> tuple[str, ...]:
    return (str(Slot.any_of(slot.role for slot in quorum)),) if quorum else ()


def _safety(policy: Policy) -> Iterator[Entitlement]:
    may = _same(sorted(policy.safety_roles))
    yield Entitlement("hold a stage, open or resolve a cause, suspend", may, _same(()))
    note = "a live version only with its rollback; the risk's approval where no good version would be left"
    yield Entitlement("quarantine", may, _same(()), note)


def _governing(policy: Policy) -> Iterator[Entitlement]:
    yield Entitlement("restore what is blocked", _same(ANYBODY), _same(()))
    what = "change policy, people, targets, waivers, other governed files"
    yield Entitlement(what, _same(ANYBODY), _same(_words(policy.policy_changes.approve)))
    if policy.retention is not None:
        roles = tuple(dict.fromkeys(slot.role for slot in slots(policy.retention.delete)))
        agree = _same(_words(policy.retention.delete))
        yield Entitlement("delete bytes", _same(roles or ("nobody",)), agree, "behind a record; never the lineage")


def _same(cell: Iterable[str]) -> tuple[tuple[str, ...], ...]:
    return (tuple(cell),) * len(RISKS)


def _by_risk(cell: Callable[[Risk], tuple[str, ...]]) -> tuple[tuple[str, ...], ...]:
    return tuple(cell(risk) for risk in RISKS)


def _approvals(policy: Policy) -> tuple[tuple[str, ...], ...]:
    return _by_risk(lambda risk: _words(policy.risks.of(risk).approve))


def _quorums(policy: Policy) -> tuple[tuple[Slot, ...], ...]:
    return tuple(slots(policy.risks.of(risk).approve) for risk in RISKS)


def _words(quorum: tuple[str | RoleCount, ...]) -> tuple[str, ...]:
    return tuple(map(str, slots(quorum)))
