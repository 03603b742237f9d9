"""Git's configuration as the user wrote it: identity, signing, remotes. Read once, through git itself (includes count).

Names are ``section.key`` or ``section.subsection.key``; section and key ignore case, the subsection does not.
"""

import re
from collections.abc import Mapping
from pathlib import Path

from gitops_models.errors import GmError
from gitops_models.registry.text import visible
from gitops_models.registry.values import dataclass
from gitops_models.store.gitcli import output, run
from gitops_models.store.names import check_remote
from gitops_models.store.repository import Store

_TRUE = frozenset({"true", "yes", "on", "1"})
_PERSONAL = frozenset({"system", "global"})
_FALSE = frozenset({"", "false", "no", "off", "0"})


@dataclass(frozen=True)
class UserConfig:
    """All settings in force in one repository, in the order of their files: the last one wins."""

    values: Mapping[str, tuple[str, ...]]
    home: str

    def get(self, name: str) -> str | None:
        """Give the value in force, None when it is not set."""
        found = self.all(name)
        return found[-1] if found else None

    def all(self, name: str) -> tuple[str, ...]:
        """Give every value of a setting that may stand several times."""
        return self.values.get(_normal(name), ())

    def flag(self, name: str, *, default: bool = False) -> bool:
        """Give a boolean setting as Git reads it."""
        value = (self.get(name) or "").lower()
        if value in _TRUE or self.get(name) is None:
            return value in _TRUE or default
        return default and value not in _FALSE

    def path(self, name: str) -> Path | None:
        """Give a setting that names a file, with ``~/`` expanded."""
        value = self.get(name)
        if not value:
            return None
        return Path(self.home, value[2:]) if value.startswith("~/") else Path(value).expanduser()

    def remotes(self) -> dict[str, str]:
        """Give the configured remotes with their (first) address as written."""
        found = {}
        for name, values in self.values.items():
            if name.startswith("remote.") and name.endswith(".url"):
                found[name.removeprefix("remote.").removesuffix(".url")] = values[0]
        return found


def user_config(store: Store) -> UserConfig:
    """Read the configuration in force in this repository: system, global and its own."""
    return _parse(output(store.git, ["config", "--list", "-z", "--includes"]), store.git.env.get("HOME", ""))


@dataclass(frozen=True)
class Personal:
    """A setting that names a file: ``path`` as person or machine have it, ``elsewhere`` if the repository has one."""

    path: Path | None = None
    elsewhere: bool = False


def personal_setting(store: Store, name: str) -> Personal:
    """Read a setting that only the person's (global) and the machine's (system) configuration may make.

    The repository's own configuration may have come with a copy of the repository; that it is set there is told.
    """
    listed = output(store.git, ["config", "--list", "-z", "--includes", "--show-scope"])
    fields = listed.decode("utf-8", "surrogateescape").split("\0")
    found = [(scope, setting.partition("\n")) for scope, setting in zip(fields[::2], fields[1::2], strict=False)]
    named = [(scope, value) for scope, (key, _, value) in found if key == _normal(name)]
    ours = [value for scope, value in named if scope in _PERSONAL]
    config = UserConfig({name: tuple(ours)} if ours else {}, store.git.env.get("HOME", ""))
    return Personal(config.path(name), elsewhere=len(ours) < len(named))


def _parse(listed: bytes, home: str) -> UserConfig:
    values: dict[str, tuple[str, ...]] = {}
    for record in listed.decode("utf-8", "surrogateescape").split("\0"):
        if not record:
            continue
        name, given, value = record.partition("\n")
        # A key without "=" means true (git-config(1)).
        values[name] = (*values.get(name, ()), value if given else "true")
    return UserConfig(values, home)


def set_config(store: Store, name: str, value: str) -> None:
    """Set one value in this repository's own configuration, replacing what stood there."""
    if name.startswith("-") or "." not in name or "\n" in name + value:
        raise GmError("GM-S019", f"{visible(name)} is not a setting that can be written")
    output(store.git, ["config", "--local", "--replace-all", name, value])


def add_remote(store: Store, name: str, address: str) -> None:
    """Add a remote with Git's usual fetch line (branches only: nothing of ``refs/gm`` is fetched onto itself)."""
    check_remote(address)
    if not name.replace("-", "").replace("_", "").replace(".", "").isalnum() or name.startswith(("-", ".")):
        raise GmError("GM-S018", f"{visible(name)} cannot be a remote's name")
    output(store.git, ["remote", "add", "--", name, address])


def remote_address(store: Store, remote: str) -> str:
    """Give the address that git would use for a remote's name, ``url.<base>.insteadOf`` applied; no network."""
    check_remote(remote)
    done = run(store.git, ["ls-remote", "--get-url", "--", remote])
    address = done.stdout.decode("utf-8", "surrogateescape").strip()
    # For a word that is no remote's name git answers with the word itself.
    if done.status or (address == remote and not re.search(r"[/:]", remote)):
        raise GmError("GM-S018", f"there is no remote called {visible(remote)}", where=visible(remote))
    return address


def _normal(name: str) -> str:
    section, _, rest = name.partition(".")
    subsection, dot, key = rest.rpartition(".")
    return f"{section.lower()}.{subsection}{dot}{key.lower()}"
