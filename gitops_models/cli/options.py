"""Options that every verb knows, given before or after its name."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from gitops_models.registry.values import dataclass

if TYPE_CHECKING:
    from collections.abc import Sequence

    import typer

FLAGS = frozenset({"--json", "-q", "--quiet", "-v", "--verbose", "--no-color", "--no-input", "--yes", "-y"})
VALUED = frozenset({"-C", "--repo"})
COMPLETING = frozenset({"_GM_COMPLETE", "_GITOPS_MODELS_COMPLETE"})
FREE_TEXT = frozenset({"-m", "--reason", "--title", "--root-cause"})


@dataclass(frozen=True)
class Options:
    """The global options of one run."""

    repo: Path = Path()
    json: bool = False
    quiet: bool = False
    verbose: bool = False
    color: bool = True
    interactive: bool = True
    yes: bool = False


def of(context: typer.Context) -> Options:
    """The global options of this run."""
    found = context.find_root().obj
    return found if isinstance(found, Options) else Options()


def hoist(arguments: Sequence[str]) -> list[str]:
    """Move global options to the front, so that ``gm list --json`` and ``gm --json list`` mean the same.

    What follows an option that takes free text is its value, and nothing after ``--`` is an option.
    """
    front: list[str] = []
    rest: list[str] = []
    pending = list(arguments)
    while pending:
        word = pending.pop(0)
        if word == "--":
            rest += [word, *pending]
            break
        if word in FREE_TEXT and pending:
            rest += [word, pending.pop(0)]
        elif word in FLAGS:
            front.append(word)
        elif word in VALUED and pending:
            front += [word, pending.pop(0)]
        else:
            rest.append(word)
    return front + rest
