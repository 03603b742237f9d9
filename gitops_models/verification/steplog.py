"""What the fold said of each step, one line a step, kept beside the prefix so that a report needs no second fold.

Each line begins with a digest over itself and the line before, so a file that was cut, mixed or damaged is noticed and
is as good as none. Like the prefix it stands in gm's own folder of the clone and is worth as much as the pin.
"""

from __future__ import annotations

import json
import os
from dataclasses import field, fields
from datetime import datetime
from functools import cache, cached_property
from hashlib import sha256
from typing import TYPE_CHECKING, Any

from gitops_models._version import __version__
from gitops_models.policy.verdict import Counted, Finding, Ignored, QuorumResult, Severity, Verdict
from gitops_models.registry.documents import Actor
from gitops_models.registry.events import Event
from gitops_models.registry.values import dataclass
from gitops_models.trust.memory import write_durably
from gitops_models.verification.history import Hand, Step

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping
    from pathlib import Path

    from gitops_models.verification.history import History

# Counts up whenever the judge or the fold may say something else of the same step than before.
FORMAT = 10
_MAX_BYTES = 512 << 20
_TAIL = 256 << 10
_SIGN = 16


@dataclass(frozen=True)
class Passed:
    """What the first ``count`` steps of a history came to: how many of each status, and those not accepted as lines.

    ``last`` is the newest of them, None where there are none.
    """

    count: int = 0
    last: str | None = None
    statuses: Mapping[str, int] = field(default_factory=dict)
    lines: tuple[str, ...] = ()

    @cached_property
    def unaccepted(self) -> tuple[Step, ...]:
        """The steps among them that are denied or pending, oldest first."""
        return tuple(_decoder()(line) for line in self.lines)


def passed_by(history: History) -> Passed:
    """Return what all steps of ``history`` came to."""
    earlier = history.passed or Passed()
    late = (_body(step) for step in history.fresh if step.status in {"denied", "pending"})
    return Passed(history.length, history.tip, history.statuses, (*earlier.lines, *late))


def save_steps(path: Path, history: History) -> None:
    """Keep the steps of ``history``: all of them, or those that go on from what the file has."""
    try:
        if history.skipped:
            _append(path, history)
        else:
            head = _head(history.pin)
            write_durably(path, b"".join((head, *_lines(history.steps, _sign(head)))))
    except (OSError, ValueError, KeyError, TypeError):
        # Without them the next report judges every step again.
        path.unlink(missing_ok=True)


def load_steps(path: Path, pin: str, count: int, last: str, *, after: int = 0) -> tuple[Step, ...] | None:
    """Return the first ``count`` steps after ``pin``, of which the last must be ``last``; None unless all are there.

    The first ``after`` of them are left out.
    """
    try:
        found = tuple(_read(path, pin, count, after))
    except (OSError, ValueError, KeyError, TypeError):
        return None
    fits = [step.index for step in found] == list(range(after + 1, count + 1))
    return found if fits and (not found or found[-1].oid == last) else None


def _append(path: Path, history: History) -> None:
    with path.open("r+b") as file:
        head = _head(history.pin)
        if file.read(len(head)) != head:
            raise ValueError("kept for another pin, or by another gm")
        end = file.seek(0, os.SEEK_END)
        file.seek(max(len(head), end - _TAIL))
        tail = file.read().rstrip(b"\n").rpartition(b"\n")[2]
        step = _step(tail) if tail else None
        there, sign = (step.index, tail[:_SIGN]) if step else (0, _sign(head))
        if there < history.skipped:
            raise ValueError("steps are missing")
        file.write(b"".join(_lines((new for new in history.steps if new.index > there), sign)))


def _read(path: Path, pin: str, count: int, after: int) -> Iterator[Step]:
    head = _head(pin)
    if path.stat().st_size > _MAX_BYTES:
        raise ValueError("no file of ours")
    data = path.read_bytes()
    if not data.startswith(head):
        raise ValueError("kept for another pin, or by another gm")
    sign = _sign(head)
    for number, line in enumerate(data[len(head) :].split(b"\n")[:count]):
        sign, said = _sign(sign + line[_SIGN:]), line[:_SIGN]
        if said != sign:
            raise ValueError("a line that does not follow from the one before")
        if number >= after:
            yield _step(line)


def _head(pin: str) -> bytes:
    return f"{FORMAT} {__version__} {_shape()} {pin}\n".encode()


def _lines(steps: Iterable[Step], sign: bytes) -> Iterator[bytes]:
    for step in steps:
        body = _body(step).encode()
        sign = _sign(sign + body)
        yield sign + body + b"\n"


def _body(step: Step) -> str:
    return json.dumps(_plain(step), separators=(",", ":"))


def _sign(data: bytes) -> bytes:
    return sha256(data).hexdigest()[:_SIGN].encode()


def _step(line: bytes) -> Step:
    found = _decoder()(line[_SIGN:].decode())
    if not isinstance(found, Step):
        raise TypeError("no step")
    return found


def _plain(value: Any) -> Any:
    """Return ``value`` for JSON: whatever JSON has no word for is an object with one key that names its kind."""
    if isinstance(value, tuple):
        return [_plain(one) for one in value]
    if value is None or (isinstance(value, str | int) and not isinstance(value, Severity)):
        return value
    return _named(value)


def _named(value: Any) -> dict[str, Any]:
    if isinstance(value, Severity):
        return {"severity": value.value}
    if isinstance(value, frozenset):
        return {"set": sorted(value)}
    if isinstance(value, datetime):
        return {"time": value.isoformat()}
    if isinstance(value, dict):
        return {"map": [[key, _plain(one)] for key, one in value.items()]}
    _, names = _kinds()[type(value).__name__]
    return {type(value).__name__: [_plain(getattr(value, name)) for name in names]}


def _value(plain: dict[str, Any]) -> Any:
    """Return what an object with one key stands for; what is below it was asked before."""
    ((kind, inner),) = plain.items()
    if kind in _kinds():
        cls, names = _kinds()[kind]
        made = object.__new__(cls)  # the way past the constructor of a frozen class: thousands are read at once
        made.__dict__.update(zip(names, [tuple(one) if type(one) is list else one for one in inner], strict=True))
        return made
    return _OTHERS[kind](inner)


def _mapping(inner: list[list[Any]]) -> dict[str, Any]:
    return {key: tuple(one) if isinstance(one, list) else one for key, one in inner}


_OTHERS: Mapping[str, Any] = {
    "severity": Severity,
    "set": frozenset,
    "time": datetime.fromisoformat,
    "map": _mapping,
}


@cache
def _kinds() -> dict[str, tuple[type[Any], tuple[str, ...]]]:
    """Every class that a step is made of, with the names of its fields."""
    classes = (Step, Hand, Verdict, Finding, QuorumResult, Counted, Ignored, Actor, *_below(Event))
    return {cls.__name__: (cls, tuple(field.name for field in fields(cls))) for cls in classes}


def _below(cls: type[Event]) -> Iterator[type[Event]]:
    for one in cls.__subclasses__():
        yield one
        yield from _below(one)


@cache
def _decoder() -> Callable[[str], Any]:
    return json.JSONDecoder(object_hook=_value).decode


@cache
def _shape() -> str:
    """What tells lines of another form apart, also between versions that bear the same number."""
    return sha256(repr([(name, names) for name, (_, names) in _kinds().items()]).encode()).hexdigest()[:_SIGN]
