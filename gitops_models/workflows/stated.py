"""The interface of a version that is registered: what its bytes say, else what who registers it says."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitops_models.artifacts.small_files import read_small
from gitops_models.errors import GmError
from gitops_models.registry import yamls
from gitops_models.registry.documents import Interface, validate
from gitops_models.registry.interface import compatible

if TYPE_CHECKING:
    from pathlib import Path

    from gitops_models.artifacts.formats.describe import Described


def interface_for(described: Described | None, stated: Path | None) -> Interface | None:
    """Give the interface of the bytes, or the one in the file ``stated`` where the bytes have none.

    Raises GM-A706 where both are there and differ, GM-D0nn for a file that is no interface.
    """
    found = described.interface if described else None
    if stated is None:
        return found
    said = validate(Interface, yamls.load(read_small(stated, "GM-D001"), str(stated)), str(stated))
    if found is not None and found != said:
        details = (*compatible(said, found), *compatible(found, said))
        message = f"{stated} says another interface than the bytes"
        raise GmError("GM-A706", message, where=str(stated), details=tuple(dict.fromkeys(details)))
    return said
