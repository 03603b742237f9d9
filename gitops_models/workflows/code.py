"""The code that made a version: the commit that is checked out where the training ran."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlsplit, urlunsplit

from gitops_models.errors import GmError
from gitops_models.registry.canonical import sha256_hex
from gitops_models.registry.documents.lineage import Code
from gitops_models.store.config import user_config
from gitops_models.store.difference import tracked_changes
from gitops_models.store.repository import Store

if TYPE_CHECKING:
    from gitops_models.workflows.register import Registration

NOT_A_REPOSITORY = "GM-S001"


def derive_code(wanted: Registration) -> Code | None:
    """Commit, origin and entry point of the training code; None outside any repository.

    Raises GM-C203 where nothing is committed yet, GM-C201 for an entry point that is not in the commit.
    """
    store = _repository(wanted)
    if store is None:
        return None
    commit = _head(store)
    entrypoint = wanted.entrypoint
    return Code(
        repository=_address(store),
        commit=commit,
        entrypoint=entrypoint,
        sha256=_entrypoint_digest(store, commit, wanted) if entrypoint else None,
    )


def uncommitted(wanted: Registration) -> bytes:
    """The difference of tracked files to the commit; GM-C202 when there is one and ``allow_dirty`` is not set."""
    store = _repository(wanted)
    if store is None:
        return b""
    _head(store)
    changed = tracked_changes(store)
    if not changed.paths:
        return b""
    if not wanted.allow_dirty:
        raise GmError(
            "GM-C202", "tracked files differ from the commit", where=changed.paths[0], details=changed.paths[:8]
        )
    return changed.patch


def _repository(wanted: Registration) -> Store | None:
    try:
        return Store.discover(wanted.code)
    except GmError as error:
        if error.code == NOT_A_REPOSITORY:
            return None
        raise


def _head(store: Store) -> str:
    try:
        return store.resolve("HEAD")
    except GmError as error:
        raise GmError("GM-C203", "the training repository has no commit", where=str(store.git_dir)) from error


def _address(store: Store) -> str | None:
    """The address of origin without user name and password: lineage is for ever."""
    address = user_config(store).remotes().get("origin")
    if address is None or "://" not in address:
        return address
    parts = urlsplit(address)
    return urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2]))


def _entrypoint_digest(store: Store, commit: str, wanted: Registration) -> str:
    inside = (wanted.code / str(wanted.entrypoint)).resolve()
    root = store.work_tree or store.git_dir
    try:
        blob = store.resolve(f"{commit}:{inside.relative_to(root.resolve())}", kind="blob")
    except (GmError, ValueError) as error:
        raise GmError("GM-C201", f"{wanted.entrypoint} is not in commit {commit[:12]}", where=str(inside)) from error
    return sha256_hex(store.blob(blob))
