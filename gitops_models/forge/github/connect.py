"""From the address of a remote to the repository on GitHub."""

from __future__ import annotations

import re
import time
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from gitops_models.errors import GmError
from gitops_models.forge.github.address import Address, is_loopback, parse_address
from gitops_models.forge.github.api import Api
from gitops_models.forge.github.auth import token
from gitops_models.forge.github.client import GitHub
from gitops_models.forge.github.exchange import Line
from gitops_models.registry.text import visible
from gitops_models.registry.values import dataclass

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from gitops_models.forge.github.apps import Installation

_WORD = re.compile(r"[A-Za-z0-9_.-]{1,100}")
_HOST = re.compile(r"[A-Za-z0-9.:-]{1,253}")
_SCP = re.compile(r"(?:[^@/:]+@)?([^/:@]+):(?!//)(.+)")
_WEB = ("https", "http")
_PROXY = re.compile(r"https?://([^@/\s]+@)?[A-Za-z0-9.-]+(:[0-9]{1,5})?/?")


@dataclass(frozen=True)
class Place:
    """``owner/name`` on ``host``, as a remote's address has it. ``port`` is that of https, None for the usual one."""

    scheme: str
    host: str
    port: int | None
    owner: str
    name: str


@dataclass(frozen=True)
class Patience:
    """Time for the client: how long an exchange may take, how long a limit of the rate is waited for."""

    seconds: float = 30.0
    limit: float = 90.0
    pauses: tuple[float, ...] = (1.0, 3.0)
    clock: Callable[[], float] = time.time
    sleep: Callable[[float], None] = time.sleep


def github_of(remote_url: str, environ: Mapping[str, str], patience: Patience | None = None) -> GitHub:
    """The repository on GitHub that a remote's address (``insteadOf`` applied) names.

    GM-F411 when it names none, GM-F414 for a bad GITHUB_API_URL, GM-F410 and F413 when there is no token. No request
    is made, except that ``gh`` may be asked for its token.
    """
    place = parse_remote(remote_url)
    address = api_address(place, environ)
    patience = patience or Patience()
    line = Line(address, patience.seconds, environ.get("SSL_CERT_FILE") or None, _proxy(environ, address))

    def api(source: Callable[[], str]) -> Api:
        return Api(line, source, patience.clock, patience.sleep, patience.pauses, patience.limit)

    app = _app(environ, place, api, patience.clock)
    return GitHub(api(token(environ, place.host, app)), place.owner, place.name)


def parse_remote(remote_url: str) -> Place:
    """Read ``https://host/owner/name.git``, ``ssh://git@host/owner/name`` or ``git@host:owner/name``. GM-F411."""
    found = _SCP.fullmatch(remote_url) if "://" not in remote_url else None
    try:
        parts = urlsplit(f"ssh://{found[1]}/{found[2]}" if found else remote_url)
        host, port = (parts.hostname or "").rstrip("."), parts.port
    except ValueError as error:
        raise GmError("GM-F411", "the remote's address cannot be read") from error
    words = parts.path.strip("/").removesuffix(".git").split("/")
    plain = len(words) == 2 and all(_WORD.fullmatch(one) and one.strip(".") for one in words)  # noqa: PLR2004 - owner, name
    if parts.scheme not in (*_WEB, "ssh") or not _HOST.fullmatch(host) or not plain:
        raise GmError(
            "GM-F411", f"{visible(parts.scheme)} remote of {visible(host) or 'no server'}: no GitHub repository"
        )
    web = parts.scheme in _WEB
    return Place(parts.scheme, "github.com" if host == "ssh.github.com" else host, port if web else None, *words)


def api_address(place: Place, environ: Mapping[str, str]) -> Address:
    """Where the API of the remote's server is: GITHUB_API_URL, which must be of that server, or the usual place.

    GM-F411 when GITHUB_API_URL speaks of another server: the same name there may be somebody else's repository.
    """
    said = environ.get("GITHUB_API_URL", "")
    if not said:
        return parse_address(_usual(place))
    address = parse_address(said)
    if address.host not in (place.host, f"api.{place.host}"):
        raise GmError("GM-F411", f"the remote is on {visible(place.host)}, GITHUB_API_URL on {visible(address.host)}")
    return address


def _usual(place: Place) -> str:
    if place.host == "github.com" or place.host.endswith(".ghe.com"):
        return f"https://api.{place.host}"
    scheme = "http" if place.scheme == "http" and is_loopback(place.host) else "https"
    host = f"[{place.host}]" if ":" in place.host else place.host
    return f"{scheme}://{host}{f':{place.port}' if place.port else ''}/api/v3"


def _app(
    environ: Mapping[str, str],
    place: Place,
    api: Callable[[Callable[[], str]], Api],
    clock: Callable[[], float],
) -> Callable[[], Installation] | None:
    """How to sign in as the App that the environment names, None when it names none."""
    app, key = environ.get("GM_GITHUB_APP_ID", ""), environ.get("GM_GITHUB_APP_KEY", "")
    if not app and not key:
        return None
    if not _WORD.fullmatch(app) or not key:
        raise GmError(
            "GM-F413", "GM_GITHUB_APP_ID and GM_GITHUB_APP_KEY are set together: the App's id, its key's file"
        )

    def installation() -> Installation:
        from gitops_models.forge.github.apps import Installation, read_key  # noqa: PLC0415 - cryptography is slow

        return Installation(app, read_key(Path(key)), place.owner, place.name, api, clock)

    return installation


def _proxy(environ: Mapping[str, str], address: Address) -> str | None:
    """The proxy that curl and git would use."""
    # HTTP_PROXY is whatever a CGI client says (CVE-2016-5385), so it counts for https only, in its own name.
    names = ("https_proxy", "HTTPS_PROXY") if address.scheme == "https" else ("http_proxy",)
    proxy = next((environ[name] for name in names if environ.get(name)), None)
    spared = (environ.get("no_proxy") or environ.get("NO_PROXY") or "").lower().split(",")
    if proxy is None or any(_is_spared(address.host, one.strip()) for one in spared):
        return None
    if not _PROXY.fullmatch(proxy):
        raise GmError("GM-F414", "the address of the proxy cannot be read")
    return proxy


def _is_spared(host: str, entry: str) -> bool:
    name = entry.lstrip("*").lstrip(".")
    return entry == "*" or (bool(name) and (host == name or host.endswith(f".{name}")))
