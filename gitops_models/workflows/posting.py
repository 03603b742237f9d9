"""Judging a pull request by its number, whatever its branch is called, and showing the verdict on the forge."""

from __future__ import annotations

from contextlib import suppress
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
    from gitops_models.forge.base import Hosted, Proposal
    from gitops_models.verification.proposal import Evaluation
    from gitops_models.workflows.session import Session

KEY = "policy"
ENDED = CheckReport(passed=False, title="not judged", summary="The run was ended before its verdict: start it again.")
_LEVELS: dict[Severity, Literal["failure", "warning", "notice"]] = {
    Severity.DENY: "failure",
    Severity.WARN: "warning",
    Severity.INFO: "notice",
}


def find_pull(session: Session, number: int) -> Proposal:
    """The open pull request into the line; GM-F430 where there are none, and as ``Hosted.get`` says."""
    return hosted(session).get(number)


def check_and_post(session: Session, proposal: Proposal) -> Evaluation:
    """Judge the pull request and show the verdict in the check on the head that was judged, and in the one comment.

    The check is in progress before anything else is asked, and fails for whatever ends the judgement, an interrupt too:
    one that passed before must not stay, and one that nobody completes passes nothing. The error goes on as it is.
    """
    place = hosted(session)
    running = place.begin_check(proposal.head)
    try:
        evaluation = check(session, proposal)
        place.end_check(running, report(evaluation.verdict))
    except BaseException as error:
        _fail(place, proposal, running, error)
        raise
    _comment(place, proposal, evaluation.verdict)
    return evaluation


def _fail(place: Hosted, proposal: Proposal, running: int, error: BaseException) -> None:
    """Fail the check; where the forge does not take that either, it stays in progress."""
    verdict = refused(error) if isinstance(error, GmError) else None
    with suppress(GmError):
        place.end_check(running, report(verdict) if verdict else ENDED)
        if verdict:
            _comment(place, proposal, verdict)


def refused(error: GmError) -> Verdict:
    """What is refused before the judge could say anything, as a verdict."""
    hint = error.hint or find_code(error.code).hint
    finding = Finding(error.code, Severity.DENY, error.message, error.where, hint, error.details)
    return Verdict(allowed=False, findings=(finding,), quorums=(), change_id="")


def _comment(place: Hosted, proposal: Proposal, verdict: Verdict) -> None:
    """Say the verdict in the comment, which may fail: the check is what enforces it."""
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
