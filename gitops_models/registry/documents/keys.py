"""Keys as people.yaml lists them, and their fingerprints.

OpenSSH's fingerprint is the unpadded base64 of sha256 over the key blob (RFC 4253 section 6.6, `ssh-keygen -l`).
"""

import base64
import binascii
import hashlib
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, Field, StringConstraints, model_validator

from gitops_models.registry.documents._base import Items, Line, Part, about
from gitops_models.registry.openpgp import key_parts, primary_fingerprint

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
# Room for an RSA key with several subkeys; `export-minimal` leaves other people's certifications out.
_GPG_TEXT = 32 * 1024
EXAMPLE_KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAABAgMEBQYHCAkKCwwNDg8QERITFBUWFxgZGhscHR4f"
EXAMPLE_GPG_FINGERPRINT = "465D0B38D499785DA069B9410EDA22BB0DC8A9A8"
EXAMPLE_GPG = (
    "mDMEaVW5ABYJKwYBBAHaRw8BAQdAnnSUhdXqauK0iLRMQ2UzY8ixjYrNGbB91d7mTACAmFS0GUxlYWQgPGxlYWQtMUBleGFtcGxl"
    "Lm9yZz6IkAQTFggAOBYhBEZdCzjUmXhdoGm5QQ7aIrsNyKmoBQJpVbkAAhsDBQsJCAcCBhUKCQgLAgQWAgMBAh4BAheAAAoJEA7a"
    "IrsNyKmoMssBAPQbkuGJdx4hJ5XlhLAii5slMC2Hl1suDDpvvhOi89JNAP9MhanTmG+yJNJ3r0QwtUZpxzlSQf+Kl7IZpb2ZOUZo"
    "Cg=="
)


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
    def hardware(self) -> bool:
        """Whether it lies in a security key, whose signatures say that somebody touched it."""
        return self.key.startswith("sk-")

    @property
    def fingerprint(self) -> str:
        """OpenSSH SHA256 fingerprint."""
        return ssh_fingerprint(ssh_blob(self.key))


def _valid_gpg(text: str) -> str:
    gpg_fingerprint(text)
    return text


def gpg_fingerprint(text: str) -> str:
    """Return the fingerprint of the one OpenPGP public key whose binary form ``text`` is in base64.

    ``ValueError`` for what is no such key; a private key is refused by that name.
    """
    try:
        data = base64.b64decode(text, validate=True)
    except binascii.Error as error:
        raise ValueError("is not valid base64") from error
    return primary_fingerprint(data)


class GpgKey(Part):
    """An OpenPGP key. It speaks for the person's addresses, whatever its user IDs say."""

    type: Annotated[Literal["gpg"], about("The kind of key.", "gpg")]
    fingerprint: Annotated[
        str,
        StringConstraints(pattern=r"^[0-9A-F]{40}$"),
        about("Full fingerprint of the primary key, upper case.", EXAMPLE_GPG_FINGERPRINT),
    ]
    key: Annotated[
        str,
        StringConstraints(max_length=_GPG_TEXT),
        AfterValidator(_valid_gpg),
        about(
            "The public key: `gpg --export --export-options export-minimal <fingerprint> | base64 -w0`.", EXAMPLE_GPG
        ),
    ]
    namespaces: Annotated[
        Items[Line] | None, about("Signature namespaces it may be used for; all when absent.", ["git"])
    ] = None

    @model_validator(mode="after")
    def _one_key(self) -> Self:
        if gpg_fingerprint(self.key) != self.fingerprint:
            raise ValueError(f"the key inside has another fingerprint than {self.fingerprint}")
        return self

    @property
    def parts(self) -> tuple[str, ...]:
        """Fingerprints of the primary key and of each subkey, any of which may sign."""
        return tuple(key_parts(base64.b64decode(self.key)))


Identity = Annotated[str, StringConstraints(min_length=1, max_length=1024, pattern=r"^[^\s\x00-\x1f\x7f]+$")]
# No fragment, no query, no user: issuer and identity stay two things when they are written as one text.
Issuer = Annotated[str, StringConstraints(max_length=1024, pattern=r"^https?://[^\s\x00-\x1f\x7f#?@]+$")]


class SigstoreKey(Part):
    """A keyless identity: whoever the issuer says is this identity, in a certificate of the trusted root."""

    type: Annotated[Literal["sigstore"], about("The kind of key.", "sigstore")]
    identity: Annotated[Identity, about("Identity in the certificate: an address or a URL.", "lead@example.org")]
    issuer: Annotated[Issuer, about("OIDC issuer.", "https://accounts.example.org")]
    namespaces: Annotated[
        Items[Line] | None, about("Signature namespaces it may be used for; all when absent.", ["git"])
    ] = None

    @property
    def fingerprint(self) -> str:
        """A text that names issuer and identity."""
        return f"sigstore:{self.issuer}#{self.identity}"


Key = Annotated[SshKey | GpgKey | SigstoreKey, Field(discriminator="type")]
