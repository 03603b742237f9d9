"""Commits signed keyless as gitsign does it: sigstore-python's own client at the loopback instance, in a CMS."""

import base64
import hashlib
import json
from dataclasses import dataclass

from tests.support.cms import (
    CONTENT_TYPE,
    DATA,
    DIGEST,
    OCTETS,
    SET,
    attribute,
    cms,
    field,
    message,
    oid,
    rekor_attribute,
)
from tests.support.sigstore_loopback import Loopback
from tests.support.timestamps import tlv


@dataclass(frozen=True)
class KeylessCommits:
    """Signs for whom ``email`` names. ``offline``: the log entry comes along (``gitsign.rekorMode=offline``)."""

    stack: Loopback
    email: str
    offline: bool = True

    def sign(self, data, _namespace):
        """The armored CMS over ``data``."""
        attributes = [attribute(CONTENT_TYPE, oid(DATA)), attribute(DIGEST, tlv(OCTETS, hashlib.sha256(data).digest()))]
        bundle = self._bundle(tlv(SET, *attributes))
        material = bundle["verificationMaterial"]
        unsigned = [rekor_attribute(entry_bytes(material["tlogEntries"][0]))] if self.offline else []
        made = cms(
            data,
            attributes=attributes,
            cert=base64.b64decode(material["certificate"]["rawBytes"]),
            signature=base64.b64decode(bundle["messageSignature"]["signature"]),
            unsigned=unsigned,
        )
        return message(made)

    def _bundle(self, signed):
        from sigstore.models import ClientTrustConfig  # noqa: PLC0415 - a second of imports
        from sigstore.oidc import IdentityToken  # noqa: PLC0415 - as above
        from sigstore.sign import SigningContext  # noqa: PLC0415 - as above

        config = ClientTrustConfig.from_json(json.dumps(self.stack.config(rekor=1, stampers=0)))
        self.stack.claims = {"email": self.email, "sub": self.email}
        token = IdentityToken(self.stack.token(), "sigstore")
        with SigningContext.from_trust_config(config).signer(token) as signer:
            return json.loads(signer.sign_artifact(signed).to_json())


def entry_bytes(entry):
    """A log entry in the wire form of its protobuf, without its body, as gitsign keeps it."""
    raw, proof = base64.b64decode, entry["inclusionProof"]
    inclusion = field(1, int(proof["logIndex"])) + field(2, raw(proof["rootHash"])) + field(3, int(proof["treeSize"]))
    inclusion += b"".join(field(4, raw(each)) for each in proof.get("hashes", ()))
    inclusion += field(5, field(1, proof["checkpoint"]["envelope"].encode()))
    kind = entry["kindVersion"]
    return b"".join(
        (
            field(1, int(entry["logIndex"])),
            field(2, field(1, raw(entry["logId"]["keyId"]))),
            field(3, field(1, kind["kind"].encode()) + field(2, kind["version"].encode())),
            field(4, int(entry["integratedTime"])),
            field(5, field(1, raw(entry["inclusionPromise"]["signedEntryTimestamp"]))),
            field(6, inclusion),
        )
    )
