"""``model.sig`` signed with a key: a Sigstore bundle around a DSSE envelope, without certificate or log entry.

Read strictly: one signature, the one known payload type, nothing but a key hint as verification material.
"""

import base64
from typing import Any

from gitops_models.errors import GmError
from gitops_models.registry.canonical import jcs
from gitops_models.trust.dsse import PAYLOAD_TYPE, pae
from gitops_models.trust.keyless.statement import LIMIT
from gitops_models.trust.keyless.strict import decode_base64, read_object
from gitops_models.trust.oms.keys import ModelKey, ModelSigner

__all__ = ["open_with_key", "seal_with_key"]

_MEDIA_TYPE = "application/vnd.dev.sigstore.bundle.v0.3+json"


def open_with_key(data: bytes, key: ModelKey) -> bytes:
    """Return the payload that ``key`` signed.

    Raises GM-T720 (not such a bundle, or a certificate in place of a key) and GM-T721 (another key, or the signature
    does not fit).
    """
    fields = read_object(data, "signature", code="GM-T720", limit=LIMIT)
    match fields:
        case {
            "mediaType": str(media_type),
            "verificationMaterial": dict(material),
            "dsseEnvelope": {"payload": payload, "payloadType": str(kind), "signatures": [{"sig": sig, **rest}]},
        } if media_type == _MEDIA_TYPE and kind == PAYLOAD_TYPE and rest.keys() <= {"keyid"}:
            _check_hint(material, key)
        case _:
            raise GmError("GM-T720", "not a model signature: a v0.3 bundle around one signed in-toto statement")
    signed = decode_base64(payload, "payload", code="GM-T720")
    key.verify(decode_base64(sig, "signature", code="GM-T720"), pae(PAYLOAD_TYPE, signed))
    return signed


def seal_with_key(payload: bytes, signer: ModelSigner) -> bytes:
    """Return the bytes of ``model.sig`` for a payload of ``write_manifest``."""
    signature = signer.sign(pae(PAYLOAD_TYPE, payload))
    return jcs(
        {
            "mediaType": _MEDIA_TYPE,
            "verificationMaterial": {"publicKey": {"hint": signer.public.hint}, "tlogEntries": []},
            "dsseEnvelope": {
                "payload": base64.b64encode(payload).decode(),
                "payloadType": PAYLOAD_TYPE,
                "signatures": [{"sig": base64.b64encode(signature).decode(), "keyid": ""}],
            },
        }
    )


def _check_hint(material: dict[str, Any], key: ModelKey) -> None:
    """A hint is no proof, but one that names another key says what went wrong."""
    match material:
        case {"publicKey": dict(named), **rest} if not any(rest.values()):
            hint = named.get("hint")
        case _:
            raise GmError("GM-T720", "the model is signed with a certificate: name its --identity and --issuer")
    if hint and hint != key.hint:
        raise GmError("GM-T721", f"the signature names key {hint}, not {key.hint}")
