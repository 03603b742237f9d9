"""DVC's ``.dir`` objects: the list of a directory's files, byte for byte as DVC 3 writes it.

Format: ``json.dumps(sorted list of {"md5", "relpath"}, sort_keys=True)`` (dvc_data/hashfile/tree.py ``as_bytes``).
A manifest from a remote is a stranger's text: bounded, strict, and every path checked before one is used.
"""

import json
import re
from collections.abc import Iterable, Iterator

from gitops_models.artifacts.safe_names import relpath_problem
from gitops_models.errors import GmError
from gitops_models.registry.values import dataclass

MAX_MANIFEST_BYTES = 64 << 20
MAX_FILES = 400_000
_MD5 = re.compile(r"[0-9a-f]{32}", re.ASCII)


@dataclass(frozen=True, slots=True)
class ManifestEntry:
    """One file of a directory: where it goes and the MD5 by which the remote knows its bytes."""

    relpath: str
    md5: str


def render_manifest(entries: Iterable[ManifestEntry]) -> bytes:
    """Give the bytes of the ``.dir`` object; their MD5 plus ``.dir`` is the directory's DVC hash."""
    ordered = sorted(entries, key=lambda entry: entry.relpath)
    return json.dumps([{"md5": entry.md5, "relpath": entry.relpath} for entry in ordered]).encode()


def parse_manifest(data: bytes, where: str) -> tuple[ManifestEntry, ...]:
    """Give the entries of a ``.dir`` object; GM-A211 malformed, A212 unsafe or repeated path, A213 too large."""
    if len(data) > MAX_MANIFEST_BYTES:
        raise GmError("GM-A213", f"directory manifest is larger than {MAX_MANIFEST_BYTES} bytes", where=where)
    rows = _rows(data, where)
    if len(rows) > MAX_FILES:
        raise GmError("GM-A213", f"directory manifest lists more than {MAX_FILES} files", where=where)
    entries = tuple(_entry(row, where) for row in rows)
    clash = path_clash(entry.relpath for entry in entries)
    if clash:
        raise GmError("GM-A212", f"directory manifest: {clash}", where=where)
    return entries


def _rows(data: bytes, where: str) -> list[object]:
    try:
        value = json.loads(data, object_pairs_hook=_unique)
    except (ValueError, RecursionError) as error:
        raise GmError("GM-A211", f"directory manifest is not JSON: {error}", where=where) from error
    if not isinstance(value, list):
        raise GmError("GM-A211", "directory manifest is not a list", where=where)
    return value


def _unique(pairs: list[tuple[str, object]]) -> dict[str, object]:
    if len({key for key, _ in pairs}) != len(pairs):
        raise ValueError("a key stands twice")
    return dict(pairs)


def _entry(row: object, where: str) -> ManifestEntry:
    if not isinstance(row, dict) or row.keys() != {"md5", "relpath"}:
        raise GmError("GM-A211", "an entry of the directory manifest is not {md5, relpath}", where=where)
    md5, relpath = row["md5"], row["relpath"]
    if not isinstance(md5, str) or not isinstance(relpath, str) or not _MD5.fullmatch(md5):
        raise GmError("GM-A211", "an entry of the directory manifest has no usable MD5 and path", where=where)
    return ManifestEntry(relpath, md5)


def path_clash(paths: Iterable[str]) -> str | None:
    """Why these relative paths cannot be the files of one directory, or None."""
    files: set[str] = set()
    for path in paths:
        problem = relpath_problem(path)
        if problem:
            return f"path {path!a} {problem}"
        if path in files:
            return f"path {path!a} stands twice"
        files.add(path)
    folders = {folder for path in files for folder in _folders(path)}
    both = folders & files
    return f"path {min(both)!a} is both a file and a folder" if both else None


def _folders(path: str) -> Iterator[str]:
    while "/" in path:
        path = path.rpartition("/")[0]
        yield path
