"""A small coverage-guided fuzzer: seeds are mutated, and what reaches a new branch is mutated further.

Two phases for each target. The first traces the parser's own files and keeps every input that takes a new way from
line to line; the second mutates what was kept at full speed, without tracing. Branch coverage is then measured by
running what was kept under coverage.py. Everything is derived from one number, so a run can be repeated.
"""

import random
import signal
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType

import coverage

LONGEST = 1 << 16  # bytes; larger inputs are the business of the tests of size limits
HANG = 1.0  # seconds of processor time that one input may take
WATCHED = 20.0  # seconds of processor time after which an input counts as an endless loop
TRACED = 0.04  # of all executions


class Hang(BaseException):
    """One input took too long; no parser may swallow this."""


@dataclass(frozen=True)
class Target:
    """One parser: what is called with bytes, the files it is made of, seeds, words, and the refusals it may raise."""

    name: str
    call: Callable[[bytes], object]
    modules: tuple[ModuleType, ...]
    seeds: Sequence[bytes]
    words: Sequence[bytes]
    refusals: tuple[type[Exception], ...]
    share: int = 1

    @property
    def files(self) -> list[str]:
        """The parser's own files."""
        return [str(Path(module.__file__).resolve()) for module in self.modules if module.__file__]


@dataclass
class Outcome:
    """What came of one target: how many inputs, how many were refused, the slowest, and what was kept."""

    name: str
    executions: int = 0
    refused: int = 0
    slowest: float = 0.0
    covered: float = 0.0
    missing: dict[str, str] = field(default_factory=dict)
    kept: list[bytes] = field(default_factory=list)


def run(target: Target, executions: int, seed: int = 0) -> Outcome:
    """Give the parser ``executions`` inputs. Whatever it raises beyond its refusals comes out, with the input."""
    chance = random.Random(f"{target.name} {seed}")
    outcome = Outcome(target.name, kept=list(dict.fromkeys(target.seeds)))
    ways: set[tuple[object, int, int]] = set()
    measured = sys.gettrace() is not None  # somebody measures already, and there is one tracer only
    with _watchdog():
        for data in outcome.kept[:]:
            _execute(target, data, outcome, None if measured else ways)
        for number in range(executions - len(outcome.kept)):
            data = mutated(chance, outcome.kept, target.words)
            traced = number < executions * TRACED and not measured
            if _execute(target, data, outcome, ways if traced else None):
                outcome.kept.append(data)
            if number % 1000 == 0:
                _rearm()
    if not measured:
        _measure(target, outcome)
    return outcome


def mutated(chance: random.Random, corpus: Sequence[bytes], words: Sequence[bytes]) -> bytes:
    """One of the corpus with one to four changes."""
    data = bytearray(chance.choice(corpus))
    for _ in range(chance.choice((1, 1, 1, 2, 4))):
        _CHANGES[chance.randrange(len(_CHANGES))](data, chance, corpus, words)
    return bytes(data[:LONGEST])


def _flip(data, chance, _corpus, _words):
    if data:
        data[chance.randrange(len(data))] ^= 1 << chance.randrange(8)


def _byte(data, chance, _corpus, _words):
    at = chance.randrange(len(data) + 1)
    data[at : at + chance.randrange(2)] = bytes([chance.randrange(256)])


def _word(data, chance, _corpus, words):
    at = chance.randrange(len(data) + 1)
    data[at : at + chance.choice((0, 0, 1, 8))] = chance.choice(words)


def _cut(data, chance, _corpus, _words):
    at = chance.randrange(len(data) + 1)
    del data[at : at + chance.choice((1, 2, 8, 64, len(data)))]


def _double(data, chance, _corpus, _words):
    at = chance.randrange(len(data) + 1)
    piece = data[at : at + chance.choice((1, 4, 16, 70))]
    data[at:at] = piece * chance.choice((1, 1, 2, 50))


def _lines(data, chance, _corpus, _words):
    rows = bytes(data).split(b"\n")
    rows.insert(chance.randrange(len(rows)), chance.choice(rows))
    del rows[chance.randrange(len(rows))]
    data[:] = b"\n".join(rows)


def _splice(data, chance, corpus, _words):
    other = chance.choice(corpus)
    data[chance.randrange(len(data) + 1) :] = other[chance.randrange(len(other) + 1) :]


_CHANGES = (_flip, _byte, _word, _word, _cut, _double, _lines, _splice)


def _execute(target: Target, data: bytes, outcome: Outcome, ways: set | None) -> bool:
    """Run one input; whether it took a new way."""
    known = len(ways) if ways is not None else 0
    began = time.thread_time()
    try:
        if ways is None:
            target.call(data)
        else:
            _traced(target, data, ways)
    except target.refusals:
        outcome.refused += 1
    except BaseException as error:
        error.add_note(f"{target.name} was given {data!r}")
        raise
    took = time.thread_time() - began
    outcome.executions += 1
    if ways is None:
        outcome.slowest = max(outcome.slowest, took)
        if took > HANG:
            raise Hang(f"{target.name} took {took:.1f} s for {data!r}")
    return ways is not None and len(ways) > known


def _traced(target: Target, data: bytes, ways: set) -> None:
    files, last = frozenset(target.files), [0]

    def local(frame, event, _argument):
        if event == "line":
            ways.add((frame.f_code, last[0], frame.f_lineno))
            last[0] = frame.f_lineno
        return local

    def begin(frame, _event, _argument):
        return local if frame.f_code.co_filename in files else None

    before = sys.gettrace()
    sys.settrace(begin)
    try:
        target.call(data)
    finally:
        sys.settrace(before)


def _measure(target: Target, outcome: Outcome) -> None:
    """Branch coverage of the parser's files by what was kept."""
    for module in target.modules:
        for value in vars(module).values():
            if hasattr(value, "cache_clear"):  # an answer that is remembered takes no way at all
                value.cache_clear()
    measuring = coverage.Coverage(data_file=None, branch=True, include=target.files, config_file=False)
    measuring.set_option("report:exclude_also", [r"if TYPE_CHECKING:", r"^\s*(from|import|class|def|@|[A-Z_]+ =)"])
    with measuring.collect():
        for data in outcome.kept:
            try:
                target.call(data)
            except target.refusals:
                continue
    outcome.covered, outcome.missing = _branches(measuring, target)


def _branches(measuring: coverage.Coverage, target: Target) -> tuple[float, dict[str, str]]:
    total = taken = 0
    missing = {}
    for path in target.files:
        found = measuring._analyze(path)
        total += found.numbers.n_branches
        taken += found.numbers.n_executed_branches
        if found.numbers.n_missing_branches:
            arcs = sorted((line, to) for line, ends in found.missing_branch_arcs().items() for to in ends)
            missing["/".join(Path(path).parts[-2:])] = ", ".join(f"{line}->{to}" for line, to in arcs)
    return (100.0 * taken / total if total else 100.0), missing


@contextmanager
def _watchdog():
    def late(_signal, _frame):
        raise Hang(f"no answer within {WATCHED:g} s of processor time")

    before = signal.signal(signal.SIGVTALRM, late)
    _rearm()
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        signal.signal(signal.SIGVTALRM, before)


def _rearm() -> None:
    signal.setitimer(signal.ITIMER_VIRTUAL, WATCHED)
