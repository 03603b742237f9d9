"""gm register."""

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from gitops_models.cli.common import DryRun, Merge, NoPush, Reason, exclude, finish, need_reason, open_here
from gitops_models.cli.options import of
from gitops_models.cli.sealing import Key, Oms, Sign, SigstoreConfig, seal_of

if TYPE_CHECKING:
    from gitops_models.workflows.register import Registered


class Bump(StrEnum):
    """Parts of a version."""

    MAJOR = "major"
    MINOR = "minor"
    PATCH = "patch"


File = Annotated[Path | None, typer.Option(metavar="FILE", help="Found beside the code otherwise.")]
Data = Annotated[list[str] | None, typer.Option(metavar="NAME=URI[@SNAPSHOT]", help="A dataset.")]
Roles = Annotated[list[str] | None, typer.Option(metavar="ROLE", help="A role this version has none of.")]
Dirty = Annotated[bool, typer.Option("--allow-dirty", help="Keep uncommitted changes as an artifact.")]


def command(
    context: typer.Context,
    model: Annotated[str, typer.Argument(metavar="MODEL")],
    paths: Annotated[list[str], typer.Argument(metavar="[ROLE=]PATH...")],
    *,
    version: Annotated[str | None, typer.Option(metavar="V", help="This version instead of the next.")] = None,
    bump: Annotated[Bump, typer.Option(help="Which part of the version grows.")] = Bump.MINOR,
    metrics: File = None,
    params: File = None,
    interface: Annotated[Path | None, typer.Option(metavar="FILE", help="What no header of a file says.")] = None,
    data: Data = None,
    features: Annotated[str | None, typer.Option(metavar="SCHEMA[@VERSION]", help="Feature schema.")] = None,
    architecture: Annotated[str | None, typer.Option(metavar="ID", help="Architecture.")] = None,
    code: Annotated[Path, typer.Option(metavar="DIR", help="Where the training code is checked out.")] = Path(),
    entrypoint: Annotated[str | None, typer.Option(metavar="FILE", help="The script that trained it.")] = None,
    risk: Annotated[str | None, typer.Option(help="Risk of a new model: low, medium, high, critical.")] = None,
    kind: Annotated[str, typer.Option("--type", help="model, pipeline, prompt or configuration.")] = "model",
    use: Annotated[list[str] | None, typer.Option(help="Use of a new model.")] = None,
    owner: Annotated[list[str] | None, typer.Option(help="Owner of a new model.")] = None,
    not_applicable: Roles = None,
    allow_dirty: Dirty = False,
    sign: Sign = None,
    oms: Oms = False,
    key: Key = None,
    sigstore: SigstoreConfig = None,
    reason: Reason = None,
    merge: Merge = False,
    dry_run: DryRun = False,
    no_push: NoPush = False,
) -> None:
    """Register files as a new version with its lineage."""
    from gitops_models.cli.progress import bytes_bar
    from gitops_models.workflows.register import Registration, register

    options = of(context)
    exclude(merge=merge, no_push=no_push)
    why = need_reason(options, reason)
    session = open_here(options)
    new: dict[str, Any] = {"risk": risk, "kind": kind, "use": use or (), "owners": owner or ()}
    made: dict[str, Any] = {"metrics": metrics, "parameters": params, "data": data or (), "features": features}
    made["interface"] = interface
    made |= {"architecture": architecture, "code": code, "entrypoint": entrypoint, "allow_dirty": allow_dirty}
    made["seal"] = seal_of(sign=sign is not None, oms=oms, key=key, config=sigstore)
    wanted = Registration(model, paths, why, version, bump.value, not_applicable=not_applicable or (), **new, **made)
    with bytes_bar(options, "hashing and storing") as progress:
        done = register(session, wanted, dry_run=dry_run, no_push=no_push, progress=progress)
    extra, lines = _body(done), _lines(done)
    finish(options, session, done.opened, merge=merge, no_push=no_push, kind="Registration", extra=extra, lines=lines)


def _body(done: "Registered") -> dict[str, Any]:
    return {
        "model": done.lineage.model,
        "version": done.lineage.version,
        "derived": {field.field: field.source for field in done.derived},
        "notApplicable": list(done.lineage.not_applicable),
        "missing": {field.field: field.source for field in done.missing},
    }


def _lines(done: "Registered") -> list[str]:
    return [
        f"{done.lineage.model}@{done.lineage.version}",
        *(
            f"  {entry.path}  {entry.role}  sha256:{entry.sha256[:16]}  {entry.size} bytes"
            for entry in done.lineage.artifacts
        ),
        *(f"  {field.field}: from {field.source}" for field in done.derived),
        *(f"  {field.field}: empty ({field.source})" for field in done.missing),
        *([f"  not applicable: {', '.join(done.lineage.not_applicable)}"] if done.lineage.not_applicable else []),
        *([f"  bytes: {done.stored}"] if done.stored else []),
    ]
