"""What is printed of an emergency rollback, and of agreeing to one afterwards."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from gitops_models.cli.common import opened_lines, plan_lines, proposal_body
from gitops_models.cli.output import emit, next_step, say
from gitops_models.cli.ratifications import agree, emergency_body, emergency_line

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime
    from pathlib import Path

    from gitops_models.cli.options import Options
    from gitops_models.verification.ratification import Ratification
    from gitops_models.workflows.emergency import Outcome
    from gitops_models.workflows.emergency_plan import Emergency
    from gitops_models.workflows.session import Session


def declare(
    options: Options,
    wish: tuple[str, str, str, str | None, str | None, datetime | None],
    *,
    dry_run: bool = False,
    bundle: Path | None = None,
) -> None:
    """Declare the emergency (model, reason, incident, stage, cause, since when) and say what became of it."""
    from gitops_models.cli.common import open_here
    from gitops_models.cli.noticing import telling
    from gitops_models.workflows.emergency import emergency
    from gitops_models.workflows.emergency_plan import Emergency

    session, wanted = open_here(options), Emergency(*wish)
    with telling(options, session) as post:
        found = emergency(session, wanted, post, dry_run=dry_run, bundle_to=bundle)
    emit(options, "Emergency", _body(wanted, found), _lines(wanted, found))
    if found.left_alone:
        say(options, f"your local branch was left alone: {found.left_alone}")
    next_step(options, _next(found))


def _body(wanted: Emergency, found: Outcome) -> dict[str, Any]:
    made = found.plan
    body: dict[str, Any] = {
        "state": found.state,
        "model": wanted.model,
        "incident": wanted.incident,
        "step": found.step,
        "changeId": found.evaluation.change_id if found.evaluation else None,
        "dryRun": found.state == "planned",
    }
    if made is not None:
        body |= {
            "stages": {move.stage: move.target.version if move.target else None for move in made.moves},
            "skipped": list(made.skipped),
            "captured": made.captured.to_json(),
        }
    if found.opened is not None:
        body |= proposal_body(found.opened)
    if found.standing is not None:
        body |= {"changeId": found.standing.change_id, "emergency": emergency_body(found.standing)}
    return body | ({"bundle": str(found.bundle)} if found.bundle else {})


def _lines(wanted: Emergency, found: Outcome) -> Iterator[str]:
    made = found.plan
    if found.state == "already":
        step = f", step {found.step[:12]}" if found.step else ""
        yield f"already there: the emergency {wanted.incident} of {wanted.model} has landed{step}"
        return
    if found.state == "landed":
        yield f"landed {(found.step or '')[:12]}: emergency {wanted.incident}"
    if made is not None:
        yield from (
            f"  {made.model} in {move.stage}: {made.bad} -> {move.target.version if move.target else 'nothing'}, held"
            for move in made.moves
        )
        yield f"  quarantined {made.model}@{made.bad}; its bytes are kept"
        yield f"  skipped {', '.join(made.skipped) or 'nothing'}"
        yield from (f"  {line}" for line in made.captured.lines())
    if found.bundle:
        yield f"bundle {found.bundle}"
    if found.opened is not None and found.state == "waits":
        yield from opened_lines(found.opened)
    elif found.state == "waits" and found.proposal is not None:
        yield f"proposal {found.proposal.id} is open and waits: {found.proposal.title}"
    if found.opened is not None and found.state == "planned":
        yield from plan_lines(found.opened)


def _next(found: Outcome) -> str:
    if found.state == "planned":
        return "the same without --dry-run"
    if found.state == "waits" and found.proposal is not None:
        return f"gm approve {found.proposal.id}, by another person; then the same command again"
    if found.bundle:
        return f"put {found.bundle} where reconcilers read bundles; when the forge is back: gm merge --from FILE"
    if found.standing is not None and found.standing.state in {"open", "overdue"}:
        return f"others agree: {agree(found.standing)}"
    return f"others agree: gm approve --ratify {found.evaluation.change_id[:8]}" if found.evaluation else "gm status"


def ratify_emergency(
    options: Options,
    session: Session,
    name: str,
    *,
    decision: str,
    reason: str,
    out: Path | None,
    change: str | None,
) -> None:
    """Sign a decision on an emergency that has landed, and say how it stands."""
    import typer

    from gitops_models.cli.asking import terminal
    from gitops_models.workflows.emergency_ratify import find_emergency, ratify
    from gitops_models.workflows.shown import hold_to

    found = find_emergency(session, name)
    hold_to(found.change_id, shown=None, given=change, name=name)
    say(options, f"{decision}: change {found.change_id[:8]}")
    say(options, f"  {emergency_line(found)}")
    asker = terminal(options)
    if asker is not None and not asker.agrees(f"Sign `{decision}`"):
        raise typer.Abort
    done = ratify(session, found, decision=decision, reason=reason, keep_local=out is not None)
    if out is not None:
        out.write_bytes(done.record.envelope)
    after = done.emergency
    body = {"decision": decision, "record": done.record.sha256, **emergency_body(after)}
    emit(options, "Ratification", body, [emergency_line(after), *_ignored(after, done.record.body)])
    if done.waiting:
        say(options, f"it waits in the outbox and goes out with the next command: {done.waiting.message}")
    if out is not None:
        next_step(options, f"gm trust ledger add {out}, by anyone who may push")
    else:
        next_step(options, "gm status" if after.state == "ratified" else agree(after))


def _ignored(after: Ratification, decided: Any) -> Iterator[str]:
    person = getattr(decided, "person", None)
    found = {one.why for one in after.quorum.ignored if one.person == person}
    for why in sorted(why for why in found if not why.startswith("superseded")):
        yield f"  it does not count: {why}"
