"""gm merge."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from gitops_models.cli.common import after_landing, landed_body, landed_lines, open_here, tell_notes, tell_unheard
from gitops_models.cli.options import Options, of
from gitops_models.cli.output import emit, next_step, say

if TYPE_CHECKING:
    from gitops_models.workflows.session import Session


def command(
    context: typer.Context,
    name: Annotated[str | None, typer.Argument(metavar="[PROPOSAL|STEP]")] = None,
    *,
    bundle: Annotated[
        Path | None, typer.Option(metavar="FILE", help="The forge is down: land it in a bundle for reconcilers.")
    ] = None,
    source: Annotated[
        Path | None, typer.Option("--from", metavar="FILE", help="The forge is back: land what this bundle holds.")
    ] = None,
    retry_for: Annotated[
        float, typer.Option("--retry-for", metavar="SECONDS", min=0, help="Try so long while others are quicker.")
    ] = 120.0,
) -> None:
    """Land an allowed proposal in one atomic push, or accept a step that landed without its acceptance."""
    from gitops_models.cli.noticing import telling
    from gitops_models.workflows.announcing import tell_landed
    from gitops_models.workflows.late import accept_late, find_waiting
    from gitops_models.workflows.merging import merge
    from gitops_models.workflows.patience import Patience
    from gitops_models.workflows.review import find_proposal

    options = of(context)
    if (name is None) is (source is None) or (source and bundle):
        raise typer.BadParameter("name a proposal or step, or a bundle with --from FILE")
    session = open_here(options)
    if source is not None or name is None:
        _land_from(options, session, Path(source or ""))
        return
    if bundle is not None:
        _land_into(options, session, name, bundle)
        return
    late = find_waiting(session, name)
    if late is not None:
        done = accept_late(session, late)
        tell_unheard(options, session)
        body = {"step": done.step, "changeId": done.evaluation.change_id, "released": done.released}
        emit(options, "Landing", body, [f"step {done.step[:12]} is accepted"])
        next_step(options, "gm status")
        return
    landed = merge(session, find_proposal(session, name), patience=Patience(retry_for))
    emit(options, "Landing", landed_body(landed), landed_lines(landed))
    tell_notes(options, session)
    tell_unheard(options, session)
    if landed.proposal.event == "rollback":
        with telling(options, session) as post:
            tell_landed(post, landed.proposal, landed.step)
    after_landing(options, session, landed)


def _land_into(options: Options, session: Session, name: str, path: Path) -> None:
    from gitops_models.cli.emergencies import tell_bundle
    from gitops_models.workflows.bundling import bundle, carried, find_carried

    view = carried(session)
    done = bundle(view, find_carried(view, name), path)
    tell_bundle(options, done, {"changeId": done.evaluation.change_id}, [f"proposal {done.proposal.id} waits"])


def _land_from(options: Options, session: Session, path: Path) -> None:
    from gitops_models.workflows.bundling import land_bundle

    done = land_bundle(session, path)
    body = {"steps": list(done.steps), "tip": done.tip, "fresh": done.fresh}
    lines = [f"landed {step[:12]}" for step in done.steps] or [f"{done.tip[:12]} is on the line already"]
    emit(options, "Landing", body, lines)
    if done.left_alone:
        say(options, f"your local branch was left alone: {done.left_alone}")
    next_step(options, "gm status")
