"""What the loop and the listener share: figures that one writes and the other shows, a bell that one rings."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import field
from threading import Event
from typing import TYPE_CHECKING, Generic, TypeVar

from gitops_models.delivery.serving.bell import Bell
from gitops_models.delivery.serving.figures import Figures
from gitops_models.registry.values import dataclass

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from datetime import datetime

    from gitops_models.delivery.serving.settings import Listen

_F = TypeVar("_F", bound=Figures)


@dataclass(frozen=True)
class Endpoints(Generic[_F]):
    """``settings`` say where to listen, and None that nobody asked for it: then nothing is counted either."""

    settings: Listen | None
    clock: Callable[[], datetime]
    counted: _F
    wake: Event = field(default_factory=Event)

    @property
    def figures(self) -> _F | None:
        """What counts the runs."""
        return self.counted if self.settings else None

    @contextmanager
    def listen(self) -> Iterator[str | None]:
        """Listen inside the block and give the place. Raises GM-R120 and GM-R121."""
        if self.settings is None:
            yield None
            return
        from gitops_models.delivery.serving.server import listening  # noqa: PLC0415 - http only where it serves

        bell = Bell(self.wake.set)
        try:
            with listening(self.settings, self.counted, bell, now=lambda: self.clock().timestamp()) as place:
                yield place
        finally:
            bell.close()
