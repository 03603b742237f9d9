"""The delivering half of a drill: a scratch directory serves what is live, then what a rollback brings back."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from gitops_models.artifacts.content import ContentStore
from gitops_models.delivery.checks.assemble import checks_for
from gitops_models.delivery.checks.base import invalid
from gitops_models.delivery.desired import desired_state
from gitops_models.delivery.follow import Followed
from gitops_models.delivery.journal import Journal
from gitops_models.delivery.reconciler import Reconciler
from gitops_models.delivery.recorder import NoRecorder
from gitops_models.delivery.results import Sync
from gitops_models.delivery.sources import artifact_source
from gitops_models.delivery.targets.directory import DirectoryTarget
from gitops_models.errors import GmError
from gitops_models.registry.values import dataclass
from gitops_models.workflows.drill_served import ask_here, everywhere

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from contextlib import AbstractContextManager
    from datetime import datetime
    from pathlib import Path

    from gitops_models.artifacts.readers import Reader
    from gitops_models.delivery.checks.base import CheckResult
    from gitops_models.delivery.checks.settings import Check
    from gitops_models.delivery.results import Result
    from gitops_models.delivery.values import ModelStage
    from gitops_models.verification.history import History

TARGET = "drill"


@dataclass(frozen=True)
class Stand:
    """Where bytes are read from, and the checks of the operator's file."""

    reader: Callable[[], Reader]
    clock: Callable[[], datetime]
    checks: Sequence[Check] = ()


@dataclass(frozen=True)
class Restored:
    """How it went: ``seconds`` from the merged rollback to validated serving, ``size`` of what came back."""

    seconds: float
    size: int
    checks: tuple[CheckResult, ...] = ()
    error: GmError | None = None


def restore(
    stand: Stand,
    before: History,
    after: History,
    at: ModelStage,
    folder: Path,
    timing: Callable[[str], AbstractContextManager[None]],
) -> Restored:
    """Serve what ``before`` asks for, then what ``after`` does. Raises what reading the bytes raises.

    That the live version cannot be installed is no fault of the way back: then the switch begins from nothing.
    """
    content = ContentStore(folder / "content")
    wanted = desired_state(after, at).deployment
    with timing("install"):
        _run(stand, before, at, folder, content)
    with timing("fetch"):
        if wanted is not None:
            fetched = folder / "fetched"
            fetched.mkdir()
            artifact_source(after, stand.reader, content)(wanted, fetched)
    begun = time.perf_counter()
    with timing("restore"):
        result = _run(stand, after, at, folder, content)
    error = result.error or unserved(result)
    asked: tuple[CheckResult, ...] = ()
    if wanted is not None and error is None:
        with timing("validate"):
            asked = ask_here(stand.checks, _target(folder, at), after, wanted)
        error = invalid(asked)
    seconds = round(time.perf_counter() - begun, 6)
    size = sum(artifact.size for artifact in wanted.artifacts) if wanted else 0
    return Restored(seconds, size, (*result.checks, *asked), error)


def _target(folder: Path, at: ModelStage) -> DirectoryTarget:
    return DirectoryTarget(folder / "srv", id=TARGET, stages=[at.stage], models=[at.model])


def _run(stand: Stand, history: History, at: ModelStage, folder: Path, content: ContentStore) -> Result:
    reconciler = Reconciler(
        targets=[_target(folder, at)],
        load_history=lambda: Followed(history),
        source_for=lambda known: artifact_source(known, stand.reader, content),
        journal=Journal(folder / "journal"),
        recorder=NoRecorder(),
        clock=stand.clock,
        checks=checks_for([check for check in everywhere(stand.checks) if check.early]),
    )
    report = reconciler.run()
    for _, problem in report.problems:
        raise problem
    return report.results[0]


def unserved(result: Result) -> GmError | None:
    """Return GM-R531 where something else is served than what was to come back."""
    if result.sync is Sync.SYNCED:
        return None
    return GmError("GM-R531", f"{result.live or 'nothing'} is served instead of {result.desired or 'nothing'}")
