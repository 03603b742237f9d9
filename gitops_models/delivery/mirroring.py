"""Shows on a forge what is served where. For people only: nothing is read back, and no failure of it is one of ours.

What was shown last is remembered in the state directory, so that a forge is asked only when something changed.
"""

from __future__ import annotations

import json
from dataclasses import asdict, replace
from datetime import timedelta
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Protocol

from gitops_models.delivery import durable
from gitops_models.delivery.desired import deployment_of
from gitops_models.delivery.results import State
from gitops_models.errors import Exit, GmError, find_code
from gitops_models.errors.unforeseen import unforeseen
from gitops_models.registry.values import dataclass

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from datetime import datetime
    from pathlib import Path

    from gitops_models.delivery.results import Report, Result
    from gitops_models.delivery.values import ModelStage
    from gitops_models.verification.history import History

MOST_BYTES = 1024 * 1024
MOST_AT_ONCE = 20  # of one run; the others follow with the next ones
PAUSE = timedelta(minutes=5)  # how long a forge that failed is left alone
_FAILED = frozenset({State.VERIFY_FAILED, State.SWITCH_FAILED})


class Phase(StrEnum):
    """How a deployment stands, in the words of GitHub's deployment statuses."""

    SUCCESS = "success"
    FAILURE = "failure"
    WAITING = "in_progress"
    OVER = "inactive"


class DeploymentMirror(Protocol):
    """A place where people see deployments. Saying the same thing twice is saying it once."""

    def show(self, environment: str, commit: str, payload: Mapping[str, str], phase: str, words: str) -> None:
        """Show at ``environment`` (``production/fraud``) how the deployment of ``commit`` stands.

        ``payload`` holds the id of the change and the digest of the bytes, and says with the commit which deployment it
        is; ``words`` begin with the target and ``: ``. Raises ``GmError``.
        """
        ...


@dataclass(frozen=True)
class Shown:
    """What is shown of one model and stage at one target."""

    environment: str
    commit: str
    change: str
    digest: str
    version: str
    phase: str
    words: str

    @property
    def payload(self) -> dict[str, str]:
        """What tells this deployment from another of the same commit."""
        return {"change_id": self.change, "digest": self.digest, "version": self.version}


class Mirroring:
    """Shows what changed since it was shown last. Nothing in it stops a reconcile or changes what that says.

    ``connect`` gives the mirror and is called once, when there is something to show.
    """

    def __init__(self, connect: Callable[[], DeploymentMirror], path: Path, clock: Callable[[], datetime]) -> None:
        self._connect = connect
        self._path = path
        self._clock = clock
        self._mirror: DeploymentMirror | None = None
        self._resting: datetime | None = None
        self._problems: list[GmError] = []

    def saw(self, report: Report, history: History) -> None:
        """Show what is new in ``report``."""
        try:
            self._show(report, history)
        except Exception as error:  # noqa: BLE001 - what people look at must never stop what they look at
            self._problems.append(unforeseen(error))

    def drain(self) -> Sequence[GmError]:
        """Return what went wrong since this was asked last; the same thing once until it works again."""
        found, self._problems = self._problems, []
        return found

    def _show(self, report: Report, history: History) -> None:
        if self._resting is not None and self._clock() < self._resting:
            return
        before = _load(self._path)
        shown, said = dict(before["shown"]), set(before["said"])
        new = {name: one for name, one in _all(report, history, shown).items() if shown.get(name) != asdict(one)}
        failures = self._tell(new, shown)
        for error in failures:
            if error.code not in said:
                self._problems.append(error)
        self._resting = self._clock() + PAUSE if failures else None
        said = said | {error.code for error in failures} if failures or not new else set()
        after = {"shown": shown, "said": sorted(said)}
        if after != before:
            durable.write_file(self._path, json.dumps(after).encode(), mode=0o600)

    def _tell(self, new: Mapping[str, Shown], shown: dict[str, Any]) -> list[GmError]:
        """Show what is new and note it in ``shown``; a forge that does not answer is asked no more."""
        failures: list[GmError] = []
        for name, one in list(new.items())[:MOST_AT_ONCE]:
            try:
                mirror = self._mirror = self._mirror or self._connect()
                mirror.show(one.environment, one.commit, one.payload, one.phase, one.words)
            except Exception as error:  # noqa: BLE001 - as in saw
                failures.append(unforeseen(error))
                if failures[-1].exit_status in (Exit.EXTERNAL, Exit.AUTHENTICATION, Exit.USAGE, Exit.BUG):
                    break
                continue
            shown[name] = asdict(one)
        return failures


def _all(report: Report, history: History, before: Mapping[str, Any]) -> dict[str, Shown]:
    found, changes = {}, {step.oid: step.change_id for step in history.steps}
    for result in report.results:
        name = f"{result.target}\n{result.at}"
        one = _shown(result, history, changes)
        if one is None and result.desired is None and result.live is None and name in before:
            was = Shown(**before[name])
            one = replace(was, phase=Phase.OVER, words=f"{result.target}: {was.version} is not served any more")
        if one is not None:
            found[name] = one
    return found


def _shown(result: Result, history: History, changes: Mapping[str, str | None]) -> Shown | None:
    """What there is to show of one result; None where no accepted step asks for what is served, or nothing is said."""
    told, step = _phase(result), _step(history, result.at)
    change = changes.get(step) if step else None
    if told is None or result.desired is None or step is None or change is None:
        return None
    try:
        wanted = deployment_of(history.state.snapshot, result.at)
    except GmError:
        return None
    if wanted is None:
        return None
    environment = f"{result.at.stage}/{result.at.model}"
    words = f"{result.target}: {told[1]}"
    return Shown(environment, step, change, wanted.digest, wanted.label, told[0].value, words)


def _phase(result: Result) -> tuple[Phase, str] | None:
    """A message may name paths and addresses of the site, so a failure is told by its code."""
    error = result.error
    if error is not None and result.state in _FAILED:
        return Phase.FAILURE, f"{error.code} {find_code(error.code).title}"
    if result.state is State.FETCHING:
        return Phase.WAITING, f"{result.desired} is fetched"
    if not result.ok:
        return None
    if result.override:
        return Phase.SUCCESS, f"{result.live} is live, as an override says"
    return Phase.SUCCESS, f"{result.desired} is live"


def _step(history: History, at: ModelStage) -> str | None:
    touch = history.state.touched.get(history.layout.stage_path(at.model, at.stage))
    return touch.step if touch else None


def _load(path: Path) -> dict[str, Any]:
    """Return what was shown and said; nothing where the file makes no sense: then it is shown again."""
    try:
        with path.open("rb") as file:
            found = json.loads(file.read(MOST_BYTES))
        shown = {name: asdict(Shown(**row)) for name, row in found["shown"].items()}
        return {"shown": shown, "said": sorted(map(str, found["said"]))}
    except (OSError, ValueError, TypeError, KeyError, AttributeError, RecursionError):
        return {"shown": {}, "said": []}
