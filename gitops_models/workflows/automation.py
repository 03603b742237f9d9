"""Rollbacks by automation: the existing verbs, with the key of a workload that may propose and never approve.

Who calls found by a trigger or a failed check that a version must not go on serving. For one model, stage and bad
digest there is one open rollback, by whomever it is; what the judge denies is not proposed.
"""

from __future__ import annotations

from contextlib import nullcontext
from dataclasses import fields, replace
from pathlib import Path
from typing import TYPE_CHECKING

from gitops_models.artifacts.remotes import RemoteSpec
from gitops_models.delivery.triggers.acting import Order
from gitops_models.errors import Exit, GmError
from gitops_models.registry.events import RolledBack, Undeployed
from gitops_models.registry.text import visible
from gitops_models.registry.values import dataclass
from gitops_models.store.objects import Ident
from gitops_models.workflows.propose import propose
from gitops_models.workflows.recover import Rollback, open_plan, plan
from gitops_models.workflows.review import check, proposals
from gitops_models.workflows.session import Session, open_session

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from contextlib import AbstractContextManager

    from gitops_models.delivery.config import ReconcilerFile
    from gitops_models.delivery.notify.post import Post
    from gitops_models.delivery.values import Deployment, ModelStage
    from gitops_models.forge.base import Proposal
    from gitops_models.trust.signing import Signer
    from gitops_models.verification.proposal import Evaluation
    from gitops_models.workflows.announcing import Story
    from gitops_models.workflows.clock import Clock
    from gitops_models.workflows.recover import Plan

NOTHING_GOOD = "GM-P510"
REFUSED = "GM-R613"
_LONGEST = 1000


@dataclass
class WorkloadSession(Session):
    """A session whose signer is a workload's key from the operator's file, not the one of Git's configuration."""

    key: Path | None = None
    name: str = ""
    email: str = ""

    def signer(self) -> Signer:
        """Return the workload's own signer; GM-R622 where the key is a person's or nobody's."""
        from gitops_models.trust.signing import key_signer  # noqa: PLC0415 - rehearsals sign too, looking does not

        if self.key is None:
            raise GmError("GM-R622", "there is no key")
        signer = key_signer(self.key)
        actor = self.history.people.actor(signer.fingerprint)
        if actor is None or actor.kind != "workload":
            whose = "nobody's" if actor is None else f"that of the {actor.kind} {actor.id}"
            raise GmError("GM-R622", f"the key {signer.fingerprint} is {whose}", where="policies/people.yaml")
        return signer

    def ident(self) -> Ident:
        """Return who commits."""
        return Ident(self.name, self.email, int(self.clock.now().timestamp()))


@dataclass(frozen=True)
class Automation:
    """Opens rollbacks from the bare copy at ``mirror``, which a follower keeps pinned.

    ``artifacts`` is where bytes are looked for, ``post`` tells people.
    """

    mirror: Path
    key: Path
    name: str
    email: str
    clock: Clock
    artifacts: RemoteSpec | None = None
    post: Post | None = None

    def propose_order(self, order: Order) -> str | None:
        """Return the change id of the open rollback, opened where there is none; None where nothing good is left.

        Raises ``Denied`` for what the judge refuses, GM-R620 where Git asks for another version by now, GM-R622 for a
        key that is no workload's, and what fetching and pushing raise.
        """
        session = self._session(online=True)
        known = self._open(session, order.at, order.bad)
        if known is not None:
            return known
        wanted = _wanted(order)
        with self._telling(session, wanted) as story:
            planned = _planned(session, order, wanted)
            if planned is None:
                return None
            opened = open_plan(session, planned, before=story.begins if story else None)
        return opened.evaluation.change_id

    def rehearse(self, order: Order) -> None:
        """Raise what the judge would say; asks nobody for news and writes no ref."""
        session = self._session(online=False)
        planned = _planned(session, order, _wanted(order))
        if planned is not None and planned.draft is not None:
            propose(session, planned.draft, dry_run=True)

    def standing(self, at: ModelStage, bad: Deployment) -> str | None:
        """Return the change id of the open rollback away from ``bad``, by whomever it is."""
        return self._open(self._session(online=True), at, bad)

    def closed(self, at: ModelStage, bad: Deployment, change: str) -> bool:
        """Whether nobody's rollback away from ``bad`` is open any more, ``change`` least of all.

        Only a list without it says so. Raises GM-R613 for one that the judge refuses now, and whatever else keeps
        that from being told.
        """
        session = self._session(online=True)
        if not _asks_for(session, at, bad) or f"model:{at.model}" in session.history.blocked:
            return False  # it has landed since
        doubt: GmError | None = None
        for proposal in _rollbacks(session, at):
            try:
                evaluation = check(session, proposal)
            except GmError as error:
                doubt = error
                continue
            if _leads_away(evaluation, at, bad) and _admissible(evaluation):
                return False
            if _leads_away(evaluation, at, bad) or change.startswith(proposal.id):
                doubt = GmError(REFUSED, f"rollback {proposal.id} is open and cannot land now", where=proposal.branch)
        doubt = doubt or session.unheard
        if doubt is not None:
            raise doubt
        return True

    def propose(
        self, at: ModelStage, bad: Deployment, *, cause: str, reason: str, evidence: Mapping[str, str]
    ) -> str | None:
        """As ``delivery.proposing.Proposer`` has it."""
        return self.propose_order(Order(at, bad, "", cause, reason, evidence=evidence))

    def _session(self, *, online: bool) -> WorkloadSession:
        found = open_session(self.mirror, clock=self.clock, online=online)
        if online and found.offline:
            raise GmError("GM-S201", found.offline, where=found.remote)
        known = {one.name: getattr(found, one.name) for one in fields(found)}
        made = WorkloadSession(**known, key=self.key, name=self.name, email=self.email)
        made.artifacts = self.artifacts
        return made

    def _open(self, session: Session, at: ModelStage, bad: Deployment) -> str | None:
        """Return the change id of the open rollback; one that cannot be judged for now raises.

        What is wrong with a proposal itself leads nowhere: a stranger's branch keeps nobody from proposing.
        """
        for proposal in _rollbacks(session, at):
            try:
                evaluation = check(session, proposal)
            except GmError as error:
                if _passes(error):
                    raise
                continue
            if _leads_away(evaluation, at, bad) and _admissible(evaluation):
                return evaluation.change_id
        return None

    def _telling(self, session: Session, wanted: Rollback) -> AbstractContextManager[Story | None]:
        if self.post is None:
            return nullcontext()
        from gitops_models.workflows.announcing import announced  # noqa: PLC0415 - only where somebody is told

        return announced(self.post, session, wanted, way="automation")


def automation_of(document: ReconcilerFile, clock: Clock) -> Automation | None:
    """The reconciler's own hand, None where it has no key: nobody would answer for what it proposes."""
    if document.key is None:
        return None
    mirror = Path(document.state) / "mirror.git"
    return Automation(mirror, Path(document.key), document.name, document.email, clock, artifacts_of(document))


def artifacts_of(document: ReconcilerFile) -> RemoteSpec:
    """The artifact remote of an operator's file."""
    return RemoteSpec(document.artifacts.url, document.artifacts.options)


def _wanted(order: Order) -> Rollback:
    return Rollback(
        order.at.model,
        order.reason[:_LONGEST],
        order.at.stage,
        cause=order.cause,
        quarantine=order.quarantine,
        severity=order.severity,
        detected=order.detected,
    )


def _planned(session: Session, order: Order, wanted: Rollback) -> Plan | None:
    """Return the plan with what was seen in its text; None where nothing good is left."""
    state = session.accepted.stage_state(order.at.model, order.at.stage)
    asked = (state.version, state.lineage_sha256) if state else None
    if asked != (order.bad.version, order.bad.lineage_sha256):
        live = state.version if state else "nothing"
        raise GmError("GM-R620", f"{order.at} is to serve {live}, not {order.bad.version}", where=str(order.at))
    try:
        planned = plan(session, wanted)
    except GmError as error:
        if error.code == NOTHING_GOOD:
            return None
        raise
    if planned.draft is None or planned.way.target is None:
        return None  # automation undeploys nothing: that takes a person
    seen = [f"  {visible(name)}: {visible(text[:_LONGEST])}" for name, text in order.evidence.items()]
    body = "\n\n".join([planned.draft.body, "\n".join(["Seen by automation:", *seen])]) if seen else planned.draft.body
    return replace(planned, draft=replace(planned.draft, body=body))


def _rollbacks(session: Session, at: ModelStage) -> Iterator[Proposal]:
    """Yield the open proposals that are called rollbacks of a place."""
    for proposal in proposals(session):
        if (proposal.event, proposal.model, proposal.stage) == ("rollback", at.model, at.stage):
            yield proposal


def _leads_away(evaluation: Evaluation, at: ModelStage, bad: Deployment) -> bool:
    moves = (event for event in evaluation.change.events if isinstance(event, RolledBack | Undeployed))
    return any((one.model, one.stage, one.from_version) == (*at, bad.version) for one in moves)


def _admissible(evaluation: Evaluation) -> bool:
    """Whether the judge refuses it for nothing but approvals that it still lacks."""
    return evaluation.verdict.allowed or evaluation.verdict.missing_only


def _passes(error: GmError) -> bool:
    """Whether it is a forge or a remote that does not answer, and not the proposal."""
    return error.exit_status is Exit.EXTERNAL or error.code.startswith("GM-F4")


def _asks_for(session: Session, at: ModelStage, bad: Deployment) -> bool:
    """Whether Git asks for ``bad`` at a place."""
    state = session.accepted.stage_state(at.model, at.stage) if session.accepted.has_model(at.model) else None
    return state is not None and (state.version, state.lineage_sha256) == (bad.version, bad.lineage_sha256)
