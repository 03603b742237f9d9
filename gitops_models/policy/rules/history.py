"""P8xx, history: every governed byte was signed by somebody known, and the merge adds nothing of its own."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitops_models.policy.approvals import available
from gitops_models.policy.rule import Problem, Rule
from gitops_models.registry.events import Restored

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gitops_models.policy.context import Context
    from gitops_models.policy.facts import Facts


def commits_are_signed(context: Context) -> Iterator[Problem]:
    """Each proposal commit that touches governed files has a good signature by a key of the accepted people file."""
    for commit in context.facts.commits:
        if not commit.signature.good or commit.actor is None:
            verdict = commit.signature.verdict if not commit.signature.good else "by a key of nobody known"
            detail = tuple(text for text in (commit.signature.code, commit.signature.detail) if text)
            yield Problem(
                f"commit {commit.oid[:10]} is {verdict}", commit.touched[0] if commit.touched else None, detail
            )


def committer_is_signer(context: Context) -> Iterator[Problem]:
    """Demand that the committer e-mail belongs to whoever signed."""
    for commit in context.facts.commits:
        if commit.actor is not None and commit.signature.good and not commit.email_ok:
            message = f"commit {commit.oid[:10]} is signed by {commit.actor.id} under another e-mail"
            yield Problem(message, commit.touched[0] if commit.touched else None)


def merge_is_signed(context: Context) -> Iterator[Problem]:
    """Demand that the first-parent commit is signed by a known person, workload or forge, under their own e-mail.

    A person counts as long as they count for anything: neither suspended nor past ``until``.
    """
    merge = context.facts.merge
    if merge is None or merge.oid is None:
        return
    if merge.signature is None or not merge.signature.good or merge.actor is None:
        verdict = merge.signature.verdict if merge.signature and not merge.signature.good else "by nobody known"
        yield Problem(f"merge {merge.oid[:10]} is {verdict}")
    elif not merge.email_ok:
        yield Problem(f"merge {merge.oid[:10]} is signed by {merge.actor.id} under another e-mail")
    elif merge.actor.kind == "person" and (why := _absence(context.facts, merge.actor.id)) is not None:
        yield Problem(f"merge {merge.oid[:10]} is signed by {merge.actor.id}, who is {why}")


def _absence(facts: Facts, name: str) -> str | None:
    person = facts.people.person(name)
    return available(person, facts.at) if person is not None else "not in the accepted people file"


def merge_is_whole(context: Context) -> Iterator[Problem]:
    """Each governed blob of the merge is that of one parent: nothing was slipped in while merging."""
    merge = context.facts.merge
    for path in merge.foreign if merge else ():
        yield Problem("the merge holds content that is in none of its parents", path)


def content_is_proposed(context: Context) -> Iterator[Problem]:
    """Each changed path has what a proposal commit left there, so somebody answers for it."""
    touched = {path for commit in context.facts.commits for path in commit.touched}
    for change in context.change.paths:
        if change.path not in touched:
            yield Problem("no proposal commit touches this file", change.path)
        elif not any(context.sources(change.path)):
            yield Problem("no proposal commit left this content in the file", change.path)
    if any(context.of(Restored)) and not (context.facts.commits or _merged_by_person(context)):
        yield Problem("no person signed the restoration")


def _merged_by_person(context: Context) -> bool:
    """Whether a person made the merge; whether the signature is good is judged by its own rule."""
    merge = context.facts.merge
    return merge is not None and merge.actor is not None and merge.actor.kind == "person"


RULES = (
    Rule("GM-P801", commits_are_signed, "Identity is decided by key, never by name.", restoring=True),
    Rule("GM-P802", committer_is_signer, "What plain git log shows must be true.", restoring=True),
    Rule("GM-P803", merge_is_signed, "Who lands a change is known.", restoring=True),
    Rule("GM-P804", merge_is_whole, "A merge must not hide a second change.", restoring=True),
    Rule("GM-P805", content_is_proposed, "Every governed byte has somebody who signed it.", restoring=True),
)
