"""What a signing certificate must say: who signed, by whose word.

Fulcio writes the issuer twice, plain (1.3.6.1.4.1.57264.1.1) and as DER (…1.8); older instances wrote the first only.
Every one that is there must be the expected one (https://github.com/sigstore/fulcio/blob/main/docs/oid-info.md).
"""

from typing import TYPE_CHECKING, Protocol

from gitops_models.errors import GmError
from gitops_models.registry.values import dataclass

if TYPE_CHECKING:
    from cryptography.x509 import Certificate

__all__ = ["Anybody", "CertificateClaim", "SignedBy"]


class CertificateClaim(Protocol):
    """What is expected of the certificate; the same shape as sigstore's ``VerificationPolicy``."""

    def verify(self, cert: "Certificate") -> None:
        """Raise ``GmError`` unless ``cert`` is as expected."""


@dataclass(frozen=True)
class Anybody:
    """No expectation: for what was signed here a moment ago, which only has to fit the root."""

    def verify(self, cert: "Certificate") -> None:
        """Take any certificate."""


@dataclass(frozen=True)
class SignedBy:
    """One identity (e-mail, URI or user name in the subject alternative name) as one issuer vouched for it."""

    identity: str
    issuer: str

    def verify(self, cert: "Certificate") -> None:
        """Raise GM-T703 for another identity, GM-T704 for another issuer."""
        from sigstore.errors import VerificationError  # noqa: PLC0415 - a second of imports
        from sigstore.verify.policy import AllOf, Identity, OIDCIssuer, OIDCIssuerV2  # noqa: PLC0415 - as above

        present = {extension.oid for extension in cert.extensions}
        kinds = [kind for kind in (OIDCIssuer, OIDCIssuerV2) if kind.oid in present] or [OIDCIssuerV2]
        try:
            AllOf([kind(self.issuer) for kind in kinds]).verify(cert)
        except VerificationError as error:
            raise GmError("GM-T704", str(error)) from error
        try:
            Identity(identity=self.identity).verify(cert)
        except VerificationError as error:
            raise GmError("GM-T703", str(error)) from error
