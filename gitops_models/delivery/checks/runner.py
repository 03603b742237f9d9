"""Runs the checks of one target: each on its own, in time, as often as it may be tried, none of them raising."""

from __future__ import annotations

import time
from dataclasses import field, replace
from typing import TYPE_CHECKING

from gitops_models.delivery.checks import golden, interface, latency, programs, scanning, served_version
from gitops_models.delivery.checks.base import CheckResult, Finding, Subject
from gitops_models.delivery.checks.demands import applies, demanded, held_to, unmet
from gitops_models.delivery.checks.oip import NoAnswer
from gitops_models.delivery.checks.web import Lines
from gitops_models.delivery.lines import within
from gitops_models.delivery.waysback import is_way_back
from gitops_models.errors import GmError
from gitops_models.registry.text import visible
from gitops_models.registry.values import dataclass

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from pathlib import Path

    from gitops_models.delivery.checks.settings import Check
    from gitops_models.delivery.targets.base import Target
    from gitops_models.delivery.triggers.sources.base import MetricSource
    from gitops_models.delivery.values import Deployment, ModelStage, Observation
    from gitops_models.registry.documents import CheckDemand
    from gitops_models.verification.history import History

Run = "Callable[[Check, Subject, Lines], Finding]"
_RUNS: Mapping[str, Callable[..., Finding]] = {
    "served-version": served_version.run,
    "golden": golden.run,
    "latency": latency.run,
    "metric": programs.run_metric,
    "command": programs.run_command,
    "scan": lambda check, subject, lines: scanning.run(subject, check.allow, stop=lambda: lines.over),
    "interface": lambda _check, subject, _lines: interface.run(subject),
}


@dataclass(frozen=True)
class Runner:
    """The checks of ``target`` at the accepted state ``history``; ``wait`` pauses between two attempts.

    ``sources`` are those that metrics come from. Those of ``always`` run where none of ``checks`` does the same.
    """

    checks: Sequence[Check]
    target: Target
    history: History
    wait: Callable[[float], None] = time.sleep
    sources: Mapping[str, MetricSource] = field(default_factory=dict)
    always: Sequence[Check] = ()

    def before(self, wanted: Deployment, folder: Path, live: Deployment | None) -> tuple[CheckResult, ...]:
        """Look at the staged bytes, and whether every check that is asked for is known here at all."""
        live_folder = self._folder(wanted) if live else None
        subject = Subject(wanted, self.history, folder=folder, live=live, live_folder=live_folder, sources=self.sources)
        waits = self._may_wait(wanted, live)
        unknown = tuple(one if waits else _unrequired(one) for one in self._unknown(wanted))
        return (*unknown, *self._run(subject, early=True, waits=waits))

    def after(self, wanted: Deployment, seen: Observation) -> tuple[CheckResult, ...]:
        """Look at what is served."""
        subject = Subject(wanted, self.history, folder=self._folder(wanted), seen=seen, sources=self.sources)
        return tuple(self._run(subject, early=False, waits=True))

    def awaits(self, at: ModelStage) -> bool:
        """Whether a required check after the switch applies there."""
        asked = self._demanded(at)
        return any(held_to(check, asked.get(check.id)).required for check in self._here(at, asked, early=False))

    def _folder(self, wanted: Deployment) -> Path | None:
        """Return what is served now; ``None`` also where that cannot be read: who needs it says so."""
        try:
            return self.target.place_of(wanted.at)
        except GmError:
            return None

    def _run(self, subject: Subject, *, early: bool, waits: bool) -> Iterator[CheckResult]:
        """Yield results in the order of the file, up to the first that stops: time to restore is what counts then.

        Without ``waits`` one that cannot be run stops nothing.
        """
        at = subject.wanted.at
        asked = self._demanded(at)
        for check in self._here(at, asked, early=early):
            result = self._result(held_to(check, asked.get(check.id)), subject, unmet(check, asked.get(check.id)))
            result = result if waits else _unrequired(result)
            yield result
            if result.stops:
                return

    def _here(self, at: ModelStage, asked: Mapping[str, CheckDemand], *, early: bool) -> tuple[Check, ...]:
        """Return the checks of this place. One that is limited to other places replaces nothing here.

        What is asked for by name is run in any case.
        """
        here = [check for check in self.checks if check.id in asked or applies(check, self.target.id, at)]
        named = [check for check in here if check.early is early]
        done, names = {check.use for check in named}, {check.id for check in named}
        kept = (one for one in self.always if one.use not in done or (one.id in asked and one.id not in names))
        return (*(one for one in kept if one.early is early), *named)

    def _demanded(self, at: ModelStage) -> dict[str, CheckDemand]:
        return demanded(self.history.state.snapshot.targets(), self.target.id, at)

    def _unknown(self, wanted: Deployment) -> Iterator[CheckResult]:
        known = {check.id for check in (*self.always, *self.checks)}
        for name, demand in self._demanded(wanted.at).items():
            if name not in known:
                message = "policies/targets.yaml asks for it and the reconciler's file has no check of this name"
                yield CheckResult(name, "unknown", None, demand.required, message=message)

    def _may_wait(self, wanted: Deployment, live: Deployment | None) -> bool:
        """Whether a switch may wait for a check that cannot be run: not a way back, nor the healing of what is live.

        Who breaks the check would keep the bad version, or damaged bytes, served.
        """
        heals = live is not None and live.digest == wanted.digest
        return not heals and not is_way_back(self.history, wanted)

    def _result(self, check: Check, subject: Subject, unmet_limits: Sequence[str]) -> CheckResult:
        begun = time.perf_counter()
        if unmet_limits:
            found = Finding(None, message=f"a {check.use} knows no {unmet_limits[0]}, which policies/targets.yaml asks")
        else:
            found = self._attempts(check, subject)
        seconds = round(time.perf_counter() - begun, 6)
        # Names of inputs and outputs, and what programs and servers say, are text of strangers.
        values = {name: visible(value) if isinstance(value, str) else value for name, value in found.values.items()}
        words = visible(found.message)
        return CheckResult(check.id, check.use, found.passed, check.required, values, words, seconds)

    def _attempts(self, check: Check, subject: Subject) -> Finding:
        """Try until it passes or may not be tried again; the last attempt counts."""
        found = attempt(check, subject)
        for _ in range(check.retries):
            if found.passed:
                break
            self.wait(check.pause)
            found = attempt(check, subject)
        return found


def _unrequired(result: CheckResult) -> CheckResult:
    return replace(result, required=False) if result.passed is None else result


def attempt(check: Check, subject: Subject) -> Finding:
    """Run ``check`` once; what keeps it from being run is a finding without an answer."""
    run, lines = _RUNS[check.use], Lines(check.timeout)

    def work() -> Finding:
        with lines:
            return run(check, subject, lines)

    try:
        return within(check.timeout, work, lines.cut, name="gm-check")
    except TimeoutError:
        return Finding(None, message=f"no answer within {check.timeout:g} s")
    except KeyError as error:
        return Finding(None, message=f"{{{error.args[0]}}} is not known here")
    except GmError as error:
        return Finding(None, message=visible(f"{error.code}: {error.message}"))
    except (OSError, NoAnswer, ValueError) as error:
        said = getattr(error, "strerror", None) or str(error) or type(error).__name__
        return Finding(None, message=visible(said))
    except Exception as error:  # noqa: BLE001 - a fault of one check must not stop what all models wait for
        return Finding(None, message=visible(f"{type(error).__name__}: {error}"))
