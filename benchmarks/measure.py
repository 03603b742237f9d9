"""CPU seconds of whole commands, in turn with a peer, so that a machine whose speed drifts is fair to both."""

import os
import resource
import statistics
import subprocess
from dataclasses import dataclass


@dataclass(frozen=True)
class Compared:
    """Medians in CPU seconds. ``goal`` bounds ours/peer; None where no goal is set."""

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


def cpu(command, env=None):
    """User and system seconds of one run of ``command``, children included."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(
        command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env={**os.environ, **(env or {})}
    )
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def table(rows):
    """The rows as a Markdown table, one figure per row."""
    lines = ["| work | ours (CPU s) | peer | peer (CPU s) | ratio | goal | met |", "|---|---|---|---|---|---|---|"]
    for row in rows:
        goal = "-" if row.goal is None else f"{row.goal:g}"
        met = {None: "-", True: "yes", False: "no"}[row.met]
        lines.append(
            f"| {row.work} | {row.ours:.3f} | {row.peer_name} | {row.peer:.3f} | {row.ratio:.2f} | {goal} | {met} |"
        )
    return lines
