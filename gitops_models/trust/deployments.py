"""What a chain of deployment records tells of one place: since when a version was served. Claims of its reconciler."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitops_models.trust.bodies import Deployment

if TYPE_CHECKING:
    from collections.abc import Iterable

    from gitops_models.trust.records import Record

RECENT = 256
"""Records of one target that are looked through for the deployment of a version."""


def served_since(
    records: Iterable[Record], model: str, stage: str, *, version: str | None = None, observed: str | None = None
) -> str | None:
    """Return when the newest run of records of a version, or of the digest ``observed``, began; None without one.

    ``records`` come newest first. What failed, and what was done elsewhere, does not end a run.
    """
    since = None
    for record in records:
        body = record.body
        if not isinstance(body, Deployment) or (body.model, body.stage) != (model, stage) or body.result == "failed":
            continue
        if (body.observed == observed) if observed else (body.version == version):
            since = body.finished
        elif since is not None:
            break
    return since
