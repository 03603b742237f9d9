"""SSH signatures and DSSE envelopes as their documents describe them, read with nothing of what is tested."""

import base64
import hashlib
import json

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

NAMESPACES = {b"git", b"gm-approval@v1", b"gm-record@v1"}
MAGIC = b"SSHSIG"


def signing_key(armored, message):
    """The line of the ed25519 key that made an SSH signature over ``message``; None where it does not fit."""
    blob = base64.b64decode("".join(armored.strip().splitlines()[1:-1]))
    key, namespace, _, name, signature = _fields(blob[len(MAGIC) + 4 :])
    signed = [MAGIC, *map(_field, (namespace, b"", name, hashlib.new(name.decode(), message).digest()))]
    try:
        Ed25519PublicKey.from_public_bytes(key[-32:]).verify(signature[-64:], b"".join(signed))
    except InvalidSignature:
        return None
    return f"ssh-ed25519 {base64.b64encode(key).decode()}" if namespace in NAMESPACES else None


def statement(data):
    """The kind and predicate of a signed statement, the signature, and the bytes that it is over."""
    envelope = json.loads(data)
    payload, kind = base64.b64decode(envelope["payload"]), envelope["payloadType"].encode()
    said = json.loads(payload)
    armored = base64.b64decode(envelope["signatures"][0]["sig"]).decode()
    signed = b"DSSEv1 %d %s %d %s" % (len(kind), kind, len(payload), payload)
    return said["predicateType"].rsplit(":", 2)[1], said["predicate"], armored, signed


def _fields(rest):
    while rest:
        size = int.from_bytes(rest[:4], "big")
        yield rest[4 : 4 + size]
        rest = rest[4 + size :]


def _field(data):
    return len(data).to_bytes(4, "big") + data
