"""Judging any two commits, and documents alone: what continuous integration asks."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitops_models.errors import GmError, find_code
from gitops_models.policy.verdict import Finding, Severity, Verdict
from gitops_models.registry.documents.identity import identity_problem
from gitops_models.registry.paths import DOCUMENT_KINDS, GM_YAML, POLICY_YAML, Layout
from gitops_models.registry.values import dataclass
from gitops_models.store.repository import Store
from gitops_models.store.snapshots import governed_diff, snapshot
from gitops_models.store.staged import staged_commit
from gitops_models.store.trees import has_file
from gitops_models.trust.ledger import Ledger
from gitops_models.trust.memory import load_memory, memory_path
from gitops_models.verification.fold import fold, layout_at, policy_of
from gitops_models.verification.proposal import evaluate
from gitops_models.workflows.session import default_remote, first_governed, verified_before

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from gitops_models.policy.simulation import Supposed
    from gitops_models.registry.snapshot import Snapshot
    from gitops_models.workflows.clock import Clock

IMMUTABLE = frozenset({"lineage", "pointer", "evidence", "hold", "quarantine", "status"})


@dataclass(frozen=True)
class Checked:
    """A verdict over two commits; ``pinned`` is False when the beginning of history was taken on trust.

    ``supposed`` names the decisions that nobody made and the verdict rests on.
    """

    verdict: Verdict
    pinned: bool
    supposed: tuple[str, ...] = ()


def check_range(
    path: Path, base: str, head: str, clock: Clock, *, pin: str | None = None, supposed: tuple[Supposed, ...] = ()
) -> Checked:
    """Judge what merging ``head`` into ``base`` would do, from objects alone: nothing is fetched or checked out.

    What this clone has verified before is taken over, but never with a ``pin`` from outside (see ``open_session``).
    Without a pin the first governed commit is where trust begins. GM-T502 where history does not hold from there on: a
    later epoch may have another policy, and which one is meant must not be guessed.
    """
    store = Store.discover(path)
    tip = store.resolve(base)
    memory = load_memory(memory_path(store.common_dir))
    start = store.resolve(pin) if pin else (memory.pin.commit if memory else None)
    ledger = Ledger(store, default_remote(store))
    known = None if pin else verified_before(store, memory, tip)
    begun = start or first_governed(store, tip)
    history = fold(store, pin=begun, tip=tip, ledger=ledger, known=known, now=clock.now())
    if start is None and history.blocked:
        raise GmError("GM-T502", f"no pin, and from {history.pin[:12]} on not every step holds", where=tip)
    evaluation = evaluate(store, history, store.resolve(head), ledger, at=clock.now())
    if supposed:
        from gitops_models.policy.simulation import simulate  # noqa: PLC0415 - few ask for it

        simulated = simulate(evaluation.change, evaluation.facts, history.policy, supposed)
        return Checked(simulated.verdict, start is not None, simulated.supposed)
    return Checked(evaluation.verdict, start is not None)


def check_documents(path: Path, base: str | None, head: str) -> Verdict:
    """Form of every governed document at ``head``, and immutability against ``base`` where one is given.

    What is governed is for the base to say: a head that names another models root would hide everything it edits.
    Needs no pin and no ledger; says nothing about who may do what.
    """
    store = Store.discover(path)
    tip, start = store.resolve(head), store.resolve(base) if base is not None else None
    declared = layout_at(store, tip)
    # The change that brings gm.yaml has nothing before it to be judged by.
    layout = layout_at(store, start) if start and has_file(store, start, GM_YAML) else declared
    found = _form(snapshot(store, tip, layout))
    if start is not None:
        found += _immutability(store, start, tip, layout)
    if declared.models != layout.models:
        message = f"the models root moves from {layout.models} to {declared.models}"
        found.append(Finding("GM-P705", Severity.DENY, message, GM_YAML, find_code("GM-P705").hint))
    allowed = not any(finding.severity is Severity.DENY for finding in found)
    return Verdict(allowed, tuple(sorted(found, key=lambda finding: (finding.where or "", finding.code))), (), tip)


def check_staged(path: Path, environ: Mapping[str, str], *, immutable: bool) -> Verdict:
    """``check_documents`` of what the next commit of a work tree would hold, against HEAD where ``immutable``.

    Where nothing is governed yet there is nothing to be said.
    """
    store = Store.discover(path)
    staged = staged_commit(store, environ)
    if not has_file(store, staged, GM_YAML):
        return Verdict(True, (), (), staged)  # noqa: FBT003 - the verdict's own first field
    before = store.commit(staged).parents
    return check_documents(path, before[0] if immutable and before else None, staged)


def _form(tree: Snapshot) -> list[Finding]:
    found: list[Finding] = []
    for scope in tree.scope_names():
        for path in tree.scope(scope):
            found += _problems(tree, path)
    return found


def _problems(tree: Snapshot, path: str) -> list[Finding]:
    try:
        error = _problem(tree, path)
    except GmError as unreadable:
        error = unreadable
    if error is None:
        return []
    return [Finding(error.code, Severity.DENY, error.message, error.where or path, error.hint, error.details)]


def _problem(tree: Snapshot, path: str) -> GmError | None:
    """What is wrong with one governed file; raises for what cannot be read at all."""
    place = tree.place(path)
    if place.kind == "other":
        return GmError("GM-D031", "nothing of this name belongs here", where=path)
    if path == POLICY_YAML:
        policy_of(tree)
    elif place.kind in DOCUMENT_KINDS:
        problem = identity_problem(tree.document(path), place)
        return GmError("GM-D023", problem, where=path) if problem else None
    return None


def _immutability(store: Store, base: str, head: str, layout: Layout) -> list[Finding]:
    found = []
    for path, (before, _) in governed_diff(store, base, head, layout).items():
        place = layout.classify(path)
        if before is not None and place is not None and place.kind in IMMUTABLE:
            code = "GM-P101" if place.kind in {"lineage", "pointer"} else "GM-P102"
            message = f"a released {place.kind} was edited or removed"
            found.append(Finding(code, Severity.DENY, message, path, find_code(code).hint))
    return found
