"""gm attest."""

from pathlib import Path
from typing import Annotated

import typer

from gitops_models.cli.common import DryRun, Merge, NoPush, Reason, exclude, finish, need_reason, open_here
from gitops_models.cli.options import of
from gitops_models.cli.sealing import Key, Oms, SigstoreConfig

Attach = Annotated[
    list[Path] | None,
    typer.Option(metavar="FILE", exists=True, dir_okay=False, help="Attach what was signed elsewhere; repeatable."),
]


def command(
    context: typer.Context,
    reference: Annotated[str, typer.Argument(metavar="REF")],
    *,
    oms: Oms = False,
    key: Key = None,
    attach: Attach = None,
    sigstore: SigstoreConfig = None,
    reason: Reason = None,
    merge: Merge = False,
    dry_run: DryRun = False,
    no_push: NoPush = False,
) -> None:
    """Sign where a version comes from, or attach a signature."""
    from gitops_models.workflows.attest import Attest, Seal, attest

    options = of(context)
    exclude(merge=merge, no_push=no_push)
    why = need_reason(options, reason)
    session = open_here(options)
    # A key signs models; where a version comes from is for a CI job to say.
    alone = key is not None or bool(attach)
    seal = Seal(provenance=not alone, model=oms or key is not None, key=key, config=sigstore)
    opened = attest(session, Attest(reference, why, seal, attach or ()), dry_run=dry_run, no_push=no_push)
    lines = [f"  {path}" for path in opened.files]
    finish(options, session, opened, merge=merge, no_push=no_push, kind="Attestation", lines=lines)
