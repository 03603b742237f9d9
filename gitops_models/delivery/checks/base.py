"""What checks around a switch promise, and what their results mean. Values and their derivation; no I/O here."""

from __future__ import annotations

from dataclasses import field
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING, Any, Protocol

from gitops_models.delivery.checks.fill import meaning
from gitops_models.errors import GmError
from gitops_models.registry.values import dataclass

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from pathlib import Path

    from gitops_models.delivery.targets.base import Target
    from gitops_models.delivery.triggers.sources.base import MetricSource
    from gitops_models.delivery.values import Deployment, ModelStage, Observation
    from gitops_models.verification.history import History

REFUSED = "GM-R520"  # the bytes are at fault: no other attempt until an input changes
INVALID = "GM-R521"  # what is served now must not stay
UNDECIDED = "GM-R522"  # a check could not be run: another attempt may help


@dataclass(frozen=True)
class Subject:
    """What one check looks at: a version, the folder of its bytes, what was seen served, and why it is to be.

    ``live`` is what is served instead so far and ``live_folder`` where; both are known before a switch only.
    ``sources`` are those of the operator's file by id, asked at the time ``now`` gives.
    """

    wanted: Deployment
    history: History
    folder: Path | None = None
    seen: Observation | None = None
    live: Deployment | None = None
    live_folder: Path | None = None
    sources: Mapping[str, MetricSource] = field(default_factory=dict)
    now: Callable[[], datetime] = partial(datetime.now, UTC)

    @property
    def words(self) -> dict[str, str]:
        """What the open words of addresses, paths and arguments mean."""
        return meaning(self.wanted, self.folder)


@dataclass(frozen=True)
class Finding:
    """What one attempt at a check came to; the rest of a ``CheckResult`` is the runner's to say."""

    passed: bool | None
    values: Mapping[str, float | str] = field(default_factory=dict)
    message: str = ""


@dataclass(frozen=True)
class CheckResult:
    """What one check came to. ``passed`` is ``None`` where it could not be run, which is never a pass.

    ``values`` are what was measured and the limits it was held to, ``seconds`` how long it took.
    """

    id: str
    use: str
    passed: bool | None
    required: bool = True
    values: Mapping[str, float | str] = field(default_factory=dict)
    message: str = ""
    seconds: float = 0.0

    @property
    def stops(self) -> bool:
        """Whether the version must not be served because of it: required, and not passed."""
        return self.required and self.passed is not True

    def to_json(self) -> dict[str, Any]:
        """Return the plain value that ``--json`` prints."""
        return {
            "id": self.id,
            "use": self.use,
            "passed": self.passed,
            "required": self.required,
            "values": dict(self.values),
            "message": self.message,
            "seconds": self.seconds,
        }


class Checks(Protocol):
    """The checks of one target. None of them raises: what cannot be run is a result."""

    def before(self, wanted: Deployment, folder: Path, live: Deployment | None) -> tuple[CheckResult, ...]:
        """Look at the bytes of ``wanted``, staged in ``folder`` beside what is served.

        ``live`` is what is served now, where that is known.
        """

    def after(self, wanted: Deployment, seen: Observation) -> tuple[CheckResult, ...]:
        """Look at what is served after the switch to ``wanted``; ``seen`` is what the target observed."""

    def awaits(self, at: ModelStage) -> bool:
        """Whether a check after the switch must be passed there."""


class ChecksFor(Protocol):
    """Gives the checks of a target at the accepted state."""

    def __call__(self, target: Target, history: History) -> Checks:
        """Return them; raises nothing."""


class NoChecks:
    """Looks at nothing: for a reconciler whose file names no checks."""

    def before(self, wanted: Deployment, folder: Path, live: Deployment | None) -> tuple[CheckResult, ...]:
        """Have nothing to say."""
        del wanted, folder, live
        return ()

    def after(self, wanted: Deployment, seen: Observation) -> tuple[CheckResult, ...]:
        """Have nothing to say."""
        del wanted, seen
        return ()

    def awaits(self, at: ModelStage) -> bool:
        """Wait for nothing."""
        del at
        return False


def no_checks(target: Target, history: History) -> Checks:
    """Return checks that look at nothing, for every target."""
    del target, history
    return NoChecks()


def refusal(results: Iterable[CheckResult]) -> GmError | None:
    """Return why nothing is switched, or ``None`` where every required check before the switch passed.

    GM-R520 where one failed, GM-R522 where one could only not be run.
    """
    bad = [result for result in results if result.stops]
    failed = [result for result in bad if result.passed is False]
    return _error(REFUSED, failed) if failed else _error(UNDECIDED, bad)


def invalid(results: Iterable[CheckResult]) -> GmError | None:
    """Return why what is served now must not stay (GM-R521), or ``None`` where every required check passed.

    A check that could not be run after its retries is no pass: nobody knows that the version serves.
    """
    return _error(INVALID, [result for result in results if result.stops])


def in_words(result: CheckResult) -> str:
    """Return one line for people: the check, how it ended, why."""
    ended = {True: "passed", False: "failed", None: "could not be run"}[result.passed]
    return f"{result.id}: {ended}" + (f": {result.message}" if result.message else "")


def _error(code: str, bad: list[CheckResult]) -> GmError | None:
    lines = [in_words(result) for result in bad]
    return GmError(code, lines[0], details=tuple(lines[1:])) if lines else None
