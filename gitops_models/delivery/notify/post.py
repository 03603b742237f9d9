"""The post office: every notice is recorded, kept for each place that is to get it, and sent. It never raises."""

from __future__ import annotations

from dataclasses import field
from functools import partial
from typing import TYPE_CHECKING

from gitops_models.delivery.notify.base import AGAIN, PARTLY, Message
from gitops_models.delivery.notify.notices import Route, Severity, cloud_event, render
from gitops_models.errors import GmError
from gitops_models.errors.unforeseen import unforeseen
from gitops_models.registry.values import dataclass

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import datetime
    from pathlib import Path

    from gitops_models.delivery.notify.base import Notifier, Patience
    from gitops_models.delivery.notify.notices import Notice
    from gitops_models.delivery.notify.outbox import Outbox

_RANKS = {Severity.INFO: 0, Severity.WARNING: 1, Severity.CRITICAL: 2}
_MOST_REFUSALS = 3
# Nothing that this message could help: every other one for the place would meet the same.
_AWAY = frozenset({AGAIN, "GM-R703", "GM-R711", "GM-R712", "GM-R713"})
_FIRST_REST = 30.0  # seconds; a place that is away is left alone for as long, doubling
_LONGEST_REST = 600.0


@dataclass(frozen=True)
class Told:
    """What came of telling: how many messages were delivered, how many wait, and why."""

    sent: int = 0
    waiting: int = 0
    warnings: tuple[GmError, ...] = ()


@dataclass
class Post:
    """Tells ``notifiers`` through ``outbox``. ``warnings`` gathers what every call came to.

    ``repository`` is the id that notices speak of, ``new_id`` gives an id that no other notice has.
    """

    notifiers: Sequence[Notifier]
    outbox: Outbox
    clock: Callable[[], datetime]
    new_id: Callable[[], str]
    patience: Patience
    repository: str = "unknown"
    warnings: list[GmError] = field(default_factory=list)
    _rests: dict[str, tuple[float, float]] = field(default_factory=dict)

    def notify(self, notice: Notice) -> Told:
        """Keep ``notice`` and tell it; failures are warnings and never more."""
        try:
            return self._gathered(_Round(self).tell(notice))
        except Exception as error:  # noqa: BLE001 - telling must never change what is told of
            return self._gathered(Told(warnings=(unforeseen(error, what="telling failed"),)))

    def flush(self) -> Told:
        """Send what former runs left, one attempt each."""
        try:
            return self._gathered(_Round(self).resend())
        except Exception as error:  # noqa: BLE001 - as above
            return self._gathered(Told(warnings=(unforeseen(error, what="telling failed"),)))

    def _gathered(self, told: Told) -> Told:
        self.warnings += told.warnings
        return told

    def resting(self, notifier: str) -> bool:
        """Whether a place that was away is left alone for now."""
        until, _ = self._rests.get(notifier, (0.0, 0.0))
        return self.patience.now() < until

    def away(self, notifier: str) -> None:
        """Leave a place alone for a while, each time longer."""
        _, last = self._rests.get(notifier, (0.0, _FIRST_REST / 2))
        rest = min(last * 2, _LONGEST_REST)
        self._rests[notifier] = (self.patience.now() + rest, rest)

    def back(self, notifier: str) -> None:
        """Forget that a place was away."""
        self._rests.pop(notifier, None)


class _Round:
    """One call: its deadline, its warnings, and which places have had enough."""

    def __init__(self, post: Post) -> None:
        self._post = post
        self._outbox = post.outbox
        self._deadline = post.patience.now() + post.patience.seconds
        self._places = {notifier.id: notifier for notifier in post.notifiers}
        self._fresh: set[str] = set()
        self._refusals: dict[str, int] = {}
        self._away: set[str] = set()
        self._warnings: list[GmError] = []
        self._sent = self._waiting = 0

    def tell(self, notice: Notice) -> Told:
        at = self._post.clock()
        identity = notice.id or self._post.new_id()
        body = render(cloud_event(notice, identity=identity, repository=self._post.repository, at=at))
        usual = notice.usual
        places = [one for one in self._post.notifiers if one.routes & usual.routes]
        self._attempt(lambda: self._outbox.record(body))
        untold = usual.routes - {route for one in places for route in one.routes}
        if Route.SECURITY in untold:
            self._warnings.append(GmError("GM-R709", f"{notice.kind}: no place takes the route security"))
        for place in places:
            message = Message(identity, notice.kind, place.id, body)
            self._keep(place, message, rank=_RANKS[usual.severity], at=int(at.timestamp() * 10**9))
        return self.resend()

    def resend(self) -> Told:
        self._attempt(self._send_all)
        self._attempt(self._count)
        return Told(self._sent, self._waiting, tuple(self._warnings))

    def _count(self) -> None:
        self._waiting = len(self._outbox.waiting())

    def _keep(self, place: Notifier, message: Message, *, rank: int, at: int) -> None:
        self._fresh.add(message.id)
        try:
            self._warnings += self._outbox.put(message, rank=rank, at=at)
        except GmError as error:
            self._warnings.append(error)
            self._deliver(place, message)  # a full disk must not silence an alarm

    def _send_all(self) -> None:
        patience = self._post.patience
        if not self._outbox.waiting():
            return
        with self._outbox.sending(wait=patience.wait, now=patience.now, seconds=self._left()):
            seen: set[str] = set()
            while unseen := [path for path in self._outbox.waiting() if path.name not in seen]:
                for path in unseen:
                    self._attempt(partial(self._send, path))
                seen |= {path.name for path in unseen}

    def _send(self, path: Path) -> None:
        message = self._outbox.read(path)
        if message is None:
            return
        place = self._places.get(message.notifier)
        if place is None:
            self._outbox.set_aside(path)
            raise GmError("GM-R708", f"{message.kind} was for {message.notifier}", where=str(path.parent))
        if self._is_its_turn(message) and self._deliver(place, message):
            self._outbox.done(path)

    def _is_its_turn(self, message: Message) -> bool:
        """In order, and not behind what a place refuses or while it is away; what is new is always tried."""
        if message.notifier in self._away or self._left() <= 0:
            return False
        if message.id in self._fresh:
            return True
        refused = self._refusals.get(message.notifier, 0) >= _MOST_REFUSALS
        return not refused and not self._post.resting(message.notifier)

    def _deliver(self, place: Notifier, message: Message) -> bool:
        pauses = self._post.patience.pauses if message.id in self._fresh else ()
        for pause in (*pauses, None):
            try:
                place.send(message, left=max(self._left(), 0.1))
            except GmError as error:
                if error.code == AGAIN and pause is not None and self._left() > pause:
                    self._post.patience.wait(pause)
                    continue
                if error.code != PARTLY:
                    self._gave_up(place, message, error)
                    return False
                self._warnings.append(error)
            self._sent += 1
            self._post.back(place.id)
            return True
        return False

    def _gave_up(self, place: Notifier, message: Message, error: GmError) -> None:
        self._warnings.append(GmError(error.code, f"{message.kind} not delivered: {error.message}", where=error.where))
        if error.code in _AWAY:
            self._away.add(place.id)
            self._post.away(place.id)
        self._refusals[place.id] = self._refusals.get(place.id, 0) + 1

    def _attempt(self, work: Callable[[], None]) -> None:
        try:
            work()
        except GmError as error:
            self._warnings.append(error)

    def _left(self) -> float:
        return self._deadline - self._post.patience.now()
