"""Which artifact remote a clone reads from, and what it holds."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from gitops_models.artifacts.remotes import remote_from_config, remote_from_url
from gitops_models.errors import GmError
from gitops_models.registry.paths import DVC_CONFIG
from gitops_models.workflows.dvcfiles import own_settings

if TYPE_CHECKING:
    from collections.abc import Callable

    from gitops_models.artifacts.pointers import Pointer
    from gitops_models.artifacts.readers import Reader
    from gitops_models.artifacts.remotes import RemoteSpec
    from gitops_models.registry.snapshot import Snapshot
    from gitops_models.store.repository import Store
    from gitops_models.workflows.session import Session

NO_REMOTE = "GM-A302"


def reader(session: Session, url: str | None = None) -> Reader:
    """The artifact remote of this clone; ``url`` overrides it."""
    if url is None and session.artifacts is not None:
        return _open(session.artifacts)
    return reader_of(session.accepted, session.store, url)


def reader_of(accepted: Snapshot, store: Store, url: str | None = None) -> Reader:
    """The artifact remote: ``url`` when given, else what the accepted ``.dvc/config`` and the clone's own say.

    Raises GM-A302 when none is configured, GM-A610 when the clone's own settings came with the repository.
    """
    if url:
        return _open(remote_from_url(url, Path.cwd()))
    config = accepted.data(DVC_CONFIG) if accepted.entry(DVC_CONFIG) else b""
    root = store.work_tree or store.git_dir
    return _open(remote_from_config(config, root, own_settings(store)))


def _open(remote: RemoteSpec) -> Reader:
    from gitops_models.artifacts.readers import open_remote  # noqa: PLC0415 - loads asyncio; without a remote not needed

    return open_remote(remote)


def has_bytes(session: Session) -> Callable[[str, int], bool] | None:
    """Ask the artifact remote for objects by address and size; None where no remote is configured."""
    try:
        remote = reader(session)
    except GmError as error:
        if error.code == NO_REMOTE:
            return None
        raise

    def present(md5: str, size: int) -> bool:
        if md5.endswith(".dir"):
            return remote.exists(md5)
        return remote.size(md5) == size

    return present


def pointers(snapshot: Snapshot, model: str, version: str) -> dict[str, Pointer]:
    """The pointers of a version by artifact path, read as data."""
    from gitops_models.artifacts.pointers import parse_pointer  # noqa: PLC0415 - only where bytes are asked for

    found: dict[str, Pointer] = {}
    for name in snapshot.pointers(model, version):
        path = snapshot.layout.pointer_path(model, version, name)
        found[name] = parse_pointer(snapshot.data(path), path)
    return found
