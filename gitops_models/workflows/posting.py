"""Judging a pull request by its number, whatever its branch is called, and showing the verdict on the forge."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from gitops_models.errors import GmError, find_code
from gitops_models.forge.base import Annotation, CheckReport
from gitops_models.policy.render.markdown import to_markdown
from gitops_models.policy.render.words import outcome, unblockers
from gitops_models.policy.verdict import Finding, Severity, Verdict
from gitops_models.registry.text import visible
from gitops_models.workflows.hosted import hosted
from gitops_models.workflows.review import check

if TYPE_CHECKING:
    from gitops_models.forge.base import Proposal
    from gitops_models.verification.proposal import Evaluation
    from gitops_models.workflows.session import Session

KEY = "policy"
_LEVELS: dict[Severity, Literal["failure", "warning", "notice"]] = {
    Severity.DENY: "failure",
    Severity.WARN: "warning",
    Severity.INFO: "notice",
}


def find_pull(session: Session, number: int) -> Proposal:
    """The open pull request into the line; GM-F430 where there are none, and as ``Hosted.get`` says."""
    return hosted(session).get(number)


def check_and_post(session: Session, proposal: Proposal) -> Evaluation:
    """Judge the pull request and set the check on the head that was judged, and the one comment.

    What cannot be judged fails the check too: one that passed before must not stay. The error goes on as it is.
    """
    try:
        evaluation = check(session, proposal)
    except GmError as error:
        post(session, proposal, refused(error))
        raise
    post(session, proposal, evaluation.verdict)
    return evaluation


def refused(error: GmError) -> Verdict:
    """What is refused before the judge could say anything, as a verdict."""
    hint = error.hint or find_code(error.code).hint
    finding = Finding(error.code, Severity.DENY, error.message, error.where, hint, error.details)
    return Verdict(allowed=False, findings=(finding,), quorums=(), change_id="")


def post(session: Session, proposal: Proposal, verdict: Verdict) -> None:
    """Show the verdict on the head that was judged, which enforces it, then in the comment, which may fail."""
    place = hosted(session)
    place.set_check(proposal.head, report(verdict))
    try:
        place.comment(proposal, KEY, to_markdown(verdict))
    except GmError as error:
        place.notes.append(f"no comment on {proposal.url}: {error}")


def report(verdict: Verdict) -> CheckReport:
    """The verdict as a check: who can unblock it, or why it is denied, stands in the title."""
    lacking = [line for quorum in verdict.quorums for line in unblockers(quorum)]
    why = "; ".join(lacking) if verdict.missing_only else ", ".join(verdict.codes)
    title = f"{outcome(verdict)}: {why}" if why and not verdict.allowed else outcome(verdict)
    annotations = tuple(_annotation(finding) for finding in verdict.findings if finding.where)
    return CheckReport(verdict.allowed, visible(title), to_markdown(verdict), annotations, verdict.change_id)


def _annotation(finding: Finding) -> Annotation:
    lines = [finding.message, *finding.details, *([f"hint: {finding.hint}"] if finding.hint else [])]
    text = "\n".join(visible(line) for line in lines)
    return Annotation(visible(finding.where or ""), _LEVELS[finding.severity], finding.code, text)
