"""gm rollback."""

from pathlib import Path
from typing import Annotated

import typer

from gitops_models.cli.common import DryRun, Merge, NoPush, Reason, exclude, finish, need_reason, open_here
from gitops_models.cli.options import of


def command(
    context: typer.Context,
    model: Annotated[str, typer.Argument(metavar="MODEL")],
    *,
    stage: Annotated[str | None, typer.Option(help="The stage; the last one otherwise.")] = None,
    to: Annotated[
        str | None, typer.Option(metavar="V", help="This version; the last known good one otherwise.")
    ] = None,
    cause: Annotated[str | None, typer.Option(help="Why in one word: regression, poisoning, tampering, ...")] = None,
    incident: Annotated[str | None, typer.Option(metavar="ID", help="The incident it belongs to.")] = None,
    quarantine: Annotated[bool, typer.Option("--quarantine", help="Bar the bad version everywhere.")] = False,
    hold: Annotated[bool, typer.Option("--hold/--no-hold", help="Bar promotions to the stage until lifted.")] = True,
    bundle: Annotated[
        Path | None, typer.Option(metavar="FILE", help="The forge is down: write it to a bundle for reconcilers.")
    ] = None,
    override: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Last resort: sign a local hold for reconcilers, not a change.")
    ] = None,
    target: Annotated[str | None, typer.Option(metavar="ID", help="With --override: for this target only.")] = None,
    hours: Annotated[int | None, typer.Option(min=1, help="With --override: how long it holds.")] = None,
    reason: Reason = None,
    merge: Merge = False,
    dry_run: DryRun = False,
    no_push: NoPush = False,
) -> None:
    """Restore an earlier stage state, with a hold."""
    from gitops_models.cli.emergencies import roll_back_into_bundle, sign_override
    from gitops_models.cli.noticing import telling
    from gitops_models.workflows.announcing import announced
    from gitops_models.workflows.recover import Rollback, rollback

    options = of(context)
    exclude(merge=merge, no_push=no_push)
    _one_way(bundle=bundle, override=override, other=merge or no_push, only=target or hours)
    if override is not None and (quarantine or cause or not hold):
        raise typer.BadParameter(
            "an override is a hold for a while and nothing else: no --quarantine, --cause, --no-hold"
        )
    why = need_reason(options, reason)
    session = open_here(options)
    wanted = Rollback(model, why, stage, to, cause, incident, hold=hold, quarantine=quarantine)
    if bundle is not None:
        roll_back_into_bundle(options, session, wanted, bundle, dry_run=dry_run)
    elif override is not None:
        sign_override(options, session, wanted, override, target=target, hours=hours, dry_run=dry_run)
    else:
        with telling(options, session) as post, announced(post, session, wanted, dry_run=dry_run) as story:
            opened = rollback(session, wanted, dry_run=dry_run, no_push=no_push, before=story.begins)
            landed = finish(options, session, opened, merge=merge, no_push=no_push, kind="Rollback")
            story.ends(landed.step if landed else None)


def _one_way(*, bundle: Path | None, override: Path | None, other: bool, only: str | int | None) -> None:
    """Refuse, before anything is done, what no single command can mean."""
    if (bundle is not None) + (override is not None) + other > 1:
        raise typer.BadParameter("--bundle, --override, --merge and --no-push exclude each other")
    if only and override is None:
        raise typer.BadParameter("--target and --hours belong to --override")
