"""The story: a shell script whose acts begin with ``##`` and whose commands stand apart by empty lines."""

from __future__ import annotations

from importlib import resources

from gitops_models.registry.values import dataclass

HEADING = "## "


@dataclass(frozen=True)
class Act:
    """A part of the story. ``commands`` are shell text, each of which must succeed after ``prelude.sh``, in order."""

    title: str
    commands: tuple[str, ...]


def shell(name: str) -> str:
    """One of the two shell files of this package, ``prelude`` or ``story``."""
    return resources.files(__package__).joinpath(f"{name}.sh").read_text(encoding="utf-8")


def story() -> tuple[Act, ...]:
    """The whole demo in order. Nothing else is run."""
    _, *acts = shell("story").split(f"\n{HEADING}")
    return tuple(_act(text) for text in acts)


def _act(text: str) -> Act:
    title, *commands = text.strip("\n").split("\n\n")
    return Act(title, tuple(command.strip("\n") for command in commands))
