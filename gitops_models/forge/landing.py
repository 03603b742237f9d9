"""Landing a proposal: judge, build the signed merge, and move line, ledger, tags and branch in one transaction."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitops_models.errors import GmError
from gitops_models.registry.events import VersionRegistered
from gitops_models.registry.names import tag_name
from gitops_models.registry.times import format_time
from gitops_models.registry.trailers import APPROVED_BY, GM_CHANGE, commit_message, parse_trailers
from gitops_models.registry.values import dataclass
from gitops_models.store.refs import RefUpdate
from gitops_models.store.writer import write_commit, write_tag, write_tree
from gitops_models.trust.records import Acceptance, make_acceptance
from gitops_models.verification.commits import three_way

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from gitops_models.forge.base import Proposal
    from gitops_models.registry.snapshot import Entry
    from gitops_models.registry.trailers import Pair
    from gitops_models.store.objects import Ident
    from gitops_models.store.repository import Store
    from gitops_models.trust.ledger import Ledger
    from gitops_models.trust.signing import Signer
    from gitops_models.verification.proposal import Evaluation

GIT_NAMESPACE = "git"
_NOT_THE_AUTHORS = frozenset({GM_CHANGE.lower(), APPROVED_BY.lower()})


@dataclass(frozen=True)
class Landing:
    """A merge that exists as objects and the ref updates that make it the line's next step."""

    merge: str
    updates: tuple[RefUpdate, ...]
    tags: tuple[str, ...]


def prepare_landing(  # noqa: PLR0913 - who signs, where and when are all the caller's to say
    store: Store,
    ledger: Ledger,
    proposal: Proposal,
    evaluation: Evaluation,
    *,
    line: str,
    signer: Signer,
    ident: Ident,
    at: datetime,
) -> Landing:
    """Write the merge, the acceptance and the tags that landing an allowed ``evaluation`` needs; no ref moves."""
    tree = write_tree(store, store.commit(evaluation.tip).tree, _tree_updates(store, evaluation))
    merge = write_commit(
        store,
        tree,
        [evaluation.tip, evaluation.head],
        message_of(store, proposal, evaluation),
        ident,
        ident,
        lambda payload: signer.sign(payload, GIT_NAMESPACE),
    )
    updates = [RefUpdate(f"refs/heads/{line}", new=merge, old=evaluation.tip)]
    if evaluation.verdict.quorum_needed:
        updates += _acceptance(ledger, evaluation, merge, signer=signer, at=at)
    tags = _tags(store, evaluation, merge, signer=signer, ident=ident)
    updates += [RefUpdate(f"refs/tags/{name}", new=oid, old=None) for name, oid in tags.items()]
    updates.append(RefUpdate(proposal.ref, new=None, old=proposal.head))
    return Landing(merge, tuple(updates), tuple(tags))


def _acceptance(
    ledger: Ledger, evaluation: Evaluation, merge: str, *, signer: Signer, at: datetime
) -> Sequence[RefUpdate]:
    """The move of the change's ledger ref that adds the acceptance; other people's waiting records are not taken.

    None where it is there already: a landing that was cut short at the remote and tried again within its second.
    """
    body = Acceptance(
        main=evaluation.tip,
        merge=merge,
        head=evaluation.head,
        change_id=evaluation.change_id,
        at=format_time(at),
        checkpoint=ledger.latest_checkpoint(at),
    )
    update = ledger.prepare(evaluation.change_id, make_acceptance(body, signer))
    return [update] if update else []


def _tree_updates(store: Store, evaluation: Evaluation) -> dict[str, Entry | None]:
    """The governed updates, and what the proposal changes outside the governed paths, merged path by path as well."""
    merged = three_way(store, evaluation.tip, evaluation.head, None)
    if merged.conflicts:
        raise GmError(
            "GM-F201",
            "the proposal and the line changed the same files since the proposal began",
            where=merged.conflicts[0],
            details=merged.conflicts,
        )
    return dict(merged.updates)


def claims(message: str) -> tuple[Pair, ...]:
    """The author's trailers but those that are not theirs to write, in whatever case: Git reads keys without it."""
    return tuple(pair for pair in parse_trailers(message) if pair[0].lower() not in _NOT_THE_AUTHORS)


def message_of(store: Store, proposal: Proposal, evaluation: Evaluation) -> str:
    """The message of the merge: the proposal's trailers, its change and who approved it."""
    source = store.commit(evaluation.head).message
    title = source.split("\n", 1)[0]
    pairs = [*claims(source), (GM_CHANGE, evaluation.change_id)]
    approvers = {counted.person for quorum in evaluation.verdict.quorums for counted in quorum.counted}
    pairs += [(APPROVED_BY, person) for person in sorted(approvers)]
    return commit_message(f"merge: {title}", f"Lands {proposal.branch}.", pairs)


def _tags(store: Store, evaluation: Evaluation, merge: str, *, signer: Signer, ident: Ident) -> Mapping[str, str]:
    tags: dict[str, str] = {}
    for event in evaluation.change.events:
        if isinstance(event, VersionRegistered):
            name = tag_name(event.model, event.version)
            tags[name] = version_tag(store, name, merge, signer=signer, ident=ident)
    return tags


def version_tag(store: Store, name: str, step: str, *, signer: Signer, ident: Ident) -> str:
    """Write the signed annotated tag of a version on the step that registered it; returns the tag object's id."""
    return write_tag(store, name, step, f"Version {name}", ident, lambda payload: signer.sign(payload, GIT_NAMESPACE))
