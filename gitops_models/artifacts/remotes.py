"""Which remote holds the bytes, taken from ``.dvc/config`` as data with an allow-list.

A committed file may say where objects lie and how to connect. It may not name files or commands of the reader's
machine (an AWS ``configpath`` can carry ``credential_process``, WebDAV a ``bearer_token_command``): those are read
from ``.dvc/config.local``, which Git never carries.
"""

import re
from collections.abc import Mapping
from dataclasses import field
from pathlib import Path
from types import MappingProxyType
from urllib.parse import urlsplit

from gitops_models.artifacts.dvc_config import Sections, parse_config
from gitops_models.artifacts.remote_options import CONNECTION, IGNORED, LAYOUTS
from gitops_models.errors import GmError
from gitops_models.registry.text import visible
from gitops_models.registry.values import dataclass

_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://")
_REMOTE = re.compile(r"""remote\s+"(?P<name>[^"]+)"|remote\s+(?P<plain>\S+)""")
_MAX_HOPS = 8


@dataclass(frozen=True)
class RemoteSpec:
    """Where objects lie: ``url`` is an absolute directory or ``scheme://…``; ``options`` may hold secrets."""

    url: str
    options: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}), repr=False)
    name: str | None = None

    @property
    def directory(self) -> Path | None:
        """The directory of a local remote, else None."""
        return None if _SCHEME.match(self.url) else Path(self.url)

    @property
    def shown(self) -> str:
        """The address without user information, for messages."""
        if self.directory is not None:
            return self.url
        parts = urlsplit(self.url)
        return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}"


def remote_from_url(url: str, base: Path) -> RemoteSpec:
    """Give a remote given by address alone; a relative directory is below ``base``."""
    return RemoteSpec(_absolute(url, base))


def remote_from_config(
    config: bytes, repo_root: Path, local: bytes | None = None, *, name: str | None = None
) -> RemoteSpec:
    """Give the remote that the bytes of ``.dvc/config`` name (``core.remote``, or ``name``), as DVC would resolve it.

    ``local`` are the bytes of ``.dvc/config.local``, which shadow the committed ones and may hold credentials and
    paths. Relative addresses are relative to ``<repo_root>/.dvc``. GM-A301 malformed, GM-A302 none, GM-A303 option not
    allowed, GM-A304 layout that does not store objects by hash.
    """
    shared = parse_config(config, ".dvc/config")
    own = parse_config(local, ".dvc/config.local") if local else {}
    wanted = name or own.get("core", {}).get("remote") or shared.get("core", {}).get("remote")
    if not wanted:
        raise GmError("GM-A302", "no default remote is configured", where=".dvc/config")
    options = _resolve(wanted.lower(), _merged(shared, own), 0)
    url = _absolute(options.pop("url"), repo_root / ".dvc")
    return RemoteSpec(url, MappingProxyType(options), wanted)


def check_committed(config: bytes, repo_root: Path) -> None:
    """Check the bytes of ``.dvc/config`` before DVC itself acts on them.

    GM-A301 where DVC could read something else than is read here, GM-A303 for an option that may only stand in
    ``.dvc/config.local``, GM-A611 for a cache directory outside of ``repo_root``.
    """
    sections = parse_config(config, ".dvc/config")
    for section in sections:
        if "remote" in section.lower() and not _REMOTE.fullmatch(section):
            raise GmError("GM-A301", f"section [{visible(section)}] is no remote of a plain name", where=".dvc/config")
    _merged(sections, {})
    directory = sections.get("cache", {}).get("dir")
    if directory and not Path(repo_root, ".dvc", directory).resolve().is_relative_to(repo_root.resolve()):
        raise GmError("GM-A611", f"cache.dir is {visible(directory)}", where=".dvc/config")


def _merged(shared: Sections, own: Sections) -> dict[str, dict[str, str]]:
    remotes: dict[str, dict[str, str]] = {}
    for name, options in _remotes(shared):
        _refuse_unlisted(name, options, CONNECTION | IGNORED, ".dvc/config")
        remotes.setdefault(name, {}).update(options)
    for name, options in _remotes(own):
        remotes.setdefault(name, {}).update(options)
    return remotes


def _remotes(sections: Sections) -> list[tuple[str, Mapping[str, str]]]:
    matches = [(_REMOTE.fullmatch(section), options) for section, options in sections.items()]
    return [((match["name"] or match["plain"]).lower(), options) for match, options in matches if match]


def _refuse_unlisted(name: str, options: Mapping[str, str], allowed: frozenset[str], where: str) -> None:
    others = sorted(options.keys() - allowed - LAYOUTS - {"url"})
    if others:
        raise GmError("GM-A303", f"remote {name} sets {', '.join(others)}", where=where)


def _resolve(name: str, remotes: Mapping[str, Mapping[str, str]], hops: int) -> dict[str, str]:
    options = dict(remotes.get(name, {}))
    url = options.get("url")
    if not url:
        raise GmError("GM-A302", f"remote {name} is not configured", where=".dvc/config")
    _refuse_layout(name, options)
    if not url.startswith("remote://"):
        return _usable(options)
    if hops >= _MAX_HOPS:
        raise GmError("GM-A304", f"remote {name} refers to itself", where=".dvc/config")
    parts = urlsplit(url)
    base = _resolve(parts.netloc.lower(), remotes, hops + 1)
    return base | _usable(options) | {"url": f"{base['url'].rstrip('/')}/{parts.path.lstrip('/')}"}


def _refuse_layout(name: str, options: Mapping[str, str]) -> None:
    for option in sorted(LAYOUTS & options.keys()):
        if options[option].lower() in {"true", "yes", "on", "1"}:
            raise GmError("GM-A304", f"remote {name} is {option}: it does not store objects by hash", where=name)


def _usable(options: Mapping[str, str]) -> dict[str, str]:
    return {key: value for key, value in options.items() if key not in IGNORED | LAYOUTS}


def _absolute(url: str, base: Path) -> str:
    if url.startswith("file://"):
        url = url.removeprefix("file://")
    if _SCHEME.match(url):
        return url
    return str(Path(base, url).resolve())
