"""Engines that are told by a signal and then read ``current`` anew. They cannot be asked what they serve."""

from __future__ import annotations

import os
import re
import signal
from pathlib import Path
from typing import TYPE_CHECKING

from gitops_models.errors import GmError

if TYPE_CHECKING:
    from gitops_models.delivery.targets.base import Order
    from gitops_models.delivery.targets.settings import SignalReload
    from gitops_models.delivery.values import ModelStage

_NUMBER = re.compile(r"[1-9][0-9]{0,9}")
_LONGEST = 64
_INIT = 1  # never signalled, nor is -1, which is everybody


class SignalEngine:
    """The process whose number stands in a file. ``name`` is for messages."""

    answers = False

    def __init__(self, name: str, told: SignalReload) -> None:
        self.name = name
        self._file = Path(told.pid_file)
        self._signal = signal.Signals[f"SIG{told.name}"]

    def load(self, order: Order) -> None:
        """Send the signal: ``current`` names what is to be served. GM-R316."""
        self._send(order.at)

    def unload(self, at: ModelStage) -> None:
        """Send the signal: there is no ``current`` any more. GM-R316."""
        self._send(at)

    def digest(self, at: ModelStage) -> str | None:  # noqa: ARG002 - the protocol's
        """Return nothing: nobody can be asked."""
        return None

    def _send(self, at: ModelStage) -> None:
        try:
            os.kill(self._number(), self._signal)
        except OSError as error:
            why = f"{self.name} was not told of {at}: {error.strerror}"
            raise GmError("GM-R316", why, where=str(self._file)) from error

    def _number(self) -> int:
        with self._file.open("rb") as file:
            said = file.read(_LONGEST).decode("ascii", "replace").strip()
        if _NUMBER.fullmatch(said) is None or int(said) == _INIT:
            raise GmError("GM-R316", f"{self.name}: {self._file.name} holds no process id", where=str(self._file))
        return int(said)
