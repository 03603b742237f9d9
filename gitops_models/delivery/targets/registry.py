"""The kinds of target: which settings make which target. A new kind is one line here and one in ``TargetPlace``."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gitops_models.delivery.targets.directory import DirectoryTarget
from gitops_models.delivery.targets.settings import CommandPlace, CommandReload, DirectoryPlace, Reload, TargetPart

if TYPE_CHECKING:
    from collections.abc import Callable

    from gitops_models.delivery.targets.base import Engine, Target
    from gitops_models.delivery.targets.settings import TargetPlace


@dataclass(frozen=True)
class TargetKind:
    """One kind: its name in the operator's file, its settings, and what makes the target."""

    name: str
    settings: type[TargetPart]
    make: Callable[[Any], Target]


def open_target(place: TargetPlace) -> Target:
    """Return the target that the settings describe; nothing is touched yet."""
    return KINDS[place.kind].make(place)


def _directory(place: DirectoryPlace) -> Target:
    return _on_directory(place, engine_of(place.reload) if place.reload else None)


def _command(place: CommandPlace) -> Target:
    from gitops_models.delivery.targets.command import CommandEngine  # noqa: PLC0415 - only what is used is loaded

    programs = CommandReload(load=place.apply, unload=place.retire, observe=place.observe)
    return _on_directory(place, CommandEngine(place.id, programs, place.timeout))


def engine_of(reload: Reload, *, name: str = "engine") -> Engine:
    """Return what tells the engine by the way that was named."""
    from gitops_models.delivery.targets import command, http, signals  # noqa: PLC0415 - as above

    if reload.http is not None:
        return http.HttpEngine(name, reload.http, reload.timeout)
    if reload.command is not None:
        return command.CommandEngine(name, reload.command, reload.timeout)
    assert reload.signal is not None  # noqa: S101 - the settings hold exactly one way
    return signals.SignalEngine(name, reload.signal)


def _on_directory(place: TargetPart, engine: Engine | None) -> Target:
    return DirectoryTarget(
        Path(place.path), id=place.id, stages=place.stages, models=place.models, keep=place.keep, engine=engine
    )


KINDS = {
    kind.name: kind
    for kind in (
        TargetKind("directory", DirectoryPlace, _directory),
        TargetKind("command", CommandPlace, _command),
    )
}
