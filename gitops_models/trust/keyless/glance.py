"""A glance at a bundle's certificate, before sigstore spends a thousand times as long on it.

Anybody may push bundles that nobody signed. Nothing is believed here: whoever the certificate does not even name is
not its subject, and everything else is left to ``bundle``.
"""

from typing import Any

from gitops_models.errors import GmError
from gitops_models.trust.keyless.claims import SignedBy
from gitops_models.trust.keyless.strict import decode_base64, read_object

__all__ = ["require_named"]

_LIMIT = 1024 * 1024


def require_named(data: bytes, signer: SignedBy) -> None:
    """Raise unless the words of ``signer`` stand in the certificate of the bundle ``data``; no cryptography.

    Raises GM-T700 (no bundle with a certificate, or too large), GM-T704 (another issuer), GM-T703 (another identity).
    """
    material = read_object(data, "bundle", code="GM-T700", limit=_LIMIT).get("verificationMaterial")
    certificate = decode_base64(_leaf(material), "certificate", code="GM-T700")
    if signer.issuer.encode() not in certificate:
        raise GmError("GM-T704", f"the certificate does not name the issuer {signer.issuer}")
    if signer.identity.encode() not in certificate:
        raise GmError("GM-T703", f"the certificate does not name {signer.identity}")


def _leaf(material: Any) -> str:
    match material:
        case {"certificate": {"rawBytes": str(text)}}:
            return text
        case {"x509CertificateChain": {"certificates": [{"rawBytes": str(text)}, *_]}}:
            return text
        case _:
            raise GmError("GM-T700", "the bundle carries no certificate")
