"""gm at."""

from typing import Annotated, Any

import typer

from gitops_models.cli.log_ import clock
from gitops_models.cli.options import of
from gitops_models.cli.output import emit, next_step, table
from gitops_models.cli.replaying import open_replayed


def command(
    context: typer.Context,
    point: Annotated[str, typer.Argument(metavar="COMMIT|TIME", help="A step, or an ISO time (UTC without a zone).")],
) -> None:
    """What was accepted at a time or commit; a time is compared with acceptances, never with commit dates."""
    from gitops_models.workflows.inspect import state_then

    options = of(context)
    session = open_replayed(options)
    then = state_then(session, point)
    body: dict[str, Any] = {
        "asked": then.asked,
        "step": then.step,
        "time": clock(then.time),
        "live": [
            {
                "model": one.model,
                "stage": one.stage,
                "version": one.version,
                "lineageSha256": one.lineage_sha256,
                "step": one.step,
                "since": clock(one.since),
            }
            for one in then.live
        ],
        "holds": [
            {"model": hold.model, "stage": hold.stage, "reason": hold.reason, "by": hold.by, "created": hold.created}
            for hold in then.holds
        ],
        "quarantined": [{"model": model, "version": version} for model, version in then.quarantined],
        "blocked": list(then.blocked),
    }
    rows = [
        (one.model, one.stage, one.version or "nothing", clock(one.since) or "at the pin", (one.step or "-")[:12])
        for one in then.live
    ]
    accepted = f"accepted {clock(then.time)}" if then.time else "the pin: nothing was accepted before it"
    lines = [
        f"step {then.step[:12]}, {accepted}",
        *(table(rows, ("MODEL", "STAGE", "VERSION", "SINCE", "STEP")) if rows else ["nothing was live"]),
        *(f"held: {hold.model}#{hold.stage}  {hold.reason} ({hold.by})" for hold in then.holds),
        *(f"quarantined: {model}@{version}" for model, version in then.quarantined),
        *(f"blocked: {scope}" for scope in then.blocked),
    ]
    emit(options, "StateAt", body, lines)
    next_step(options, f"gm verify --explain {then.step[:12]}")
