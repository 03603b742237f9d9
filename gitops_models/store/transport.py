"""Fetch, push and list: what goes to a remote. Results are read from porcelain output and the C locale."""

import os
import re
from collections.abc import Sequence
from typing import TYPE_CHECKING

from gitops_models.errors import GmError
from gitops_models.store.config import remote_address
from gitops_models.store.gitcli import lines_of
from gitops_models.store.locks import break_stale_locks
from gitops_models.store.names import check_oid, check_ref, check_remote
from gitops_models.store.neighbours import break_locks_of
from gitops_models.store.refs import RefUpdate
from gitops_models.store.repository import Store
from gitops_models.store.transfer import Progress, bring, transfer

if TYPE_CHECKING:
    from gitops_models.store.pushing import PushResult

__all__ = ["RETRYABLE", "Progress", "fetch", "is_retryable", "ls_remote", "push"]

TIMEOUT = 900.0
RETRYABLE = frozenset({"GM-S101", "GM-S102", "GM-S204", "GM-S209"})


def is_retryable(error: GmError) -> bool:
    """Tell whether the same work, begun again from the new state of the remote, may succeed."""
    return error.code in RETRYABLE


def fetch(
    store: Store,
    remote: str,
    refspecs: Sequence[str],
    *,
    progress: Progress | None = None,
    atomic: bool = True,
    prune: bool = False,
    timeout: float = TIMEOUT,
) -> None:
    """Fetch exactly ``refspecs`` from a remote's name, an address or a path of a repository.

    No tags are followed, FETCH_HEAD and other tracking refs are left alone, all objects are checked. ``atomic``: all
    refs move or none. ``prune``: refs below the destinations go when the remote has them no more.
    Raises GM-S201, S202, S207, S208, S210.
    """
    for refspec in refspecs:
        _check_refspec(refspec)
    if not refspecs:
        return
    options = ["--no-auto-maintenance", "--no-write-fetch-head", "--no-tags", "--no-recurse-submodules"]
    options += [
        "--prune" if prune else "--no-prune",
        "--refmap=",
        *(["--atomic"] if atomic else []),
        "--progress" if progress else "--quiet",
    ]
    args = ["fetch", *options, "--", _address(remote, store), *refspecs]
    done = bring(store, args, progress=progress, timeout=timeout)
    if done.status and ".lock': File exists" in done.stderr and break_stale_locks(store):
        done = bring(store, args, progress=progress, timeout=timeout)
    if done.status:
        raise _failed(remote, done.stderr)


def push(
    store: Store,
    remote: str,
    updates: Sequence[RefUpdate],
    *,
    atomic: bool = True,
    progress: Progress | None = None,
    timeout: float = TIMEOUT,
) -> "PushResult":
    """Move refs at a remote, each only if it still is at its ``old`` there; all or none when ``atomic``.

    Raises GM-S203 when the remote refuses (with its lines), GM-S204 when a ref has moved, GM-S205 for a taken tag,
    GM-S206 without atomic pushes, GM-S209 when the remote was busy, else as fetch.
    """
    from gitops_models.store.pushing import PushResult, read_push  # noqa: PLC0415 - most commands only read

    if not updates:
        return PushResult(remote, (), ())
    leases = [f"--force-with-lease={update.name}:{update.old or ''}" for update in updates]
    refspecs = [f"{update.new or ''}:{update.name}" for update in updates]
    options = ["--porcelain", "--no-verify", "--no-follow-tags", "--recurse-submodules=no", "--no-signed"]
    options += ["--no-force-if-includes", *(["--atomic"] if atomic else []), *(["--progress"] if progress else [])]
    args = ["push", *options, *leases, "--", _address(remote, store), *refspecs]
    done = transfer(store, args, progress=progress, timeout=timeout)
    if done.status and ".lock': File exists" in done.stderr and break_locks_of(store, remote):
        done = transfer(store, args, progress=progress, timeout=timeout)
    return read_push(remote, updates, done)


def ls_remote(store: Store, remote: str, *patterns: str, timeout: float = TIMEOUT) -> dict[str, str]:
    """Give ref names and object ids at a remote, only those that match one of ``patterns`` when there are any."""
    return refs_of(listing(store, remote, *patterns, timeout=timeout))


def refs_of(listed: bytes) -> dict[str, str]:
    """Read a listing: ref names and object ids."""
    pairs = (line.split("\t", 1) for line in lines_of(listed))
    return {name: oid for oid, name in pairs if not name.endswith("^{}")}


def listing(store: Store, remote: str, *patterns: str, timeout: float = TIMEOUT) -> bytes:
    """Give what ``ls_remote`` reads, as it came: to be compared with what came before it costs nothing to parse."""
    for pattern in patterns:
        check_ref(pattern.replace("*", "x"))
    options = ["--quiet", *(["--refs"] if patterns else [])]  # without patterns HEAD is told as well
    done = bring(store, ["ls-remote", *options, "--", _address(remote, store), *patterns], timeout=timeout)
    if done.status:
        raise _failed(remote, done.stderr)
    return done.stdout


def _failed(remote: str, said: str) -> GmError:
    from gitops_models.store.refusals import transport_error  # noqa: PLC0415 - all that git may say

    return transport_error(remote, said)


def _address(remote: str, store: Store) -> str:
    """Check a remote and make a relative path absolute: git runs in the repository, not where the caller stands."""
    check_remote(remote)
    if f"remote.{remote}.url" in store.libgit2.config:
        return remote
    if "://" not in remote and os.path.isdir(remote):  # noqa: PTH112 - "host:path" is no Path
        return os.path.abspath(remote)  # noqa: PTH100 - Path.absolute keeps "..", resolve follows links
    remote_address(store, remote)  # a word that names nothing is refused here, in words git does not have
    return remote


def _check_refspec(refspec: str) -> None:
    source, colon, destination = refspec.removeprefix("+").partition(":")
    if re.fullmatch(r"[0-9a-f]{40}", source):
        check_oid(source)
    else:
        check_ref(source.replace("*", "x", 1))
    if colon:
        check_ref(destination.replace("*", "x", 1))
