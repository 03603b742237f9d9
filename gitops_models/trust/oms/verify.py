"""A directory against what was signed: exactly these files, exactly these bytes.

First the names (cheap, tells most edits at once), then the bytes, by several readers: hashing lets go of the
interpreter lock.
"""

import os
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

from gitops_models.errors import GmError
from gitops_models.trust.oms.names import Resource
from gitops_models.trust.oms.statement import ModelManifest
from gitops_models.trust.oms.tree import ModelFile, hash_resource, list_model, under

__all__ = ["verify_tree"]

_SHOWN = 20
_READERS = 4


def verify_tree(root: Path, manifest: ModelManifest, *, ignored: Sequence[str] = ()) -> tuple[ModelFile, ...]:
    """Return the files of ``root`` when they are what ``manifest`` lists; ``ignored`` adds to what its signer left out.

    Raises GM-T724 (a signed file is also left out), GM-T725 (extra), GM-T726 (missing), GM-T727 (other bytes or size),
    GM-T728 (link or special file).
    """
    left_out = (*manifest.ignored, *ignored)
    _check_left_out(manifest, left_out)
    files = tuple(list_model(root, left_out))
    signed = _by_path(manifest.resources)
    _compare_names({file.path for file in files}, set(signed))
    for file in files:
        _check_ranges(file, signed[file.path], manifest.shard_size)
    _compare_bytes(root, manifest)
    return files


def _check_left_out(manifest: ModelManifest, left_out: Sequence[str]) -> None:
    for resource in manifest.resources:
        if under(resource.path, left_out):
            raise GmError("GM-T724", "the file is signed and at the same time left out", where=resource.path)


def _by_path(resources: Sequence[Resource]) -> Mapping[str, list[Resource]]:
    found: dict[str, list[Resource]] = {}
    for resource in resources:
        found.setdefault(resource.path, []).append(resource)
    return found


def _compare_names(present: set[str], signed: set[str]) -> None:
    if extra := sorted(present - signed):
        raise GmError("GM-T725", f"{_count(extra)} not signed", where=extra[0], details=extra[1:_SHOWN])
    if missing := sorted(signed - present):
        raise GmError("GM-T726", f"{_count(missing)} missing", where=missing[0], details=missing[1:_SHOWN])


def _check_ranges(file: ModelFile, signed: Sequence[Resource], shard_size: int | None) -> None:
    """Raise GM-T727 unless the shards cover the file without gap: a byte outside every shard would be anybody's."""
    if shard_size is None:
        return
    expected = [(start, min(start + shard_size, file.size)) for start in range(0, file.size, shard_size)]
    if sorted((each.start, each.end) for each in signed) != expected:
        raise GmError("GM-T727", f"its {file.size} bytes are not the shards that were signed", where=file.path)


def _compare_bytes(root: Path, manifest: ModelManifest) -> None:
    with _opened(root) as descriptor, _readers() as pool:
        made = pool.map(lambda each: hash_resource(descriptor, each, manifest.algorithm), manifest.resources)
        for resource, digest in zip(manifest.resources, made, strict=True):
            if digest != resource.digest:
                raise GmError(
                    "GM-T727",
                    f"its {manifest.algorithm} is {digest.hex()}, signed is {resource.digest.hex()}",
                    where=resource.name,
                )


@contextmanager
def _opened(root: Path) -> Iterator[int]:
    descriptor = os.open(root, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        yield descriptor
    finally:
        os.close(descriptor)


@contextmanager
def _readers() -> Iterator[ThreadPoolExecutor]:
    """Several threads that stop at the first refusal."""
    pool = ThreadPoolExecutor(max_workers=min(_READERS, os.cpu_count() or 1))
    try:
        yield pool
    finally:
        pool.shutdown(wait=True, cancel_futures=True)


def _count(paths: Sequence[str]) -> str:
    return "1 file is" if len(paths) == 1 else f"{len(paths)} files are"
