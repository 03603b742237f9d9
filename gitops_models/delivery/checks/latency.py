"""latency: how long answers take with so many clients at once, each on a line of its own that is kept open."""

from __future__ import annotations

import math
import time
from contextlib import suppress
from dataclasses import field
from itertools import chain
from threading import Barrier, BrokenBarrierError, Thread
from typing import TYPE_CHECKING

from gitops_models.delivery.checks.base import Finding
from gitops_models.delivery.checks.casefiles import read_cases
from gitops_models.delivery.checks.fill import filled, filled_address
from gitops_models.delivery.checks.oip import NoAnswer, infer
from gitops_models.registry.values import dataclass

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from gitops_models.delivery.checks.base import Subject
    from gitops_models.delivery.checks.settings import Latency
    from gitops_models.delivery.checks.web import Client, Lines

_PERCENTILE = 0.95


@dataclass
class _Asker:
    """One client: what it measured in seconds, and what ended it before its time."""

    client: Client
    model: str
    bodies: Sequence[bytes]
    turn: int
    taken: list[float] = field(default_factory=list)
    trouble: str | None = None

    def ask(self, turns: Iterator[int], begin: Barrier) -> None:
        """Take its own turn and then others until there are none; the first answer opens the line and is not measured.

        Nobody takes a turn before all lines are open: who is fast would be alone with the server and use them up.
        """
        try:
            infer(self.client, self.model, self.bodies[0])
            with suppress(BrokenBarrierError):  # somebody is lost, which fails the check; what the others see is told
                begin.wait()
            for turn in chain((self.turn,), turns):
                begun = time.perf_counter()
                infer(self.client, self.model, self.bodies[turn % len(self.bodies)])
                self.taken.append(time.perf_counter() - begun)
        except (OSError, NoAnswer) as error:
            self.trouble = str(error) or type(error).__name__
        finally:
            begin.abort()  # who still waits for this one goes on without it; once all have begun, nobody waits


def run(check: Latency, subject: Subject, lines: Lines) -> Finding:
    """Measure ``requests`` answers."""
    bodies = tuple(case.request for case in read_cases(filled(check.cases, subject.words)))
    model, address = filled(check.name, subject.words), filled_address(check.url, subject.words)
    many = min(check.concurrency, check.requests)
    askers = [_Asker(lines.client(address), model, bodies, turn) for turn in range(many)]
    # One iterator for all: taking the next turn is one step of the interpreter, so no turn is taken twice.
    turns = iter(range(many, check.requests))
    begin = Barrier(many, timeout=check.timeout)
    threads = [Thread(target=one.ask, args=(turns, begin), name="gm-latency", daemon=True) for one in askers]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    taken = [seconds for one in askers for seconds in one.taken]
    return judged(taken, [one.trouble for one in askers if one.trouble is not None], check.p95_below_ms)


def judged(taken: Sequence[float], troubles: Sequence[str], below_ms: float | None) -> Finding:
    """Say whether the 95th percentile (nearest rank) lies strictly below; a client without an answer fails it. Pure."""
    if not taken:
        return Finding(None, {}, troubles[0] if troubles else "nothing was measured")
    ordered = [seconds * 1000 for seconds in sorted(taken)]
    p95 = ordered[math.ceil(_PERCENTILE * len(ordered)) - 1]
    values: dict[str, float | str] = {
        "p95_ms": round(p95, 3),
        "median_ms": round(ordered[(len(ordered) - 1) // 2], 3),
        "max_ms": round(ordered[-1], 3),
        "requests": len(ordered),
        "clients_lost": len(troubles),
        **({} if below_ms is None else {"p95_below_ms": below_ms}),
    }
    if troubles:
        return Finding(False, values, f"{len(troubles)} clients got no answer: {troubles[0]}")  # noqa: FBT003 - passed
    if below_ms is None:
        return Finding(None, values, "nobody says how fast is fast enough: name p95_below_ms")
    slow = "" if p95 < below_ms else f"p95 is {p95:.1f} ms, to be below {below_ms:g} ms"
    return Finding(not slow, values, slow)
