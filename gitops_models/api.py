"""The verbs for notebooks and services: the same workflows as the command line, two lines from Python."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any
from warnings import warn

from gitops_models.delivery.resolve import resolve
from gitops_models.workflows.announcing import announced
from gitops_models.workflows.bytes import fetch_cached
from gitops_models.workflows.merging import merge
from gitops_models.workflows.notices import post_of
from gitops_models.workflows.promote import Promotion
from gitops_models.workflows.promote import promote as open_promotion
from gitops_models.workflows.recover import Rollback
from gitops_models.workflows.recover import rollback as open_rollback
from gitops_models.workflows.register import Registration
from gitops_models.workflows.register import register as open_registration
from gitops_models.workflows.review import approve_own
from gitops_models.workflows.session import open_session

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gitops_models.workflows.propose import Opened
    from gitops_models.workflows.session import Session

__all__ = ["fetch", "promote", "register", "resolve", "rollback"]


def register(
    model: str, paths: Sequence[str | Path], *, reason: str, repo: str | Path = ".", land: bool = False, **fields: Any
) -> str:
    """Register files as a new version and return it, as ``gm register`` does.

    ``fields`` are those of ``workflows.register.Registration`` (``version``, ``risk``, ``metrics`` ...); ``land``
    merges at once where the policy lets the caller. Raises ``GmError``.
    """
    session = open_session(Path(repo))
    wanted = Registration(model, [str(path) for path in paths], reason, **fields)
    done = open_registration(session, wanted)
    _land(session, done.opened, land=land)
    return done.lineage.version


def promote(
    reference: str,
    *,
    reason: str,
    repo: str | Path = ".",
    to: str | None = None,
    through: str | None = None,
    land: bool = False,
) -> str:
    """Open a promotion and return the proposal's id; with ``land`` merge it. Raises ``GmError``."""
    session = open_session(Path(repo))
    opened = open_promotion(session, Promotion(reference, reason, to=to, through=through))
    _land(session, opened, land=land)
    return opened.proposal.id


def rollback(
    model: str,
    *,
    reason: str,
    repo: str | Path = ".",
    stage: str | None = None,
    to: str | None = None,
    land: bool = False,
    **fields: Any,
) -> str:
    """Open a rollback and return the proposal's id; with ``land`` merge it. Raises ``GmError``."""
    session = open_session(Path(repo))
    wanted, post = Rollback(model, reason, stage=stage, to=to, **fields), post_of(session)
    try:
        with announced(post, session, wanted) as story:
            opened = open_rollback(session, wanted, before=story.begins)
            story.ends(_land(session, opened, land=land))
    finally:
        for warning in post.warnings:
            warn(str(warning), RuntimeWarning, stacklevel=2)
    return opened.proposal.id


def fetch(reference: str, *, repo: str | Path = ".") -> Path:
    """The directory with a version's files, each checked by sha256 before the directory appears. Raises ``GmError``."""
    return fetch_cached(open_session(Path(repo)), reference)


def _land(session: Session, opened: Opened, *, land: bool) -> str | None:
    if not land:
        return None
    approve_own(session, opened.proposal)
    return merge(session, opened.proposal).step
