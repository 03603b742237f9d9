"""gm evidence."""

from pathlib import Path
from typing import Annotated

import typer

from gitops_models.cli.common import DryRun, Merge, Reason, finish, need_reason, open_here
from gitops_models.cli.options import of


def command(
    context: typer.Context,
    reference: Annotated[str, typer.Argument(metavar="REF")],
    *,
    kind: Annotated[
        list[str], typer.Option("--type", help="unit-tests, evaluation, security-scan, compatibility, ...")
    ],
    result: Annotated[str, typer.Option(help="passed, failed or revoked.")] = "passed",
    metrics: Annotated[Path | None, typer.Option(metavar="FILE", help="Measured figures.", exists=True)] = None,
    report: Annotated[
        Path | None, typer.Option(metavar="FILE", help="The report; its sha256 is kept.", exists=True)
    ] = None,
    report_uri: Annotated[str | None, typer.Option(metavar="URI", help="Where the report can be read.")] = None,
    reason: Reason = None,
    merge: Merge = False,
    dry_run: DryRun = False,
) -> None:
    """Add evidence to a version, bound to its bytes and signed by you."""
    from gitops_models.workflows.evidence import Vouch, add_evidence

    options = of(context)
    why = need_reason(options, reason)
    session = open_here(options)
    wanted = Vouch(reference, kind, result, why, metrics=metrics, report=report, report_uri=report_uri)
    finish(options, session, add_evidence(session, wanted, dry_run=dry_run), merge=merge, kind="Evidence")
