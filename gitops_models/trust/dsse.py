"""DSSE envelopes, version 1 (https://github.com/secure-systems-lab/dsse), read strictly and written in one form.

The envelope is RFC 8785 JSON with exactly one signature, which is an armored SSHSIG over the PAE, so that stock
ssh-keygen can check it. A record's identity is the sha256 of these bytes: one content, one spelling.
"""

import base64
import binascii
import json
from typing import Any

from gitops_models.errors import GmError
from gitops_models.registry.canonical import jcs
from gitops_models.registry.values import dataclass

__all__ = ["MAX_BYTES", "PAYLOAD_TYPE", "Envelope", "EnvelopeSignature", "pae", "read_canonical"]

MAX_BYTES = 64 * 1024
PAYLOAD_TYPE = "application/vnd.in-toto+json"
_FIELDS = {"payload", "payloadType", "signatures"}
_SIGNATURE_FIELDS = {"keyid", "sig"}


@dataclass(frozen=True)
class EnvelopeSignature:
    """``keyid`` is the OpenSSH fingerprint of the key, ``sig`` the armored signature."""

    keyid: str
    sig: bytes


@dataclass(frozen=True)
class Envelope:
    """A payload of a named type and who signed it."""

    payload_type: str
    payload: bytes
    signatures: tuple[EnvelopeSignature, ...]

    def encode(self) -> bytes:
        """Return the canonical bytes; GM-T100 when they are more than 64 KiB."""
        signatures = [{"keyid": each.keyid, "sig": _base64(each.sig)} for each in self.signatures]
        data = jcs({"payload": _base64(self.payload), "payloadType": self.payload_type, "signatures": signatures})
        _check_size(data)
        return data

    @classmethod
    def decode(cls, data: bytes) -> "Envelope":
        """Read canonical bytes of an in-toto envelope.

        Raises GM-T100 (size), GM-T101 (not such an object), GM-T102 (payload type), GM-T103 (not one signature),
        GM-T104 (another spelling of the same content).
        """
        _check_size(data)
        fields = read_canonical(data, "envelope")
        if not isinstance(fields, dict) or fields.keys() != _FIELDS:
            raise GmError("GM-T101", "an envelope has the fields payload, payloadType and signatures")
        if fields["payloadType"] != PAYLOAD_TYPE:
            raise GmError("GM-T102", f"the payload type is {fields['payloadType']!r}, not {PAYLOAD_TYPE}")
        return cls(PAYLOAD_TYPE, _bytes(fields["payload"]), (_one_signature(fields["signatures"]),))


def pae(payload_type: str, payload: bytes) -> bytes:
    """Return the pre-authentication encoding, the bytes that are signed."""
    kind = payload_type.encode()
    return b"DSSEv1 %d %s %d %s" % (len(kind), kind, len(payload), payload)


def read_canonical(data: bytes, what: str) -> Any:
    """Read JSON that must be in RFC 8785 form: GM-T101 when it is no JSON, GM-T104 when it is spelled otherwise."""
    try:
        value = json.loads(data)
    except (ValueError, RecursionError) as error:
        raise GmError("GM-T101", f"the {what} is not JSON") from error
    try:
        canonical = jcs(value)
    except (GmError, RecursionError) as error:
        raise GmError("GM-T104", f"the {what} has no canonical form") from error
    if canonical != data:
        raise GmError("GM-T104", f"the {what} is not in canonical form (RFC 8785)")
    return value


def _one_signature(entries: Any) -> EnvelopeSignature:
    if not isinstance(entries, list) or len(entries) != 1:
        raise GmError("GM-T103", "a record carries exactly one signature")
    (entry,) = entries
    if not isinstance(entry, dict) or entry.keys() != _SIGNATURE_FIELDS or not isinstance(entry["keyid"], str):
        raise GmError("GM-T101", "a signature has the fields keyid and sig")
    return EnvelopeSignature(entry["keyid"], _bytes(entry["sig"]))


def _base64(data: bytes) -> str:
    return base64.b64encode(data).decode()


def _bytes(text: Any) -> bytes:
    if not isinstance(text, str):
        raise GmError("GM-T101", "payload and signature are base64 texts")
    try:
        data = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError) as error:
        raise GmError("GM-T101", "payload and signature are base64 texts") from error
    if _base64(data) != text:
        raise GmError("GM-T104", "base64 that is not in its one form")
    return data


def _check_size(data: bytes) -> None:
    if len(data) > MAX_BYTES:
        raise GmError("GM-T100", f"a record of {len(data)} bytes; at most {MAX_BYTES} are read")
