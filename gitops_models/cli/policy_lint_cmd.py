"""gm policy lint."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from gitops_models.cli.options import of
from gitops_models.cli.output import emit, next_step

File = Annotated[Path | None, typer.Argument(metavar="[FILE]", exists=True, dir_okay=False)]
Strict = Annotated[bool, typer.Option("--strict", help="Let warnings fail too.")]


def command(context: typer.Context, file: File = None, *, strict: Strict = False) -> int:
    """Look for slips and locks in a policy: the one in the work tree, or FILE."""
    from gitops_models.errors import Exit
    from gitops_models.policy.render.jsons import finding_json
    from gitops_models.policy.render.text import finding_text
    from gitops_models.policy.verdict import Severity
    from gitops_models.workflows.clock import SystemClock
    from gitops_models.workflows.policies import lint_here

    options = of(context)
    found = lint_here(options.repo, file, SystemClock().now())
    errors = sum(one.severity is Severity.DENY for one in found)
    warnings = len(found) - errors
    passed = not errors and not (strict and warnings)
    body = {
        "passed": passed,
        "errors": errors,
        "warnings": warnings,
        "strict": strict,
        "findings": [finding_json(one) for one in found],
    }
    blocks = [line for one in found for line in finding_text(one).split("\n")]
    emit(options, "PolicyLint", body, [*blocks, f"{errors} errors, {warnings} warnings"])
    next_step(options, "gm check --policy-tests" if passed else "gm policy explain CODE")
    return Exit.OK if passed else Exit.DENIED
