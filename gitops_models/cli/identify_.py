"""gm identify."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from gitops_models.cli.common import open_here
from gitops_models.cli.options import of
from gitops_models.cli.output import emit, next_step

if TYPE_CHECKING:
    from gitops_models.workflows.identify import Identified, Match


def command(
    context: typer.Context,
    paths: Annotated[list[Path], typer.Argument(metavar="FILE...", help="Files or directories.")],
) -> None:
    """Find the version that a file belongs to, by sha256."""
    from gitops_models.cli.progress import bytes_bar
    from gitops_models.errors import GmError
    from gitops_models.workflows.identify import identify

    options = of(context)
    session = open_here(options)
    with bytes_bar(options, "hashing") as progress:
        found = identify(session, paths, progress=progress)
    lines = [line for one in found for line in _lines(one)]
    emit(options, "Identified", {"files": [_body(one) for one in found]}, lines)
    unknown = [one for one in found if not one.matches]
    if unknown:
        raise GmError(
            "GM-C150",
            f"{len(unknown)} of {len(found)} are no artifact of an accepted version",
            where=str(unknown[0].path),
            details=tuple(f"{one.path}  sha256:{one.sha256}" for one in unknown),
        )
    first = found[0].matches[0]
    next_step(options, f"gm show {first.model}@{first.version}")


def _body(one: "Identified") -> dict[str, Any]:
    matches = [
        {
            "model": match.model,
            "version": match.version,
            "artifact": match.artifact,
            "role": match.role,
            "inside": match.inside,
            "live": list(match.live),
            "quarantined": match.quarantined,
        }
        for match in one.matches
    ]
    return {"path": str(one.path), "sha256": one.sha256, "size": one.size, "matches": matches}


def _lines(one: "Identified") -> list[str]:
    return [f"{one.path}  {_named(match)}" for match in one.matches] or [f"{one.path}  unknown"]


def _named(match: "Match") -> str:
    inside = f"/{match.inside}" if match.inside else ""
    notes = [f"live in {', '.join(match.live)}"] if match.live else []
    notes += ["QUARANTINED"] if match.quarantined else []
    return "  ".join([f"{match.model}@{match.version}", f"{match.artifact}{inside}", match.role, *notes])
