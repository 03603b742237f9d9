"""Scanning a version's folder, or one file, as a reader would load it."""

from __future__ import annotations

import io
import os
import stat
from typing import TYPE_CHECKING

from gitops_models.artifacts.files import open_regular, read_error
from gitops_models.artifacts.scan.budget import Budget
from gitops_models.artifacts.scan.looking import look
from gitops_models.artifacts.scan.member import Member
from gitops_models.artifacts.scan.report import IS_SOURCE, NOT_FOR_RISK, UNKNOWN, Finding, Scanned, ScanReport
from gitops_models.errors import GmError

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator
    from pathlib import Path

    from gitops_models.registry.documents import Lineage, Risk

SOURCES = frozenset(
    {"benchmark", "environment", "evaluation", "inference-code", "postprocessing", "preprocessing", "training-code"}
)
"""Roles whose files may be programs by their nature: there plain source is what it says that it is."""
CODE_FREE = frozenset({"gguf", "npy", "npz", "onnx", "safetensors", "text", "tflite", "xgboost-json"})
"""Formats, by the bytes, that cannot name code."""
_NO_CODE_FOR = frozenset({"high", "critical"})
_EXACT = frozenset({"gguf", "npy", "npz", "onnx", "safetensors", "tflite"})
_DEEPEST = 32


def scan_tree(
    folder: Path,
    *,
    risk: Risk | None = None,
    lineage: Lineage | None = None,
    allow: Collection[str] = (),
    stop: Callable[[], bool] | None = None,
) -> ScanReport:
    """Look into the files below ``folder`` (or one file) without loading any of them.

    With ``lineage`` every artifact of it is scanned, whatever its role, which its author wrote, and the format that it
    states has to be that of the bytes; plain source passes in the roles of code and nowhere else. With ``risk`` high
    or critical only formats pass that cannot run code. ``allow`` are further names (``module.name``) that a pickle may
    import. ``stop`` is asked while a file is looked into: once it says yes, what is left
    is a finding. GM-A101..A109 when a file cannot be read.
    """
    names = frozenset(_pair(name) for name in allow)
    files: list[Scanned] = []
    findings: list[Finding] = []
    sources = [entry.path for entry in lineage.artifacts if entry.role in SOURCES] if lineage else []
    for path, shown, stated in _chosen(folder, lineage):
        scanned, found = scan_file(path, shown, allow=names, stop=stop)
        files.append(scanned)
        if scanned.format == "source" and _is_within(shown, sources):
            findings += (one for one in found if one.what != IS_SOURCE)
            continue
        findings += found
        findings += _of_format(scanned, stated, risk)
    if not files:
        findings.append(Finding(folder.name, UNKNOWN, "holds no file that could be looked into"))
    return ScanReport(tuple(files), tuple(findings))


def _is_within(shown: str, paths: Iterable[str]) -> bool:
    return any(shown == path or shown.startswith(f"{path}/") for path in paths)


def scan_file(
    path: Path, shown: str, *, allow: Collection[tuple[str, str]] = (), stop: Callable[[], bool] | None = None
) -> tuple[Scanned, tuple[Finding, ...]]:
    """Look into one file, called ``shown`` in what is said of it; GM-A101..A109 when it cannot be read."""
    with open_regular(path) as raw, io.BufferedReader(raw) as stream:  # type: ignore[type-var]
        try:
            size = os.fstat(stream.fileno()).st_size
            outcome = look(Member(shown, stream, size, Budget(size, stop), allow=allow))
        except OSError as error:
            raise read_error(error, str(path)) from error
    return Scanned(shown, outcome.format, size, outcome.imports), outcome.findings


def _chosen(folder: Path, lineage: Lineage | None) -> Iterator[tuple[Path, str, str | None]]:
    """Give each file to scan, its name below the folder, and the format that the lineage states of it."""
    if lineage is None:
        for path, shown in _below(folder, folder.name if not folder.is_dir() else ""):
            yield path, shown, None
        return
    for entry in lineage.artifacts:
        path = folder / entry.path
        single = not path.is_dir()
        for one, shown in _below(path, entry.path):
            yield one, shown, entry.format if single else None


def _below(path: Path, shown: str, depth: int = 0) -> Iterator[tuple[Path, str]]:
    """Give the regular files below a path, by name; a link is GM-A102, and a file that is none GM-A103."""
    try:
        if not stat.S_ISDIR(path.lstat().st_mode):
            yield path, shown
            return
        inside = sorted(path.iterdir())
    except OSError as error:
        raise read_error(error, str(path)) from error
    if depth > _DEEPEST:
        raise GmError("GM-A108", f"more than {_DEEPEST} folders deep", where=str(path))
    for inner in inside:
        yield from _below(inner, f"{shown}/{inner.name}" if shown else inner.name, depth + 1)


def _of_format(scanned: Scanned, stated: str | None, risk: str | None) -> Iterator[Finding]:
    kind = scanned.format or "of no known format"
    if stated in _EXACT and scanned.format != stated:
        yield Finding(scanned.path, NOT_FOR_RISK, f"is {kind}, and its lineage says {stated}")
    if risk in _NO_CODE_FOR and scanned.format not in CODE_FREE:
        yield Finding(scanned.path, NOT_FOR_RISK, f"is {kind}; {risk} risk takes only formats that hold no code")


def _pair(name: str) -> tuple[str, str]:
    module, _, last = name.rpartition(".")
    return module, last
