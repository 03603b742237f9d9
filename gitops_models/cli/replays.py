"""gm monitor --replay: what past signals would have done."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from gitops_models.cli.output import emit, next_step, say, table
from gitops_models.registry.times import format_time

if TYPE_CHECKING:
    from pathlib import Path

    from gitops_models.cli.options import Options
    from gitops_models.delivery.triggers.replay import Replayed


def tell_replay(options: Options, recording: Path, triggers: Path | None, model: str | None) -> int:
    """Print every line at which a trigger changed how it stands, and how often it would have acted."""
    from gitops_models.workflows.replaying import replay_recording

    found = replay_recording(options.repo, options.repo / recording, triggers and options.repo / triggers, model)
    turns = _turns(found)
    fired = sum(one.decision.act is not None for one in found)
    rows = [_row(one) for one in turns]
    lines = table(rows, ("TIME", "TRIGGER", "VERSION", "STANDING", "WHY")) if rows else ["nothing was recorded"]
    body = {"lines": len(found), "fired": fired, "turns": [_plain(one) for one in turns]}
    emit(options, "Replay", body, lines)
    say(options, f"{len(found)} lines; automation would have acted {fired} times")
    next_step(options, "gm monitor --once")
    return 0


def _turns(found: list[Replayed]) -> list[Replayed]:
    known: dict[tuple[str, str | None], str] = {}
    turns = []
    for one in found:
        key = (one.line.trigger, one.line.stage)
        if known.get(key) != one.decision.standing or one.decision.act is not None:
            turns.append(one)
        known[key] = one.decision.standing
    return turns


def _row(one: Replayed) -> tuple[str, ...]:
    made = one.decision
    standing = f"{made.standing}: {made.act}" if made.act else made.standing.value
    return (format_time(one.line.time), one.line.trigger, one.line.version, standing, made.reason)


def _plain(one: Replayed) -> dict[str, Any]:
    made = one.decision
    return {
        "time": format_time(one.line.time),
        "trigger": one.line.trigger,
        "stage": one.line.stage,
        "version": one.line.version,
        "standing": made.standing.value,
        "reason": made.reason,
        "act": made.act.value if made.act else None,
        "alert": made.alert,
    }
