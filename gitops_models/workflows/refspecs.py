"""Settings of Git with which an everyday fetch or push would delete or overwrite the ledger and what was seen of it.

``push --mirror`` deletes at the server whatever the clone lacks, and a fetch that prunes deletes below the destinations
of its refspecs; both were seen to destroy evidence (TRUST.md section 3). Pure.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitops_models.registry.values import dataclass

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gitops_models.store.config import UserConfig

KEPT = ("refs/gm/", "refs/gm-seen/")
FETCHED = ("refs/gm-remote/", "refs/gm-tags/")
HIDING = ("transfer.hiderefs", "uploadpack.hiderefs", "receive.hiderefs")


@dataclass(frozen=True)
class Danger:
    """One setting, what it would do, and the command that ends that."""

    setting: str
    why: str
    remedy: str


def dangers(config: UserConfig) -> Iterator[Danger]:
    """Every such setting in force, remote by remote, and refs that a server hides."""
    names = (name.split(".", 1)[1].rpartition(".")[0] for name in config.values if name.startswith("remote."))
    for remote in dict.fromkeys(name for name in names if name):
        yield from _remote(config, remote)
    for setting in HIDING:
        hidden = [value for value in config.all(setting) if _meets(value.lstrip("^") + "/", KEPT[:1])]
        if hidden and not hidden[-1].startswith("!"):
            yield Danger(setting, f"{hidden[-1]} hides the ledger from readers", f"git config --unset-all {setting}")


def _remote(config: UserConfig, remote: str) -> Iterator[Danger]:
    name = f"remote.{remote}"
    if config.flag(f"{name}.mirror"):
        yield Danger(
            f"{name}.mirror", "a push deletes every ref that this clone lacks", f"git config --unset {name}.mirror"
        )
    prunes = _in_force(config, remote, "prune")
    for refspec in config.all(f"{name}.fetch"):
        yield from _fetch(name, refspec, prunes=prunes)
    for refspec in config.all(f"{name}.push"):
        yield from _push(name, refspec)
    if prunes and _in_force(config, remote, "pruneTags"):
        why = "a fetch deletes version tags that the remote lost"
        yield Danger(f"{name}.pruneTags", why, f"git config {name}.pruneTags false")


def _fetch(name: str, refspec: str, *, prunes: bool) -> Iterator[Danger]:
    destination = refspec.removeprefix("+").partition(":")[2]
    if refspec.startswith("^") or not destination:
        return
    remedy = f"git config --unset-all {name}.fetch, then fetch branches only: +refs/heads/*:refs/remotes/*"
    if _meets(destination, KEPT):
        yield Danger(f"{name}.fetch", f"{refspec} writes over the ledger and what was seen of it", remedy)
    elif prunes and _meets(destination, FETCHED):
        yield Danger(f"{name}.prune", f"a fetch of {refspec} deletes what the remote lost", remedy)


def _push(name: str, refspec: str) -> Iterator[Danger]:
    """A push that is forced, or deletes; git takes the source's name where no destination is given."""
    source, colon, destination = refspec.removeprefix("+").partition(":")
    harmful = refspec.startswith("+") or (colon and not source)
    if harmful and _meets(destination or source, KEPT[:1]):
        yield Danger(f"{name}.push", f"{refspec} overwrites the ledger", f"git config --unset-all {name}.push")


def _in_force(config: UserConfig, remote: str, key: str) -> bool:
    """Whether a switch is on: the remote's own setting goes before that of all fetches (git-config(1))."""
    own = f"remote.{remote}.{key}"
    return config.flag(own) if config.get(own) is not None else config.flag(f"fetch.{key}")


def _meets(pattern: str, prefixes: tuple[str, ...]) -> bool:
    """Whether refs that fit ``pattern`` can lie below one of ``prefixes``."""
    stem = pattern.lstrip("!").partition("*")[0]
    return any(stem.startswith(prefix) or prefix.startswith(stem) for prefix in prefixes)
