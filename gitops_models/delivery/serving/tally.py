"""What is counted over the runs of one process, and how its last run ended. Values and their derivation; no I/O."""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from dataclasses import field, replace
from operator import is_
from typing import TYPE_CHECKING

from gitops_models.delivery.results import Done, State
from gitops_models.errors import Exit
from gitops_models.registry.values import dataclass

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import datetime

    from gitops_models.delivery.results import Report, Result
    from gitops_models.errors import GmError
    from gitops_models.verification.history import History

BUCKETS = (0.01, 0.05, 0.1, 0.5, 1.0, 5.0, 15.0, 60.0, 300.0, 1800.0)  # seconds
_DEPLOYED = {
    Done.SWITCHED: "succeeded",
    Done.HEALED: "healed",
    Done.RETIRED: "removed",
    Done.FAILED: "failed",
}
BAD = "regression"  # why a rollback is proposed away from what did not pass its checks (delivery.proposals)
Place = tuple[str, str, str]


@dataclass(frozen=True)
class Durations:
    """How long runs took: how many fall into each of ``BUCKETS`` or beyond the last, and their sum in seconds."""

    counts: tuple[int, ...] = (0,) * (len(BUCKETS) + 1)
    total: float = 0.0

    def plus(self, seconds: float) -> Durations:
        """Return these with one more."""
        place = bisect_left(BUCKETS, seconds)
        counts = tuple(count + (place == index) for index, count in enumerate(self.counts))
        return Durations(counts, self.total + seconds)


@dataclass(frozen=True)
class Tally:
    """The figures. ``report`` is the last run that got as far as a report, ``problem`` why the last one did not."""

    runs: Mapping[str, int] = field(default_factory=Counter)
    deployed: Mapping[str, int] = field(default_factory=Counter)
    drifted: Mapping[str, int] = field(default_factory=Counter)
    refused: Mapping[str, int] = field(default_factory=Counter)
    proposed: Mapping[str, int] = field(default_factory=Counter)
    durations: Durations = field(default_factory=Durations)
    report: Report | None = None
    repository: str | None = None
    succeeded: datetime | None = None
    problem: GmError | None = None

    def after(self, report: Report, history: History, seconds: float) -> Tally:
        """Return the figures with one more run, which took ``seconds`` and came to ``report``."""
        new = _news(report, self.report)
        return replace(
            self,
            runs=Counter(self.runs) + Counter([_ended(report)]),
            deployed=_plus(self.deployed, (_DEPLOYED[one.done] for one, _ in new if one.done in _DEPLOYED)),
            drifted=_plus(self.drifted, (kind for one, was in new for kind in _new_drift(one, was))),
            refused=_plus(self.refused, (code for one, was in new for code in _new_refusals(one, was))),
            proposed=_plus(self.proposed, (BAD for one, was in new if one.proposal and one.proposal != _open(was))),
            durations=self.durations.plus(seconds),
            report=report,
            repository=history.repository.id,
            succeeded=self.succeeded if report.problems else report.at,
            problem=None,
        )

    def after_failure(self, error: GmError, seconds: float) -> Tally:
        """Return the figures with one more run, which had no history to go by."""
        runs = Counter(self.runs) + Counter(["error"])
        refused = Counter(self.refused)
        if self.problem is None or self.problem.code != error.code:
            refused += Counter([error.code] if is_refusal(error) else [])
        return replace(self, runs=runs, refused=refused, durations=self.durations.plus(seconds), problem=error)


def is_refusal(error: GmError) -> bool:
    """Whether ``error`` says that something was looked at and not believed, rather than out of reach."""
    return error.exit_status in {Exit.DENIED, Exit.INTEGRITY}


def health_of(result: Result) -> str:
    """Say in Argo CD's words how a place stands: healthy, progressing, degraded, suspended or missing."""
    if result.state in {State.SUSPENDED, State.HELD} and result.error is None:
        return "suspended" if result.state is State.SUSPENDED else "healthy"
    if result.state is State.DEGRADED or result.error is not None:
        return "degraded" if result.live else "missing"
    if result.ok:
        return "healthy"
    return "progressing"


def _plus(before: Mapping[str, int], words: Iterable[str]) -> Mapping[str, int]:
    new = Counter(words)
    return Counter(before) + new if new else before


def _news(report: Report, last: Report | None) -> list[tuple[Result, Result | None]]:
    """Each result that is not the very one of the last run, with that one: an idle run has none and costs nothing."""
    if last is None:
        return [(one, None) for one in report.results]
    if len(report.results) == len(last.results) and all(map(is_, report.results, last.results)):
        return []
    known = {id(one) for one in last.results}
    new = [one for one in report.results if id(one) not in known]
    before = {_place(one): one for one in last.results}
    return [(one, before.get(_place(one))) for one in new]


def _open(was: Result | None) -> str | None:
    return was.proposal if was else None


def _ended(report: Report) -> str:
    return "ok" if report.ok else "failed"


def _place(result: Result) -> Place:
    return (result.target, *result.at)


def _new_drift(result: Result, was: Result | None) -> list[str]:
    """Drift that lasts is counted when it is first seen."""
    known = was.drift if was and was.done is not Done.HEALED else ()
    return [found.kind.value for found in result.drift if found not in known]


def _new_refusals(result: Result, was: Result | None) -> frozenset[str]:
    """Refusals that last are counted when they are first seen."""
    return _refusals(result) - (_refusals(was) if was else frozenset())


def _refusals(result: Result) -> frozenset[str]:
    """The code of what was not believed; a newer step that was denied is told by that word."""
    denied = {"denied" for one in result.conditions if one.type == "PolicySatisfied" and one.reason == "Denied"}
    error = result.error
    return frozenset(denied | ({error.code} if error is not None and is_refusal(error) else set()))
