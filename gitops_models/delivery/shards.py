"""Which of several reconcilers is responsible for a model: rendezvous hashing of its name. Pure.

Every reconciler computes the same without talking to the others, and when there is one more or one less only the models
of that one move (Thaler and Ravishankar, "Using name-based mappings to increase hit rates", 1998).
"""

from __future__ import annotations

import hashlib
import re

from gitops_models.errors import GmError
from gitops_models.registry.values import dataclass

MOST = 1000
_FORM = re.compile(r"([1-9][0-9]{0,3})/([1-9][0-9]{0,3})")


@dataclass(frozen=True)
class Shard:
    """Number ``index`` of ``count``, from 1 on."""

    index: int
    count: int

    def has(self, model: str) -> bool:
        """Whether the model is this one's."""
        return self.count == 1 or max(range(1, self.count + 1), key=lambda one: _weight(one, model)) == self.index

    def __str__(self) -> str:
        return f"{self.index}/{self.count}"


WHOLE = Shard(1, 1)


def parse_shard(text: str) -> Shard:
    """Read ``i/N``, such as ``2/3``. Raises GM-R501."""
    match = _FORM.fullmatch(text)
    if match is None or not int(match[1]) <= int(match[2]) <= MOST:
        raise GmError("GM-R501", f"{text!r} is no shard: write i/N, i from 1 to N, N at most {MOST}")
    return Shard(int(match[1]), int(match[2]))


def _weight(index: int, model: str) -> bytes:
    return hashlib.sha256(f"{index}/{model}".encode()).digest()
