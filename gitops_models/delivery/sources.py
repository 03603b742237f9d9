"""The bytes of a version, from the artifact remote, verified against the accepted lineage."""

from __future__ import annotations

from threading import Lock
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from gitops_models.artifacts.content import ContentStore
    from gitops_models.artifacts.hashing import Progress
    from gitops_models.artifacts.pointers import Pointer
    from gitops_models.artifacts.readers import Reader
    from gitops_models.delivery.targets.base import ByteSource
    from gitops_models.delivery.values import Deployment
    from gitops_models.registry.documents import Lineage
    from gitops_models.verification.history import History


class ArtifactSource:
    """Brings the versions of ``history``; ``reader`` is opened with the first one that is asked for.

    Lineage and pointers come from the accepted state, never from the tip's tree; ``content`` keeps what was fetched.
    Several threads may ask at once.
    """

    def __init__(
        self,
        history: History,
        reader: Callable[[], Reader],
        content: ContentStore | None,
        progress: Progress | None = None,
    ) -> None:
        self._history = history
        self._open = reader
        self._content = content
        self._progress = progress
        self._opened: Reader | None = None
        self._lock = Lock()

    def __call__(self, deployment: Deployment, destination: Path) -> None:
        """Fill ``destination``. Raises what reading the accepted files and the remote raises."""
        from gitops_models.artifacts.fetch import fetch_version  # noqa: PLC0415 - only when bytes are missing

        lineage, pointers = self._accepted(deployment)
        fetch_version(lineage, pointers, self._reader(), destination, self._content, progress=self._progress)
        self._note(deployment)

    def shown(self, progress: Progress) -> ArtifactSource:
        """Return the same source, which tells ``progress`` of the bytes of what is asked for (not what comes ahead)."""
        return ArtifactSource(self._history, self._reader, self._content, progress)

    def gathering(self, deployment: Deployment) -> Callable[[], None]:
        """Return what brings the bytes into ``content`` and lays out nothing."""
        lineage, pointers = self._accepted(deployment)

        def bring() -> None:
            from gitops_models.artifacts.gather import gather  # noqa: PLC0415 - only when bytes are missing

            if self._content is not None:
                gather(lineage, pointers, self._reader(), self._content)
                self._note(deployment)

        return bring

    def _note(self, deployment: Deployment) -> None:
        from gitops_models.artifacts.garbage import note_needs  # noqa: PLC0415 - only when bytes are missing

        if self._content is not None:
            note_needs(self._content, deployment.digest, [one.sha256 for one in deployment.artifacts])

    def _reader(self) -> Reader:
        with self._lock:
            if self._opened is None:
                self._opened = self._open()
            return self._opened

    def _accepted(self, deployment: Deployment) -> tuple[Lineage, dict[str, Pointer]]:
        from gitops_models.artifacts.pointers import parse_pointer  # noqa: PLC0415 - only when bytes are missing

        snapshot, layout = self._history.state.snapshot, self._history.layout
        lineage = snapshot.lineage(deployment.source, deployment.version)
        paths = {
            one.path: layout.pointer_path(deployment.source, deployment.version, one.path) for one in lineage.artifacts
        }
        return lineage, {name: parse_pointer(snapshot.data(path), path) for name, path in paths.items()}


def artifact_source(history: History, reader: Callable[[], Reader], content: ContentStore | None) -> ArtifactSource:
    """Return a source of the versions of ``history``; see ``ArtifactSource``."""
    return ArtifactSource(history, reader, content)


def shown(source_for: Callable[[History], ByteSource], progress: Progress) -> Callable[[History], ByteSource]:
    """Return ``source_for`` whose sources tell ``progress`` of the bytes that come."""

    def made(history: History) -> ByteSource:
        source = source_for(history)
        return source.shown(progress) if isinstance(source, ArtifactSource) else source

    return made
