"""What gm asks of a forge, in plain data (FORGE.md)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Sequence

ABSENT = "-"
BRANCHES = "refs/heads/gm/"
_PLAIN = re.compile(r"[\x21-\x7e]+")


@dataclass(frozen=True)
class Proposal:
    """A branch that asks for a change. ``head`` is its tip, ``id`` the first 8 hex of its change id at opening."""

    event: str
    model: str
    version: str
    stage: str
    id: str
    head: str
    title: str = ""
    author: str = ""

    @property
    def ref(self) -> str:
        """The full name of the branch."""
        return f"{BRANCHES}{self.event}/{self.model}/{self.version}/{self.stage}/{self.id}"

    @property
    def branch(self) -> str:
        """The branch as people write it."""
        return self.ref.removeprefix("refs/heads/")

    @property
    def about(self) -> str:
        """``fraud@1.2.0``, ``fraud`` or ``policy``."""
        return self.model if self.version == ABSENT else f"{self.model}@{self.version}"

    def answers_to(self, name: str) -> bool:
        """Whether a person who writes ``name`` can mean this proposal."""
        return bool(name) and name in {self.id, self.branch, self.ref, self.about}


def parse_branch(ref: str, head: str, *, title: str = "", author: str = "") -> Proposal | None:
    """The proposal that the branch ``ref`` holds; None for a branch of another shape."""
    parts = ref.removeprefix(BRANCHES).split("/")
    if not ref.startswith(BRANCHES) or not _PLAIN.fullmatch(ref):
        return None
    if len(parts) != 5 or not all(parts):  # noqa: PLR2004 - the five parts of the name
        return None
    event, model, version, stage, identity = parts
    return Proposal(event, model, version, stage, identity, head, title, author)


class Forge(Protocol):
    """Opens, lists and lands proposals."""

    def open(self, proposal: Proposal) -> None:
        """Publish the proposal's branch, whose commits exist locally."""
        ...

    def list(self) -> Sequence[Proposal]:
        """Every open proposal, sorted by branch."""
        ...

    def close(self, proposal: Proposal) -> None:
        """Withdraw the proposal."""
        ...
