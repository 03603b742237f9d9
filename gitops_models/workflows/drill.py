"""Rehearsing a rollback: the real planner, judge and reconciler, on a scratch clone and a scratch directory.

Nothing of the repository, of its remote or of what is served is touched. What is proved: that a version to go back to
is there, that the policy lets it come back, that its bytes can be read from the artifact remote and are the right ones,
and how long all that takes.
"""

from __future__ import annotations

import time
from contextlib import contextmanager
from dataclasses import field
from typing import TYPE_CHECKING

from gitops_models.delivery.values import ModelStage
from gitops_models.errors import GmError
from gitops_models.registry.text import visible
from gitops_models.registry.times import format_time
from gitops_models.registry.values import dataclass
from gitops_models.store.transport import fetch
from gitops_models.store.worktree import init
from gitops_models.verification.cache import cache_path, load_prefix
from gitops_models.verification.fold import fold
from gitops_models.workflows.drill_restore import Stand, restore
from gitops_models.workflows.naming import known_model, known_stage
from gitops_models.workflows.recover import Rollback, open_plan, plan
from gitops_models.workflows.remotes import reader
from gitops_models.workflows.session import Session
from gitops_models.workflows.sync import line_ref

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from gitops_models.store.objects import Ident
    from gitops_models.trust.records import Drill
    from gitops_models.trust.signing import Signer
    from gitops_models.verification.history import History
    from gitops_models.workflows.drill_restore import Restored
    from gitops_models.workflows.propose import Opened
    from gitops_models.workflows.recover import Plan

_MOST_TEXT = 500
_MOST_MISSING = 16


@dataclass(frozen=True)
class Rehearsal:
    """One rehearsed rollback: what its record says, and what went wrong if anything did."""

    body: Drill
    error: GmError | None = None

    @property
    def ok(self) -> bool:
        """Whether the version came back."""
        return self.body.result == "succeeded"


@dataclass
class _Scratch(Session):
    """The session of the scratch clone; whoever rehearses signs with their own key."""

    real: Session | None = field(default=None, repr=False)

    def signer(self) -> Signer:
        """The user's own signer."""
        return self._real().signer()

    def ident(self) -> Ident:
        """Who commits."""
        return self._real().ident()

    def _real(self) -> Session:
        assert self.real is not None  # noqa: S101 - for the type checker: it is made with one
        return self.real


@dataclass
class _Watch:
    """The seconds that each part took, in their order."""

    phases: dict[str, float] = field(default_factory=dict)

    @contextmanager
    def timing(self, name: str) -> Iterator[None]:
        """Count the block as part ``name``, also where it fails."""
        begun = time.perf_counter()
        try:
            yield
        finally:
            self.phases[name] = round(time.perf_counter() - begun, 6)


def places_to_rehearse(session: Session, model: str | None, stage: str | None) -> tuple[ModelStage, ...]:
    """Return where something is live that has a predecessor, or only what is named, whether it has one or not.

    GM-R530 where there is nothing, GM-C14n for no name.
    """
    if model is not None:
        known_model(session, model)
    named = known_stage(session, stage) if stage is not None else None
    found = sorted(
        ModelStage(*key)
        for key, stack in session.history.state.stacks.items()
        if stack.live and (stack.below_top() if model is None else model == key[0])
        if named in (None, key[1]) and session.accepted.has_model(key[0])
    )
    if not found:
        raise GmError("GM-R530", "nothing is live that could be rolled back", where=model)
    return tuple(found)


def rehearse(session: Session, at: ModelStage, stand: Stand, folder: Path) -> Rehearsal:
    """Roll ``at`` back in ``folder``, which is empty and the caller's to remove. Raises nothing but bugs."""
    watch = _Watch()
    planned: Plan | None = None
    opened: Opened | None = None
    restored: Restored | None = None
    error: GmError | None = None
    try:
        with watch.timing("clone"):
            scratch = _clone(session, folder / "registry.git")
        with watch.timing("decide"):
            planned = plan(scratch, Rollback(at.model, "a drill: nothing is wrong with it", stage=at.stage))
            opened = open_plan(scratch, planned, no_push=True)
            after = _as_if_accepted(scratch.history, opened, session)
        restored = restore(stand, scratch.history, after, at, folder, watch.timing)
        error = restored.error
    except GmError as problem:
        error = problem
    return Rehearsal(_body(session, at, planned, opened, restored, error, watch.phases), error)


def stand_of(session: Session, config: Path | None, artifacts: str | None) -> Stand:
    """Return where bytes are read from and what is checked: the operator's file if given, else as this clone deploys.

    Raises what reading the file raises.
    """
    if config is None:
        return Stand(lambda: reader(session, artifacts), session.clock.now)
    from gitops_models.artifacts.readers import open_remote  # noqa: PLC0415 - only with a file
    from gitops_models.artifacts.remotes import RemoteSpec  # noqa: PLC0415 - as above
    from gitops_models.delivery.config import read_config  # noqa: PLC0415 - as above

    document = read_config(config)
    spec = RemoteSpec(artifacts or document.artifacts.url, document.artifacts.options)
    return Stand(lambda: open_remote(spec), session.clock.now, document.checks)


def keep(session: Session, rehearsal: Rehearsal, *, no_push: bool = False) -> GmError | None:
    """Sign the record and send it; with ``no_push`` it waits here. Returns why it waits, if the remote is away."""
    from gitops_models.trust.ledgerrefs import DRILLS  # noqa: PLC0415 - a dry run keeps nothing
    from gitops_models.trust.records import make_drill  # noqa: PLC0415 - as above

    signer = session.signer()
    session.actor(signer)
    record = make_drill(rehearsal.body, signer)
    ledger = session.writer()
    if no_push:
        ledger.outbox.put(DRILLS, record)
        return None
    return ledger.append_drill(record).waiting


def _clone(session: Session, path: Path) -> _Scratch:
    """A bare clone of what this clone has, with the same history folded from its own objects."""
    known = session.history
    store = init(path, bare=True, initial_branch=session.line)
    tip = line_ref(session.remote, session.line)
    source = tip if session.store.ref(tip) else line_ref(None, session.line)
    refspecs = [f"+{source}:{line_ref(None, session.line)}", "+refs/tags/*:refs/tags/*"]
    fetch(store, str(session.store.common_dir), refspecs)
    before = load_prefix(cache_path(session.store.common_dir), store, known.pin)
    now = session.clock.now()
    history = fold(
        store, pin=known.pin, tip=known.tip, ledger=session.ledger, known=before, now=now, undecided=session.undecided
    )
    return _Scratch(store, session.clock, None, session.line, history, session.ledger, session.pinned, real=session)


def _as_if_accepted(history: History, opened: Opened, session: Session) -> History:
    """Return what history will be once everybody who has to agree has agreed."""
    from dataclasses import replace  # noqa: PLC0415 - beside its only use

    evaluation = opened.evaluation
    actor = session.actor(session.signer()).id
    state = history.state.accept(
        evaluation.change,
        step=evaluation.head,
        at=session.clock.now(),
        persons=(actor,),
        change_id=evaluation.change_id,
    )
    return replace(history, state=state, tip=evaluation.head)


def _body(
    session: Session,
    at: ModelStage,
    planned: Plan | None,
    opened: Opened | None,
    restored: Restored | None,
    error: GmError | None,
    phases: dict[str, float],
) -> Drill:
    from gitops_models.delivery.summaries import summaries  # noqa: PLC0415 - loads no more than records do
    from gitops_models.trust.records import Drill  # noqa: PLC0415 - loads pydantic

    stack = session.history.state.stack(at.model, at.stage)
    good = planned.way.target if planned else None
    quorums = opened.evaluation.verdict.quorums if opened else ()
    return Drill.model_validate(
        {
            "main": session.history.tip,
            "repository": session.history.repository.id,
            "model": at.model,
            "stage": at.stage,
            "version": stack.live_version or "",
            "to": good.version if good else planned.instead if planned else None,
            "result": "failed" if error else "succeeded",
            "seconds": restored.seconds if restored and not error else None,
            "phases": [{"name": name, "seconds": seconds} for name, seconds in phases.items()],
            "bytes": restored.size if restored else 0,
            "missing": [role for quorum in quorums for role in quorum.missing][:_MOST_MISSING],
            "checks": summaries(restored.checks) if restored else [],
            "code": error.code if error else None,
            "reason": visible(error.message)[:_MOST_TEXT] if error else "",
            "at": format_time(session.clock.now()),
        }
    )
