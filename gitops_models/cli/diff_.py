"""gm diff."""

from typing import Annotated

import typer

from gitops_models.cli.common import open_here
from gitops_models.cli.options import of
from gitops_models.cli.output import emit, next_step


def command(
    context: typer.Context,
    before: Annotated[str, typer.Argument(metavar="A", help="fraud@1.0.0 or fraud#production.")],
    after: Annotated[str, typer.Argument(metavar="B", help="fraud@1.1.0, or just 1.1.0.")],
) -> None:
    """Compare two versions of a model: metrics, artifacts, lineage, interface."""
    from gitops_models.cli.comparison import comparison_body, comparison_lines
    from gitops_models.workflows.compare import compare_versions

    options = of(context)
    model, found = compare_versions(open_here(options), before, after)
    head = f"{model}: {found.before} -> {found.after}"
    emit(options, "Comparison", {"model": model, **comparison_body(found)}, [head, *comparison_lines(found)])
    next_step(options, f"gm show {model}@{found.after}")
