"""The interface of a version, from its bytes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitops_models.artifacts.formats.describe import describe

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from gitops_models.registry.documents import Interface


def interface_of(folder: Path, names: Sequence[str] = ()) -> Interface | None:
    """Give the interface that the files in ``folder`` state themselves, None where none does.

    ``names`` are the artifacts to ask, the first that answers counts; without them it is every file, and the answer is
    None when two say different things. GM-A501 for a malformed header, GM-A101..A109 for a file that cannot be read.
    """
    if names:
        answers = (describe(folder / name).interface for name in names)
        return next((answer for answer in answers if answer is not None), None)
    paths = [folder] if not folder.is_dir() or (folder / "MLmodel").is_file() else sorted(folder.iterdir())
    found = [answer for path in paths if (answer := describe(path).interface) is not None]
    return found[0] if found and all(answer == found[0] for answer in found) else None
