"""A transparency log that answers as Rekor does: version 1 with a promise, version 2 with a proof only."""

import base64
import hashlib
import json
import time

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from gitops_models.registry.canonical import jcs


def b64(data):
    return base64.b64encode(data).decode()


def root_of(leaves):
    """RFC 6962, section 2.1."""
    if len(leaves) == 1:
        return leaves[0]
    split = 1 << ((len(leaves) - 1).bit_length() - 1)
    return hashlib.sha256(b"\1" + root_of(leaves[:split]) + root_of(leaves[split:])).digest()


def path_of(index, leaves):
    """RFC 6962, section 2.1.1."""
    if len(leaves) == 1:
        return []
    split = 1 << ((len(leaves) - 1).bit_length() - 1)
    if index < split:
        return [*path_of(index, leaves[:split]), root_of(leaves[split:])]
    return [*path_of(index - split, leaves[split:]), root_of(leaves[:split])]


class Log:
    """Leaves, a key, and signed checkpoints over them. The first leaf is somebody else's."""

    def __init__(self, origin, key):
        self.origin, self.key = origin, key
        self.leaves = [hashlib.sha256(b"\0somebody else").digest()]
        self.public = key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)

    @property
    def name(self):
        return self.origin.split(" ", maxsplit=1)[0]

    def append(self, body):
        """The index and the parts of an inclusion proof for ``body``."""
        self.leaves.append(hashlib.sha256(b"\0" + body).digest())
        index, root = len(self.leaves) - 1, root_of(self.leaves)
        return index, path_of(index, self.leaves), root, self._checkpoint(root)

    def _checkpoint(self, root):
        note = f"{self.origin}\n{len(self.leaves)}\n{b64(root)}\n"
        signed = b64(self.key_id[:4] + self.sign(note.encode()))
        return f"{note}\n\u2014 {self.name} {signed}\n"


class LogV1(Log):
    """An ECDSA key, named by the digest of its SPKI; every entry gets a signed promise with the time."""

    def __init__(self):
        super().__init__("rekor.loopback - 1", ec.generate_private_key(ec.SECP256R1()))
        self.key_id = hashlib.sha256(self.public).digest()
        self.details = "PKIX_ECDSA_P256_SHA_256"

    def sign(self, data):
        return self.key.sign(data, ec.ECDSA(hashes.SHA256()))

    def entry(self, proposed):
        body = jcs(_recorded(proposed))
        index, path, root, checkpoint = self.append(body)
        promised = {
            "body": b64(body),
            "integratedTime": int(time.time()),
            "logID": self.key_id.hex(),
            "logIndex": index,
        }
        proof = {
            "logIndex": index,
            "rootHash": root.hex(),
            "treeSize": len(self.leaves),
            "hashes": [each.hex() for each in path],
            "checkpoint": checkpoint,
        }
        promise = b64(self.sign(jcs(promised)))
        return {"ab" * 32: {**promised, "verification": {"signedEntryTimestamp": promise, "inclusionProof": proof}}}


class LogV2(Log):
    """An ed25519 key, named as in signed notes; no promise and no time, so bundles need a timestamp."""

    def __init__(self):
        super().__init__("log2026.loopback", ed25519.Ed25519PrivateKey.generate())
        raw = self.key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
        self.key_id = hashlib.sha256(self.origin.encode() + b"\n\1" + raw).digest()
        self.details = "PKIX_ED25519"

    def sign(self, data):
        return self.key.sign(data)

    def entry(self, request):
        asked = request["hashedRekordRequestV002"]
        data = {"algorithm": "SHA2_256", "digest": asked["digest"]}
        spec = {"hashedRekordV002": {"data": data, "signature": asked["signature"]}}
        body = jcs({"apiVersion": "0.0.2", "kind": "hashedrekord", "spec": spec})
        index, path, root, checkpoint = self.append(body)
        return {
            "logIndex": str(index),
            "logId": {"keyId": b64(self.key_id)},
            "kindVersion": {"kind": "hashedrekord", "version": "0.0.2"},
            "inclusionProof": {
                "logIndex": str(index),
                "rootHash": b64(root),
                "treeSize": str(len(self.leaves)),
                "hashes": [b64(each) for each in path],
                "checkpoint": {"envelope": checkpoint},
            },
            "canonicalizedBody": b64(body),
        }


def _recorded(proposed):
    """What Rekor v1 keeps of a proposal: of an envelope only digests and signatures."""
    if proposed["kind"] != "dsse":
        return proposed
    content = proposed["spec"]["proposedContent"]
    envelope = json.loads(content["envelope"])
    (verifier,) = content["verifiers"]
    spec = {
        "envelopeHash": _sha256(content["envelope"].encode()),
        "payloadHash": _sha256(base64.b64decode(envelope["payload"])),
        "signatures": [{"signature": each["sig"], "verifier": verifier} for each in envelope["signatures"]],
    }
    return {"apiVersion": "0.0.1", "kind": "dsse", "spec": spec}


def _sha256(data):
    return {"algorithm": "sha256", "value": hashlib.sha256(data).hexdigest()}
