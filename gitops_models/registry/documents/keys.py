"""Keys as people.yaml lists them, and their fingerprints.

OpenSSH's fingerprint is the unpadded base64 of sha256 over the key blob (RFC 4253 section 6.6, `ssh-keygen -l`).
"""

import base64
import binascii
import hashlib
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, StringConstraints

from gitops_models.registry.documents._base import Items, Line, Part, about

SSH_KEY_TYPES = frozenset(
    (
        "ssh-ed25519",
        "ecdsa-sha2-nistp256",
        "ecdsa-sha2-nistp384",
        "ecdsa-sha2-nistp521",
        "ssh-rsa",
        "sk-ssh-ed25519@openssh.com",
        "sk-ecdsa-sha2-nistp256@openssh.com",
    )
)
_LENGTH_BYTES = 4
EXAMPLE_KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAABAgMEBQYHCAkKCwwNDg8QERITFBUWFxgZGhscHR4f"


def ssh_blob(line: str) -> bytes:
    """Return the key blob of an OpenSSH public key line ``<type> <base64> [comment]``; ``ValueError`` if it is none."""
    kind, _, rest = line.partition(" ")
    if kind not in SSH_KEY_TYPES:
        raise ValueError("is not an OpenSSH public key of a supported type")
    try:
        blob = base64.b64decode(rest.partition(" ")[0], validate=True)
    except binascii.Error as error:
        raise ValueError("is not valid base64") from error
    length = int.from_bytes(blob[:_LENGTH_BYTES])
    if blob[_LENGTH_BYTES : _LENGTH_BYTES + length] != kind.encode() or len(blob) <= _LENGTH_BYTES + length:
        raise ValueError("the key inside is of another type than the line says")
    return blob


def ssh_fingerprint(blob: bytes) -> str:
    """``SHA256:…`` as ssh-keygen prints it."""
    return f"SHA256:{base64.b64encode(hashlib.sha256(blob).digest()).decode().rstrip('=')}"


def _valid_ssh(line: str) -> str:
    ssh_blob(line)
    return line


class SshKey(Part):
    """An OpenSSH public key."""

    type: Annotated[Literal["ssh"], about("The kind of key.", "ssh")]
    key: Annotated[Line, AfterValidator(_valid_ssh), about("The public key as in the .pub file.", EXAMPLE_KEY)]
    namespaces: Annotated[
        Items[Line] | None, about("Signature namespaces it may be used for; all when absent.", ["git"])
    ] = None

    @property
    def fingerprint(self) -> str:
        """OpenSSH SHA256 fingerprint."""
        return ssh_fingerprint(ssh_blob(self.key))


class GpgKey(Part):
    """An OpenPGP key."""

    type: Annotated[Literal["gpg"], about("The kind of key.", "gpg")]
    fingerprint: Annotated[
        str,
        StringConstraints(pattern=r"^([0-9A-F]{40}|[0-9A-F]{64})$"),
        about("Full fingerprint, upper case.", "0123456789ABCDEF0123456789ABCDEF01234567"),
    ]
    namespaces: Annotated[
        Items[Line] | None, about("Signature namespaces it may be used for; all when absent.", ["git"])
    ] = None


class SigstoreKey(Part):
    """A keyless identity."""

    type: Annotated[Literal["sigstore"], about("The kind of key.", "sigstore")]
    identity: Annotated[Line, about("Identity in the certificate.", "lead@example.org")]
    issuer: Annotated[Line, about("OIDC issuer.", "https://accounts.example.org")]
    namespaces: Annotated[
        Items[Line] | None, about("Signature namespaces it may be used for; all when absent.", ["git"])
    ] = None

    @property
    def fingerprint(self) -> str:
        """A text that names issuer and identity."""
        return f"sigstore:{self.issuer}#{self.identity}"


Key = Annotated[SshKey | GpgKey | SigstoreKey, Field(discriminator="type")]
