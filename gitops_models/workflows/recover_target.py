"""Where a rollback leads: the last known good version, a named one, or the newest from before a poisoned input."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitops_models.errors import GmError
from gitops_models.policy.lkg import unfit
from gitops_models.policy.selection import Descent, code_commits
from gitops_models.registry.documents import Poisoned
from gitops_models.registry.values import dataclass
from gitops_models.store.snapshots import snapshot
from gitops_models.verification.codeline import followers
from gitops_models.workflows.remotes import has_bytes

if TYPE_CHECKING:
    from gitops_models.registry.snapshot import Entry
    from gitops_models.registry.stack import LiveStack, StackEntry
    from gitops_models.workflows.session import Session

SHORTEST = 4
"""Digits of an abbreviated commit, as in Git."""


@dataclass(frozen=True)
class Skipped:
    """A version that was live earlier, and why it is not gone back to."""

    version: str
    why: str


@dataclass(frozen=True)
class Way:
    """What a rollback leads to (None: nothing good is left) and what it passes over, the nearest first."""

    target: StackEntry | None
    skipped: tuple[Skipped, ...] = ()


def target(session: Session, model: str, stage: str, stack: LiveStack, to: str | None) -> StackEntry:
    """The entry to return to; GM-P510 when nothing below is good, GM-P511 when ``to`` never was live below the top.

    Raises GM-P512 where the bytes of the last known good version are absent.
    """
    if to is not None:
        return _named(session, model, stage, stack, to)
    found = way(session, model, stack)
    if found.target is None:
        raise nothing_good(model, stage, found)
    return found.target


def nothing_good(model: str, stage: str, found: Way) -> GmError:
    """GM-P510 with what was passed over."""
    return GmError(
        "GM-P510",
        f"there is no earlier good version of {model} in {stage}",
        where=f"{model}#{stage}",
        details=tuple(f"{one.version}: {one.why}" for one in found.skipped),
    )


def way(session: Session, model: str, stack: LiveStack, descent: Descent | None = None) -> Way:
    """The nearest good entry below the top that does not descend from the input of ``descent``; GM-P512 as above."""
    accepted, suspect = session.accepted, session.history.state.suspect
    document = accepted.model(model) if accepted.has_model(model) else None
    skipped: list[Skipped] = []
    for entry in stack.below_top():
        why = unfit(accepted, model, entry.version, document, suspect=suspect)
        why = why or (descent.why(model, entry.version) if descent else None)
        if why is None:
            _need_bytes(session, model, entry.version)
            return Way(entry, tuple(skipped))
        skipped.append(Skipped(entry.version, why))
    return Way(None, tuple(skipped))


def _named(session: Session, model: str, stage: str, stack: LiveStack, to: str) -> StackEntry:
    below = [entry for entry in stack.versions[:-1] if entry.version == to]
    if not below:
        live = ", ".join(entry.version for entry in stack.versions[:-1]) or "none"
        raise GmError(
            "GM-P511",
            f"{model}@{to} was not live in {stage} before {stack.versions[-1].version}",
            where=session.accepted.layout.stage_path(model, stage),
            details=(f"earlier live versions: {live}",),
        )
    return below[-1]


def _need_bytes(session: Session, model: str, version: str) -> None:
    present = has_bytes(session)
    artifacts = session.accepted.lineage(model, version).artifacts
    if present is not None and not all(present(entry.md5 or "", entry.size) for entry in artifacts):
        raise GmError(
            "GM-P512",
            f"the bytes of {model}@{version}, the last known good version, are not in the artifact remote",
            where=f"{model}@{version}",
        )


def restored(session: Session, model: str, stage: str, entry: StackEntry | None) -> Entry | None:
    """The stage state's blob as it was at the step that made ``entry`` live; None undeploys."""
    if entry is None:
        return None
    path = session.accepted.layout.stage_path(model, stage)
    step = entry.step or session.history.pin
    found = snapshot(session.store, step, session.history.layout).entry(path)
    if found is None:
        raise GmError("GM-P511", f"step {step[:12]} has no {path}", where=path)
    return found


def descent(session: Session, model: str, *, data: str | None, commit: str | None) -> Descent | None:
    """Answers about the input that went bad, None where none is named.

    Raises GM-C247 for data that no version of ``model`` was made from, GM-C248 for a commit that nobody knows.
    """
    if data is not None:
        return _of_data(session, model, data)
    return _of_commit(session, model, commit) if commit is not None else None


def _of_data(session: Session, model: str, data: str) -> Descent:
    found = Descent(session.accepted, Poisoned(data=data))
    versions = session.accepted.versions(model)
    if not any(found.why(model, version) for version in versions):
        entries = [entry for version in versions for entry in session.accepted.lineage(model, version).data]
        known = dict.fromkeys(f"{one.name}@{one.snapshot}" if one.snapshot else one.name for one in entries)
        raise GmError(
            "GM-C247",
            f"no version of {model} was made from this",
            where=model,
            details=(f"data: {', '.join(known) or 'none recorded'}",),
        )
    return found


def _of_commit(session: Session, model: str, text: str) -> Descent:
    accepted = session.accepted
    commit = _whole(session, text, code_commits(accepted, model, accepted.versions(model)))
    codes = {code for one in accepted.models() for code in code_commits(accepted, one, accepted.versions(one))}
    after = followers(session.store, commit, codes, session.history.tip)
    found = Descent(accepted, Poisoned(commit=commit), frozenset((commit, code) for code in after))
    if not any(found.why(model, version) for version in accepted.versions(model)):
        raise GmError("GM-C247", f"no version of {model} was made by {commit[:12]} or what follows it", where=model)
    return found


def _whole(session: Session, text: str, codes: frozenset[str]) -> str:
    """The full id of a commit: that of a lineage which begins so, or one of this repository."""
    begun = sorted(code for code in codes if len(text) >= SHORTEST and code.startswith(text.lower()))
    if len(begun) == 1:
        return begun[0]
    try:
        return session.store.resolve(text)
    except GmError as error:
        what = "several commits of code begin so" if begun else "neither a lineage nor this repository has this commit"
        raise GmError("GM-C248", what, where=text, details=tuple(begun)) from error
