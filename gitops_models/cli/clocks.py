"""How the exposure clock of a way back is printed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gitops_models.audit.rows import Row
    from gitops_models.verification.exposure import Exposure


def exposure_body(row: Row) -> dict[str, Any] | None:
    """The clock for ``--json``: what was agreed, and the whole of it at each target. Durations in seconds."""
    if row.exposure is None:
        return None
    return {**_body(row.exposure), "places": [{"target": one.target, **_body(one.exposure)} for one in row.places]}


def exposure_row_lines(row: Row) -> Iterator[str]:
    """One line for each target; one without a target where none has told of it yet."""
    if row.exposure is None:
        return
    if not row.places and row.exposure.known:
        yield f"    clock: {_line(row.exposure)}"
    yield from (f"    clock at {one.target}: {_line(one.exposure)}" for one in row.places)


def _body(exposure: Exposure) -> dict[str, Any]:
    from gitops_models.registry.times import format_time

    exposed, reaction = exposure.exposed, exposure.reaction
    return {
        **{name: format_time(at) for name, at in exposure.known},
        "exposedSeconds": exposed.total_seconds() if exposed is not None else None,
        "reactionSeconds": reaction.total_seconds() if reaction is not None else None,
    }


def _line(exposure: Exposure) -> str:
    from gitops_models.registry.times import format_time
    from gitops_models.verification.exposure import lasted

    (first, at), *_ = exposure.known
    steps = [f"{first} {format_time(at)}", *(f"{name} +{lasted(lap)}" for name, lap in exposure.laps)]
    exposed = f"; served for {lasted(exposure.exposed)}" if exposure.exposed is not None else ""
    return ", ".join(steps) + exposed
