"""Why one step is what it is: who signed, with which roles then, which decisions counted, and when it was accepted."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from gitops_models.audit.asof import at_commit
from gitops_models.errors import GmError
from gitops_models.store.history import new_commits
from gitops_models.trust.keyrings import PeopleKeyring
from gitops_models.trust.records import Acceptance
from gitops_models.trust.verify import verify_commit
from gitops_models.verification.acceptance import opinions_of
from gitops_models.verification.commits import touched_paths
from gitops_models.verification.signers import signers

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from gitops_models.policy.facts import Opinion, Signature
    from gitops_models.registry.documents import People
    from gitops_models.store.objects import Commit
    from gitops_models.store.repository import Store
    from gitops_models.trust.records import Record
    from gitops_models.verification.acceptance import DecisionSource
    from gitops_models.verification.history import History, Step


@dataclass(frozen=True)
class Signing:
    """One commit that the step consists of, and whose key made its signature. ``what`` is step or proposal."""

    oid: str
    what: str
    signature: Signature
    actor: str | None
    kind: str | None
    roles: tuple[str, ...]
    email_ok: bool
    touched: tuple[str, ...]


@dataclass(frozen=True)
class Accepting:
    """One acceptance in the ledger: who signed it, for which step, and whether it is the one that decided."""

    sha256: str
    by: str | None
    at: datetime
    main: str
    decided: bool
    problem: str | None


@dataclass(frozen=True)
class Explanation:
    """One step with all that its verdict rests on. ``roles`` are the roles that people of this step held then."""

    step: Step
    signings: tuple[Signing, ...]
    opinions: tuple[Opinion, ...]
    acceptances: tuple[Accepting, ...]
    roles: dict[str, tuple[str, ...]]
    own: bool


def explain(store: Store, ledger: DecisionSource, history: History, oid: str) -> Explanation:
    """Gather what the verdict on the step ``oid`` rests on, by the people accepted before it.

    Raises GM-C151 when ``oid`` is not a step of the line since the pin.
    """
    step = next((step for step in history.steps if step.oid == oid), None)
    if step is None:
        raise GmError("GM-C151", f"{oid[:12]} is not a step of the line since the pin {history.pin[:12]}", where=oid)
    commit = store.commit(oid)
    before = at_commit(store, history, ledger, commit.parents[0])
    records = ledger.records(step.change_id) if step.change_id else ()
    signings = tuple(_signings(store, commit, before))
    opinions = opinions_of(step.change_id, records, before.people) if step.change_id else ()
    accepting = tuple(_acceptances(records, step, before.people))
    persons = {signing.actor for signing in signings} | {opinion.person for opinion in opinions}
    return Explanation(
        step=step,
        signings=signings,
        opinions=opinions,
        acceptances=accepting,
        roles={person: roles_of(before.people, person) for person in sorted(filter(None, persons))},
        own=step.at is not None and not any(one.decided for one in accepting),
    )


def roles_of(people: People, person: str) -> tuple[str, ...]:
    """Return the roles of a person as the people file grants them: ``raio``, ``domain-lead for fraud*``."""
    known = people.person(person)
    grants = known.roles if known else ()
    return tuple(grant if isinstance(grant, str) else f"{grant.role} for {', '.join(grant.models)}" for grant in grants)


def _signings(store: Store, commit: Commit, before: History) -> list[Signing]:
    first, *others = commit.parents
    proposal = [each for head in others for each in new_commits(store, head, first)]
    made = [_signing(store, each, before, "proposal") for each in proposal]
    return [*(one for one in made if one.touched), _signing(store, commit, before, "step")]


def _signing(store: Store, commit: Commit, before: History, what: str) -> Signing:
    verified = verify_commit(commit.raw, signers(before))
    actor = verified.actor
    return Signing(
        oid=commit.oid,
        what=what,
        signature=verified.signature,
        actor=actor.id if actor else None,
        kind=actor.kind if actor else None,
        roles=roles_of(before.people, actor.id) if actor else (),
        email_ok=verified.email_ok,
        touched=touched_paths(store, commit, before.layout),
    )


def _acceptances(records: Sequence[Record], step: Step, people: People) -> list[Accepting]:
    """List the acceptances that speak for this step; the first one made at the accepted time is what decided."""
    found: list[Accepting] = []
    for record in records:
        body = record.body
        if not isinstance(body, Acceptance) or body.merge != step.oid:
            continue
        standing = PeopleKeyring(people).lookup(record.fingerprint, record.namespace)
        decided = body.accepted_at == step.at and not any(one.decided for one in found)
        found.append(
            Accepting(
                sha256=record.sha256,
                by=standing.actor.id if standing.actor else None,
                at=body.accepted_at,
                main=body.main,
                decided=decided,
                problem=None if standing.verdict == "good" else standing.detail,
            )
        )
    return found
