"""gm doctor."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from gitops_models.cli.options import Options, of
from gitops_models.cli.output import emit, next_step

if TYPE_CHECKING:
    from gitops_models.forge.protection import Finding

FORGE = "Look at the settings of the forge instead: rulesets, protection, merges."
_WIDTH = 11


def command(context: typer.Context, *, forge: Annotated[bool, typer.Option("--forge", help=FORGE)] = False) -> int:
    """Check Git, SSH, signing, remotes, pin and protection, each with its remedy."""
    from gitops_models.errors import Exit
    from gitops_models.workflows.examine import examine

    options = of(context)
    if forge:
        return _forge(options)
    found = examine(options.repo)
    lines = []
    for item in found:
        lines.append(f"{item.level:8} {item.what}: {item.found}")
        if item.level != "ok" and item.remedy:
            lines.append(f"         hint: {item.remedy}")
    emit(options, "Examination", {"checks": [vars(item) for item in found]}, lines)
    problems = [item for item in found if item.level == "problem"]
    next_step(options, problems[0].remedy if problems else "gm status")
    return Exit.DENIED if problems else Exit.OK


def _forge(options: Options) -> int:
    """GM-F450 to F463; exit status 3 where a setting leaves a way round the gate."""
    from gitops_models.errors import Exit
    from gitops_models.forge.protection import judge
    from gitops_models.workflows.hosted import hosted
    from gitops_models.workflows.session import open_session

    found = judge(hosted(open_session(options.repo)).protection())
    lines = [line for item in found for line in _lines(item)]
    emit(options, "ForgeExamination", {"checks": [vars(item) for item in found]}, lines)
    problems = [item for item in found if item.level == "problem"]
    next_step(options, problems[0].remedy if problems else "gm status")
    return Exit.DENIED if problems else Exit.OK


def _lines(item: Finding) -> list[str]:
    code = f"{item.code}: " if item.code else ""
    said = f"{item.level:{_WIDTH}} {item.what}: {code}{item.found}"
    return [said, f"{'':{_WIDTH}} hint: {item.remedy}"] if item.remedy else [said]
