"""GitHub Apps: a signed claim (JWT) of being the App, changed for a token of its installation in one repository."""

from __future__ import annotations

import base64
import json
from dataclasses import field
from typing import TYPE_CHECKING, Any

from gitops_models.errors import GmError
from gitops_models.forge.github.auth import is_token
from gitops_models.forge.github.calls import segment
from gitops_models.forge.github.fields import fields_of, unlike
from gitops_models.registry.times import parse_time
from gitops_models.registry.values import dataclass

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

    from gitops_models.forge.github.api import Api

MOST_KEY_BYTES = 65536
_LEAST_BITS = 2048
# GitHub takes claims of ten minutes at most, and clocks differ.
_BEFORE = 60
_AFTER = 540
_RENEW_BEFORE = 300.0


@dataclass
class Installation:
    """The token of an App's installation, renewed five minutes before its end.

    ``api`` makes an API that signs in with the claim. Raises GM-F413 for a key that cannot be used, GM-F403 where the
    App is not installed.
    """

    app: str
    key: RSAPrivateKey
    owner: str
    name: str
    api: Callable[[Callable[[], str]], Api]
    clock: Callable[[], float]
    _token: str = field(default="", repr=False)
    _until: float = 0.0

    def __call__(self) -> str:
        """A token that is good for some minutes still."""
        if self.clock() + _RENEW_BEFORE >= self._until:
            self._renew()
        return self._token

    def _renew(self) -> None:
        api = self.api(self._claim)
        home = f"/repos/{segment(self.owner)}/{segment(self.name)}"
        number = fields_of(api.get(f"{home}/installation"), "installation").number("id")
        # For this repository only, whatever else the App may reach.
        wanted = {"repositories": [self.name]}
        path = f"/app/installations/{number}/access_tokens"
        made = fields_of(api.request("POST", path, body=wanted, repeatable=True).data, "installation token")
        token, until = made.text("token"), made.maybe_time("expires_at")
        if not is_token(token):
            raise unlike("the token of the installation is none")
        self._token, self._until = token, parse_time(until).timestamp() if until else 0.0

    def _claim(self) -> str:
        return claim(self.app, self.key, now=self.clock())


def claim(app: str, key: RSAPrivateKey, *, now: float) -> str:
    """A JSON Web Token (RFC 7519, RS256) by which the holder of ``key`` is the App with the id ``app``."""
    from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15  # noqa: PLC0415 - slow to import
    from cryptography.hazmat.primitives.hashes import SHA256  # noqa: PLC0415 - as above

    said = {"iat": int(now) - _BEFORE, "exp": int(now) + _AFTER, "iss": app}
    signed = f"{_part({'alg': 'RS256', 'typ': 'JWT'})}.{_part(said)}"
    return f"{signed}.{_base64url(key.sign(signed.encode(), PKCS1v15(), SHA256()))}"


def read_key(path: Path) -> RSAPrivateKey:
    """The App's private key as GitHub gives it out: PEM, RSA, no password. GM-F413."""
    from cryptography.exceptions import UnsupportedAlgorithm  # noqa: PLC0415 - slow to import
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey  # noqa: PLC0415 - as above
    from cryptography.hazmat.primitives.serialization import load_pem_private_key  # noqa: PLC0415 - as above

    try:
        with path.open("rb") as file:
            data = file.read(MOST_KEY_BYTES + 1)
        key = load_pem_private_key(data, None) if len(data) <= MOST_KEY_BYTES else None
    except OSError as error:
        raise GmError("GM-F413", f"the App's key cannot be read: {error.strerror}", where=str(path)) from error
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        raise GmError(
            "GM-F413", "the App's key is no private key in PEM without a password", where=str(path)
        ) from error
    if not isinstance(key, RSAPrivateKey) or key.key_size < _LEAST_BITS:
        raise GmError("GM-F413", f"the App's key is no RSA key of {_LEAST_BITS} bits or more", where=str(path))
    return key


def _part(value: Any) -> str:
    return _base64url(json.dumps(value, separators=(",", ":")).encode())


def _base64url(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()
