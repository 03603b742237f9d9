"""How emergencies are shown that others have to agree to."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from gitops_models.verification.ratification import Ratification

WORDS = {"open": "to ratify", "overdue": "OVERDUE", "ratified": "ratified", "settled": "settled"}


def emergency_body(one: Ratification) -> dict[str, Any]:
    """An emergency for ``--json``."""
    from gitops_models.registry.times import format_time

    return {
        "model": one.model,
        "stages": list(one.stages),
        "step": one.step,
        "changeId": one.change_id,
        "incident": one.incident,
        "at": format_time(one.at) if one.at else None,
        "due": format_time(one.due) if one.due else None,
        "declaredBy": list(one.declared_by),
        "state": one.state,
        "ratifiedBy": list(one.by),
        "rejectedBy": list(one.rejected),
        "missing": list(one.quorum.missing),
        "candidates": {role: list(people) for role, people in one.quorum.candidates.items()},
    }


def emergency_lines(found: Iterable[Ratification], *, all_of_them: bool = False) -> Iterator[str]:
    """One line for each emergency that waits, or for each that there is."""
    for one in found:
        if all_of_them or one.state in {"open", "overdue"}:
            yield emergency_line(one)


def emergency_line(one: Ratification) -> str:
    """What became of one emergency: ``to ratify: emergency 3fa9c1d2 of fraud in production (INC-412) until …``."""
    from gitops_models.registry.times import format_time

    incident = f" ({one.incident})" if one.incident else ""
    text = f"{WORDS[one.state]}: emergency {one.change_id[:8]} of {one.model} in {', '.join(one.stages)}{incident}"
    if one.state == "ratified":
        return f"{text} by {', '.join(one.by) or 'nobody, whom the policy does not ask'}"
    if one.state == "settled":
        return f"{text}: its hold was lifted by those whom the risk asks"
    until = f" {'since' if one.state == 'overdue' else 'until'} {format_time(one.due)}" if one.due else ""
    rejected = f"; rejected by {', '.join(one.rejected)}" if one.rejected else ""
    return f"{text}{until}: needs {', '.join(one.quorum.missing) or 'nobody else'}{rejected}"


def agree(one: Ratification) -> str:
    """The command with which somebody agrees to it."""
    return f"gm approve --ratify {one.change_id[:8]}"
