"""gm doctor."""

import typer

from gitops_models.cli.options import of
from gitops_models.cli.output import emit, next_step


def command(context: typer.Context) -> int:
    """Check Git, SSH, signing, remotes, pin and protection, each with its remedy."""
    from gitops_models.errors import Exit
    from gitops_models.workflows.examine import examine

    options = of(context)
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
