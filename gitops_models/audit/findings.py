"""What does not hold: steps that were not accepted, version tags, and a ledger that lost records."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from gitops_models.registry.names import tag_name
from gitops_models.registry.values import dataclass
from gitops_models.store.history import is_ancestor
from gitops_models.trust.ledgerrefs import changes_topic
from gitops_models.trust.records import Receipt
from gitops_models.trust.verify import verify_tag
from gitops_models.verification.signers import signers
from gitops_models.verification.suspicion import touches

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gitops_models.policy.facts import Signature
    from gitops_models.store.repository import Store
    from gitops_models.trust.ledger import Ledger
    from gitops_models.verification.checkpoints import Checkpoints, Doubt
    from gitops_models.verification.history import History, Step
    from gitops_models.verification.suspicion import Touch

Standing = Literal["blocking", "waiting", "settled"]
DECLARED_COMPROMISED = "GM-T005"
GoodTags = dict[str, str]  # by name the object of a tag that is good and stands where it should
QuietChanges = dict[str, tuple[str, ...]]  # by change the tips of its ref below which there is nothing to report
_TAG_CODES = {"GM-T037": "GM-T622", "GM-T038": "GM-T623"}


@dataclass(frozen=True)
class Unaccepted:
    """A step that was not accepted.

    ``blocking``: denied, and its scopes still stay at an earlier state. ``waiting``: only approvals are missing.
    ``settled``: restored or overtaken by an accepted step since; history, and no fault of the present.
    """

    step: Step
    standing: Standing
    codes: tuple[str, ...]


@dataclass(frozen=True)
class Fault:
    """A tag, ledger ref or checkpoint that is not as accepted history says.

    ``grave`` speaks against what is there; anything else is shown and changes nothing.
    """

    code: str
    what: str
    where: str
    grave: bool = True


@dataclass(frozen=True)
class _Tags:
    """The tags here, the remote's as they were last fetched (None: there is no remote), and those known to be good."""

    ours: dict[str, str]
    theirs: dict[str, str] | None
    good: GoodTags

    def as_before(self, name: str) -> bool:
        """Whether a tag that was found good is what it was then, here and at the remote."""
        known = self.good.get(name)
        return known is not None and self.ours.get(name) == known and self._there(name) == known

    def _there(self, name: str) -> str | None:
        return self.ours.get(name) if self.theirs is None else self.theirs.get(name)


def unaccepted(history: History) -> tuple[Unaccepted, ...]:
    """Every step that is denied or pending, oldest first."""
    return tuple(
        Unaccepted(step, _standing(history, step), step.verdict.codes if step.verdict else ())
        for step in history.unaccepted
    )


def _standing(history: History, step: Step) -> Standing:
    blocked = [why for scope, why in history.state.blocked.items() if scope in step.scopes]
    if not blocked:
        return "settled"
    newest = {step.oid: step for step in history.unaccepted}
    waits = all(newest[why.step].status == "pending" for why in blocked)
    return "waiting" if waits and step.status == "pending" else "blocking"


def tag_faults(store: Store, history: History, remote: str | None, good: GoodTags | None = None) -> tuple[Fault, ...]:
    """Version tags that are missing, moved or bad, here or at the remote as it was last fetched.

    Tags in ``good`` that still name the same object are not checked again; those that are found good are added.
    """
    theirs = _named(store, f"refs/gm-tags/{remote}/") if remote else None
    tags = _Tags(_named(store, "refs/tags/"), theirs, {} if good is None else good)
    doubtful = sorted(key for key in history.state.registered if not tags.as_before(tag_name(*key)))
    found = (_tag_fault(store, history, key, tags) for key in doubtful)
    return tuple(fault for fault in found if fault)


def _tag_fault(store: Store, history: History, key: tuple[str, str], tags: _Tags) -> Fault | None:
    name = tag_name(*key)
    where = f"refs/tags/{name}"
    here = tags.ours.get(name)
    if here is None:
        return Fault("GM-T620", f"tag {name} is missing", where)
    target, bad = _checked(store, history, name, here)
    if bad and bad.code != DECLARED_COMPROMISED:
        return Fault(_TAG_CODES.get(bad.code or "", "GM-T624"), f"tag {name}: {bad.detail}", where)
    step = history.state.registered[key].step or history.pin
    if not _stands_on(store, history, target, step):
        return Fault("GM-T621", f"tag {name} stands on {target[:12]}, {step[:12]} registered the version", where)
    if tags.theirs is not None and tags.theirs.get(name) != here:
        state = "another" if name in tags.theirs else "missing"
        return Fault("GM-T625", f"tag {name} is {state} at the remote", where)
    if bad:
        return Fault("GM-T624", f"tag {name}: {bad.detail}", where, grave=False)
    tags.good[name] = here
    return None


def _checked(store: Store, history: History, name: str, oid: str) -> tuple[str, Signature | None]:
    """Where the object ``oid`` stands that a ref calls the tag ``name``, and its signature when that is not good."""
    kind, raw = store.raw(oid)
    verified = verify_tag(raw, name, signers(history), object_type=kind)
    return verified.target or kind, None if verified.signature.good else verified.signature


def _stands_on(store: Store, history: History, target: str, step: str) -> bool:
    """Say so of a tag: a version that the pin brought may have been registered at any step before it."""
    return target == step or (step == history.pin and is_ancestor(store, target, step))


def _named(store: Store, prefix: str) -> dict[str, str]:
    """Every tag below ``prefix``, in one listing: one at a time costs as much as all, a thousand times."""
    return {name.removeprefix(prefix): oid for name, oid in store.refs(prefix).items()}


def checkpoint_faults(known: Checkpoints, stale: Doubt | None) -> tuple[Fault, ...]:
    """What checkpoints say against the history, then those that do not count, which change nothing."""
    doubts = (*known.doubts, *((stale,) if stale else ()))
    return (
        *(Fault(doubt.code, doubt.what, doubt.where) for doubt in doubts),
        *(Fault(doubt.code, doubt.what, doubt.where, grave=False) for doubt in known.ignored),
    )


def compromised(store: Store, history: History) -> tuple[tuple[Touch, ...], tuple[Fault, ...]]:
    """What keys declared compromised touched since, and the entries whose ``since`` is not here and bounds nothing."""
    lost = [entry for entry in history.people.compromised if not store.has(entry.since)]
    faults = (
        Fault(
            "GM-T617", f"{entry.fingerprint}: no commit {entry.since[:12]} is here", "policies/people.yaml", grave=False
        )
        for entry in lost
    )
    return touches(store, history), tuple(faults)


def ledger_faults(ledger: Ledger, quiet: QuietChanges | None = None) -> tuple[Fault, ...]:
    """Ledger refs that no longer hold records they once held, and what lies there that is no record.

    Changes in ``quiet`` whose tips are still the same are not read again; those without anything to report are added.
    """
    return (*_ledger_faults(ledger), *_ignored(ledger, {} if quiet is None else quiet))


def _ignored(ledger: Ledger, quiet: QuietChanges) -> Iterator[Fault]:
    for change_id, tips in ledger.known_changes().items():
        if quiet.get(change_id) == tips:
            continue
        chain = ledger.read(changes_topic(change_id))
        if not chain.ignored and not any(isinstance(record.body, Receipt) for record in chain.records):
            quiet[change_id] = tips
        ref = f"refs/gm/{changes_topic(change_id)}"
        for one in chain.ignored:
            yield Fault(one.code, f"{ref} holds what is no record: {one.detail}", one.commit, grave=False)


def _ledger_faults(ledger: Ledger) -> Iterator[Fault]:
    for rewritten in ledger.rewritten():
        count = len(rewritten.lost)
        yield Fault(rewritten.code, f"{rewritten.ref} lost {count} record{'s' if count > 1 else ''}", rewritten.ref)
