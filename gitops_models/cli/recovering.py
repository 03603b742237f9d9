"""How a planned rollback is shown: what it passes over, what is lost, whom it concerns."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from gitops_models.cli.common import finish
from gitops_models.cli.noticing import telling
from gitops_models.cli.output import say

if TYPE_CHECKING:
    from gitops_models.cli.options import Options
    from gitops_models.workflows.propose import Opened
    from gitops_models.workflows.recover import Plan, Rollback
    from gitops_models.workflows.session import Session


def roll_back(
    options: Options, session: Session, wanted: Rollback, *, merge: bool, dry_run: bool, no_push: bool
) -> None:
    """Plan, propose, print and, where asked, land a rollback; people are told of it."""
    from gitops_models.workflows.announcing import announced
    from gitops_models.workflows.recover import open_plan, plan

    with telling(options, session) as post, announced(post, session, wanted, dry_run=dry_run) as story:
        planned = plan(session, wanted)
        opened = open_plan(session, planned, dry_run=dry_run, no_push=no_push, before=story.begins)
        warn(options, opened)
        lines, body = plan_told(planned, dry_run=dry_run), plan_body(planned)
        landed = finish(
            options, session, opened, merge=merge, no_push=no_push, kind="Rollback", lines=lines, extra=body
        )
        story.ends(landed.step if landed else None)


def plan_body(plan: Plan) -> dict[str, Any]:
    """The plan for ``--json``."""
    from gitops_models.workflows.recover_loss import loss_json

    target = plan.way.target
    return {
        "from": plan.bad.version,
        "to": target.version if target else None,
        "instead": plan.instead,
        "skipped": [{"version": one.version, "why": one.why} for one in plan.way.skipped],
        "lost": loss_json(plan.loss),
        "blastRadius": plan.radius.to_json(),
        "siblings": [
            {"model": one.model, "version": one.version, "why": one.why, "live": list(one.live), "bar": one.command}
            for one in plan.siblings
        ],
    }


def plan_told(plan: Plan, *, dry_run: bool) -> list[str]:
    """The plan for people; a dry run prints the message, which says the same."""
    return [] if dry_run or plan.draft is None else plan.draft.body.split("\n")


def warn(options: Options, opened: Opened) -> None:
    """Say what the judge would let pass but not overlook, such as a last known good version of long ago."""
    from gitops_models.policy.verdict import Severity

    for finding in opened.evaluation.verdict.findings:
        if finding.severity is Severity.WARN:
            say(options, f"warning: {finding.code}: {finding.message}")
