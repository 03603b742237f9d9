"""The data that DVC knows: from ``.dvc`` files and ``dvc.lock``, with sha256 where the bytes are at hand.

These are a user's own working files, read for ``gm register``; nothing here follows what they say.
"""

import os
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import field
from pathlib import Path
from typing import Any, Literal

from gitops_models.artifacts.digests import hash_path
from gitops_models.artifacts.hashing import Progress
from gitops_models.artifacts.small_files import read_small
from gitops_models.errors import GmError
from gitops_models.registry import yamls
from gitops_models.registry.values import dataclass

LOCK_NAME = "dvc.lock"


@dataclass(frozen=True, slots=True)
class DvcItem:
    """One dependency or output as DVC recorded it; ``path`` is relative to the file that names it."""

    path: str
    md5: str | None
    size: int | None = None


@dataclass(frozen=True, slots=True)
class LockStage:
    """One stage of dvc.lock; ``parameters`` by parameter file, then by name."""

    name: str
    deps: tuple[DvcItem, ...] = ()
    outs: tuple[DvcItem, ...] = ()
    parameters: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class DataFound:
    """One dataset: path from the repository's root, DVC's MD5, and sha256 when the bytes here are those.

    ``state`` says whether the bytes are here, not here, or here but not as DVC recorded them.
    """

    path: str
    md5: str | None
    size: int | None
    sha256: str | None
    state: Literal["present", "absent", "modified"]
    source: str


def read_dvc_file(path: Path) -> tuple[DvcItem, ...]:
    """Give the outputs of a ``.dvc`` file; GM-A603."""
    return _items(_document(path).get("outs"), str(path))


def read_lock(path: Path) -> tuple[LockStage, ...]:
    """Give the stages of a ``dvc.lock`` (schema 2.0); GM-A603."""
    stages = _document(path).get("stages", {})
    if not isinstance(stages, dict) or not all(isinstance(stage, dict) for stage in stages.values()):
        raise GmError("GM-A603", "dvc.lock has no mapping of stages", where=str(path))
    return tuple(_stage(name, stage, str(path)) for name, stage in stages.items())


def producing_stages(stages: Iterable[LockStage], outputs: Iterable[str]) -> tuple[LockStage, ...]:
    """Select the stages that made any of ``outputs`` (paths as dvc.lock writes them), and all stages before those."""
    wanted, chosen = set(outputs), list[LockStage]()
    left = list(stages)
    while found := [stage for stage in left if any(out.path in wanted for out in stage.outs)]:
        chosen += found
        left = [stage for stage in left if stage not in found]
        wanted = {dep.path for stage in found for dep in stage.deps}
    return tuple(chosen)


def data_of_lock(root: Path, stages: Iterable[LockStage], progress: Progress | None = None) -> tuple[DataFound, ...]:
    """Give what the stages read and none of them made, without code: the data that went in."""
    chosen = tuple(stages)
    made = {out.path for stage in chosen for out in stage.outs}
    items = {dep.path: dep for stage in chosen for dep in stage.deps if dep.path not in made}
    return tuple(
        _at_hand(root, item, LOCK_NAME, progress)
        for path, item in sorted(items.items())
        if not path.endswith((".py", ".ipynb", ".sh", ".r", ".R"))
    )


def data_of_pointers(
    root: Path, *, exclude: Iterable[str] = (), progress: Progress | None = None
) -> tuple[DataFound, ...]:
    """Give the outputs of every ``.dvc`` file below ``root`` but hidden folders and ``exclude`` (relative folders)."""
    found: list[DataFound] = []
    for pointer in _dvc_files(root, {root / folder for folder in exclude}):
        folder = pointer.parent.relative_to(root)
        source = str(pointer.relative_to(root))
        for item in read_dvc_file(pointer):
            moved = DvcItem((folder / item.path).as_posix(), item.md5, item.size)
            found.append(_at_hand(root, moved, source, progress))
    return tuple(found)


def _dvc_files(root: Path, excluded: set[Path]) -> Iterator[Path]:
    for folder, folders, files in os.walk(root):
        folders[:] = sorted(name for name in folders if not name.startswith(".") and Path(folder, name) not in excluded)
        yield from (Path(folder, name) for name in sorted(files) if name.endswith(".dvc") and name != ".dvc")


def _at_hand(root: Path, item: DvcItem, source: str, progress: Progress | None) -> DataFound:
    path = root / item.path
    inside = Path(os.path.normpath(path)).is_relative_to(Path(os.path.normpath(root)))
    if not inside or not path.exists():
        return DataFound(item.path, item.md5, item.size, None, "absent", source)
    hashes = hash_path(path.resolve(), progress)
    if item.md5 is not None and hashes.md5 != item.md5:
        return DataFound(item.path, item.md5, item.size, None, "modified", source)
    return DataFound(item.path, hashes.md5, hashes.size, hashes.sha256, "present", source)


def _document(path: Path) -> dict[str, Any]:
    try:
        return yamls.load(read_small(path, "GM-A603"), str(path))
    except GmError as error:
        if not error.code.startswith("GM-D"):
            raise
        raise GmError("GM-A603", f"{path} is not plain YAML: {error.message}", where=error.where) from error


def _stage(name: str, stage: dict[str, Any], where: str) -> LockStage:
    parameters = stage.get("params", {})
    if not isinstance(parameters, dict) or not all(isinstance(values, dict) for values in parameters.values()):
        raise GmError("GM-A603", f"stage {name!r} has parameters that are no mapping", where=where)
    return LockStage(name, _items(stage.get("deps"), where), _items(stage.get("outs"), where), parameters)


def _items(rows: Any, where: str) -> tuple[DvcItem, ...]:
    if rows is None:
        return ()
    if not isinstance(rows, list):
        raise GmError("GM-A603", "dependencies and outputs must be lists", where=where)
    return tuple(_item(row, where) for row in rows)


def _item(row: Any, where: str) -> DvcItem:
    fields = row if isinstance(row, dict) else {}
    path, md5, size = fields.get("path"), fields.get("md5"), fields.get("size")
    if not isinstance(path, str) or not isinstance(md5, str | None) or not isinstance(size, int | None):
        raise GmError("GM-A603", "a dependency or output has no usable path, md5 and size", where=where)
    return DvcItem(path, md5, size)
