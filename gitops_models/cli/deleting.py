"""gm retire --delete-bytes and --prune."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitops_models.cli.common import exclude, finish, need_reason, open_here
from gitops_models.cli.options import of
from gitops_models.cli.output import emit, next_step, safe

if TYPE_CHECKING:
    import typer


def propose_deletion(
    context: typer.Context, reference: str, reason: str | None, *, merge: bool, dry_run: bool, no_push: bool
) -> None:
    """Open the record that lets bytes be deleted."""
    from gitops_models.workflows.deleting import delete_bytes
    from gitops_models.workflows.lifecycle import Already

    options = of(context)
    exclude(merge=merge, no_push=no_push)
    why = need_reason(options, reason)
    session = open_here(options)
    opened = delete_bytes(session, reference, why, dry_run=dry_run, no_push=no_push)
    if isinstance(opened, Already):
        emit(options, "Deletion", {"already": True, "what": opened.what}, [opened.what])
        next_step(options, f"gm retire {reference} --prune")
        return
    finish(options, session, opened, merge=merge, no_push=no_push, kind="Deletion")


def list_objects(context: typer.Context, reference: str) -> None:
    """Print the objects that may go, one at a time."""
    from gitops_models.workflows.deleting import removable

    options = of(context)
    found = removable(open_here(options), reference)
    if options.json:
        objects = [{"address": one.address, "md5": one.md5, "artifact": one.artifact} for one in found]
        emit(options, "Removable", {"objects": objects}, [])
        return
    for one in found:
        print(safe(one.address))  # noqa: T201 - data
    next_step(options, "remove them with the tool of your storage; nothing was removed")
