"""A workload's certificate: not only which workflow signed, but of which repository, on what, started by what.

Names can be taken over when an account or repository is renamed or deleted; ids cannot. Values are Fulcio's
extensions 1.3.6.1.4.1.57264.1.8 to .20, each a DER UTF8String
(https://github.com/sigstore/fulcio/blob/main/docs/oid-info.md).
"""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from gitops_models.errors import GmError
from gitops_models.registry.values import dataclass
from gitops_models.trust.keyless.claims import SignedBy

if TYPE_CHECKING:
    from cryptography.x509 import Certificate
    from sigstore.verify.policy import VerificationPolicy

    from gitops_models.registry.documents.workflows import Workflow

__all__ = ["SignedByWorkload"]


@dataclass(frozen=True)
class SignedByWorkload:
    """A CI job as people.yaml declares it.

    ``signer`` is the workflow file at its ref (``https://<host>/<owner>/<repo>/<path>@<ref>``) and who vouches for it.
    ``repository_id`` and ``owner_id`` are the forge's numbers, ``ref`` what was built (``refs/heads/main``),
    ``trigger`` the event (``push``). ``runner`` (``github-hosted``) and ``commit`` count where they are given.
    The workflow that the run began with must be the one that signed, so a called workflow does not speak for a caller.
    """

    signer: SignedBy
    repository_id: str
    owner_id: str
    ref: str
    trigger: str = "push"
    runner: str | None = None
    commit: str | None = None

    @classmethod
    def of(cls, workflow: "Workflow", *, commit: str | None) -> "SignedByWorkload":
        """Return the claim of a run of ``workflow`` on ``commit``."""
        return cls(
            SignedBy(workflow.identity, workflow.issuer),
            workflow.repository_id,
            workflow.owner_id,
            workflow.ref,
            workflow.trigger,
            workflow.runner,
            commit,
        )

    def verify(self, cert: "Certificate") -> None:
        """Raise GM-T703 or GM-T704 for another signer, GM-T710 for any other claim that is absent or different."""
        from sigstore.errors import VerificationError  # noqa: PLC0415 - a second of imports

        self.signer.verify(cert)
        for what, policy in self._policies():
            try:
                policy.verify(cert)
            except VerificationError as error:
                raise GmError("GM-T710", f"{what}: {error}") from error

    def _policies(self) -> Iterator[tuple[str, "VerificationPolicy"]]:
        from sigstore.verify import policy  # noqa: PLC0415 - a second of imports

        yield "repository id", policy.OIDCSourceRepositoryIdentifier(self.repository_id)
        yield "owner id", policy.OIDCSourceRepositoryOwnerIdentifier(self.owner_id)
        yield "workflow", policy.OIDCBuildConfigURI(self.signer.identity)
        yield "ref", policy.OIDCSourceRepositoryRef(self.ref)
        yield "trigger", policy.OIDCBuildTrigger(self.trigger)
        if self.runner is not None:
            yield "runner", policy.OIDCRunnerEnvironment(self.runner)
        if self.commit is not None:
            yield "commit", policy.OIDCSourceRepositoryDigest(self.commit)
