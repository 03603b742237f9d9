"""The rollback that is proposed where a version does not pass the checks of what is served."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from gitops_models.delivery.checks.base import INVALID, in_words
from gitops_models.delivery.retries import after_failure, may_try
from gitops_models.delivery.waysback import is_way_back
from gitops_models.errors import GmError

if TYPE_CHECKING:
    from datetime import datetime

    from gitops_models.delivery.kept import Kept
    from gitops_models.delivery.proposing import Proposer
    from gitops_models.delivery.values import Desired
    from gitops_models.verification.history import History

CAUSE = "regression"


def propose_way_back(proposer: Proposer, history: History, desired: Desired, kept: Kept, *, at: datetime) -> None:
    """Have a rollback proposed away from a version that did not pass, and keep its change id with the setback.

    What cannot be proposed now is tried again with a back-off of its own; nothing here stops a reconcile. A way back
    that does not pass is told and never proposed away from: there is no rollback of a rollback.
    """
    setback, bad = kept.setback, desired.deployment
    if setback is None or bad is None or setback.error.code != INVALID or setback.proposal is not None:
        return
    if setback.bad != bad.digest or is_way_back(history, bad) or not may_try(kept.asking, setback.inputs, at=at):
        return
    checks = kept.result.checks if kept.result else ()
    evidence = {check.id: in_words(check) for check in checks if check.stops} or {"check": setback.error.message}
    try:
        change = proposer.propose(desired.at, bad, cause=CAUSE, reason=setback.error.message, evidence=evidence)
    except GmError as error:
        kept.asking = after_failure(kept.asking, _passing(error), setback.inputs, at=at, bad=bad.digest)
        return
    kept.asking = None
    kept.setback = replace(setback, proposal=change or "")


def _passing(error: GmError) -> GmError:
    """Whatever stood in the way, it is asked again: the next attempt may find another history."""
    return GmError("GM-R502", f"the rollback cannot be proposed: {error}", where=error.where)
