"""Requests for changes on the forge beside what is signed: no acceptance of a step that has landed outruns them.

Approvals given there are left out: they reach a step that has landed in a receipt, and by nothing else.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitops_models.errors import GmError
from gitops_models.workflows.propose import GITHUB

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gitops_models.forge.base import SeenReview
    from gitops_models.verification.history import Pending
    from gitops_models.workflows.session import Session

__all__ = ["objections"]

ASKS = "changes-requested"


def objections(session: Session, pending: Pending, change_id: str) -> tuple[SeenReview, ...]:
    """The requests for changes that stand on the pull request of a step that waits, which holds ``change_id`` now.

    Where nothing is heard of the forge, ``session.unheard`` says why, and the newest receipt of the step counts.
    """
    history = session.history
    if history.repository.forge != GITHUB:
        return ()
    if session.remote is None or session.offline or session.unheard:
        return _recorded(session, pending.step.oid, change_id)
    from gitops_models.verification.receipts import Merged  # noqa: PLC0415 - Git alone never needs it
    from gitops_models.workflows.receiptpulls import ask, pull_requests  # noqa: PLC0415 - as above

    merged = Merged.by(session.store.commit(pending.step.oid), change_id, history.tip)
    try:
        asked = ask(pull_requests(session), merged, history.repository.line)
        return _standing(session, asked.reviews) if asked else ()
    except GmError as error:
        if not error.code.startswith("GM-F4") and error.code != "GM-T120":
            raise
        session.unheard = error
        return _recorded(session, pending.step.oid, change_id)


def _standing(session: Session, seen: Sequence[SeenReview]) -> tuple[SeenReview, ...]:
    from gitops_models.verification.reviews import recorded  # noqa: PLC0415 - Git alone never needs it

    forge, people = session.history.repository.forge, session.history.people
    kept = recorded(seen, lambda account: people.person_of_login(forge, account) is not None)
    asking = {review.id for review in kept if review.state == ASKS}
    return tuple(one for one in seen if one.id in asking)


def _recorded(session: Session, step: str, change_id: str) -> tuple[SeenReview, ...]:
    """What the newest receipt of the step that counts holds of them."""
    from gitops_models.forge.base import SeenReview  # noqa: PLC0415 - Git alone never needs it
    from gitops_models.workflows.receipt import heard  # noqa: PLC0415 - as above

    found = [one.receipt for one in heard(session, step, change_id)]
    return tuple(
        SeenReview(
            one.id,
            one.user_id,
            str(one.user_id),
            bot=False,
            state=one.state,
            commit=one.commit_id,
            submitted=one.submitted,
        )
        for one in (found[-1].reviews if found else ())
        if one.state == ASKS
    )
