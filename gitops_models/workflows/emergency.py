"""``gm rollback --emergency``: alert, capture, and land in one push what one person may do when there is no time.

The alarm goes out once the judge has seen the plan and before anything is published. What the policy lets one person do
lands at once, in one atomic push without a branch; what needs another one stays an open proposal. Nothing is half done:
a run that was cut short left either nothing, an open proposal, or the whole step, and giving the command again goes on
from there.
"""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, Literal, Protocol

from gitops_models.delivery.notify.notices import Notice
from gitops_models.errors import GmError
from gitops_models.policy.denied import Denied
from gitops_models.registry.events import HoldPlaced
from gitops_models.registry.values import dataclass
from gitops_models.workflows.announcing import who
from gitops_models.workflows.bundling import bundle, carried
from gitops_models.workflows.emergency_plan import declared, plan
from gitops_models.workflows.emergency_ratify import emergencies
from gitops_models.workflows.hosted import SILENT
from gitops_models.workflows.merging import BROKEN, follow, merge, prepare, publish, rehearse
from gitops_models.workflows.patience import Patience
from gitops_models.workflows.propose import forge, propose
from gitops_models.workflows.propose import publish as open_proposal
from gitops_models.workflows.review import check, proposals

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from gitops_models.delivery.notify.notices import NoticeKind
    from gitops_models.forge.base import Proposal
    from gitops_models.verification.proposal import Evaluation
    from gitops_models.verification.ratification import Ratification
    from gitops_models.workflows.emergency_plan import Emergency, Plan
    from gitops_models.workflows.propose import Opened
    from gitops_models.workflows.session import Session

State = Literal["planned", "landed", "waits", "already"]


class Alarm(Protocol):
    """Whoever tells people; it never raises."""

    def notify(self, notice: Notice) -> object:
        """Tell it."""
        ...


@dataclass(frozen=True)
class Outcome:
    """What became of an emergency.

    ``plan`` and ``opened`` are None for one that was there already, ``step`` is the commit that landed it,
    ``standing`` how it stands with those who have to agree, ``left_alone`` why the local line did not follow,
    ``bundle`` the file that holds it.
    """

    state: State
    proposal: Proposal | None = None
    evaluation: Evaluation | None = None
    plan: Plan | None = None
    opened: Opened | None = None
    step: str | None = None
    standing: Ratification | None = None
    left_alone: str | None = None
    bundle: Path | None = None


def emergency(
    session: Session,
    wanted: Emergency,
    alarm: Alarm,
    *,
    dry_run: bool = False,
    bundle_to: Path | None = None,
    patience: Patience | None = None,
) -> Outcome:
    """Declare an emergency and land it where the policy lets one person do that.

    Raises the codes of ``plan``; ``Denied`` for what the policy refuses, GM-C237 where the remote was not reached and
    the proposal is kept on a local branch, GM-F202 where the line kept moving.
    """
    if (there := _already(session, wanted)) is not None:
        return there
    view = carried(session) if bundle_to is not None else session
    told = _Told(view, wanted, alarm, silent=dry_run)
    with told.to_the_end():
        if (known := _open(view, wanted)) is not None and not dry_run and bundle_to is None:
            return _take_up(view, known, told)
        for _ in (patience or Patience()).attempts():
            made = plan(view, wanted)
            planned = propose(view, made.draft, dry_run=True)
            if dry_run:
                return Outcome("planned", planned.proposal, planned.evaluation, made, planned)
            told.begins(made, planned)
            found = _into_bundle(view, made, planned, bundle_to) if bundle_to else _land(view, made, planned)
            if found is not None:
                told.ends(found)
                return found
        raise GmError("GM-F202", "somebody else was quicker each time", where=planned.proposal.branch)


def _already(session: Session, wanted: Emergency) -> Outcome | None:
    """What landed it before, where the hold of this very incident stands."""
    if declared(session, wanted) is None:
        return None
    known = [one for one in emergencies(session, wanted.model) if one.incident in {None, wanted.incident}]
    standing = known[-1] if known else None
    return Outcome("already", step=standing.step if standing else None, standing=standing)


def _open(session: Session, wanted: Emergency) -> Proposal | None:
    """The proposal that declared this very incident and waits for another person."""
    for proposal in proposals(session):
        if (proposal.event, proposal.model) != ("rollback", wanted.model):
            continue
        try:
            evaluation = check(session, proposal)
        except GmError:
            continue  # whatever it is, it is not what this command made
        if not evaluation.verdict.allowed and not evaluation.verdict.missing_only:
            continue
        if wanted.incident in _declared_by(evaluation):
            return proposal
    return None


def _declared_by(evaluation: Evaluation) -> Iterator[str | None]:
    for event in evaluation.change.of(HoldPlaced):
        hold = evaluation.change.after.holds(event.model, event.stage)[-1]
        if hold.emergency is not None:
            yield hold.incident


def _take_up(session: Session, proposal: Proposal, told: _Told) -> Outcome:
    """Land the open proposal if it may land now."""
    evaluation = check(session, proposal)
    if not evaluation.verdict.allowed:
        return Outcome("waits", proposal, evaluation)
    landed = merge(session, proposal)
    done = Outcome("landed", proposal, landed.evaluation, step=landed.step, left_alone=landed.left_alone)
    told.ends(done)
    return done


def _land(session: Session, made: Plan, planned: Opened) -> Outcome | None:
    """Land what is planned in one push, or open it where another person has to agree; None for a lost race."""
    proposal = planned.proposal
    try:
        evaluation = check(session, proposal)
        if not evaluation.verdict.allowed and not evaluation.verdict.missing_only:
            raise Denied(evaluation.verdict)
        if not evaluation.verdict.allowed:
            opened = open_proposal(session, planned)
            return Outcome("waits", opened.proposal, evaluation, made, opened)
        if forge(session).merges:  # the line takes nobody's push: ask for the merge and merge it, in one go
            opened = open_proposal(session, planned)
            done = merge(session, opened.proposal)
            return Outcome(
                "landed", opened.proposal, done.evaluation, made, opened, done.step, left_alone=done.left_alone
            )
        landing = prepare(session, proposal, evaluation)
        # There never was a branch: nobody has to see it first, and nothing is left of it if the push fails.
        landing = replace(landing, updates=tuple(one for one in landing.updates if one.name != proposal.ref))
        rehearse(session, landing)
        if not publish(session, landing, f"emergency {proposal.branch}"):
            return None
    except GmError as error:
        _keep(session, proposal, error)
        raise
    left = follow(session, landing.merge)
    return Outcome("landed", proposal, evaluation, made, planned, landing.merge, left_alone=left)


def _keep(session: Session, proposal: Proposal, error: GmError) -> None:
    """Keep on a local branch what did not reach the remote, and say what works without it."""
    if session.remote is None or isinstance(error, Denied):
        return
    forge(session, no_push=True).open(proposal)
    if error.code in BROKEN | SILENT:
        again = f"gm rollback {proposal.model} --stage {proposal.stage}"
        ways = (
            f"kept here on {proposal.branch}",
            f"a bundle for reconcilers: {again} --emergency --incident ID --bundle FILE -m WHY",
            f"a local hold for reconcilers: {again} --override FILE -m WHY",
        )
        raise GmError("GM-C237", error.message, where=session.remote, details=ways) from error


def _into_bundle(session: Session, made: Plan, planned: Opened, path: Path | None) -> Outcome | None:
    if path is None:
        return None
    opened = open_proposal(session, planned, no_push=True)
    done = bundle(session, opened.proposal, path)
    state: State = "landed" if done.step else "waits"
    return Outcome(state, opened.proposal, done.evaluation, made, opened, done.step, bundle=path)


@dataclass
class _Told:
    """Tells what becomes of one emergency."""

    session: Session
    wanted: Emergency
    alarm: Alarm
    silent: bool
    made: Plan | None = None
    done: bool = False

    @contextmanager
    def to_the_end(self) -> Iterator[None]:
        """Tell of whatever ends the emergency before its end; the error goes on as it is."""
        try:
            yield
        except BaseException as error:
            judged = isinstance(error, GmError) and error.code.startswith("GM-P")
            if not self.silent and not self.done and (self.made is not None or judged):
                code = error.code if isinstance(error, GmError) else None
                self._tell("emergency-failed", {"error": str(error) or type(error).__name__}, code=code)
            raise

    def begins(self, made: Plan, planned: Opened) -> None:
        """Tell it before anything is published; once, however often the line moves meanwhile."""
        if self.made is None:
            missing = {
                role: ", ".join(people)
                for quorum in planned.evaluation.verdict.quorums
                for role, people in quorum.candidates.items()
            }
            self.made = made
            waits = {f"waits for {role}": people or "nobody" for role, people in missing.items()}
            self._tell("emergency-initiated", {"skipped": ", ".join(made.skipped), **waits})

    def ends(self, found: Outcome) -> None:
        """Tell that it is done; what waits for another person is not."""
        self.done = True
        if found.state == "landed":
            where = {"bundle": str(found.bundle)} if found.bundle else {}
            self._tell("emergency-completed", {"ratify": "gm approve --ratify", **where}, commit=found.step)

    def _tell(
        self, kind: NoticeKind, details: dict[str, str], *, code: str | None = None, commit: str | None = None
    ) -> None:
        made = self.made
        self.alarm.notify(
            Notice(
                kind,
                model=self.wanted.model,
                stage=made.stage if made else self.wanted.stage,
                version=made.version if made else None,
                replaces=made.bad if made else None,
                incident=self.wanted.incident,
                cause=self.wanted.kind,
                reason=self.wanted.reason,
                actor=who(self.session),
                commit=commit,
                code=code,
                details=details,
            )
        )
