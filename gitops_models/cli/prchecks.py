"""gm check --pr: a pull request judged by its number, and the verdict shown on it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitops_models.cli.common import open_here, tell_notes
from gitops_models.cli.output import next_step, say

if TYPE_CHECKING:
    from gitops_models.cli.options import Options
    from gitops_models.policy.verdict import Simulated


def check_pull(options: Options, number: int, *, post: bool, pin: str | None) -> Simulated:
    """Judge pull request ``number`` with its reviews; with ``post`` show the verdict on the head that was judged."""
    from gitops_models.policy.verdict import Simulated
    from gitops_models.workflows.ending import ended_like_interrupted
    from gitops_models.workflows.posting import check_and_post, find_pull
    from gitops_models.workflows.review import check
    from gitops_models.workflows.shown import remember_shown

    session = open_here(options, pin=pin)
    proposal = find_pull(session, number)
    if post:
        with ended_like_interrupted():  # SIGTERM is how a run is cancelled: then the check fails
            evaluation = check_and_post(session, proposal)
    else:
        evaluation = check(session, proposal)
    remember_shown(session.store, proposal.ref, evaluation.change_id)
    if post:
        say(options, f"shown on {proposal.url} for {proposal.head[:12]}")
        tell_notes(options, session)
    next_step(options, f"gm {'merge' if evaluation.verdict.allowed else 'show'} {proposal.id}")
    return Simulated(evaluation.verdict, ())
