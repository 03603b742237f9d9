"""The public half of a key file, read without unlocking it.

OpenSSH's own format keeps the public key in clear before the encrypted part (PROTOCOL.key); the older PEM formats do
not, there the ``.pub`` file beside it is asked.
"""

import base64
import binascii
from pathlib import Path

from gitops_models.errors import GmError
from gitops_models.trust.keys import PublicKey, load_key, read_key_line
from gitops_models.trust.problem import SignatureProblem
from gitops_models.trust.wire import Reader

__all__ = ["public_half"]

_MAGIC = b"openssh-key-v1\0"
_BEGIN = b"-----BEGIN OPENSSH PRIVATE KEY-----"
_END = b"-----END OPENSSH PRIVATE KEY-----"
_PEM = b"-----BEGIN "


def public_half(path: Path) -> PublicKey:
    """Read the public key that belongs to ``path``, a private key or a ``.pub`` file; GM-T202 when there is none."""
    data = _read(path)
    try:
        if data.startswith(_BEGIN):
            return _from_private(data)
        if data.startswith(_PEM):
            data = _read(path.with_name(path.name + ".pub"))
        return read_key_line(data.decode("utf-8", "replace"))
    except (SignatureProblem, binascii.Error) as error:
        raise GmError("GM-T202", f"no usable SSH key: {error}", where=str(path)) from error


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise GmError("GM-T202", f"the signing key cannot be read: {error.strerror}", where=str(path)) from error


def _from_private(data: bytes) -> PublicKey:
    body = data.partition(_BEGIN)[2].partition(_END)[0]
    reader = Reader(base64.b64decode(b"".join(body.split()), validate=True), "private key")
    if reader.take(len(_MAGIC)) != _MAGIC:
        raise SignatureProblem("GM-T024", "not an OpenSSH private key")
    for _cipher_and_kdf in range(3):
        reader.string()
    if reader.u32() != 1:
        raise SignatureProblem("GM-T024", "a key file with more than one key")
    return load_key(reader.string())
