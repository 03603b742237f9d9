"""What every target promises. One kind of target is one module that implements ``Target``."""

from collections.abc import Collection
from contextlib import AbstractContextManager
from datetime import datetime
from pathlib import Path
from typing import Protocol

from gitops_models.delivery.values import Action, Deployment, Desired, ModelStage, Observation
from gitops_models.registry.values import dataclass


@dataclass(frozen=True)
class Stamp:
    """For whom and when an action is done: the observed commit (40 hex, or ``None``) and the time in UTC."""

    commit: str | None
    at: datetime


class ByteSource(Protocol):
    """Brings the bytes of a version."""

    def __call__(self, deployment: Deployment, destination: Path) -> None:
        """Fill the new directory ``destination`` with the artifacts of ``deployment`` under their paths.

        Raises ``GmError``: exit status 9 where another attempt may help, any other where it cannot.
        """


@dataclass(frozen=True)
class Order:
    """What an engine is told: serve at ``at`` the version whose verified bytes lie in ``folder``.

    ``version`` is its name for people, ``digest`` the sha256 that stands for the bytes, ``entry`` the folder's name.
    """

    at: ModelStage
    version: str
    digest: str
    entry: str
    folder: Path


class Engine(Protocol):
    """A program that serves what lies in a directory target: it is told of each switch, and asked what it serves.

    It raises ``GmError``: exit status 9 where another attempt may help, any other where it refuses the version.
    """

    @property
    def answers(self) -> bool:
        """Whether it can be asked."""

    def load(self, order: Order) -> None:
        """Have it serve the version; what it served stays where that fails. Telling it twice is as good as once."""

    def unload(self, at: ModelStage) -> None:
        """Have it serve nothing there."""

    def digest(self, at: ModelStage) -> str | None:
        """Return the digest of what it serves by its own word, ``None`` for nothing. Asked only where it answers."""


class Target(Protocol):
    """One place that serves models. Every writing method is called inside ``exclusive``."""

    @property
    def id(self) -> str:
        """The name of the target in records and messages."""

    @property
    def stages(self) -> Collection[str] | None:
        """The stages it serves; ``None`` for all."""

    @property
    def models(self) -> Collection[str] | None:
        """The patterns of model names it serves; ``None`` for all."""

    def exclusive(self) -> AbstractContextManager[None]:
        """Keep every other writer out, or raise GM-R101."""

    def claim(self, repository: str, *, dry_run: bool = False) -> None:
        """Belong to the repository with this id from now on, or raise GM-R105 where another one's models are served.

        Without it, a reconciler pointed at the wrong place would retire every model it does not know.
        """

    def occupied(self) -> tuple[ModelStage, ...]:
        """Every model and stage at which the target serves or keeps something."""

    def observe(self, at: ModelStage) -> Observation:
        """Hash what is really served now; nothing that a record or a note says is believed."""

    def place_of(self, at: ModelStage) -> Path | None:
        """Return the folder of bytes that is live, ``None`` where there is none."""

    def folder(self, at: ModelStage, entry: str) -> Path:
        """Return the folder in which the bytes of a staged entry lie."""

    def plan(self, desired: Desired, seen: Observation) -> tuple[Action, ...]:
        """Return the actions that lead from ``seen`` to ``desired``."""

    def stage(self, deployment: Deployment, source: ByteSource) -> str:
        """Have verified bytes ready beside what is served; returns the entry's name. Changes nothing that is live."""

    def apply(self, action: Action, source: ByteSource, stamp: Stamp) -> None:
        """Do ``action``; a failure leaves the old version live."""

    def restore(self, seen: Observation) -> None:
        """Make live again what ``seen`` saw live."""

    def retire(self, at: ModelStage, *, previous: str | None = None) -> None:
        """Serve nothing at ``at``; a controlled stop."""
