"""From the remote into the content store: every artifact of a version, checked against its lineage before it counts.

A directory's listing, the canonical JSON whose sha256 is the tree digest, is itself an object of the store; so a
version that was gathered once is delivered again without the remote and without a manifest that somebody could swap.
"""

import io
import json
from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING

from gitops_models.artifacts.bring import bring, bring_bytes
from gitops_models.artifacts.content import ContentStore
from gitops_models.artifacts.hashing import Progress
from gitops_models.artifacts.manifests import MAX_MANIFEST_BYTES, ManifestEntry, parse_manifest, path_clash
from gitops_models.artifacts.members import Members
from gitops_models.artifacts.parallel import in_parallel
from gitops_models.artifacts.pointers import Pointer
from gitops_models.artifacts.readers import Reader
from gitops_models.artifacts.safe_names import check_file_name
from gitops_models.artifacts.transfer import Expected
from gitops_models.errors import GmError
from gitops_models.registry.canonical import FileDigest, jcs, tree_digest
from gitops_models.registry.values import dataclass

if TYPE_CHECKING:
    from gitops_models.registry.documents import ArtifactEntry, Lineage


@dataclass(frozen=True, slots=True)
class Placed:
    """One file of a version: its path below the version's directory and the verified object that holds its bytes."""

    path: str
    sha256: str


def gather(
    lineage: "Lineage",
    pointers: Mapping[str, Pointer],
    reader: Reader,
    content: ContentStore,
    progress: Progress | None = None,
) -> tuple[Placed, ...]:
    """Bring every artifact of ``lineage`` into ``content``, several files at once, and name its files.

    ``pointers`` by artifact path. What the store already had is hashed again.
    GM-A204/A205 pointer and lineage disagree, GM-A31n bad or missing object, GM-A403 another directory, GM-A32n and
    A62n remote.
    """
    pointers_of = {entry.path: _pointer_of(entry, pointers) for entry in lineage.artifacts}
    plans = [_plan(entry, pointers_of[entry.path], reader, content, progress) for entry in lineage.artifacts]
    in_parallel(lambda fetch, meter: fetch(meter), [fetch for plan in plans for fetch in plan.fetches], progress)
    return tuple(placed for plan in plans for placed in plan.placed())


def _pointer_of(entry: "ArtifactEntry", pointers: Mapping[str, Pointer]) -> Pointer:
    check_file_name(entry.path)
    pointer = pointers.get(entry.path)
    if pointer is None:
        raise GmError("GM-A205", f"artifact {entry.path} has no pointer", where=entry.path)
    if pointer.name != entry.path or pointer.size != entry.size or entry.md5 not in {None, pointer.md5}:
        message = f"pointer of {entry.path} names {pointer.md5} of {pointer.size} bytes, its lineage other bytes"
        raise GmError("GM-A204", message, where=entry.path)
    return pointer


@dataclass(frozen=True, slots=True)
class _Plan:
    """What one artifact still needs from the remote, and the files that it is once it has it."""

    fetches: tuple[Callable[[Progress], None], ...]
    placed: Callable[[], tuple[Placed, ...]]


def _plan(
    entry: "ArtifactEntry", pointer: Pointer, reader: Reader, content: ContentStore, progress: Progress | None
) -> _Plan:
    if not pointer.is_dir:

        def ensure(meter: Progress) -> None:
            _ensure(entry, pointer.md5, reader, content, meter)

        return _Plan((ensure,), lambda: (Placed(entry.path, entry.sha256),))
    files = _known_listing(entry, content, progress)
    if files is not None:
        return _Plan((), lambda: _placed(entry, files))
    return _plan_directory(entry, pointer, reader, content)


def _placed(entry: "ArtifactEntry", files: Iterable[FileDigest]) -> tuple[Placed, ...]:
    return tuple(Placed(f"{entry.path}/{digest.path}", digest.sha256) for digest in files)


def _ensure(entry: "ArtifactEntry", md5: str, reader: Reader, content: ContentStore, progress: Progress) -> None:
    if content.get(entry.sha256, progress):
        return
    where = reader.where(md5)
    bring(md5, Expected(where, limit=entry.size, sha256=entry.sha256, size=entry.size), reader, content, progress)


def _plan_directory(entry: "ArtifactEntry", pointer: Pointer, reader: Reader, content: ContentStore) -> _Plan:
    rows = _manifest(pointer, reader, content)
    members = Members(entry, reader, content, pointer.md5)

    def fetching(md5: str) -> Callable[[Progress], None]:
        return lambda meter: members.bring(md5, meter)

    def placed() -> tuple[Placed, ...]:
        found = members.found
        files = tuple(FileDigest(row.relpath, found[row.md5].size, found[row.md5].sha256) for row in rows)
        members.forget()
        _keep_listing(entry, files, content)
        return _placed(entry, files)

    return _Plan(tuple(fetching(md5) for md5 in dict.fromkeys(row.md5 for row in rows)), placed)


def _manifest(pointer: Pointer, reader: Reader, content: ContentStore) -> tuple[ManifestEntry, ...]:
    where = reader.where(pointer.md5)
    expected = Expected(where, limit=MAX_MANIFEST_BYTES, md5=pointer.md5.removesuffix(".dir"))
    entries = parse_manifest(bring_bytes(pointer.md5, expected, reader, content), where)
    if len(entries) != pointer.nfiles:
        raise GmError("GM-A204", f"pointer says {pointer.nfiles} files, the manifest {len(entries)}", where=where)
    return entries


def _keep_listing(entry: "ArtifactEntry", files: tuple[FileDigest, ...], content: ContentStore) -> None:
    actual, size = tree_digest(files), sum(file.size for file in files)
    if (actual, size) != (entry.sha256, entry.size):
        message = f"{entry.path} has tree digest {actual} and {size} bytes, not {entry.sha256} and {entry.size}"
        raise GmError("GM-A403", message, where=entry.path)
    ordered = sorted(files, key=lambda file: file.path.encode())
    data = jcs([{"path": file.path, "size": file.size, "sha256": file.sha256} for file in ordered])
    content.add(io.BytesIO(data), entry.sha256, len(data), where=entry.path)


def _known_listing(
    entry: "ArtifactEntry", content: ContentStore, progress: Progress | None
) -> tuple[FileDigest, ...] | None:
    """Give the directory's files when the store has the listing and every file, hashed again."""
    path = content.get(entry.sha256)
    if path is None:
        return None
    files = read_listing(path.read_bytes())
    if tree_digest(files) != entry.sha256 or sum(file.size for file in files) != entry.size:
        return None
    complete = all(content.get(file.sha256, progress) for file in files)
    return files if complete else None


def read_listing(data: bytes) -> tuple[FileDigest, ...]:
    """Give the rows of a listing; none when the object is a file that merely has a listing's digest, or is unsafe."""
    try:
        files = tuple(FileDigest(str(row["path"]), int(row["size"]), str(row["sha256"])) for row in json.loads(data))
    except (ValueError, TypeError, KeyError, RecursionError):
        return ()
    return () if path_clash(file.path for file in files) else files
