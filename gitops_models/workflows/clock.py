"""Where the time comes from: deciding modules are told it, and only what begins a command asks."""

from datetime import UTC, datetime
from typing import Protocol


class Clock(Protocol):
    """Where the time comes from."""

    def now(self) -> datetime:
        """The time now, in UTC."""
        ...


class SystemClock:
    """The machine's own clock."""

    def now(self) -> datetime:
        """The time now, in UTC, to the second: Git and the documents know no finer one."""
        return datetime.now(UTC).replace(microsecond=0)
