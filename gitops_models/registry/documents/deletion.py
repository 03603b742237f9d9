"""kind: Deletion, the record behind which bytes of a version may be deleted; its lineage stays for ever."""

from typing import Annotated, Literal

from pydantic import Field

from gitops_models.registry.documents._base import Document, Items, Name, Sha256, Text, Time, Version, about

_SHA = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"


class Deletion(Document):
    """Allows bytes of a version to be deleted. The path is models/<model>/deletions/<version>/<n>.yaml."""

    kind: Annotated[Literal["Deletion"], about("The kind of document.", "Deletion")] = "Deletion"
    model: Annotated[Name, about("Name of the model.", "fraud")]
    version: Annotated[Version, about("The version.", "1.0.0")]
    digests: Annotated[Items[Sha256], Field(min_length=1), about("sha256 of the bytes that may go.", [_SHA])]
    reason: Annotated[Text, about("Why.", "kept for ten years, as the policy asks")]
    by: Annotated[Name, about("Who proposed it; equals the signer.", "raio-1")]
    created: Annotated[Time, about("When, UTC.", "2036-11-21T12:00:00Z")]
