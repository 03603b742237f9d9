"""The bytes of a version, from the artifact remote, verified against the accepted lineage."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from gitops_models.artifacts.content import ContentStore
    from gitops_models.artifacts.readers import Reader
    from gitops_models.delivery.targets.base import ByteSource
    from gitops_models.delivery.values import Deployment
    from gitops_models.verification.history import History


def artifact_source(history: History, reader: Callable[[], Reader], content: ContentStore | None) -> ByteSource:
    """Return a source of the versions of ``history``; ``reader`` is opened with the first version that is asked for.

    Lineage and pointers come from the accepted state, never from the tip's tree; ``content`` keeps what was fetched.
    """
    opened: list[Reader] = []

    def bring(deployment: Deployment, destination: Path) -> None:
        from gitops_models.artifacts.fetch import fetch_version  # noqa: PLC0415 - only when bytes are missing
        from gitops_models.artifacts.pointers import parse_pointer  # noqa: PLC0415 - as above

        if not opened:
            opened.append(reader())
        snapshot, layout = history.state.snapshot, history.layout
        lineage = snapshot.lineage(deployment.source, deployment.version)
        pointers = {}
        for entry in lineage.artifacts:
            path = layout.pointer_path(deployment.source, deployment.version, entry.path)
            pointers[entry.path] = parse_pointer(snapshot.data(path), path)
        fetch_version(lineage, pointers, opened[0], destination, content)

    return bring
