"""How ``gm verify`` shows signatures of versions and receipts."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

from gitops_models.registry.text import visible

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gitops_models.workflows.verifying import Verification


def signed_body(found: Verification) -> dict[str, Any]:
    """Signatures and receipts for ``--json``."""
    return {
        "attached": [
            {"version": one.version, "path": one.path, "by": one.by, "code": one.code, "detail": visible(one.detail)}
            for one in found.attached
        ],
        "receipts": [
            {
                "record": one.record,
                "step": one.step,
                "workload": one.workload,
                "code": one.code,
                "detail": visible(one.detail),
            }
            for one in found.receipts
        ],
    }


def signed_lines(found: Verification) -> Iterator[str]:
    """Signatures each on a line, receipts counted by whose word they are or why they are ignored."""
    for seal in found.attached:
        worth = f"by {seal.by}" if seal.code is None else f"does not hold ({seal.code})"
        yield f"signed: {seal.version} {seal.path.rpartition('/')[2]} {worth}"
    counted = Counter(f"by {one.workload}" if one.code is None else f"ignored ({one.code})" for one in found.receipts)
    for worth, count in sorted(counted.items()):
        yield f"receipts: {count} {worth}"


def signed_warnings(found: Verification) -> Iterator[str]:
    """What does not hold, with the reason."""
    for seal in found.attached:
        if seal.code is not None:
            yield f"{seal.path}: {seal.code}: {visible(seal.detail)}"
    for one in found.receipts:
        if one.code is not None:
            yield f"receipt {one.record[:12]} is ignored: {one.code}: {visible(one.detail)}"
