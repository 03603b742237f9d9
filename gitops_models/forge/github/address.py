"""Where the API is: one scheme, host and folder, which a token is bound to."""

from __future__ import annotations

import ipaddress
import re
from urllib.parse import SplitResult, urlencode, urljoin, urlsplit

from gitops_models.errors import GmError
from gitops_models.registry.text import names_a_user, visible
from gitops_models.registry.values import dataclass

_PLAIN = re.compile(r"[\x21-\x5b\x5d-\x7e]{1,4096}")  # for some a backslash is a slash
_PORTS = {"https": 443, "http": 80}


@dataclass(frozen=True)
class Address:
    """``https://api.github.com``, or ``https://ghe.example/api/v3``. ``folder`` has no slash at its end."""

    scheme: str
    host: str
    port: int
    folder: str

    def __str__(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        usual = self.port == _PORTS[self.scheme]
        return f"{self.scheme}://{host}{'' if usual else f':{self.port}'}{self.folder}"

    def target(self, path: str, query: dict[str, str]) -> str:
        """What is asked for: ``/api/v3/repos/acme/registry?page=2``."""
        return self.folder + path + (f"?{urlencode(query)}" if query else "")

    def within(self, link: str, target: str) -> SplitResult | None:
        """The parts of ``link``, which may be relative to ``target``; None when it leads out of this address."""
        if not _PLAIN.fullmatch(link):
            return None
        try:
            parts = urlsplit(urljoin(str(self).removesuffix(self.folder) + target, link))
            place = (parts.scheme, parts.hostname, parts.port or _PORTS.get(parts.scheme))
        except ValueError:
            return None
        inside = parts.path.startswith(f"{self.folder}/") and ".." not in parts.path.split("/")
        ours = place == (self.scheme, self.host, self.port)
        return parts if ours and inside and "@" not in parts.netloc else None


def parse_address(text: str) -> Address:
    """Read the base address of an API; ``http`` is for this machine only. GM-F414."""
    try:
        parts = urlsplit(text) if _PLAIN.fullmatch(text) else SplitResult("", "", "", "", "")
        port = parts.port or _PORTS.get(parts.scheme, 0)
    except ValueError as error:
        raise GmError("GM-F414", "the address of the API cannot be read") from error
    if names_a_user(text):
        raise GmError("GM-F414", "the address of the API carries a name or a secret")
    if not parts.hostname or not port or parts.query or parts.fragment:
        raise GmError("GM-F414", f"{visible(text)} is no address of an API")
    if parts.scheme == "http" and not is_loopback(parts.hostname):
        raise GmError("GM-F414", f"{visible(text)} is not encrypted: a token is sent over https only")
    return Address(parts.scheme, parts.hostname, port, parts.path.rstrip("/"))


def is_loopback(host: str) -> bool:
    """Whether ``host`` is this machine."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
