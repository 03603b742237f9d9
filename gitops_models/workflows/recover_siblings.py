"""What else was made from a poisoned input: other versions, of other models too."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitops_models.registry.values import dataclass

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gitops_models.policy.selection import Descent
    from gitops_models.workflows.session import Session


@dataclass(frozen=True)
class Sibling:
    """A version that shares the input and is not barred yet, how it does, and the stages that serve it."""

    model: str
    version: str
    why: str
    live: tuple[str, ...] = ()

    @property
    def line(self) -> str:
        """For people, with the command that bars it."""
        where = f", live in {', '.join(self.live)}" if self.live else ""
        return f"{self.model}@{self.version}: {self.why}{where}; {self.command}"

    @property
    def command(self) -> str:
        """What bars it: a live one only together with its rollback."""
        if self.live:
            return f"gm rollback {self.model} --stage {self.live[-1]} --quarantine -m WHY"
        return f"gm quarantine {self.model}@{self.version} -m WHY"


def siblings(session: Session, model: str, poison: Descent, bad: str) -> tuple[Sibling, ...]:
    """Versions beside the bad one that descend from the input, this model's first, no barred and retired ones."""
    others = [name for name in session.accepted.models() if name != model]
    return tuple(
        found
        for name in (model, *others)
        for found in _of(session, name, poison)
        if found.version != bad or name != model
    )


def _of(session: Session, model: str, poison: Descent) -> Iterator[Sibling]:
    accepted = session.accepted
    states = [accepted.stage_state(model, stage) for stage in accepted.stages(model)]
    for version in accepted.versions(model):
        why = poison.why(model, version)
        if why is None or accepted.quarantined(model, version) or accepted.retired(model, version):
            continue
        live = tuple(state.stage for state in states if state is not None and state.version == version)
        yield Sibling(model, version, why, live)
