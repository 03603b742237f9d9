"""Where things stand: desired, live, held, blocked, open causes and proposals, and what to do next."""

from __future__ import annotations

from dataclasses import field, replace
from typing import TYPE_CHECKING

from gitops_models.policy.lkg import good_below, last_live_at
from gitops_models.policy.reviews import review_items
from gitops_models.registry.standins import stand_in
from gitops_models.registry.values import dataclass
from gitops_models.registry.waivers import waivers_in_force
from gitops_models.verification.checkpoints import staleness
from gitops_models.workflows.deliver import look, places
from gitops_models.workflows.drilled import drill_doubts, last_drills
from gitops_models.workflows.emergency_ratify import emergencies
from gitops_models.workflows.following import deploy
from gitops_models.workflows.overriding import overridden
from gitops_models.workflows.review import proposals

if TYPE_CHECKING:
    from gitops_models.delivery.results import Report, Result
    from gitops_models.policy.reviews import ReviewItem
    from gitops_models.registry.documents import Waiver
    from gitops_models.verification.checkpoints import Doubt
    from gitops_models.verification.ratification import Ratification
    from gitops_models.workflows.drilled import DrillDoubt, Drilled
    from gitops_models.workflows.session import Session


@dataclass(frozen=True)
class Row:
    """One model and stage: what is desired, and what each directory of this clone really serves.

    ``good`` is the last known good version, ``good_days`` how many days ago it was last live, and ``good_old`` says
    that this is longer than the policy trusts. ``drilled`` is the last rehearsal of the way there.
    """

    model: str
    stage: str
    desired: str | None
    hold: str | None
    quarantined: bool
    results: tuple[Result, ...] = ()
    good: str | None = None
    good_days: int | None = None
    good_old: bool = False
    drilled: Drilled | None = None

    @property
    def drifted(self) -> bool:
        """Whether something else than the desired version is served, or cannot be looked at."""
        return any(not result.ok for result in self.results)


@dataclass(frozen=True)
class Standing:
    """The whole picture. ``following`` is the command that helps most."""

    tip: str
    pinned: bool
    rows: tuple[Row, ...]
    blocked: dict[str, tuple[str, ...]] = field(default_factory=dict)
    causes: tuple[str, ...] = ()
    proposals: tuple[str, ...] = ()
    report: Report | None = None
    following: str = ""
    stale: Doubt | None = None
    overrides: tuple[str, ...] = ()
    reviews: tuple[ReviewItem, ...] = ()
    emergencies: tuple[Ratification, ...] = ()
    waivers: tuple[Waiver, ...] = ()
    drills: tuple[DrillDoubt, ...] = ()

    @property
    def overdue(self) -> tuple[Ratification, ...]:
        """Emergencies that nobody ratified in time: their models are red."""
        return tuple(one for one in self.emergencies if one.state == "overdue")

    @property
    def red(self) -> tuple[str, ...]:
        """Models that somebody has to look at: a cause is open, or an emergency was not ratified in time."""
        caused = {cause.partition(":")[0] for cause in self.causes}
        return tuple(sorted(caused | {one.model for one in self.overdue}))

    @property
    def drifted(self) -> bool:
        """Whether any directory serves something else than what was accepted."""
        return any(row.drifted for row in self.rows) or bool(self.report and self.report.problems)


def standing(session: Session, model: str | None = None) -> Standing:
    """Look at the accepted state and at every directory that this clone deploys to; changes nothing."""
    report = look(session) if places(session.store) else None
    drills = last_drills(session)
    rows = tuple(
        replace(row, drilled=drills.get((row.model, row.stage)))
        for row in _rows(session, report)
        if model in {None, row.model}
    )
    accepted = session.accepted
    causes = tuple(
        f"{name}: {cause.id} ({cause.cause}, {cause.severity})"
        for name in accepted.models()
        for cause in accepted.causes(name)
        if cause.resolution is None and model in {None, name}
    )
    found = Standing(
        tip=session.history.tip,
        pinned=session.pinned,
        rows=rows,
        blocked={scope: why.codes for scope, why in session.history.state.blocked.items()},
        causes=causes,
        proposals=tuple(f"{proposal.id}  {proposal.title}" for proposal in proposals(session)),
        report=report,
        stale=_stale(session),
        overrides=(*overridden(session), *(report.notes if report else ())),
        reviews=review_items(session.history.policy, session.history.state, session.clock.now()),
        emergencies=emergencies(session, model),
        waivers=waivers_in_force(accepted, session.clock.now(), model),
        drills=tuple(one for one in drill_doubts(session, drills) if model in {None, one.model}),
    )
    return Standing(**{**vars(found), "following": _following(session, found)})


def _stale(session: Session) -> Doubt | None:
    allowed = session.history.policy.max_staleness_minutes
    return staleness(session.checkpoints.newest, allowed, session.clock.now())


def _rows(session: Session, report: Report | None) -> list[Row]:
    accepted = session.accepted
    places_of: dict[tuple[str, str], list[Result]] = {}
    for result in report.results if report else ():
        places_of.setdefault((result.at.model, result.at.stage), []).append(result)
    wanted = {(model, stage) for model in accepted.models() for stage in accepted.stages(model)} | set(places_of)
    left = (key for key, stack in session.history.state.stacks.items() if not stack.live)
    wanted |= {key for key in left if accepted.has_model(key[0]) and stand_in(accepted, *key)}
    order = session.history.policy.stages
    return [
        _row(session, model, stage, tuple(places_of.get((model, stage), ())))
        for model, stage in sorted(wanted, key=lambda pair: (pair[0], order.index(pair[1]) if pair[1] in order else 99))
    ]


def _row(session: Session, model: str, stage: str, results: tuple[Result, ...]) -> Row:
    accepted = session.accepted
    state = accepted.stage_state(model, stage)
    held = accepted.held(model, stage)
    other = stand_in(accepted, model, stage) if state is None else None
    good, days = _good(session, model, stage)
    limit = session.history.policy.rollback.max_lkg_age_days
    return Row(
        model=model,
        stage=stage,
        desired=state.version if state else f"{other.model}@{other.version}" if other else None,
        good=good,
        good_days=days,
        good_old=days is not None and limit is not None and days >= limit,
        hold=held.reason if held else None,
        quarantined=bool(state and accepted.quarantined(model, state.version)),
        results=results,
    )


def _good(session: Session, model: str, stage: str) -> tuple[str | None, int | None]:
    """The last known good version and how many days ago it was last live."""
    known, accepted = session.history.state, session.accepted
    stack = known.stack(model, stage)
    good = next(good_below(accepted, model, stack, suspect=known.suspect), None)
    if good is None:
        return None, None
    return good.version, (session.clock.now() - last_live_at(known, accepted, model, stack, good.version)).days


def _following(session: Session, found: Standing) -> str:
    """The command that helps most, by how urgent its occasion is."""
    scope = next(iter(found.blocked), "").removeprefix("model:")
    opened = found.proposals[0].split()[0] if found.proposals else ""
    waiting = _unpromoted(session)
    overdue = found.overdue[0].change_id[:8] if found.overdue else ""
    occasions = (
        (not found.pinned, "gm trust pin"),
        (bool(scope), f"gm restore {scope} -m WHY, or have the missing approvals signed"),
        (found.drifted, deploy(session.store)),
        (bool(found.overdue), f"gm approve --ratify {overdue}"),
        (bool(opened), f"gm show {opened}"),
        (not session.accepted.models(), "gm register MODEL PATH... -m WHY"),
        (not found.rows and bool(waiting), f"gm promote {waiting} -m WHY"),
        (bool(found.rows) and found.report is None, deploy(session.store)),
        (bool(waiting), f"gm promote {waiting} -m WHY"),
    )
    return next((command for holds, command in occasions if holds), "gm log")


def _unpromoted(session: Session) -> str:
    """The newest version of the first model whose newest version never was in any stage, or ``""``."""
    accepted = session.accepted
    for model in accepted.models():
        newest = accepted.versions(model)[-1:]
        seen = {state.version for stage in accepted.stages(model) if (state := accepted.stage_state(model, stage))}
        ever = session.history.state.ever_staged
        staged = seen.union(*(versions for (name, _), versions in ever.items() if name == model))
        if newest and newest[0] not in staged and not accepted.quarantined(model, newest[0]):
            return f"{model}@{newest[0]}"
    return ""
