"""What the verbs that write have in common: their options, opening and landing, and how a proposal is shown."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from gitops_models.cli.output import emit, next_step, say

if TYPE_CHECKING:
    from collections.abc import Callable

    from gitops_models.cli.options import Options
    from gitops_models.forge.base import Proposal
    from gitops_models.workflows.merging import Landed
    from gitops_models.workflows.propose import Opened
    from gitops_models.workflows.session import Session

Reason = Annotated[str | None, typer.Option("-m", "--reason", help="Why; required.", metavar="TEXT")]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Print the plan and change nothing.")]
NoPush = Annotated[bool, typer.Option("--no-push", help="Keep the proposal on a local branch.")]
Merge = Annotated[bool, typer.Option("--merge", help="Sign, check and merge at once where the policy lets you.")]


def open_here(
    options: Options,
    *,
    replay: bool = False,
    pin: str | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> Session:
    """The session of this run, with a word about a remote that does not answer; the rest as in ``open_session``."""
    from gitops_models.cli.asking import terminal
    from gitops_models.workflows.session import open_session

    session = open_session(options.repo, replay=replay, pin=pin, progress=progress)
    session.attended = terminal(options) is not None
    if session.offline:
        say(options, f"working offline: {session.offline}")
    if not session.pinned:
        say(options, f"no pin: verdicts are advisory; compare {session.history.pin} and run `gm trust pin`")
    for doubt in session.checkpoints.doubts:
        say(options, f"warning: {doubt.code}: {doubt.what}; see `gm verify`")
    return session


def tell_notes(options: Options, session: Session) -> None:
    """Say what of a pull request could not be done and stops nothing: a label, asking somebody."""
    for note in session.hosted.notes if session.hosted else ():
        say(options, f"warning: {note}")


def tell_unheard(options: Options, session: Session) -> None:
    """Say that the forge was not heard, and so only what Git holds was looked at."""
    if session.unheard is not None:
        say(options, f"warning: {session.unheard}; only branches and signed decisions were looked at")


def exclude(*, merge: bool, no_push: bool) -> None:
    """Refuse, before anything is done, to land what is to stay here."""
    if merge and no_push:
        raise typer.BadParameter("--merge and --no-push exclude each other")


def need_reason(options: Options, reason: str | None) -> str:
    """The reason, asked for on a terminal; GM-C130 where nobody can be asked."""
    from gitops_models.cli.asking import terminal
    from gitops_models.errors import GmError

    if reason and reason.strip():
        return reason
    asker = terminal(options)
    if asker:
        return asker.text("Why")
    raise GmError("GM-C130", "this needs a reason")


def finish(
    options: Options,
    session: Session,
    opened: Opened,
    *,
    merge: bool,
    kind: str,
    no_push: bool = False,
    extra: dict[str, Any] | None = None,
    lines: list[str] | None = None,
) -> Landed | None:
    """Print an opened proposal, or land it first where ``--merge`` asks for it; what landed."""
    body = {**proposal_body(opened), **(extra or {})}
    if not opened.published:
        emit(options, kind, {**body, "dryRun": True}, [*(lines or []), *plan_lines(opened)])
        next_step(options, "the same without --dry-run")
        return None
    if not merge:
        emit(options, kind, body, [*(lines or []), *opened_lines(opened)])
        tell_notes(options, session)
        next_step(options, _push_it(session, opened) if no_push and session.remote else next_of(opened))
        return None
    landed = _land_or_leave_open(options, session, opened)
    tell_notes(options, session)
    emit(options, kind, {**body, **landed_body(landed)}, [*(lines or []), *landed_lines(landed)])
    after_landing(options, session, landed)
    return landed


def _land_or_leave_open(options: Options, session: Session, opened: Opened) -> Landed:
    """Land it; where the policy wants more, say how the proposal is called that now waits."""
    from gitops_models.policy.denied import Denied

    try:
        return land(session, opened)
    except Denied:
        say(options, f"proposal {opened.proposal.id} is open and waits: {opened.proposal.title}")
        raise


def _push_it(session: Session, opened: Opened) -> str:
    return f"git push {session.remote} {opened.proposal.branch}"


def land(session: Session, opened: Opened) -> Landed:
    """Approve as the proposer where that counts, and merge."""
    from gitops_models.workflows.merging import merge
    from gitops_models.workflows.review import approve_own

    approve_own(session, opened.proposal)
    return merge(session, opened.proposal)


def after_landing(options: Options, session: Session, landed: Landed) -> None:
    """Say what was left alone and what comes next."""
    from gitops_models.workflows.following import after_landing as following

    if landed.left_alone:
        say(options, f"your local branch was left alone: {landed.left_alone}")
    waits = f"gm approve {landed.step[:12]}, or the receipt of the reviews" if landed.waiting else None
    next_step(options, waits or following(session, landed.proposal))


def proposal_body(opened: Opened) -> dict[str, Any]:
    """A proposal for ``--json``."""
    from gitops_models.policy.render.jsons import to_json

    proposal = opened.proposal
    return {
        "proposal": proposal.id,
        "branch": proposal.branch,
        "head": proposal.head,
        "changeId": opened.evaluation.change_id,
        **pull_body(proposal),
        "files": list(opened.files),
        "verdict": to_json(opened.evaluation.verdict),
    }


def pull_body(proposal: Proposal) -> dict[str, Any]:
    """Number and address of its pull request for ``--json``; nothing where it has none."""
    return {} if proposal.number is None else {"number": proposal.number, "url": proposal.url}


def landed_body(landed: Landed) -> dict[str, Any]:
    """A landed step for ``--json``."""
    waits = {"waiting": landed.waiting} if landed.waiting else {}
    return {"step": landed.step, "tags": list(landed.tags), "changeId": landed.evaluation.change_id, **waits}


def plan_lines(opened: Opened) -> list[str]:
    """What a dry run shows: branch, files and message."""
    files = [f"  {path}" for path in opened.files]
    message = [f"  {line}" for line in opened.message.rstrip("\n").split("\n")]
    return [f"would open {opened.proposal.branch}", "files:", *files, "message:", *message]


def opened_lines(opened: Opened) -> list[str]:
    """One line for the proposal and one for each quorum that is not met."""
    proposal = opened.proposal
    lines = [f"proposal {proposal.id}  {proposal.title}", *([f"  {proposal.url}"] if proposal.url else [])]
    return lines + [
        f"  needs {', '.join(quorum.missing)} for the {quorum.what}{_candidates(quorum)}"
        for quorum in opened.evaluation.verdict.quorums
        if not quorum.met
    ]


def landed_lines(landed: Landed) -> list[str]:
    """The step, and the tags made with it."""
    lines = [f"landed {landed.step[:12]}  {landed.proposal.title}"]
    lines += [f"  {landed.waiting}"] if landed.waiting else []
    return lines + [f"  tag {name}" for name in landed.tags]


def next_of(opened: Opened) -> str:
    """The command that brings the proposal forward."""
    waiting = any(not quorum.met for quorum in opened.evaluation.verdict.quorums)
    return f"gm approve {opened.proposal.id}" if waiting else f"gm merge {opened.proposal.id}"


def _candidates(quorum: Any) -> str:
    people = sorted({person for role in quorum.missing for person in quorum.candidates.get(role, ())})
    return f" ({', '.join(people)} can)" if people else " (nobody can: see gm policy)"


def with_session(options: Options, work: Callable[[Session], None]) -> None:
    """Run ``work`` on this run's session."""
    work(open_here(options))
