"""Bringing a blocked scope back to what was accepted, or to what the proposer asks to be judged anew."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitops_models.errors import GmError
from gitops_models.registry.paths import POLICY_SCOPE, model_scope
from gitops_models.registry.trailers import GM_EVENT, GM_MODEL
from gitops_models.workflows.propose import Draft, Opened, propose

if TYPE_CHECKING:
    from gitops_models.workflows.session import Session

POLICY = "policy"


def restore(session: Session, what: str, *, reason: str, dry_run: bool = False) -> Opened:
    """Open a proposal that gives a blocked model (or ``policy``) its accepted files back; any person may land it.

    Raises GM-C160 where nothing is blocked.
    """
    scope = POLICY_SCOPE if what == POLICY else model_scope(what)
    if scope not in session.history.blocked:
        blocked = ", ".join(sorted(name.removeprefix("model:") for name in session.history.blocked)) or "nothing"
        raise GmError("GM-C160", f"{what} is not blocked", where=what, details=(f"blocked: {blocked}",))
    accepted, actual = session.accepted.scope(scope), session.history.entries(scope)
    paths = {path for path in {*accepted, *actual} if accepted.get(path) != actual.get(path)}
    draft = Draft(
        event="restoration",
        model=what,
        subject=f"restore({what}): back to the accepted state",
        reason=reason,
        updates={path: accepted.get(path) for path in sorted(paths)},
        trailers=((GM_EVENT, "restoration"), *(((GM_MODEL, what),) if what != POLICY else ())),
    )
    return propose(session, draft, dry_run=dry_run)
