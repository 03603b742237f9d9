"""gm list."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from gitops_models.cli.common import open_here
from gitops_models.cli.log_ import clock
from gitops_models.cli.options import Options, of
from gitops_models.cli.output import emit, next_step, say, table

if TYPE_CHECKING:
    from gitops_models.workflows.session import Session


def command(
    context: typer.Context,
    model: Annotated[str | None, typer.Argument(metavar="[MODEL]", help="Its versions, newest first.")] = None,
) -> None:
    """List models and what is live, or the versions of one model."""
    options = of(context)
    session = open_here(options)
    if model is None:
        _models(options, session)
    else:
        _versions(options, session, model)


def _models(options: Options, session: Session) -> None:
    from gitops_models.workflows.listing import models, stages_of

    found, stages = models(session), stages_of(session)
    body = {
        "stages": list(stages),
        "models": [
            {
                "model": line.model,
                "versions": line.versions,
                "latest": line.latest,
                "live": dict(line.live),
                "held": list(line.held),
                "blocked": line.blocked,
            }
            for line in found
        ],
    }
    rows = [
        (
            f"{line.model} (blocked)" if line.blocked else line.model,
            *(f"{line.live.get(stage, '-')}{' (held)' if stage in line.held else ''}" for stage in stages),
            line.latest or "-",
            str(line.versions),
        )
        for line in found
    ]
    header = ("MODEL", *(stage.upper() for stage in stages), "LATEST", "VERSIONS")
    emit(options, "Models", body, table(rows, header) if rows else [])
    if not rows:
        say(options, "no models yet")
    next_step(options, f"gm list {found[0].model}" if found else "gm register MODEL PATH... -m WHY")


def _versions(options: Options, session: Session, model: str) -> None:
    from gitops_models.workflows.listing import versions

    found = versions(session, model)
    body = {
        "model": model,
        "versions": [
            {
                "version": line.version,
                "live": list(line.live),
                "quarantined": line.quarantined,
                "registeredBy": list(line.by),
                "registeredAt": clock(line.at),
                "step": line.step,
            }
            for line in found
        ],
    }
    rows = [
        (
            f"{line.version} (quarantined)" if line.quarantined else line.version,
            ", ".join(line.live) or "-",
            clock(line.at) or "before the pin",
            ", ".join(line.by) or "-",
            (line.step or "-")[:12],
        )
        for line in found
    ]
    emit(options, "Versions", body, table(rows, ("VERSION", "LIVE IN", "REGISTERED", "BY", "STEP")))
    next_step(options, f"gm show {model}@{found[0].version}" if found else f"gm show {model}")
