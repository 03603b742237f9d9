"""Who signs receipts here: a workload with a key, or a CI job with the token that its surroundings hand out."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Protocol

from gitops_models.errors import GmError
from gitops_models.registry.canonical import jcs
from gitops_models.registry.paths import TRUSTED_ROOT_JSON
from gitops_models.registry.values import dataclass
from gitops_models.trust.keyless.roots import verifier_of
from gitops_models.trust.ledger import Ledger, Scribe
from gitops_models.trust.records import make_receipt, receipt_payload, verify_record
from gitops_models.verification.attached import root_of
from gitops_models.verification.receipts import MAY, TRIGGER, Bench, require_accepted_file

if TYPE_CHECKING:
    from gitops_models.registry.documents.workflows import Workflow
    from gitops_models.trust.keyless.sign import KeylessSigner
    from gitops_models.trust.records import Receipt, Record
    from gitops_models.trust.signing import Signer
    from gitops_models.workflows.session import Session

__all__ = ["KeyPen", "KeylessPen", "Pen", "key_pen", "keyless_pen"]


class Pen(Protocol):
    """Signs receipts as ``workload``. ``commit`` is the only one it can sign at, None for one that signs anywhere."""

    @property
    def workload(self) -> str:
        """The id of the workload."""
        ...

    @property
    def commit(self) -> str | None:
        """The commit that the run is on."""
        ...

    @property
    def accepts(self) -> Signer | None:
        """The key of a workload that may sign acceptances too."""
        ...

    def write(self, body: Receipt) -> Record:
        """The signed receipt."""
        ...

    def ledger(self, session: Session) -> Ledger:
        """The ledger, to be written to."""
        ...


@dataclass(frozen=True)
class KeyPen:
    """A workload's own SSH key."""

    workload: str
    signer: Signer
    accepts: Signer | None
    commit: str | None = None

    def write(self, body: Receipt) -> Record:
        """The receipt in an envelope."""
        return make_receipt(body, self.signer)

    def ledger(self, session: Session) -> Ledger:
        """The ledger, its commits signed with the key."""
        return session.writer()


@dataclass(frozen=True)
class KeylessPen:
    """A run of a declared workflow; its certificate names the commit that it ran on."""

    workload: str
    signer: KeylessSigner
    commit: str | None
    accepts: Signer | None = None

    def write(self, body: Receipt) -> Record:
        """The receipt in a Sigstore bundle, which stands in a public log from then on. Raises GM-T706, GM-T712."""
        return verify_record(jcs(json.loads(self.signer.sign_statement(receipt_payload(body)))))

    def ledger(self, session: Session) -> Ledger:
        """The ledger; its commits are unsigned here, because each record speaks for itself."""
        ident, clock = session.ident(), session.clock
        scribe = Scribe(None, ident.name, ident.email, now=lambda: clock.now().timestamp())
        return Ledger(session.store, session.remote, scribe=scribe)


def key_pen(session: Session) -> KeyPen:
    """The user's own key; GM-C121 for a key of nobody, GM-T108 for one of somebody who may not sign receipts."""
    signer = session.signer()
    actor = session.actor(signer)
    if MAY not in (actor.may or ()):
        raise GmError("GM-T108", f"{actor.id} may not sign receipts", where="policies/people.yaml")
    return KeyPen(actor.id, signer, signer if "acceptance" in (actor.may or ()) else None)


def keyless_pen(session: Session, signer: KeylessSigner) -> KeylessPen:
    """The workload that the token is for, as far as the token says.

    What would not count is not sent to a public log, and the token to no server that the pinned root does not name: who
    may set a variable of the forge is not trusted with it. Raises GM-T108 where no workload here declares such a run
    for receipts, or its file on the line is not the accepted one, GM-T708 where no usable trusted root is pinned,
    GM-T716 for another Sigstore instance than that one.
    """
    root = root_of(session.accepted)
    verifier_of(root, TRUSTED_ROOT_JSON)
    signer.keep_to(root or b"", TRUSTED_ROOT_JSON)
    history = session.history
    protected = f"refs/heads/{history.repository.line}"
    bench = Bench(session.store, history.people, session.accepted, history.repository.line, history.state.touched)
    for workload in history.people.workloads:
        for flow in workload.workflows if MAY in workload.may else ():
            if flow.ref == protected and flow.trigger == TRIGGER and _fits(flow, signer):
                require_accepted_file(bench, flow, history.tip)
                return KeylessPen(workload.id, signer, signer.claim("sha"))
    raise GmError("GM-T108", f"no workload declares the run of {signer.identity}", where="policies/people.yaml")


def _fits(flow: Workflow, signer: KeylessSigner) -> bool:
    """Whether nothing in the token contradicts the declaration; the certificate has the last word."""
    said = {
        "repository_id": flow.repository_id,
        "repository_owner_id": flow.owner_id,
        "ref": flow.ref,
        "event_name": flow.trigger,
    }
    runner = {"runner_environment": flow.runner} if flow.runner else {}
    return signer.issuer == flow.issuer and all(
        signer.claim(name) in {None, value} for name, value in {**said, **runner}.items()
    )
