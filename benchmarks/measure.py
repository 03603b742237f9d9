"""Seconds of whole commands, in turn with a peer, so that a machine whose speed drifts is fair to both.

CPU seconds unless a figure is about what more than one core gains: those are by the clock on the wall.
"""

import os
import resource
import statistics
import subprocess
import time
from dataclasses import dataclass


@dataclass(frozen=True)
class Compared:
    """Medians in seconds. ``goal`` bounds ours/peer; None where no goal is set."""

    work: str
    ours: float
    peer_name: str
    peer: float
    goal: float | None

    @property
    def ratio(self):
        """Ours over the peer."""
        return self.ours / self.peer

    @property
    def met(self):
        """Whether the goal is met; None without one."""
        return None if self.goal is None else self.ratio <= self.goal


def compare(work, ours, peer_name, peer, *, goal=None, runs=5, env=None):
    """Run both commands in turn, once unmeasured and ``runs`` times measured."""
    figures = [(cpu(ours, env), cpu(peer, env)) for _ in range(runs + 1)][1:]
    mine, theirs = zip(*figures, strict=True)
    return Compared(work, statistics.median(mine), peer_name, statistics.median(theirs), goal)


def cpu(command, env=None, *, fine=(0,)):
    """User and system seconds of one run of ``command``, children included."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    run(command, env, fine=fine)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def wall(command, env=None, *, fine=(0,)):
    """Seconds by the clock of one run of ``command``."""
    before = time.perf_counter()
    run(command, env, fine=fine)
    return time.perf_counter() - before


def beyond(command, start, *, prepare, runs, env=None, take=cpu):
    """Median of what ``command`` costs beyond ``start``, which does the least; ``prepare`` comes before each."""
    found = []
    for _ in range(runs):
        prepare()
        found.append(take(command, env) - take(start, env))
    return statistics.median(found)


def run(command, env=None, *, fine=(0,)):
    """Run ``command`` and give what it printed; its exit status must be a ``fine`` one."""
    made = subprocess.run(command, check=False, capture_output=True, env={**os.environ, **(env or {})})
    if made.returncode not in fine:
        raise SystemExit(f"{command}: {made.returncode}\n{made.stderr.decode()[-2000:]}")
    return made.stdout


def table(rows):
    """The rows as a Markdown table, one figure per row."""
    lines = ["| work | ours (s) | peer | peer (s) | ratio | goal | met |", "|---|---|---|---|---|---|---|"]
    for row in rows:
        goal = "-" if row.goal is None else f"{row.goal:.3g}"
        met = {None: "-", True: "yes", False: "no"}[row.met]
        lines.append(
            f"| {row.work} | {row.ours:.3f} | {row.peer_name} | {row.peer:.3f} | {row.ratio:.4g} | {goal} | {met} |"
        )
    return lines
