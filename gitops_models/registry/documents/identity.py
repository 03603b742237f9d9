"""Whether a document says of itself what its path says of it."""

from typing import TYPE_CHECKING

from gitops_models.registry.documents._base import Document
from gitops_models.registry.text import visible

if TYPE_CHECKING:
    from gitops_models.registry.paths import Place


def identity_problem(document: Document, place: "Place") -> str | None:
    """Return what differs between a document and its place, or None when they agree.

    Compared are the names that both have: model, version, stage, and the id of a cause or waiver.
    """
    expected = {"model": place.model, "version": place.version, "stage": place.stage}
    if place.kind == "model":
        expected = {"name": place.model}
    elif place.kind == "policy-test":
        expected["name"] = place.name
    elif place.kind in {"cause", "waiver"}:
        expected["id"] = place.name
    elif place.kind == "status":
        expected.pop("version")
    for field, value in expected.items():
        said = getattr(document, field, None)
        if value is not None and said != value:
            return f"{field} is `{visible(str(said))}` in the file and `{visible(value)}` in the path"
    return None
