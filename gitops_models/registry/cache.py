"""Documents parsed once per blob: parsing YAML is nearly the whole cost of reading a registry."""

from typing import Protocol
from weakref import WeakKeyDictionary

from gitops_models.registry.canonical import sha256_hex
from gitops_models.registry.documents import Document, parse_document


class BlobSource(Protocol):
    """Where blobs come from. Must be hashable by identity and weakly referable, as plain objects are."""

    def blob(self, oid: str) -> bytes:
        """Return the content of a blob."""
        ...


class DocumentCache:
    """Parsed documents and sha256 by object id. Holds no source, so that a source can be forgotten."""

    def __init__(self) -> None:
        self._documents: dict[str, Document] = {}
        self._sha256: dict[str, str] = {}

    def document(self, blobs: BlobSource, oid: str, where: str) -> Document:
        """Return the document in a blob; a bad one raises anew each time, with its ``where``."""
        found = self._documents.get(oid)
        if found is None:
            found = self._documents[oid] = parse_document(blobs.blob(oid), where)
        return found

    def sha256(self, blobs: BlobSource, oid: str) -> str:
        """Return the sha256 of a blob's content."""
        found = self._sha256.get(oid)
        if found is None:
            found = self._sha256[oid] = sha256_hex(blobs.blob(oid))
        return found


_CACHES: "WeakKeyDictionary[BlobSource, DocumentCache]" = WeakKeyDictionary()


def cache_of(blobs: BlobSource) -> DocumentCache:
    """Return the cache that belongs to a source: the same one for every snapshot read from it."""
    found = _CACHES.get(blobs)
    if found is None:
        found = _CACHES[blobs] = DocumentCache()
    return found
