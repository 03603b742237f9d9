"""The last known good version: what a rollback without a target restores (DESIGN.md section 7)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitops_models.registry.deletions import bytes_deleted
from gitops_models.registry.documents import Interface
from gitops_models.registry.interface import consumer_problems
from gitops_models.registry.times import parse_time

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator
    from datetime import datetime

    from gitops_models.registry.documents import Lineage, Model
    from gitops_models.registry.snapshot import Snapshot
    from gitops_models.registry.stack import LiveStack, StackEntry
    from gitops_models.registry.state import AcceptedState

WITHOUT_INTERFACE = frozenset(("prompt", "configuration"))
"""Types of model whose bytes have no inputs and outputs of their own to read out."""


def good_below(
    snapshot: Snapshot,
    model: str,
    stack: LiveStack,
    document: Model | None = None,
    *,
    suspect: Collection[tuple[str, str]] = (),
    spoilt: Collection[str] = (),
) -> Iterator[StackEntry]:
    """Yield entries below the top, the nearest first, that nothing speaks against (see :func:`unfit`).

    ``document`` is the Model to judge the fit by, the snapshot's own when None. ``suspect`` are (model, version) that a
    compromised key had a hand in, ``spoilt`` versions that were made from a poisoned input; they are passed over.
    Whether the bytes are there is not known here: the caller asks the artifact remote, and stops at the first candidate
    that lacks them.
    """
    known = document or (snapshot.model(model) if snapshot.has_model(model) else None)
    for entry in stack.below_top():
        if entry.version not in spoilt and unfit(snapshot, model, entry.version, known, suspect=suspect) is None:
            yield entry


def unfit(
    snapshot: Snapshot, model: str, version: str, document: Model | None, *, suspect: Collection[tuple[str, str]] = ()
) -> str | None:
    """Say why a version that was live is no last known good one, None when nothing speaks against it."""
    if (model, version) in suspect:
        return "a compromised key had a hand in it"
    if snapshot.retired(model, version):
        return "it is retired"
    if bytes_deleted(snapshot, model, version):
        return "its bytes were deleted"
    if (why := barred(snapshot, model, version)) is not None:
        return why
    problems = misfits(document, snapshot.lineage(model, version))
    return f"it does not fit its consumers: {problems[0]}" if problems else None


def barred(snapshot: Snapshot, model: str, version: str) -> str | None:
    """Say why a version may be deployed nowhere: it is quarantined, or bytes of it are. None when it may."""
    if snapshot.quarantined(model, version):
        return f"{model}@{version} is quarantined"
    if not snapshot.has_version(model, version):
        return None
    shared = snapshot.quarantined_digests(model).intersection(snapshot.lineage(model, version).digests())
    return f"{model}@{version} holds quarantined bytes {min(shared)[:12]}" if shared else None


def misfits(document: Model | None, lineage: Lineage) -> tuple[str, ...]:
    """Return what consumers of the model need and this version's interface does not give.

    The interface is the version's own: what the model promises says nothing of the bytes. Only prompts and
    configurations, which have none of their own, are taken at the model's word.
    """
    if document is None or not document.consumers:
        return ()
    interface = lineage.interface
    if interface is None and document.type in WITHOUT_INTERFACE:
        interface = document.interface or Interface()
    if interface is None:
        return tuple(f"{consumer.name} needs an interface and none is recorded" for consumer in document.consumers)
    return consumer_problems(interface, document.consumers)


def last_live_at(state: AcceptedState, snapshot: Snapshot, model: str, stack: LiveStack, version: str) -> datetime:
    """Return until when ``version``, which lies below the top of ``stack``, was live.

    That is when what lies above it was accepted. Before the pin it is the registration, or the time that it names.
    """
    versions = stack.versions
    place = next(index for index, entry in enumerate(versions) if entry.version == version)
    registration = state.registered.get((model, version))
    registered = registration.at if registration else None
    return versions[place + 1].at or registered or parse_time(snapshot.lineage(model, version).created)
