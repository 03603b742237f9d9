"""One screen about one thing: a proposal, a version or a model."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitops_models.errors import GmError
from gitops_models.policy.risk import effective_risk
from gitops_models.registry.events import ModelEvent, PeopleChanged, StageMove, VersionRegistered
from gitops_models.registry.names import parse_reference, tag_name
from gitops_models.registry.peoplediff import difference
from gitops_models.registry.values import dataclass
from gitops_models.verification.admission import tag_target
from gitops_models.workflows.compare import comparison
from gitops_models.workflows.emergency_ratify import emergencies
from gitops_models.workflows.inspect import live_in
from gitops_models.workflows.listing import live_by_stage, stages_of, versions
from gitops_models.workflows.naming import known_version
from gitops_models.workflows.promote import risk_of
from gitops_models.workflows.review import check, find_proposal, proposals

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gitops_models.audit.comparing import Comparison
    from gitops_models.forge.base import Proposal
    from gitops_models.registry.documents import Cause, Evidence, Hold, Lineage, Model, Quarantine
    from gitops_models.registry.peoplediff import PeopleDifference
    from gitops_models.registry.state import Registration
    from gitops_models.verification.proposal import Evaluation
    from gitops_models.verification.ratification import Ratification
    from gitops_models.workflows.inspect import LiveThen
    from gitops_models.workflows.listing import VersionLine
    from gitops_models.workflows.session import Session

NO_SUCH = frozenset({"GM-C140", "GM-C141", "GM-D012"})


@dataclass(frozen=True)
class ProposalScreen:
    """An open proposal judged now. ``comparisons`` hold what each version that moves changes, by model.

    ``people`` is what becomes of whom where the proposal changes the people file and both files can be read.
    """

    proposal: Proposal
    evaluation: Evaluation
    risk: str | None
    comparisons: tuple[tuple[str, Comparison], ...]
    consumers: tuple[str, ...]
    people: PeopleDifference | None = None


@dataclass(frozen=True)
class VersionScreen:
    """A version. ``live`` and ``was_live`` are stages, ``tagged`` whether its tag is good, None at the pin."""

    model: str
    version: str
    lineage: Lineage
    registration: Registration | None
    evidence: tuple[Evidence, ...]
    live: tuple[str, ...]
    was_live: tuple[str, ...]
    quarantines: tuple[Quarantine, ...]
    tagged: bool
    open: tuple[Proposal, ...]

    @property
    def quarantined(self) -> bool:
        """Whether it is barred now."""
        return bool(self.quarantines) and self.quarantines[-1].action == "quarantine"


@dataclass(frozen=True)
class ModelScreen:
    """A model with its stages, what bars it, and its versions, newest first."""

    document: Model
    risk: str
    live: tuple[LiveThen, ...]
    holds: tuple[Hold, ...]
    causes: tuple[Cause, ...]
    versions: tuple[VersionLine, ...]
    states: tuple[str, ...]
    open: tuple[Proposal, ...]
    emergencies: tuple[Ratification, ...] = ()


Screen = ProposalScreen | VersionScreen | ModelScreen


def show(session: Session, name: str) -> Screen:
    """Return the screen of what ``name`` means: a model, an accepted version, or else an open proposal.

    An accepted name wins over a proposal that is about it, which has an id of its own. Raises the codes of
    ``known_version`` and ``find_proposal`` for what is not there.
    """
    if "/" in name:
        return proposal_screen(session, find_proposal(session, name))
    try:
        return _accepted(session, name)
    except GmError as error:
        if error.code not in NO_SUCH or not any(one.answers_to(name) for one in proposals(session)):
            raise
    return proposal_screen(session, find_proposal(session, name))


def proposal_screen(session: Session, proposal: Proposal) -> ProposalScreen:
    """Judge a proposal and compare every version that it moves or registers with the one before."""
    return evaluated_screen(session, proposal, check(session, proposal))


def evaluated_screen(session: Session, proposal: Proposal, evaluation: Evaluation) -> ProposalScreen:
    """The screen of a proposal that is judged."""
    after = evaluation.change.after
    models = [model for model in evaluation.change.models if after.has_model(model)]
    consumers = [f"{consumer.name} ({model})" for model in models for consumer in after.model(model).consumers]
    targets = [
        f"target {target.id}"
        for target in session.accepted.targets().targets
        for event in evaluation.change.of(StageMove)
        if target.stage == event.stage
    ]
    return ProposalScreen(
        proposal=proposal,
        evaluation=evaluation,
        risk=_risk(session, evaluation),
        comparisons=tuple(_comparisons(session, evaluation)),
        consumers=tuple(dict.fromkeys((*consumers, *targets))),
        people=_people(evaluation),
    )


def version_screen(session: Session, model: str, version: str) -> VersionScreen:
    """Gather one accepted version."""
    history, accepted = session.history, session.accepted
    live = tuple(stage for stage, served in live_by_stage(session, model).items() if served == version)
    ever = history.state.ever_staged
    was = (stage for stage in stages_of(session) if version in ever.get((model, stage), ()))
    return VersionScreen(
        model=model,
        version=version,
        lineage=accepted.lineage(model, version),
        registration=history.state.registered.get((model, version)),
        evidence=accepted.evidence(model, version),
        live=live,
        was_live=tuple(stage for stage in was if stage not in live),
        quarantines=accepted.quarantines(model, version),
        tagged=tag_target(session.store, history, tag_name(model, version)) is not None,
        open=tuple(one for one in proposals(session) if one.about == f"{model}@{version}"),
    )


def model_screen(session: Session, model: str) -> ModelScreen:
    """Gather one accepted model."""
    accepted, stages = session.accepted, stages_of(session)
    used = [stage for stage in stages if (model, stage) in session.history.state.stacks]
    held = [accepted.held(model, stage) for stage in stages]
    return ModelScreen(
        document=accepted.model(model),
        risk=risk_of(session, model),
        live=tuple(live_in(session.history, model, stage) for stage in used),
        holds=tuple(hold for hold in held if hold),
        causes=accepted.causes(model),
        versions=versions(session, model),
        states=tuple(_states(session, model)),
        open=tuple(one for one in proposals(session) if one.model == model),
        emergencies=emergencies(session, model),
    )


def _accepted(session: Session, name: str) -> Screen:
    reference = parse_reference(name)
    model, version = reference.model, reference.version
    if version is None and reference.stage is None and session.accepted.has_model(model):
        return model_screen(session, model)
    return version_screen(session, *known_version(session, name))


def _states(session: Session, model: str) -> Iterator[str]:
    if f"model:{model}" in session.history.blocked:
        yield "blocked"
    if session.accepted.retired(model):
        yield "retired"
    if session.accepted.suspended(model):
        yield "suspended"


def _people(evaluation: Evaluation) -> PeopleDifference | None:
    change = evaluation.change
    if not any(isinstance(event, PeopleChanged) for event in change.events):
        return None
    try:
        return difference(change.before.people(), change.after.people())
    except GmError:  # a file that cannot be read is denied, and the finding says why
        return None


def _risk(session: Session, evaluation: Evaluation) -> str | None:
    """Return the highest effective risk among the proposal's models, None for a change of policy."""
    before, after, floors = evaluation.change.before, evaluation.change.after, session.history.policy.floors
    documents = [
        snapshot.model(model)
        for model in evaluation.change.models
        for snapshot in (before, after)
        if snapshot.has_model(model)
    ]
    pairs = [effective_risk(document, None, floors) for document in documents]
    order = ("low", "medium", "high", "critical")
    return max(pairs, key=order.index, default=None)


def _comparisons(session: Session, evaluation: Evaluation) -> Iterator[tuple[str, Comparison]]:
    """Compare each distinct pair of versions once, however many stages it moves through."""
    pairs: dict[tuple[str, str | None, str], None] = {}
    for event in evaluation.change.events:
        if isinstance(event, StageMove):
            pairs[event.model, event.from_version, event.to_version] = None
        if isinstance(event, VersionRegistered):
            pairs[event.model, _predecessor(session, event), event.version] = None
    after = evaluation.change.after
    for model, before, version in pairs:
        if after.has_version(model, version):
            yield model, comparison(after, model, before, version)


def _predecessor(session: Session, event: ModelEvent) -> str | None:
    """Return what a new version will be measured against: what is live in the last stage used, else the newest."""
    live = list(live_by_stage(session, event.model).values())
    return next(iter([*live[::-1], *session.accepted.versions(event.model)[::-1]]), None)
