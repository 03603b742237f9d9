"""Opening a proposal: one signed commit on a branch of its own, judged before anything is published."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from gitops_models.errors import GmError
from gitops_models.forge.base import ABSENT, Proposal
from gitops_models.forge.git_only import GitOnlyForge
from gitops_models.policy.denied import Denied
from gitops_models.registry.snapshot import Entry
from gitops_models.registry.trailers import GM_REASON, commit_message
from gitops_models.registry.values import dataclass
from gitops_models.verification.changes import change_of, id_of
from gitops_models.verification.proposal import evaluate
from gitops_models.workflows.footing import firm
from gitops_models.workflows.patience import Patience

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from gitops_models.forge.base import Forge
    from gitops_models.verification.proposal import Evaluation
    from gitops_models.workflows.session import Session

REGULAR = 0o100644
ID_LENGTH = 8
BUSY = "GM-S209"
GITHUB = "github"
LOCKED_FOR = 10.0  # seconds; longer than it takes until a lock that nobody holds is broken


@dataclass(frozen=True)
class Draft:
    """A change that a verb wants: what it is about, its files, and the words that go with it.

    ``updates`` maps a path to new content, to an existing entry (restored byte-exact), or to None (removed).
    """

    event: str
    model: str
    subject: str
    reason: str
    updates: Mapping[str, bytes | Entry | None]
    version: str = ABSENT
    stage: str = ABSENT
    body: str = ""
    trailers: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class Opened:
    """A proposal with its evaluation at opening. ``published`` is False for a dry run or ``--no-push``."""

    proposal: Proposal
    evaluation: Evaluation
    message: str
    files: tuple[str, ...]
    published: bool


def propose(
    session: Session,
    draft: Draft,
    *,
    dry_run: bool = False,
    no_push: bool = False,
    before: Callable[[Opened], None] | None = None,
) -> Opened:
    """Write the draft as a signed proposal commit on the line's tip, judge it, and publish its branch.

    ``before`` is called with the plan once it is judged and before anything is published, but not on a dry run.

    A draft that the policy denies for anything but missing approvals raises ``Denied`` and publishes nothing; an
    untidy clone raises GM-C205 or GM-C206.
    """
    from gitops_models.store.writer import write_commit, write_tree  # noqa: PLC0415 - only who proposes writes

    store, signer = session.store, session.signer()
    session.actor(signer)
    firm(session, draft.event, draft.model)
    entries = {path: _entry(session, content) for path, content in draft.updates.items()}
    change = change_of(session.history, entries)
    identity = id_of(session.history, change)[:ID_LENGTH]
    message = commit_message(draft.subject, draft.body, [*draft.trailers, (GM_REASON, draft.reason)])
    ident = session.ident()
    head = write_commit(
        store,
        write_tree(store, store.commit(session.history.tip).tree, entries),
        [session.history.tip],
        message,
        ident,
        ident,
        lambda payload: signer.sign(payload, "git"),
    )
    proposal = Proposal(draft.event, draft.model, draft.version, draft.stage, identity, head, draft.subject, ident.name)
    evaluation = evaluate(store, session.history, head, session.ledger, at=session.clock.now())
    if not evaluation.verdict.allowed and not evaluation.verdict.missing_only:
        raise Denied(evaluation.verdict)
    opened = Opened(proposal, evaluation, message, tuple(sorted(entries)), published=False)
    if dry_run:
        return opened
    if before is not None:
        before(opened)
    return publish(session, opened, no_push=no_push)


def publish(session: Session, planned: Opened, *, no_push: bool = False) -> Opened:
    """Open the proposal, or take up the one that stands there: a command that was killed is simply given again."""
    place, opened = forge(session, no_push=no_push), replace(planned, published=True)
    known = place.standing(opened.proposal.ref)
    if known is not None:
        found = evaluate(session.store, session.history, known.head, session.ledger, at=session.clock.now())
        sound = found.verdict.allowed or found.verdict.missing_only
        if sound and found.change_id == opened.evaluation.change_id:
            message = session.store.commit(known.head).message
            return _ask(session, place, replace(opened, proposal=known, evaluation=found, message=message))
    for _ in Patience(LOCKED_FOR).attempts():
        try:
            return _ask(session, place, opened)
        except GmError as error:
            if error.code != BUSY:
                raise
            busy = error
    raise busy


def _ask(session: Session, place: Forge, opened: Opened) -> Opened:
    """Publish the branch, and where the forge has pages, one that tells what the proposal is."""
    if not place.merges:
        return replace(opened, proposal=place.open(opened.proposal))
    from gitops_models.workflows.pages import page_of  # noqa: PLC0415 - Git alone never needs it

    return replace(opened, proposal=place.open(opened.proposal, page_of(session, opened)))


def forge(session: Session, *, no_push: bool = False) -> Forge:
    """The repository's forge, as the accepted gm.yaml names it; with ``no_push`` the proposal stays a local branch."""
    remote = None if no_push else session.remote
    if remote is None or session.history.repository.forge != GITHUB:
        return GitOnlyForge(session.store, remote)
    from gitops_models.workflows.hosted import connect  # noqa: PLC0415 - as above

    return connect(session, remote)


def _entry(session: Session, content: bytes | Entry | None) -> Entry | None:
    if content is None or isinstance(content, Entry):
        return content
    from gitops_models.store.writer import write_blob  # noqa: PLC0415 - as above

    return Entry(REGULAR, write_blob(session.store, content))
