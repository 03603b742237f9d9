"""Receipts: a workload's word on which reviews stood on the forge when a step was merged (TRUST.md section 3).

A receipt counts when a workload signed it that the people accepted before the step let sign receipts: with its SSH key,
or keyless as a workflow of the protected branch, started by a push, on the very commit that the receipt names. There
the workflow's file must be the accepted one: who can push can land another, and its run has the same name. Of
provenance that is not asked: its workflows may be of any repository, and it accepts nothing by itself. What the reviews
in a receipt are worth is asked of ``verification.reviews``, as it was before the merge.
"""

from __future__ import annotations

from dataclasses import field
from typing import TYPE_CHECKING

from gitops_models.errors import GmError
from gitops_models.registry.canonical import sha256_hex
from gitops_models.registry.paths import TRUSTED_ROOT_JSON
from gitops_models.registry.values import dataclass
from gitops_models.store.history import on_first_parent_line
from gitops_models.store.trees import Walk, flatten, tree_of
from gitops_models.trust.keyrings import PeopleKeyring
from gitops_models.trust.records import Receipt
from gitops_models.verification.attached import root_of
from gitops_models.verification.commits import was_there

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime

    from gitops_models.registry.documents import People, Workload
    from gitops_models.registry.documents.workflows import Workflow
    from gitops_models.registry.snapshot import Entry, Snapshot
    from gitops_models.registry.state import Touch
    from gitops_models.store.objects import Commit
    from gitops_models.store.repository import Store
    from gitops_models.trust.records import Record

__all__ = ["MAY", "Bench", "Heard", "Merged", "accepts", "hear", "hearing", "require_accepted_file"]

MAY = "receipt"
TRIGGER = "push"


@dataclass(frozen=True)
class Bench:
    """By whom receipts are judged: the people and files accepted before the step, on this line.

    ``touched`` is when each of the files was last accepted, as ``AcceptedState`` has it.
    """

    store: Store
    people: People
    accepted: Snapshot
    line: str
    touched: Mapping[str, Touch] = field(default_factory=dict)


@dataclass(frozen=True)
class Merged:
    """The step that a receipt must speak of; ``tip`` is the newest commit of the line that is known.

    ``head`` is what was merged; where the line was moved on to one commit without a merge, that commit.
    """

    step: str
    base: str
    head: str
    change_id: str
    tip: str

    @classmethod
    def by(cls, commit: Commit, change_id: str, tip: str) -> Merged:
        """Return what ``commit`` merged."""
        head = commit.parents[-1] if len(commit.parents) > 1 else commit.oid
        return cls(commit.oid, commit.parents[0], head, change_id, tip)


@dataclass(frozen=True)
class Heard:
    """A receipt that counts, and the workload whose word it is."""

    receipt: Receipt
    workload: str
    sha256: str


def hear(bench: Bench, record: Record, merged: Merged) -> Heard:
    """Return the receipt in ``record`` if it counts for the step.

    Raises GM-T109 (it speaks of something else), GM-T002, GM-T005, GM-T007 (its key), GM-T108 (nobody who may), and
    GM-T70n or GM-T710 for a keyless one whose certificate is not that of a declared workflow as it was accepted.
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


def hearing(bench: Bench, merged: Merged, *, has_come: Callable[[datetime], bool]) -> Callable[[Record], Heard | None]:
    """Hear receipts that count for the step as far as ``merged.tip`` reaches; None for any other record."""

    def hears(record: Record) -> Heard | None:
        try:
            heard = hear(bench, record, merged)
        except GmError:
            return None
        return heard if has_come(heard.receipt.accepted_at) else None

    return hears


def accepts(receipt: Receipt, tip: str) -> bool:
    """Whether a receipt that counts accepts the step where ``tip`` was the tip."""
    return receipt.main == tip and receipt.verdict == "allowed"


def require_accepted_file(bench: Bench, workflow: Workflow, main: str) -> None:
    """Raise GM-T108 unless the file of ``workflow`` at ``main`` is the accepted one; what is not governed is none.

    Where another one was accepted after ``main``, what was accepted then is not known any more, and nothing is asked:
    a receipt accepts a step only at a tip, which holds all that was accepted.
    """
    path = "/".join(workflow.identity.partition("@")[0].split("/")[5:])  # behind https://host/owner/name/
    accepted, last = bench.accepted.entry(path), bench.touched.get(path)
    if last is not None and not was_there(bench.store, last.step, main):
        return
    if accepted is None:
        raise GmError("GM-T108", f"{path or workflow.identity} is no file that was accepted", where=path)
    if _file(bench.store, main, path) != accepted:
        raise GmError("GM-T108", f"{path} at {main[:12]} is not the accepted one", where=path)


def _file(store: Store, commit: str, path: str) -> Entry | None:
    """What the tree of a commit has there; only the directories on the way are opened."""
    walk = Walk(lambda directory: path.startswith(f"{directory}/"))
    return dict(flatten(store, tree_of(store, commit), walk=walk)).get(path)


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
    from gitops_models.trust.keyless.bundle import verify_statement  # noqa: PLC0415 - few receipts are keyless
    from gitops_models.trust.keyless.glance import require_named  # noqa: PLC0415 - as above
    from gitops_models.trust.keyless.roots import verifier_of  # noqa: PLC0415 - as above
    from gitops_models.trust.keyless.workload import SignedByWorkload  # noqa: PLC0415 - as above
    from gitops_models.verification.kept import verdict  # noqa: PLC0415 - as above

    claim, root = SignedByWorkload.of(workflow, commit=body.main), root_of(bench.accepted)
    try:
        require_named(record.envelope, claim.signer)  # junk costs no verification
        require_accepted_file(bench, workflow, body.main)
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
