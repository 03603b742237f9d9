"""The statement inside ``model.sig`` (https://github.com/ossf/model-signing-spec): read strictly, written from digests.

``predicate.resources`` lists every file or shard with its digest; the one subject is the sha256 over the raw digests in
that order. Both are pure: which files are there is somebody else's business.
"""

import hashlib
import re
from collections.abc import Iterable, Sequence
from types import MappingProxyType
from typing import Any

from gitops_models.errors import GmError
from gitops_models.registry.canonical import FileDigest, jcs
from gitops_models.registry.values import dataclass
from gitops_models.trust.keyless.statement import Statement, read_statement
from gitops_models.trust.oms.names import Resource, check_order, check_path, order, parse_name

__all__ = ["ALWAYS_IGNORED", "DIGEST_BYTES", "PREDICATE_TYPE", "ModelManifest", "read_manifest", "write_manifest"]

PREDICATE_TYPE = "https://model_signing/signature/v1.0"
ALWAYS_IGNORED = (".git", ".gitattributes", ".github", ".gitignore", "model.sig")
DIGEST_BYTES = MappingProxyType({"sha256": 32, "blake2b": 64})
_HEX = re.compile(r"(?:[0-9a-f]{2})+")
_LARGEST = 2**53  # beyond it a float has no odd numbers
_STATEMENT = "https://in-toto.io/Statement/v1"


@dataclass(frozen=True)
class ModelManifest:
    """What was signed: the files, how they were hashed, and the paths that were left out.

    ``shard_size`` is None for whole files. ``digest`` is the hex sha256 that names the model as a whole.
    """

    name: str
    digest: str
    algorithm: str
    shard_size: int | None
    ignored: tuple[str, ...]
    resources: tuple[Resource, ...]


def read_manifest(payload: bytes) -> ModelManifest:
    """Read a signed payload.

    Raises GM-T706 (no statement), GM-T707 (another predicate), GM-T722 (shape, or a subject that is not the digest of
    the resources), GM-T723 (order), GM-T724 (a path that leads out), GM-T729 (a hash or method that gm does not know).
    """
    statement = read_statement(payload)
    statement.require_type(PREDICATE_TYPE)
    match statement.predicate:
        case {"serialization": dict(serialization), "resources": [_, *_] as entries}:
            algorithm, shard_size = _method(serialization)
        case _:
            raise GmError("GM-T722", "the predicate has no serialization or signs no file")
    resources = tuple(_resource(each, algorithm, shard_size) for each in entries)
    check_order(resources)
    name, digest = _subject(statement, resources)
    return ModelManifest(name, digest, algorithm, shard_size, _ignored(serialization), resources)


def write_manifest(name: str, files: Iterable[FileDigest], *, ignored: Sequence[str] = ALWAYS_IGNORED) -> bytes:
    """Return the payload to sign for a model called ``name``, from digests alone, hashed by files.

    Raises GM-T722 (no file), GM-T723 (a path twice), GM-T724 (a path that leads out of the model).
    """
    whole = [Resource(check_path(each.path), 0, None, bytes.fromhex(each.sha256)) for each in files]
    resources = sorted(whole, key=order)
    if not resources:
        raise GmError("GM-T722", "a model without a file cannot be signed")
    check_order(resources)
    return jcs(
        {
            "_type": _STATEMENT,
            "subject": [{"name": name, "digest": {"sha256": _root_digest(resources)}}],
            "predicateType": PREDICATE_TYPE,
            "predicate": {
                "serialization": {
                    "method": "files",
                    "hash_type": "sha256",
                    "allow_symlinks": False,
                    "ignore_paths": sorted(ignored),
                },
                "resources": [
                    {"name": each.name, "algorithm": "sha256", "digest": each.digest.hex()} for each in resources
                ],
            },
        }
    )


def _method(serialization: dict[str, Any]) -> tuple[str, int | None]:
    match serialization.get("method"):
        case "files":
            size = None
        case "shards":
            size = _shard_size(serialization.get("shard_size"))
        case other:
            raise GmError("GM-T729", f"a model serialized by {other!r}; gm knows files and shards")
    named = serialization.get("hash_type")
    for algorithm in DIGEST_BYTES:
        if named in _spellings(algorithm, size):
            return algorithm, size
    raise GmError("GM-T729", f"files hashed with {named!r}; gm knows {', '.join(DIGEST_BYTES)}")


def _shard_size(size: Any) -> int:
    """Read a number that went through a protobuf Struct, where every number is a float."""
    if isinstance(size, int | float) and 1 <= size <= _LARGEST and size == int(size):
        return int(size)
    raise GmError("GM-T722", "shards without a size")


def _spellings(algorithm: str, shard_size: int | None) -> tuple[str, ...]:
    """Every name of a hash: model_signing calls the hash of a shard, and until 0.3 all of them, by its size as well."""
    return (algorithm,) if shard_size is None else (algorithm, f"{algorithm}-sharded-{shard_size}")


def _resource(entry: Any, algorithm: str, shard_size: int | None) -> Resource:
    match entry:
        case {"name": str(name), "algorithm": str(kind), "digest": str(text)} if _HEX.fullmatch(text):
            digest = bytes.fromhex(text)
        case _:
            raise GmError("GM-T722", "a resource has a name, an algorithm and a lower-case hexadecimal digest")
    if kind not in _spellings(algorithm, shard_size) or len(digest) != DIGEST_BYTES[algorithm]:
        raise GmError("GM-T722", f"the digest of {name!r} is not one of {algorithm}")
    return parse_name(name, digest, sharded=shard_size is not None)


def _subject(statement: Statement, resources: Sequence[Resource]) -> tuple[str, str]:
    digest = _root_digest(resources)
    match statement.subjects:
        case (subject,) if subject.sha256 == digest:
            return subject.name, digest
    raise GmError("GM-T722", "the subject of the statement is not the digest of its resources")


def _root_digest(resources: Sequence[Resource]) -> str:
    return hashlib.sha256(b"".join(each.digest for each in resources)).hexdigest()


def _ignored(serialization: dict[str, Any]) -> tuple[str, ...]:
    """The paths that the signer left out; GM-T724 for one that is no path in the model, such as the model itself."""
    paths = serialization.get("ignore_paths", [])
    if not isinstance(paths, list) or not all(isinstance(path, str) for path in paths):
        raise GmError("GM-T722", "ignore_paths is not a list of paths")
    return tuple(check_path(path) for path in paths)
