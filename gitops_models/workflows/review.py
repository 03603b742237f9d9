"""Reviewing: find the proposal, judge it, sign decisions."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, cast

from gitops_models.errors import GmError
from gitops_models.forge.git_only import GitOnlyForge
from gitops_models.forge.label import disagreement
from gitops_models.registry.canonical import jcs
from gitops_models.registry.events import StageMove, VersionEvent
from gitops_models.registry.paths import POLICY_YAML
from gitops_models.registry.times import format_time
from gitops_models.registry.values import dataclass
from gitops_models.trust.opinions import previous_of
from gitops_models.trust.records import ChangeSummary, Decision, decision_payload, make_decision, verify_record
from gitops_models.verification.changes import blocked_change
from gitops_models.verification.decisions import standing_of
from gitops_models.verification.proposal import Evaluation, evaluate
from gitops_models.workflows.hosted import hosted, say_opinion
from gitops_models.workflows.propose import forge
from gitops_models.workflows.remotes import has_bytes
from gitops_models.workflows.shown import hold_to, last_shown

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gitops_models.forge.base import Proposal
    from gitops_models.registry.change import Change
    from gitops_models.registry.documents import Actor
    from gitops_models.registry.events import Event
    from gitops_models.trust.keyless.sign import KeylessSigner
    from gitops_models.trust.records import Record
    from gitops_models.trust.signing import Signer
    from gitops_models.workflows.session import Session


@dataclass(frozen=True)
class Reviewed:
    """A decision that was signed, and what the proposal still lacks.

    ``unsaid`` is why it is no review on the forge as well, where it should be one.
    """

    proposal: Proposal
    record: Record
    evaluation: Evaluation
    waiting: GmError | None = None
    unsaid: GmError | None = None


def proposals(session: Session, *, strict: bool = False) -> Sequence[Proposal]:
    """The open proposals. Of a forge whose API is silent those that Git holds, and ``session.unheard`` says why.

    With ``strict`` that is an error.
    """
    place = GitOnlyForge(session.store, session.remote)
    if strict or not (session.unheard or session.offline):
        try:
            return forge(session).list()
        except GmError as error:
            if strict or not error.code.startswith("GM-F4"):
                raise
            session.unheard = error
    return place.list()


def find_proposal(session: Session, name: str) -> Proposal:
    """The one open proposal that ``name`` means: its id, branch, or ``model@version`` when only one is open.

    Raises GM-F101 when there is none, GM-F102 when several fit.
    """
    found = [proposal for proposal in proposals(session) if proposal.answers_to(name)]
    if not found and session.unheard is not None:
        raise session.unheard
    if not found:
        raise GmError("GM-F101", f"there is no open proposal {name}", where=name)
    if len(found) > 1:
        ids = tuple(f"{proposal.id}  {proposal.branch}" for proposal in found)
        raise GmError("GM-F102", f"{len(found)} open proposals answer to {name}", where=name, details=ids)
    return looked_at(session, found[0])


def looked_at(session: Session, proposal: Proposal) -> Proposal:
    """The proposal with its commits: lists fetch nobody's branch but gm's own. Raises as ``Hosted.get``."""
    if proposal.number is None or session.store.has(proposal.head):
        return proposal
    return hosted(session).get(proposal.number)


def check(session: Session, proposal: Proposal) -> Evaluation:
    """Judge the proposal as if it were merged now, with the reviews that the forge shows of it.

    GM-F104 where its branch is called after something else, GM-F204 where it has another head now.
    """
    evaluation = evaluate(
        session.store,
        session.history,
        proposal.head,
        session.ledger,
        at=session.clock.now(),
        has_bytes=has_bytes(session),
        reviews=forge(session).reviews(proposal) if proposal.number is not None else (),
    )
    lie = disagreement(proposal, _brought(session, evaluation.change))
    if lie is not None:
        raise GmError("GM-F104", lie, where=proposal.branch)
    return evaluation


def _brought(session: Session, change: Change) -> list[Event]:
    """What happens because of the proposal: not what blocked scopes hold already, that was called something else."""
    blocked = change.scopes & session.history.blocked
    there = blocked_change(session.history, blocked).events if blocked else ()
    return [event for event in change.events if event not in there]


def approve(
    session: Session,
    proposal: Proposal,
    *,
    decision: str = "approve",
    reason: str = "",
    keep_local: bool = False,
    change: str | None = None,
    keyless: KeylessSigner | None = None,
) -> Reviewed:
    """Sign a decision on the change that the proposal makes, and append it to the ledger unless ``keep_local``.

    ``change`` begins the id of the change that the reviewer means. A person may always sign; whether the decision
    counts is the judge's to say, and the result shows it. Raises GM-F103, and signs nothing, where the proposal makes
    another change now than the one meant, or else the one that this clone showed last. ``keyless`` signs instead of
    the user's own key.
    """
    evaluation = check(session, proposal)
    shown = last_shown(session.store, proposal.ref)
    hold_to(evaluation.change_id, shown=shown, given=change, name=proposal.branch)
    if keyless is not None:
        if not keep_local:
            session.writer()  # who appends to the ledger signs there too: asked for before a public log knows of it
        record = decide_keyless(session, evaluation, keyless, decision=decision, reason=reason)
    else:
        signer = session.signer()
        record = decide(session, evaluation, session.actor(signer), signer, decision=decision, reason=reason)
    if keep_local:
        return Reviewed(proposal, record, evaluation)
    waiting = add(session, evaluation.change_id, record)
    unsaid = say_opinion(session, proposal, cast("Decision", record.body))
    return Reviewed(proposal, record, check(session, proposal), waiting, unsaid)


def add(session: Session, change_id: str, record: Record) -> GmError | None:
    """Append a record to the ledger of a change; returns why it waits in the outbox, if it does."""
    appended = session.writer().append(change_id, record)
    session.ledger.refresh()
    return appended.waiting


def decide(
    session: Session, evaluation: Evaluation, actor: Actor, signer: Signer, *, decision: str, reason: str
) -> Record:
    """The signed decision of ``actor`` on the evaluated change, chained to that person's previous one."""
    body = decision_on(session, subject_of(session, evaluation), actor, decision=decision, reason=reason)
    return make_decision(body, evaluation.change_id, signer)


def decide_keyless(
    session: Session, evaluation: Evaluation, signer: KeylessSigner, *, decision: str, reason: str
) -> Record:
    """The decision of the person whom the signer's identity belongs to, in a Sigstore bundle.

    Raises GM-C121 where the people file lists the identity for nobody, before anything is signed, and the codes of
    ``standing_of`` where what was signed does not hold.
    """
    people = session.history.people
    actor = people.keyless(signer.identity, signer.issuer)
    if actor is None:
        message = f"{signer.identity} of {signer.issuer} belongs to nobody in the accepted people file"
        raise GmError("GM-C121", message, where="policies/people.yaml")
    body = decision_on(session, subject_of(session, evaluation), actor, decision=decision, reason=reason)
    bundle = signer.sign_statement(decision_payload(body, evaluation.change_id))
    record = verify_record(jcs(json.loads(bundle)))
    standing = standing_of(record, people, session.accepted)
    if standing.verdict != "good":
        raise GmError(standing.code or "GM-T002", standing.detail)
    return record


@dataclass(frozen=True)
class Subject:
    """What a decision is about: the change, the commit of the line at which it is made, and the copy for people."""

    change_id: str
    main: str
    summary: ChangeSummary


def subject_of(session: Session, evaluation: Evaluation) -> Subject:
    """What a decision on the evaluated change is about."""
    return Subject(evaluation.change_id, evaluation.tip, summarize(session, evaluation))


def decision_on(session: Session, subject: Subject, actor: Actor, *, decision: str, reason: str) -> Decision:
    """The decision of ``actor``, chained to that person's previous one; GM-C121 for who is no person."""
    person = session.history.people.person(actor.id)
    if person is None:
        raise GmError("GM-C121", f"{actor.id} is not a person: only people decide", where="policies/people.yaml")
    mine = [
        record
        for record in session.ledger.records(subject.change_id, waiting=True)
        if signed_by(session, record, actor)
    ]
    return Decision.model_validate(
        {
            "main": subject.main,
            "decision": decision,
            "person": person.id,
            "roles": [grant if isinstance(grant, str) else grant.role for grant in person.roles],
            "change": subject.summary,
            "policy_sha256": session.accepted.sha256(POLICY_YAML),
            "repository": session.history.repository.id,
            "remote": None,
            "created": format_time(session.clock.now()),
            "expires": None,
            "reason": reason,
            "previous": previous_of(person.id, subject.change_id, mine),
        }
    )


def signed_by(session: Session, record: Record, actor: Actor) -> bool:
    """Whether the record was signed with a key or identity of ``actor``."""
    owner = standing_of(record, session.history.people, session.accepted).actor
    return owner is not None and owner.id == actor.id


def summarize(session: Session, evaluation: Evaluation) -> ChangeSummary:
    """The copy of the change that a decision carries for people."""
    events = evaluation.change.events
    moves = [event for event in events if isinstance(event, StageMove)]
    subject = moves[-1] if moves else next((event for event in events if isinstance(event, VersionEvent)), None)
    return ChangeSummary(
        events=tuple(event.name for event in events),
        model=getattr(subject, "model", None),
        version=getattr(subject, "to_version", None) or getattr(subject, "version", None),
        stage=getattr(subject, "stage", None),
        from_version=getattr(subject, "from_version", None),
        to_version=getattr(subject, "to_version", None),
        lineage_sha256=getattr(subject, "lineage_sha256", None),
        anchor=session.history.state.anchor(evaluation.change),
    )


def approve_own(session: Session, proposal: Proposal) -> None:
    """Sign as the proposer where the policy lets the proposer approve, so that ``--merge`` needs one command."""
    evaluation = check(session, proposal)
    signer = session.signer()
    actor = session.actor(signer)
    candidates = {
        person for quorum in evaluation.verdict.quorums for who in quorum.candidates.values() for person in who
    }
    if evaluation.verdict.missing_only and actor.id in candidates:
        record = decide(session, evaluation, actor, signer, decision="approve", reason="proposed and approved together")
        add(session, evaluation.change_id, record)
