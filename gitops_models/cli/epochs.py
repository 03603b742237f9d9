"""How the epochs of a clone are shown: each pin after the first, for ever."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from gitops_models.trust.memory import Pin


def epoch_bodies(epochs: Sequence[Pin]) -> list[dict[str, Any]]:
    """Every pin of this clone, for ``--json``."""
    return [{"pin": one.commit, "at": one.at, "reason": one.reason} for one in epochs]


def epoch_lines(epochs: Sequence[Pin]) -> Iterator[str]:
    """Every pin after the first: what came before it is no longer compared."""
    for before, one in pairwise(epochs):
        when = f" on {one.at}" if one.at else ""
        yield f"epoch: pinned anew to {one.commit[:12]}{when}, before that to {before.commit[:12]}: {one.reason or '-'}"
