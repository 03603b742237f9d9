"""Landing while the forge is down: a bundle carries the step to reconcilers, and later the very same step to the forge.

What this clone put into bundles stands under the name of a remote that nobody has, and what it took from one under
another. A further landing begins where the last one ended, so that two bundles of one clone are never two lines.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from gitops_models.delivery.mirror import line_ref
from gitops_models.delivery.upstreams import take_bundle
from gitops_models.errors import GmError
from gitops_models.forge.git_only import GitOnlyForge
from gitops_models.forge.landing import prepare_landing
from gitops_models.registry.names import parse_tag
from gitops_models.registry.values import dataclass
from gitops_models.store.bundles import open_bundle, write_bundle
from gitops_models.store.history import first_parents, on_first_parent_line
from gitops_models.store.refs import RefUpdate, update_refs
from gitops_models.trust.ledger import Scribe
from gitops_models.trust.ledgerrefs import changes_topic
from gitops_models.trust.united import UnitedLedger
from gitops_models.verification.fold import fold
from gitops_models.verification.history import LANDS
from gitops_models.workflows.merging import check_clock, follow, rehearse
from gitops_models.workflows.propose import forge
from gitops_models.workflows.review import check, looked_at, proposals

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from gitops_models.forge.base import Proposal
    from gitops_models.trust.records import Record
    from gitops_models.verification.history import History, Step
    from gitops_models.verification.proposal import Evaluation
    from gitops_models.workflows.session import Session

BUNDLED = "gm-bundled"
OFFERED = "gm-offered"


@dataclass(frozen=True)
class Bundled:
    """A bundle that was written. ``step`` is None where the proposal in it still lacks ``evaluation``'s approvals."""

    path: Path
    proposal: Proposal
    evaluation: Evaluation
    step: str | None


@dataclass(frozen=True)
class Carried:
    """The steps of a bundle that are on the remote's line now, oldest first; ``fresh`` says whether they just came."""

    steps: tuple[str, ...]
    tip: str
    fresh: bool
    left_alone: str | None = None


class CarriedLedger(UnitedLedger):
    """A ledger that counts what waits in the outbox, and goes on from the chains that stand in bundles."""

    def records(self, change_id: str, *, waiting: bool = True) -> tuple[Record, ...]:
        """The good records of a change, those that wait for the remote at the end."""
        return super().records(change_id, waiting=waiting)

    def tip(self, topic: str) -> str | None:
        """Where the chain ends that the next bundle goes on from."""
        return self.others[BUNDLED].tip(topic) or super().tip(topic)

    def prepare(self, change_id: str, *records: Record) -> RefUpdate | None:
        """Write the commits that add what waits, then ``records``."""
        return super().prepare(change_id, *self.outbox.waiting(changes_topic(change_id)), *records)


def carried(session: Session) -> Session:
    """The session with what this clone has in bundles: the line judged up to there, if it goes on from here."""
    ledger = CarriedLedger(session.store, session.remote, others=[BUNDLED])
    view = replace(session, ledger=ledger)
    tip = session.store.ref(line_ref(session.line, BUNDLED))
    if tip is None or not on_first_parent_line(session.store, session.history.tip, tip):
        return view
    after = _judged(view, tip)
    return view if _denied(session, after.steps) else replace(view, history=after)


def bundle(session: Session, proposal: Proposal, path: Path) -> Bundled:
    """Write a bundle with the proposal: landed where the policy allows it, else with the decisions there are.

    ``session`` is a carried one. What was landed into a bundle before is written again as it is.
    """
    step = _landed(session, proposal)
    evaluation = check(session, proposal)
    if step is None and evaluation.verdict.allowed:
        step = _land(session, proposal, evaluation)
        session = replace(session, history=_judged(session, step))
    if step is None and (update := _writer(session).prepare(evaluation.change_id)):
        _note(session, {_kept(update.name, session.line): update.new or ""})
    _write(session, path, None if step else proposal)
    return Bundled(path, proposal, evaluation, step)


def find_carried(session: Session, name: str) -> Proposal:
    """The proposal that ``name`` means, of those that were kept here and of those seen at the remote."""
    known = [*GitOnlyForge(session.store, None).list(), *proposals(session)]
    found = {proposal.ref: proposal for proposal in reversed(known) if proposal.answers_to(name)}
    if len(found) == 1:
        return looked_at(session, next(iter(found.values())))
    if not found:
        raise GmError("GM-F101", f"there is no open proposal {name}", where=name)
    ids = tuple(f"{proposal.id}  {proposal.branch}" for proposal in found.values())
    raise GmError("GM-F102", f"{len(found)} open proposals answer to {name}", where=name, details=ids)


def land_bundle(session: Session, path: Path) -> Carried:
    """Push what a bundle holds, commit for commit: each step with all that belongs to it, in one atomic push.

    Raises the bundle's GM-S2xx, GM-C175 where the remote's line went another way, GM-C176 where a step in it is not
    accepted, GM-C170 where the remote does not answer.
    """
    with open_bundle(path) as opened:
        tip = take_bundle(session.store, OFFERED, opened, session.line)
    if session.offline:
        raise GmError("GM-C170", f"the remote does not answer: {session.offline}")
    tip = tip or session.history.tip
    if on_first_parent_line(session.store, tip, session.history.tip):
        return Carried((), tip, fresh=False)
    if not on_first_parent_line(session.store, session.history.tip, tip):
        what = f"{session.line} is at {session.history.tip[:12]}, which the bundle's {tip[:12]} does not hold"
        raise GmError("GM-C175", what, where=str(path))
    view = replace(session, ledger=UnitedLedger(session.store, session.remote, others=[OFFERED]))
    steps = _new(session, _judged(view, tip).steps)
    if denied := _denied(session, steps):
        raise GmError("GM-C176", f"step {denied.oid[:12]} is {denied.status}", where=denied.oid, details=_codes(denied))
    at = session.history.tip
    for step in steps:  # one after the other: to a door an acceptance speaks of the line as it is before the push
        forge(session).publish(_updates(session, step, at), f"land {path.name}")
        at = step.oid
    _close(session, steps)
    session.refresh()
    return Carried(tuple(step.oid for step in steps), tip, fresh=True, left_alone=follow(session, tip))


def _close(session: Session, steps: tuple[Step, ...]) -> None:
    """Delete the local branches of proposals that have landed."""
    heads = {parent for step in steps for parent in session.store.commit(step.oid).parents[1:]}
    place = GitOnlyForge(session.store, None)
    for proposal in place.list():
        if session.remote is not None and proposal.head in heads:
            place.close(proposal)


def _judged(session: Session, tip: str) -> History:
    known = None if session.history.blocked else session.history
    now = session.clock.now()
    return fold(session.store, pin=session.history.pin, tip=tip, ledger=session.ledger, known=known, now=now)


def _new(session: Session, steps: tuple[Step, ...]) -> tuple[Step, ...]:
    """Those of ``steps`` that the session has not judged."""
    return tuple(step for step in steps if step.index > session.history.length)


def _denied(session: Session, steps: tuple[Step, ...]) -> Step | None:
    return next((step for step in _new(session, steps) if step.status not in LANDS), None)


def _codes(step: Step) -> tuple[str, ...]:
    return tuple(step.verdict.codes) if step.verdict else ()


def _landed(session: Session, proposal: Proposal) -> str | None:
    """The step with which a bundle landed this very proposal."""
    tip = session.store.ref(line_ref(session.line, BUNDLED))
    if tip is None or tip != session.history.tip:
        return None
    since = session.store.ref(line_ref(session.line, session.remote or BUNDLED)) if session.remote else None
    steps = first_parents(session.store, tip, stop=since or session.history.pin)
    return next((oid for oid in steps if session.store.commit(oid).parents[1:] == (proposal.head,)), None)


def _land(session: Session, proposal: Proposal, evaluation: Evaluation) -> str:
    """Make the step, and note it as bundled; no ref that others see moves."""
    if evaluation.verdict.quorum_needed:
        check_clock(session)
    landing = prepare_landing(
        session.store,
        _writer(session),
        proposal,
        evaluation,
        line=session.line,
        signer=session.signer(),
        ident=session.ident(),
        at=session.clock.now(),
    )
    rehearse(session, landing)
    made = {update.name: update.new for update in landing.updates if update.new}
    _note(session, {_kept(name, session.line): oid for name, oid in made.items()})
    session.ledger.refresh()
    return landing.merge


def _writer(session: Session) -> CarriedLedger:
    ident = session.ident()
    scribe = Scribe(session.signer(), ident.name, ident.email, now=lambda: session.clock.now().timestamp())
    return CarriedLedger(session.store, session.remote, others=[BUNDLED], scribe=scribe)


def _kept(name: str, line: str) -> str:
    """Where a ref of a landing stands here while only bundles have it."""
    if name == f"refs/heads/{line}":
        return line_ref(line, BUNDLED)
    if name.startswith("refs/gm/"):
        return f"refs/gm-remote/{BUNDLED}/{name.removeprefix('refs/gm/')}"
    return f"refs/gm-tags/{BUNDLED}/{name.removeprefix('refs/tags/')}"


def _note(session: Session, refs: dict[str, str]) -> None:
    store = session.store
    update_refs(store, [RefUpdate(name, oid, store.ref(name)) for name, oid in refs.items()], "gm: bundled")


def _write(session: Session, path: Path, proposal: Proposal | None) -> None:
    store, ledger = session.store, session.ledger
    tips = {**ledger.tips(), **UnitedLedger(store, BUNDLED).tips()}
    refs = {f"refs/gm/{topic}": tip for topic, tip in tips.items()}
    refs |= {name: oid for name, oid in store.refs("refs/tags/").items() if parse_tag(name.removeprefix("refs/tags/"))}
    refs |= {f"refs/heads/{session.line}": session.history.tip}
    if proposal is not None:
        refs[proposal.ref] = proposal.head
    write_bundle(store, path, refs)


def _updates(session: Session, step: Step, old: str) -> list[RefUpdate]:
    """The line, and what belongs to the step: the ledger chain of its change and the version tags on it."""
    line = RefUpdate(f"refs/heads/{session.line}", new=step.oid, old=old)
    chain = _chain(session, step.change_id) if step.change_id else ()
    return [line, *chain, *_tags(session, step.oid)]


def _chain(session: Session, change_id: str) -> Iterator[RefUpdate]:
    """The chain of the bundle where it goes on from the remote's; else its records on top of the remote's."""
    topic = changes_topic(change_id)
    store, there = session.store, session.ledger.tip(topic)
    made = UnitedLedger(store, OFFERED).tip(topic)
    if made is None or made == there:
        return
    if there is None or on_first_parent_line(store, there, made):
        yield RefUpdate(f"refs/gm/{topic}", new=made, old=there)
        return
    update = session.writer().prepare(change_id, *UnitedLedger(store, OFFERED).records(change_id))
    if update is not None:
        yield update


def _tags(session: Session, step: str) -> Iterator[RefUpdate]:
    prefix = f"refs/gm-tags/{OFFERED}/"
    for name, oid in session.store.refs(prefix).items():
        tag = name.removeprefix(prefix)
        known = session.store.ref(f"refs/gm-tags/{session.remote}/{tag}") if session.remote else None
        if parse_tag(tag) and known is None and session.store.resolve(oid) == step:
            yield RefUpdate(f"refs/tags/{tag}", new=oid, old=None)
