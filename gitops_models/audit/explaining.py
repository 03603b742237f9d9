"""Why one step is what it is: who signed, with which roles then, which decisions counted, and when it was accepted."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitops_models.audit.asof import at_commit
from gitops_models.audit.weighing import acceptances, deciding, weigh
from gitops_models.errors import GmError
from gitops_models.policy.rules import RULES
from gitops_models.policy.verdict import Severity
from gitops_models.registry.paths import POLICY_YAML
from gitops_models.registry.values import dataclass
from gitops_models.store.history import new_commits
from gitops_models.trust.ledgerrefs import changes_topic
from gitops_models.trust.verify import verify_commit
from gitops_models.verification.commits import touched_paths, was_there
from gitops_models.verification.signers import signers

if TYPE_CHECKING:
    from datetime import datetime

    from gitops_models.audit.weighing import Accepting, Weighed
    from gitops_models.policy.facts import Signature
    from gitops_models.registry.documents import People
    from gitops_models.store.objects import Commit
    from gitops_models.store.repository import Store
    from gitops_models.trust.chain import Ignored
    from gitops_models.trust.ledgerview import LedgerView
    from gitops_models.trust.records import Checkpoint
    from gitops_models.verification.checkpoints import Checkpoints
    from gitops_models.verification.history import History, Step


@dataclass(frozen=True)
class Signing:
    """One commit that the step consists of, and whose key made its signature. ``what`` is step or proposal.

    ``compromised`` is the commit since which the key is declared so now, whatever it was worth then.
    """

    oid: str
    what: str
    signature: Signature
    actor: str | None
    kind: str | None
    roles: tuple[str, ...]
    email_ok: bool
    touched: tuple[str, ...]
    compromised: str | None = None


@dataclass(frozen=True)
class Judge:
    """What the step was judged by: the accepted policy at ``point``, and every rule with what it found."""

    point: str
    policy: str
    version: int
    sha256: str | None
    rules: tuple[tuple[str, str, str], ...]


@dataclass(frozen=True)
class Explanation:
    """One step with all that its verdict rests on.

    ``roles`` are the roles that people of this step held then, ``own`` says that the merge accepted itself, ``junk`` is
    what lies on the change's ref and is no record, ``checkpoint`` the oldest one that contains the step.
    """

    step: Step
    signings: tuple[Signing, ...]
    decisions: tuple[Weighed, ...]
    acceptances: tuple[Accepting, ...]
    roles: dict[str, tuple[str, ...]]
    own: bool
    judge: Judge
    junk: tuple[Ignored, ...] = ()
    checkpoint: Checkpoint | None = None


def explain(
    store: Store, ledger: LedgerView, history: History, oid: str, known: Checkpoints | None = None, *, now: datetime
) -> Explanation:
    """Gather what the verdict on the step ``oid`` rests on, by the people and policy accepted when it was decided.

    Raises GM-C151 when ``oid`` is not a step of the line since the pin.
    """
    step = next((step for step in history.steps if step.oid == oid), None)
    if step is None:
        raise _no_step(store, history, oid)
    commit = store.commit(oid)
    point = step.released or commit.parents[0]
    before = at_commit(store, history, ledger, point, now=now)
    records = ledger.records(step.change_id) if step.change_id else ()
    signings = tuple(_signings(store, commit, before, history.people))
    weighed = weigh(step, records, before.state.snapshot, lambda made: was_there(store, made, point))
    accepting = acceptances(records, step, before.people, point)
    persons = {signing.actor for signing in signings} | {one.opinion.person for one in weighed}
    return Explanation(
        step=step,
        signings=signings,
        decisions=weighed,
        acceptances=accepting,
        roles={person: roles_of(before.people, person) for person in sorted(filter(None, persons))},
        own=step.at is not None and deciding(records, step) is None,
        judge=_judge(before, step, point),
        junk=ledger.read(changes_topic(step.change_id)).ignored if step.change_id else (),
        checkpoint=_oldest_containing(history, step, known),
    )


def _no_step(store: Store, history: History, oid: str) -> GmError:
    """Say what a commit is that is no step: the pin, or part of one."""
    if oid == history.pin:
        why = f"{oid[:12]} is the pin: it is trusted because a person said so, and nothing judged it"
        return GmError("GM-C151", why, where=oid)
    why = f"{oid[:12]} is not a step of the line since the pin {history.pin[:12]}"
    brought = next((step.oid for step in history.steps if was_there(store, oid, step.oid)), None)
    if brought is None or was_there(store, oid, history.pin):
        return GmError("GM-C151", why, where=oid)
    return GmError(
        "GM-C151", f"{why}; {brought[:12]} brought it", where=oid, hint=f"gm verify --explain {brought[:12]}"
    )


def _judge(before: History, step: Step, point: str) -> Judge:
    policy, accepted = before.policy, before.state.snapshot
    found = step.verdict.findings if step.verdict else ()
    worst = {finding.code: finding.severity.value for finding in reversed(found)}
    worst |= {finding.code: finding.severity.value for finding in found if finding.severity is Severity.DENY}
    rules = [(rule.code, rule.title, worst.get(rule.code, "passed")) for rule in RULES if rule.since <= policy.rules]
    return Judge(point, policy.id, policy.version, accepted.sha256(POLICY_YAML), tuple(rules) if step.verdict else ())


def _oldest_containing(history: History, step: Step, known: Checkpoints | None) -> Checkpoint | None:
    places = {each.oid: each.index for each in history.steps}
    made = known.made if known else ()
    return next((one for one in made if places.get(one.main, -1) >= step.index), None)


def roles_of(people: People, person: str) -> tuple[str, ...]:
    """Return the roles of a person as the people file grants them: ``raio``, ``domain-lead for fraud*``."""
    known = people.person(person)
    grants = known.roles if known else ()
    return tuple(grant if isinstance(grant, str) else f"{grant.role} for {', '.join(grant.models)}" for grant in grants)


def _signings(store: Store, commit: Commit, before: History, now: People) -> list[Signing]:
    first, *others = commit.parents
    proposal = [each for head in others for each in new_commits(store, head, first)]
    made = [_signing(store, each, before, now, what="proposal") for each in proposal]
    return [*(one for one in made if one.touched), _signing(store, commit, before, now, what="step")]


def _signing(store: Store, commit: Commit, before: History, now: People, *, what: str) -> Signing:
    verified = verify_commit(commit.raw, signers(before))
    actor, names = verified.actor, verified.signature.names
    return Signing(
        oid=commit.oid,
        what=what,
        signature=verified.signature,
        actor=actor.id if actor else None,
        kind=actor.kind if actor else None,
        roles=roles_of(before.people, actor.id) if actor else (),
        email_ok=verified.email_ok,
        touched=touched_paths(store, commit, before.layout),
        compromised=next((entry.since for entry in now.compromised if entry.fingerprint in names), None),
    )
