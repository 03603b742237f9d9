"""Questions on a terminal; they stand on stderr, because stdout is data."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import typer

from gitops_models.registry.values import dataclass

if TYPE_CHECKING:
    from gitops_models.cli.options import Options


@dataclass(frozen=True)
class Terminal:
    """Somebody who can be asked."""

    def text(self, question: str) -> str:
        """Return an answer in words."""
        return str(typer.prompt(question, err=True))

    def agrees(self, question: str) -> bool:
        """Return whether the answer is yes, which is also what the return key alone means."""
        return typer.confirm(question, default=True, err=True)


def terminal(options: Options) -> Terminal | None:
    """Somebody to ask; None with ``--no-input`` or ``--yes`` and where nobody sits at a terminal."""
    return Terminal() if options.interactive and not options.yes and sys.stdin.isatty() else None
