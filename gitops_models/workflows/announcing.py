"""A rollback is told before it is done, when it is done, and when it fails; telling changes nothing of it."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, Literal

from gitops_models.delivery.notify.notices import Notice
from gitops_models.errors import GmError
from gitops_models.policy.denied import Denied
from gitops_models.registry.values import dataclass

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from gitops_models.delivery.notify.notices import NoticeKind
    from gitops_models.delivery.notify.post import Post
    from gitops_models.forge.base import Proposal
    from gitops_models.workflows.propose import Opened
    from gitops_models.workflows.recover import Rollback
    from gitops_models.workflows.session import Session

POLICY = "GM-P"


@dataclass
class Story:
    """One rollback as it goes on; it has ``begun`` once the judge has seen its plan and it has been told."""

    post: Post
    session: Session
    wanted: Rollback
    way: str
    emergency: bool
    dry_run: bool
    begun: bool = False
    plan: Opened | None = None

    def begins(self, plan: Opened | None) -> None:
        """Tell it, after the plan was judged and before anything is published; give this to ``rollback``.

        Where there is no proposal there is no plan to show.
        """
        self.plan, self.begun = plan, True
        quorums = plan.evaluation.verdict.quorums if plan else ()
        missing = ", ".join(sorted({role for quorum in quorums for role in quorum.missing}))
        self.tell("initiated", details={"missing": missing} if missing else {})

    def ends(self, step: str | None) -> None:
        """Tell that it landed as ``step``; None says nothing, because it is open and waits for others."""
        if step is not None:
            self.tell("completed", commit=step)

    def tell(
        self,
        how: Literal["initiated", "completed", "failed", "stalled"],
        *,
        error: BaseException | None = None,
        commit: str | None = None,
        details: Mapping[str, str] | None = None,
    ) -> None:
        """Tell what happened to it; whatever goes wrong with that masks no error."""
        if self.dry_run:
            return
        try:
            told = {"error": str(error) or type(error).__name__} if error is not None else {}
            code = error.code if isinstance(error, GmError) else None
            notice = self._notice(_kind(how, emergency=self.emergency), {**(details or {}), **told})
            self.post.notify(replace(notice, commit=commit, code=code))
        except GmError as problem:
            self.post.warnings.append(problem)

    def _notice(self, kind: NoticeKind, details: Mapping[str, str]) -> Notice:
        proposal = self.plan.proposal if self.plan else None
        stage = proposal.stage if proposal else self.wanted.stage
        found = {"proposal": proposal.id, "branch": proposal.branch} if proposal else {}
        return Notice(
            kind,
            model=self.wanted.model,
            stage=stage,
            version=proposal.version if proposal else self.wanted.to,
            replaces=self._live(stage),
            incident=self.wanted.incident,
            cause=self.wanted.cause,
            reason=self.wanted.reason,
            actor=who(self.session),
            details={"way": self.way, **found, **details},
        )

    def _live(self, stage: str | None) -> str | None:
        accepted, model = self.session.accepted, self.wanted.model
        if stage is None or not accepted.has_model(model):
            return None
        state = accepted.stage_state(model, stage)
        return state.version if state else None


@contextmanager
def announced(
    post: Post,
    session: Session,
    wanted: Rollback,
    *,
    way: str = "proposal",
    emergency: bool = False,
    dry_run: bool = False,
) -> Iterator[Story]:
    """Tell what becomes of the rollback in the block, unless it is a dry run; its errors go on as they are.

    A wrong name or a missing key ends before there is anything to tell; a refusal by the policy is told, and so is
    whatever fails once it has begun.
    """
    story = Story(post, session, wanted, way, emergency, dry_run)
    try:
        yield story
    except BaseException as error:
        if story.begun and isinstance(error, Denied):
            story.tell("stalled", error=error)
        elif story.begun or (isinstance(error, GmError) and error.code.startswith(POLICY)):
            story.tell("failed", error=error)
        raise


def _kind(how: Literal["initiated", "completed", "failed", "stalled"], *, emergency: bool) -> NoticeKind:
    if how == "stalled":
        return "rollback-stalled"
    kinds: dict[str, NoticeKind] = {
        "initiated": "emergency-initiated" if emergency else "rollback-initiated",
        "completed": "emergency-completed" if emergency else "rollback-completed",
        "failed": "emergency-failed" if emergency else "rollback-failed",
    }
    return kinds[how]


def who(session: Session) -> str | None:
    """Return whose key signs here; None where nobody can tell, for a message goes out all the same."""
    try:
        return session.actor(session.signer()).id
    except GmError:
        return None


def tell_landed(post: Post, proposal: Proposal, step: str, *, reason: str | None = None) -> None:
    """Tell that a rollback that somebody else had proposed has landed."""
    post.notify(
        Notice(
            "rollback-completed",
            model=proposal.model,
            stage=proposal.stage,
            version=proposal.version,
            reason=reason or proposal.title,
            commit=step,
            details={"proposal": proposal.id, "branch": proposal.branch},
        )
    )
