"""OpenSSH certificates made in this process, right ones and wrong ones."""

from dataclasses import dataclass, replace

from gitops_models.trust.armor import armor
from gitops_models.trust.sshsig import signed_data, sshsig_blob
from gitops_models.trust.wire import Reader, string
from tests.support.keys import ed25519_key

USER, HOST = 1, 2
LATEST = (1 << 64) - 1


@dataclass(frozen=True)
class Certified:
    """A key with a certificate by ``authority``; signs like ``ssh-keygen -Y sign`` with a ``-cert.pub`` file."""

    signer: object
    authority: object
    principals: tuple = ("ann",)
    after: int = 0
    before: int = LATEST
    kind: int = USER
    critical: bytes = b""
    reserved: bytes = b""

    @property
    def blob(self):
        reader = Reader(self.signer.blob, "public key")
        plain = reader.string()
        name = plain.removesuffix(b"@openssh.com") + b"-cert-v01@openssh.com"
        body = string(name) + string(b"nonce") + self.signer.blob[4 + len(plain) :]
        body += (1).to_bytes(8, "big") + self.kind.to_bytes(4, "big") + string(b"key id")
        body += string(b"".join(string(name.encode()) for name in self.principals))
        body += self.after.to_bytes(8, "big") + self.before.to_bytes(8, "big")
        body += string(self.critical) + string(b"") + string(self.reserved) + string(self.authority.blob)
        return body + string(self.authority.field(body))

    def field(self, data):
        return self.signer.field(data)

    def sign(self, data, namespace):
        field = self.signer.field(signed_data(data, namespace))
        return armor(sshsig_blob(self.blob, namespace, field))


def certified(name="ann", **fields):
    """The ed25519 key of ``name``, certified by the authority ``ca``."""
    return replace(Certified(ed25519_key(name), ed25519_key("ca")), **fields)
