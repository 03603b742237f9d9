"""The seam: a message on its way, and whoever takes it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from gitops_models.registry.values import dataclass

if TYPE_CHECKING:
    from collections.abc import Callable

    from gitops_models.delivery.notify.notices import Route

AGAIN = "GM-R700"  # the code of what may pass by itself: tried again within the run
PARTLY = "GM-R714"  # delivered to some of the people of a place; not sent again, or these would get it twice


@dataclass(frozen=True)
class Message:
    """One event for one notifier. ``body`` are the bytes to send, ``id`` the event's: the same at each attempt."""

    id: str
    kind: str
    notifier: str
    body: bytes


class Notifier(Protocol):
    """One place that notices go to, for the routes that the operator gave it."""

    @property
    def id(self) -> str:
        """The name by which the operator's file and the outbox know it."""
        ...

    @property
    def routes(self) -> frozenset[Route]:
        """The routes it takes."""
        ...

    def send(self, message: Message, *, left: float) -> None:
        """Deliver within ``left`` seconds, once; a receiver drops what it has seen by the event's id.

        Raises GM-R700 for what may pass by itself, GM-R701 where the receiver refuses, GM-R702 where a command fails,
        GM-R703 and GM-R711 where there is no secret or address, GM-R712 without apprise, GM-R713 where a mail server
        does not encrypt, GM-R714 where some of its people got it.
        """


@dataclass(frozen=True)
class Patience:
    """How sending waits: ``tries`` attempts per message with ``pauses`` between them, ``seconds`` for one call in all.

    ``wait`` and ``now`` (seconds that never go back) are the clock; tests pass their own.
    """

    wait: Callable[[float], None]
    now: Callable[[], float]
    seconds: float = 30.0
    pauses: tuple[float, ...] = (1.0, 2.0, 4.0)
