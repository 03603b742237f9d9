"""Receipts: a workload's word on which reviews stood on the forge when a step was merged (TRUST.md section 3).

A receipt counts when a workload signed it that the people accepted before the step let sign receipts: with its SSH key,
or keyless as a workflow of the protected branch, started by a push, on the very commit that the receipt names. Of the
reviews in it only those of the merged commit count, each as its account's person, the latest that says anything.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from gitops_models.errors import GmError
from gitops_models.policy.facts import Opinion
from gitops_models.registry.canonical import sha256_hex
from gitops_models.registry.paths import TRUSTED_ROOT_JSON
from gitops_models.store.history import on_first_parent_line
from gitops_models.trust.keyless.bundle import verify_statement
from gitops_models.trust.keyless.glance import require_named
from gitops_models.trust.keyless.roots import verifier_of
from gitops_models.trust.keyless.workload import SignedByWorkload
from gitops_models.trust.keyrings import PeopleKeyring
from gitops_models.trust.records import Receipt
from gitops_models.verification.attached import root_of
from gitops_models.verification.kept import verdict

if TYPE_CHECKING:
    from gitops_models.policy.facts import Decision
    from gitops_models.registry.documents import People, Workload
    from gitops_models.registry.documents.workflows import Workflow
    from gitops_models.registry.snapshot import Snapshot
    from gitops_models.store.repository import Store
    from gitops_models.trust.receiptbodies import Review, ReviewState
    from gitops_models.trust.records import Record

__all__ = ["Bench", "Heard", "Merged", "hear", "heard_or_none", "reviews"]

MAY = "receipt"
TRIGGER = "push"
_SAYS: dict[ReviewState, Decision] = {"approved": "approve", "changes-requested": "reject"}


@dataclass(frozen=True)
class Bench:
    """By whom receipts are judged: the people and files accepted before the step, on this line."""

    store: Store
    people: People
    accepted: Snapshot
    line: str


@dataclass(frozen=True)
class Merged:
    """The step that a receipt must speak of; ``tip`` is the newest commit of the line that is known."""

    step: str
    base: str
    head: str
    change_id: str
    tip: str


@dataclass(frozen=True)
class Heard:
    """A receipt that counts, and the workload whose word it is."""

    receipt: Receipt
    workload: str
    sha256: str


def hear(bench: Bench, record: Record, merged: Merged) -> Heard:
    """Return the receipt in ``record`` if it counts for the step.

    Raises GM-T109 (it speaks of something else), GM-T002, GM-T005, GM-T007 (its key), GM-T108 (nobody who may), and
    GM-T70n or GM-T710 for a keyless one whose certificate is not that of a declared workflow.
    """
    body = record.body
    if not isinstance(body, Receipt):
        raise GmError("GM-T109", f"a {record.kind} is no receipt")
    said = (body.merge, body.base, body.head, body.change_id)
    if said != (merged.step, merged.base, merged.head, merged.change_id):
        raise GmError("GM-T109", f"it speaks of {body.merge[:12]}, not of {merged.step[:12]} as it was merged")
    if not (_on_line(bench.store, body.merge, body.main) and _on_line(bench.store, body.main, merged.tip)):
        raise GmError("GM-T109", f"it was made at {body.main[:12]}, which is not the step and no later one")
    workload = _keyless(bench, record, body) if record.keyless else _by_key(bench, record)
    return Heard(body, workload, record.sha256)


def heard_or_none(bench: Bench, record: Record, merged: Merged) -> Heard | None:
    """Hear a record that may be no receipt, or one that does not count."""
    try:
        return hear(bench, record, merged)
    except GmError:
        return None


def reviews(heard: Heard, people: People) -> tuple[Opinion, ...]:
    """Return each account's standing review as an opinion; one that cannot count carries the reason.

    An approval speaks for the commit that it is of. A request for changes of another commit goes on blocking until it
    is withdrawn: pushing a commit that changes nothing must not shake it off.
    """
    latest: dict[int, Review] = {}
    for review in sorted(heard.receipt.reviews, key=lambda one: (one.submitted, one.id)):
        if review.state != "commented":
            latest[review.user_id] = review
    said = [(account, review) for account, review in sorted(latest.items()) if review.state in _SAYS]
    return tuple(_opinion(heard, people, account, review) for account, review in said)


def _opinion(heard: Heard, people: People, account: int, review: Review) -> Opinion:
    receipt = heard.receipt
    person = people.person_of_login(receipt.forge, account)
    problem = None if person else f"account {account} of {receipt.forge} belongs to nobody in the people file"
    if person and review.state == "approved" and review.commit_id != receipt.head:
        problem = f"the review is of {review.commit_id[:10]}, {receipt.head[:10]} was merged"
    return Opinion(
        person=person.id if person else None,
        fingerprint=f"{receipt.forge}:{account}",
        decision=_SAYS[review.state],
        sha256=None,
        change_id=receipt.change_id,
        created=review.submitted,
        source="forge",
        problem=problem,
    )


def _on_line(store: Store, oid: str, tip: str) -> bool:
    try:
        return on_first_parent_line(store, oid, tip)
    except GmError:
        return False  # a commit that is not here is no step of the line


def _by_key(bench: Bench, record: Record) -> str:
    standing = PeopleKeyring(bench.people).lookup(record.fingerprint, record.namespace)
    if standing.verdict != "good" or standing.actor is None:
        raise GmError(standing.code or "GM-T002", standing.detail)
    if standing.actor.kind != "workload" or MAY not in (standing.actor.may or ()):
        raise GmError("GM-T108", f"{standing.actor.id} may not sign receipts")
    return standing.actor.id


def _keyless(bench: Bench, record: Record, body: Receipt) -> str:
    failure: tuple[str, str] = ("GM-T108", "no workload here signs receipts keyless")
    for workload in bench.people.workloads:
        for workflow in workload.workflows if MAY in workload.may else ():
            found = _of_workflow(bench, workload, workflow, record, body)
            if found is None:
                return workload.id
            failure = found
    raise GmError(*failure)


def _of_workflow(
    bench: Bench, workload: Workload, workflow: Workflow, record: Record, body: Receipt
) -> tuple[str, str] | None:
    protected = f"refs/heads/{bench.line}"
    if workflow.ref != protected or not workflow.identity.endswith(f"@{protected}") or workflow.trigger != TRIGGER:
        return "GM-T108", f"{workload.id} is declared for {workflow.ref} on {workflow.trigger}, not for {protected}"
    claim, root = SignedByWorkload.of(workflow, commit=body.main), root_of(bench.accepted)
    try:
        require_named(record.envelope, claim.signer)  # junk costs no verification
    except GmError as error:
        return error.code, error.message
    depends_on = {
        "what": "receipt",
        "bundle": record.sha256,
        "root": sha256_hex(root) if root is not None else None,
        "workflow": workflow.model_dump(mode="json"),
    }

    def check() -> None:
        verify_statement(record.envelope, claim=claim, verifier=verifier_of(root, TRUSTED_ROOT_JSON))

    return verdict(bench.store, depends_on, check)
