"""Signatures of hardware keys (OpenSSH PROTOCOL.u2f): what the authenticator says about the person before it.

The authenticator signs ``sha256(application) | flags | counter | sha256(data)``. Bit 0 of the flags says that somebody
touched it, bit 2 that its PIN was entered. The counter is not judged: nobody here knows the one before.
"""

import hashlib
from collections.abc import Callable

from gitops_models.registry.values import dataclass
from gitops_models.trust.problem import SignatureProblem
from gitops_models.trust.wire import Reader

__all__ = ["Presence", "algorithm_of", "check_hardware"]

_TOUCH = 0x01
_PIN = 0x04


@dataclass(frozen=True)
class Presence:
    """What a hardware key vouches for: ``touch``, somebody was there; ``pin``, and knew its PIN."""

    touch: bool
    pin: bool


def algorithm_of(field: bytes) -> tuple[bytes, bytes]:
    """Return the algorithm that a signature field names, and the signature proper."""
    reader = Reader(field, "signature")
    algorithm, raw = reader.string(), reader.string()
    reader.end()
    return algorithm, raw


def check_hardware(
    kind: bytes, application: bytes, fits: Callable[[bytes, bytes], None], data: bytes, field: bytes
) -> Presence:
    """Check ``field`` over ``data`` for a key of ``application``; ``fits(signed, signature)`` is the bare algorithm.

    The WebAuthn variant, which signs browser data around the message, is refused (GM-T023).
    """
    reader = Reader(field, "signature")
    algorithm, raw = reader.string(), reader.string()
    if algorithm != kind:
        raise SignatureProblem("GM-T023", "the signature's algorithm is not the one of its key")
    flags, counter = reader.take(1), reader.take(4)
    reader.end()
    fits(hashlib.sha256(application).digest() + flags + counter + hashlib.sha256(data).digest(), raw)
    return Presence(bool(flags[0] & _TOUCH), bool(flags[0] & _PIN))
