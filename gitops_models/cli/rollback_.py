"""gm rollback."""

from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

from gitops_models.cli.common import DryRun, Merge, NoPush, Reason, exclude, need_reason, open_here
from gitops_models.cli.options import of

Version = Annotated[str | None, typer.Option(metavar="V", help="This version; the last known good one otherwise.")]
BundleFile = Annotated[
    Path | None, typer.Option("--bundle", metavar="FILE", help="The forge is down: write it to a bundle.")
]
OverrideFile = Annotated[
    Path | None, typer.Option("--override", metavar="FILE", help="Last resort: sign a local hold for reconcilers.")
]
BeforeData = Annotated[
    str | None,
    typer.Option(metavar="ID", help="To before this data: its name, NAME@SNAPSHOT, sha256 or address."),
]
BeforeCommit = Annotated[str | None, typer.Option(metavar="SHA", help="To before this commit of the training code.")]
Siblings = Annotated[
    bool, typer.Option("--quarantine-siblings", help="Bar every version of the model from the same input too.")
]
OpenCause = Annotated[
    bool, typer.Option("--open-cause/--no-open-cause", help="With --cause: open it where none of its kind is open.")
]

Degraded = Annotated[
    str | None, typer.Option(metavar="TEXT", help="What does not work meanwhile, where a consumer lacks something.")
]
Detected = Annotated[
    str | None, typer.Option(metavar="TIME", help="When what is wrong was first seen (ISO 8601), where not just now.")
]


def command(
    context: typer.Context,
    model: Annotated[str, typer.Argument(metavar="MODEL")],
    *,
    stage: Annotated[str | None, typer.Option(help="The stage; the last one otherwise.")] = None,
    to: Version = None,
    cause: Annotated[str | None, typer.Option(help="Why in one word: regression, poisoning, tampering, ...")] = None,
    incident: Annotated[str | None, typer.Option(metavar="ID", help="The incident it belongs to.")] = None,
    quarantine: Annotated[bool, typer.Option("--quarantine", help="Bar the bad version everywhere.")] = False,
    emergency: Annotated[bool, typer.Option("--emergency", help="No time to ask: last known good, at once.")] = False,
    before_data: BeforeData = None,
    before_commit: BeforeCommit = None,
    siblings: Siblings = False,
    open_cause: OpenCause = True,
    hold: Annotated[bool, typer.Option("--hold/--no-hold", help="Bar promotions to the stage until lifted.")] = True,
    degraded: Degraded = None,
    bundle: BundleFile = None,
    detected: Detected = None,
    override: OverrideFile = None,
    target: Annotated[str | None, typer.Option(metavar="ID", help="With --override: for this target only.")] = None,
    hours: Annotated[int | None, typer.Option(min=1, help="With --override: how long it holds.")] = None,
    reason: Reason = None,
    merge: Merge = False,
    dry_run: DryRun = False,
    no_push: NoPush = False,
) -> None:
    """Restore an earlier stage state, with a hold."""
    from gitops_models.cli.emergencies import roll_back_into_bundle, sign_override
    from gitops_models.cli.recovering import roll_back
    from gitops_models.cli.urgency import declare
    from gitops_models.workflows.recover import Rollback

    options, before = of(context), (before_data, before_commit)
    _one_way(bundle=bundle, override=override, merge=merge, no_push=no_push, only=target or hours)
    _hold_alone(override, degraded, hold=hold, beside=quarantine or bool(cause or any(before)))
    if emergency:
        given = bool(to or any(before) or siblings or override or merge or no_push or degraded)
        _at_once(given=given, hold=hold, incident=incident)
        wish = (model, need_reason(options, reason), incident or "", stage, cause, _seen(detected, hold=hold))
        declare(options, wish, dry_run=dry_run, bundle=bundle)
        return
    why, session = need_reason(options, reason), open_here(options)
    choices = (cause, incident, hold, quarantine, *before, siblings, open_cause, degraded)
    wanted = Rollback(model, why, stage, to, *choices, _seen(detected, hold=hold))
    if bundle is not None:
        roll_back_into_bundle(options, session, wanted, bundle, dry_run=dry_run)
    elif override is not None:
        sign_override(options, session, wanted, override, target=target, hours=hours, dry_run=dry_run)
    else:
        roll_back(options, session, wanted, merge=merge, dry_run=dry_run, no_push=no_push)


def _seen(detected: str | None, *, hold: bool) -> datetime | None:
    """The time that was given, to be written into the hold. Raises GM-C154."""
    from gitops_models.workflows.inspect import parse_moment

    if detected is None:
        return None
    if not hold:
        raise typer.BadParameter("--detected is written into the hold: leave out --no-hold")
    return parse_moment(detected)


def _hold_alone(override: Path | None, degraded: str | None, *, hold: bool, beside: bool) -> None:
    """Refuse an override that is to do more than hold, and words for a hold that is not placed."""
    if degraded and not hold:
        raise typer.BadParameter("--degraded is written into the hold: leave out --no-hold")
    if override is not None and (beside or degraded or not hold):
        raise typer.BadParameter(
            "an override is a hold for a while and nothing else: no --quarantine, --cause, --no-hold"
        )


def _at_once(*, given: bool, hold: bool, incident: str | None) -> None:
    """Refuse what an emergency never does: choose a version, leave the stage open, wait; and one without incident."""
    if given or not hold:
        raise typer.BadParameter("--emergency goes to the last known good version at once, and holds the stage")
    if not (incident or "").strip():
        raise typer.BadParameter("--emergency names its incident: --incident ID")


def _one_way(*, bundle: Path | None, override: Path | None, merge: bool, no_push: bool, only: str | int | None) -> None:
    """Refuse, before anything is done, what no single command can mean."""
    exclude(merge=merge, no_push=no_push)
    if (bundle is not None) + (override is not None) + (merge or no_push) > 1:
        raise typer.BadParameter("--bundle, --override, --merge and --no-push exclude each other")
    if only and override is None:
        raise typer.BadParameter("--target and --hours belong to --override")
