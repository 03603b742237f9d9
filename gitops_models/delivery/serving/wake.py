"""POST /wake: whoever knows the shared secret may have the reconciler look now instead of at its next poll.

Nothing that is sent is read but its signature: what is deployed is decided by what is fetched. Two ways to sign are
known: ``X-Hub-Signature-256`` of GitHub, Gitea and Forgejo (https://docs.github.com/webhooks, "Validating webhook
deliveries"), and Standard Webhooks, which gm itself speaks (delivery.notify.webhook).
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import re
from typing import TYPE_CHECKING

from gitops_models.errors import GmError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

MOST_BYTES = 25 * 1024 * 1024  # GitHub sends no more
SHORTEST_SECRET = 24
LONGEST_SECRET = 4096
TOLERANCE = 300  # seconds, as Standard Webhooks proposes
MOST_SIGNATURES = 8  # of one request, while a secret is changed
_ENCODED = "whsec_"
_HUB = re.compile(r"sha256=([0-9a-f]{64})")
_TIMESTAMP = re.compile(r"[0-9]{1,12}")


def read_secret(path: Path) -> bytes:
    """Return the shared secret: ``whsec_<base64>``, or any other text of at least 24 bytes as it is. GM-R121."""
    try:
        with path.open("rb") as file:
            text = file.read(LONGEST_SECRET).decode().strip()
    except OSError as error:
        raise GmError("GM-R121", f"it cannot be read: {error.strerror}", where=str(path)) from error
    except UnicodeDecodeError as error:
        raise GmError("GM-R121", "it is no text", where=str(path)) from error
    try:
        secret = base64.b64decode(text[len(_ENCODED) :], validate=True) if text.startswith(_ENCODED) else text.encode()
    except (binascii.Error, ValueError) as error:
        raise GmError("GM-R121", "it is no base64", where=str(path)) from error
    if len(secret) < SHORTEST_SECRET:
        raise GmError("GM-R121", f"it is shorter than {SHORTEST_SECRET} bytes", where=str(path))
    return secret


def claims(headers: Mapping[str, str]) -> bool:
    """Whether there is a signature to look at; a body without one is not worth reading."""
    return "x-hub-signature-256" in headers or "webhook-signature" in headers


def is_signed(secret: bytes, headers: Mapping[str, str], body: Iterable[bytes], *, now: float) -> bool:
    """Whether the request with ``headers`` (names in lower case) was signed with ``secret``.

    ``body`` comes in pieces and is read once, to its end, whatever the headers say; ``now`` is in seconds of the epoch.
    """
    hub = _HUB.fullmatch(headers.get("x-hub-signature-256", ""))
    plain = hmac.new(secret, digestmod=hashlib.sha256)
    standard = hmac.new(secret, _before(headers), hashlib.sha256)
    for piece in body:
        plain.update(piece)
        standard.update(piece)
    if hub is not None:
        return hmac.compare_digest(plain.hexdigest(), hub[1])
    return _is_fresh(headers, now) and _is_among(standard.digest(), headers.get("webhook-signature", ""))


def _before(headers: Mapping[str, str]) -> bytes:
    return f"{headers.get('webhook-id', '')}.{headers.get('webhook-timestamp', '')}.".encode(errors="replace")


def _is_fresh(headers: Mapping[str, str], now: float) -> bool:
    stamp = headers.get("webhook-timestamp", "")
    return bool(headers.get("webhook-id")) and bool(_TIMESTAMP.fullmatch(stamp)) and abs(now - int(stamp)) <= TOLERANCE


def _is_among(digest: bytes, listed: str) -> bool:
    """Whether one of the blank-separated ``v1,<base64>`` is ``digest``."""
    wanted = "v1," + base64.b64encode(digest).decode()
    return any(hmac.compare_digest(wanted.encode(), one.encode()) for one in listed.split(" ")[:MOST_SIGNATURES])
