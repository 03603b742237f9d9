"""UTC times as documents write them: RFC 3339 with ``Z``, kept as text so that a round trip changes no byte."""

import re
from datetime import MAXYEAR, MINYEAR, UTC, date, datetime, timedelta

from gitops_models.errors import GmError
from gitops_models.registry.text import visible

TIME_PATTERN = r"^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{1,6})?Z$"
DATE_PATTERN = r"^[0-9]{4}-[0-9]{2}-[0-9]{2}$"
FIRST = datetime.min.replace(tzinfo=UTC)
LAST = datetime.max.replace(tzinfo=UTC)
_TIME = re.compile(TIME_PATTERN.strip("^$"))
_DATE = re.compile(DATE_PATTERN.strip("^$"))


def parse_time(text: str) -> datetime:
    """Return the aware UTC time of ``2026-11-21T10:00:00Z``; ``GM-D013`` for any other form."""
    if not _TIME.fullmatch(text):
        raise GmError("GM-D013", f"`{visible(text)}` is not a UTC time")
    try:
        at = datetime.fromisoformat(text)
    except ValueError as error:
        raise GmError("GM-D013", f"`{visible(text)}` is not a UTC time: {error}") from error
    if not within_reach(at):
        raise GmError("GM-D013", f"`{visible(text)}` is no time that can be counted from")
    return at


def within_reach(at: date) -> bool:
    """Whether tolerances and periods can be added to ``at``: at either end of the calendar that stops the program."""
    return MINYEAR < at.year < MAXYEAR


def moved(at: datetime, period: timedelta) -> datetime:
    """Return ``at`` (aware, UTC) plus ``period``, the end of the calendar where the sum lies beyond it.

    Claimed times and periods of a policy must not stop the program, however far apart they lie.
    """
    try:
        return at + period
    except OverflowError:
        return LAST if period > timedelta() else FIRST


def parse_date(text: str) -> date:
    """Return the date of ``2026-11-21``; ``GM-D013`` for any other form."""
    if not _DATE.fullmatch(text):
        raise GmError("GM-D013", f"`{visible(text)}` is not a date")
    try:
        day = date.fromisoformat(text)
    except ValueError as error:
        raise GmError("GM-D013", f"`{visible(text)}` is not a date: {error}") from error
    if not within_reach(day):
        raise GmError("GM-D013", f"`{visible(text)}` is no date that can be counted from")
    return day


def format_time(at: datetime) -> str:
    """Return ``at`` (aware) as documents write it, to the second unless it has a fraction."""
    text = at.astimezone(UTC).replace(tzinfo=None).isoformat()
    return f"{text}Z"
