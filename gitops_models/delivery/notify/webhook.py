"""Notices over HTTP: CloudEvents in structured mode, signed like Standard Webhooks.

https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/bindings/http-protocol-binding.md
https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md

The receiver is a stranger too: an answer is its status line, its body is never read, no redirect is followed, and what
takes too long is hung up on, however slowly it trickles.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from gitops_models._version import __version__
from gitops_models.delivery.notify.base import AGAIN
from gitops_models.errors import GmError

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from gitops_models.delivery.notify.base import Message
    from gitops_models.delivery.notify.notices import Route
    from gitops_models.delivery.notify.settings import Webhook

SHORTEST_SECRET = 24  # bytes; Standard Webhooks asks for 24 to 64
LONGEST_SECRET = 4096
_ENCODED = "whsec_"
_BUSY = frozenset({408, 425, 429})
_DELIVERED, _REDIRECT, _FAULT = range(200, 300), range(300, 400), range(500, 600)  # RFC 9110 section 15


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
            "User-Agent": f"gitops-models/{__version__}",
            "webhook-id": message.id,
            "webhook-timestamp": str(at),
            "webhook-signature": signature(secret, message.id, at, message.body),
        }
        status = self._post(message.body, headers, min(self.timeout, left))
        if status in _DELIVERED:
            return
        why = "redirects, which is not followed" if status in _REDIRECT else f"answers {status}"
        code = AGAIN if status in _BUSY or status in _FAULT else "GM-R701"
        raise GmError(code, f"{self.id}: {self._host} {why}")

    def _post(self, body: bytes, headers: dict[str, str], seconds: float) -> int:
        from gitops_models.delivery.notify.exchange import post  # noqa: PLC0415 - http and ssl only where they serve

        try:
            return post(urlsplit(self.place.url), body, headers, seconds=seconds, ca_file=self.place.ca_file)
        except TimeoutError as error:
            raise GmError(AGAIN, f"{self.id}: {self._host} did not answer within {seconds:g} s") from error
        except OSError as error:
            what = error.strerror or type(error).__name__
            raise GmError(AGAIN, f"{self.id}: {self._host} cannot be reached: {what}") from error

    @property
    def _host(self) -> str:
        """All of the address that is shown: a path may hold a token."""
        return urlsplit(self.place.url).hostname or ""


def signature(secret: bytes, identity: str, at: int, body: bytes) -> str:
    """Return ``v1,<base64>``: HMAC-SHA256 over ``<id>.<timestamp>.<body>``."""
    signed = b".".join((identity.encode(), str(at).encode(), body))
    return "v1," + base64.b64encode(hmac.new(secret, signed, hashlib.sha256).digest()).decode()


def read_secret(place: Webhook) -> bytes:
    """Return the shared secret: ``whsec_<base64>``, or any other text of at least 24 bytes as it is. GM-R703."""
    text = (_from_file(Path(place.secret_file)) if place.secret_file else _from_environment(place)).strip()
    try:
        secret = base64.b64decode(text[len(_ENCODED) :], validate=True) if text.startswith(_ENCODED) else text.encode()
    except (binascii.Error, UnicodeEncodeError) as error:
        raise GmError("GM-R703", f"the secret of {_shown(place)} is no text or base64") from error
    if len(secret) < SHORTEST_SECRET:
        raise GmError("GM-R703", f"the secret of {_shown(place)} is shorter than {SHORTEST_SECRET} bytes")
    return secret


def _from_file(path: Path) -> str:
    try:
        with path.open("rb") as file:
            return file.read(LONGEST_SECRET).decode()
    except OSError as error:
        raise GmError("GM-R703", f"the secret cannot be read: {error.strerror}", where=str(path)) from error
    except UnicodeDecodeError as error:
        raise GmError("GM-R703", "the secret is no text", where=str(path)) from error


def _from_environment(place: Webhook) -> str:
    name = place.secret_env or ""
    if name not in os.environ:
        raise GmError("GM-R703", f"the environment has no {name}")
    return os.environ[name]


def _shown(place: Webhook) -> str:
    return place.secret_file or place.secret_env or ""
