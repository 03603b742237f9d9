"""Is a directory exactly one version? Every byte hashed again, every file named that should not be there."""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from gitops_models.artifacts.digests import hash_path
from gitops_models.artifacts.hashing import Progress
from gitops_models.errors import GmError
from gitops_models.registry.values import dataclass

if TYPE_CHECKING:
    from gitops_models.registry.documents import ArtifactEntry, Lineage


@dataclass(frozen=True, slots=True)
class Difference:
    """One artifact path that is not as the lineage says: absent, other bytes, not asked for, or not readable safely."""

    path: str
    kind: Literal["missing", "changed", "extra", "unsafe"]
    detail: str


def compare_version(
    lineage: "Lineage", directory: Path, *, ignore: frozenset[str] = frozenset(), progress: Progress | None = None
) -> tuple[Difference, ...]:
    """How ``directory`` differs from ``lineage``; empty when it is the version, byte for byte. Reads every byte.

    ``ignore`` names files directly in ``directory`` that are not the version's business.
    """
    found = [_compare_one(entry, directory, progress) for entry in lineage.artifacts]
    wanted = {entry.path for entry in lineage.artifacts} | ignore
    return tuple(difference for difference in found if difference) + tuple(_extras(directory, wanted))


def _compare_one(entry: "ArtifactEntry", directory: Path, progress: Progress | None) -> Difference | None:
    try:
        actual = hash_path(directory / entry.path, progress)
    except GmError as error:
        kind: Literal["missing", "unsafe"] = "missing" if error.code in {"GM-A101", "GM-A107"} else "unsafe"
        return Difference(entry.path, kind, error.message)
    if (actual.sha256, actual.size) == (entry.sha256, entry.size):
        return None
    return Difference(entry.path, "changed", f"sha256 {actual.sha256}, not {entry.sha256}")


def _extras(directory: Path, wanted: frozenset[str] | set[str]) -> Iterator[Difference]:
    if not directory.is_dir():
        return
    for name in sorted(child.name for child in directory.iterdir()):
        if name not in wanted:
            yield Difference(name, "extra", "is not in the lineage")
