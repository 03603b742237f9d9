"""Facts that only whoever sees a step live can know: good version tags and bytes at the artifact remote."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitops_models.registry.events import StageMove, VersionRegistered
from gitops_models.registry.names import tag_name
from gitops_models.trust.verify import verify_tag
from gitops_models.verification.signers import signers

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from gitops_models.registry.change import Change
    from gitops_models.store.repository import Store
    from gitops_models.verification.history import History


def version_tags(store: Store, history: History, change: Change) -> dict[str, str]:
    """The good tags of the versions that ``change`` moves: tag name to the step that it stands on.

    Good means annotated, signed by somebody known, named like its ref and made on the step that registered the
    version. Everything else counts as missing.
    """
    good: dict[str, str] = {}
    for model, version in _versions(change):
        registration = history.state.registered.get((model, version))
        name = tag_name(model, version)
        target = tag_target(store, history, name)
        if registration and target and target == registration.step:
            good[name] = target
    return good


def tag_target(store: Store, history: History, name: str) -> str | None:
    """The commit that the tag ``name`` stands on when the tag itself is good, else None."""
    oid = store.ref(f"refs/tags/{name}")
    return good_tag_target(store, history, name, oid) if oid else None


def good_tag_target(store: Store, history: History, name: str, oid: str) -> str | None:
    """The commit that the object ``oid`` tags as ``name`` when it is a tag signed by somebody known, else None."""
    kind, raw = store.raw(oid)
    verified = verify_tag(raw, name, signers(history), object_type=kind)
    return verified.target if verified.signature.good else None


def bytes_present(change: Change, has_bytes: Callable[[str, int], bool]) -> dict[tuple[str, str], bool]:
    """Whether the artifact remote holds every artifact of the versions that ``change`` moves."""
    present: dict[tuple[str, str], bool] = {}
    for model, version in _versions(change):
        lineage = change.after.lineage(model, version)
        present[model, version] = all(has_bytes(entry.md5 or "", entry.size) for entry in lineage.artifacts)
    return present


def _versions(change: Change) -> Iterator[tuple[str, str]]:
    for event in change.events:
        if isinstance(event, StageMove):
            yield event.model, event.to_version
        elif isinstance(event, VersionRegistered):
            yield event.model, event.version
