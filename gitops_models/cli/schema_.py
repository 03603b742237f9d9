"""gm schema."""

from typing import Annotated

import typer

from gitops_models.cli.options import of
from gitops_models.cli.output import emit, next_step


def command(
    context: typer.Context,
    kind: Annotated[
        str | None, typer.Argument(metavar="[KIND]", help="Lineage, Policy, ...; all kinds otherwise.")
    ] = None,
) -> None:
    """Print the JSON Schema of a kind of document, or list the kinds."""
    from gitops_models.delivery.config import ReconcilerFile
    from gitops_models.delivery.notify.settings import NotificationsFile
    from gitops_models.errors import GmError
    from gitops_models.policy.document import Policy
    from gitops_models.registry.documents import KINDS, Document, document_class
    from gitops_models.registry.schema import document_schema, schema_text

    options = of(context)
    classes: dict[str, type[Document]] = {
        "Notifications": NotificationsFile,
        "Policy": Policy,
        "Reconciler": ReconcilerFile,
        **{kind: document_class(kind) for kind in KINDS},
    }
    if kind is None:
        names = sorted(classes)
        emit(options, "Schemas", {"kinds": names}, names)
        next_step(options, "gm schema Lineage")
        return
    known = {name.lower(): name for name in classes}
    if kind.lower() not in known:
        raise GmError("GM-C152", f"there is no kind {kind}", details=(f"kinds: {', '.join(sorted(classes))}",))
    name = known[kind.lower()]
    schema = document_schema(classes[name])
    emit(options, "Schema", {"of": name, "schema": schema}, schema_text(schema).rstrip("\n").split("\n"))
    next_step(options, "gm schema")
