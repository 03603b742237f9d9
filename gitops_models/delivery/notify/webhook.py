"""Notices over HTTP: CloudEvents in structured mode, signed like Standard Webhooks.

https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/bindings/http-protocol-binding.md
https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from gitops_models.delivery.notify.hidden import hidden
from gitops_models.delivery.notify.posting import deliver
from gitops_models.errors import GmError
from gitops_models.registry.values import dataclass

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from gitops_models.delivery.notify.base import Message
    from gitops_models.delivery.notify.notices import Route
    from gitops_models.delivery.notify.ways import Webhook

SHORTEST_SECRET = 24  # bytes; Standard Webhooks asks for 24 to 64
_ENCODED = "whsec_"


@dataclass(frozen=True)
class WebhookNotifier:
    """Posts to one address; the secret is read at each attempt, so that it can be changed while gm runs."""

    id: str
    routes: frozenset[Route]
    place: Webhook
    timeout: float
    clock: Callable[[], datetime]

    def send(self, message: Message, *, left: float) -> None:
        """Post once; any 2xx is delivery."""
        secret = read_secret(self.place)
        at = int(self.clock().timestamp())
        headers = {
            "Content-Type": "application/cloudevents+json; charset=utf-8",
            "webhook-id": message.id,
            "webhook-timestamp": str(at),
            "webhook-signature": signature(secret, message.id, at, message.body),
        }
        url, seconds = urlsplit(self.place.url), min(self.timeout, left)
        deliver(url, message.body, headers, place=self.id, seconds=seconds, ca_file=self.place.ca_file)


def signature(secret: bytes, identity: str, at: int, body: bytes) -> str:
    """Return ``v1,<base64>``: HMAC-SHA256 over ``<id>.<timestamp>.<body>``."""
    signed = b".".join((identity.encode(), str(at).encode(), body))
    return "v1," + base64.b64encode(hmac.new(secret, signed, hashlib.sha256).digest()).decode()


def read_secret(place: Webhook) -> bytes:
    """Return the shared secret: ``whsec_<base64>``, or any other text of at least 24 bytes as it is. GM-R703."""
    text = hidden(place.secret_file, place.secret_env, what="secret", code="GM-R703")
    try:
        secret = base64.b64decode(text[len(_ENCODED) :], validate=True) if text.startswith(_ENCODED) else text.encode()
    except (binascii.Error, UnicodeEncodeError) as error:
        raise GmError("GM-R703", f"the secret of {_shown(place)} is no text or base64") from error
    if len(secret) < SHORTEST_SECRET:
        raise GmError("GM-R703", f"the secret of {_shown(place)} is shorter than {SHORTEST_SECRET} bytes")
    return secret


def _shown(place: Webhook) -> str:
    return place.secret_file or place.secret_env or ""
