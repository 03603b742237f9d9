"""Where history begins: the state at the pin, and what its documents say about how to read the rest."""

from __future__ import annotations

import itertools
from dataclasses import replace
from typing import TYPE_CHECKING

from gitops_models.errors import GmError
from gitops_models.policy.document import load_policy
from gitops_models.registry.paths import GM_YAML, POLICY_SCOPE, POLICY_YAML, Layout
from gitops_models.registry.scopes import Scope
from gitops_models.registry.snapshot import Snapshot
from gitops_models.registry.state import AcceptedState
from gitops_models.store.history import walk_first_parents
from gitops_models.store.snapshots import governed_diff, governed_scopes, snapshot
from gitops_models.store.trees import has_file
from gitops_models.verification.history import History

if TYPE_CHECKING:
    from gitops_models.policy.document import Policy
    from gitops_models.store.repository import Store


def begin(store: Store, pin: str) -> History:
    """The history that consists of the pin alone; its tree is accepted because somebody said so outside Git."""
    layout = layout_at(store, pin)
    accepted = snapshot(store, pin, layout)
    return History(
        repository=accepted.repository(),
        layout=layout,
        pin=pin,
        tip=pin,
        state=AcceptedState.initial(accepted, pin, touched=_touched_before(store, pin, layout)),
        policy=policy_of(accepted),
        people=accepted.people(),
    )


def _touched_before(store: Store, pin: str, layout: Layout) -> dict[str, str]:
    """The last step up to the pin that touched each mutable path, oldest first.

    Readers with different pins must find the same anchors; the first governed commit itself touches nothing.
    """
    steps: list[str] = []
    for oid in walk_first_parents(store, pin):
        if not has_file(store, oid, GM_YAML):
            break
        steps.append(oid)
    touched: dict[str, str] = {}
    for above, oid in itertools.pairwise(reversed(steps)):
        for path in governed_diff(store, above, oid, layout):
            if layout.mutable(path):
                touched.pop(path, None)
                touched[path] = oid
    return touched


def layout_at(store: Store, revision: str) -> Layout:
    """The layout that ``gm.yaml`` at ``revision`` declares. Raises GM-C110 where there is none."""
    bare = snapshot(store, revision, Layout())
    if bare.entry(GM_YAML) is None:
        raise GmError("GM-C110", "this repository has no gm.yaml", where=f"{revision[:12]}:{GM_YAML}")
    return Layout.of(bare.repository())


def policy_of(accepted: Snapshot) -> Policy:
    """The policy of an accepted state. Raises GM-P701 where there is none: no policy means deny."""
    if accepted.entry(POLICY_YAML) is None:
        raise GmError("GM-P701", "there is no policy, and no policy means deny", where=POLICY_YAML)
    return load_policy(accepted.data(POLICY_YAML), POLICY_YAML)


def laid_out(store: Store, history: History, layout: Layout) -> History:
    """The history under the layout that an accepted gm.yaml declares.

    Paths that it newly governs are accepted as the step that declared them has them, as those of a pin are.
    """
    if layout == history.layout or history.state.step is None:
        return history
    accepted = history.state.snapshot
    scopes = {name: dict(accepted.scope(name)) for name in accepted.scope_names()}
    policy = governed_scopes(store, history.state.step, layout)[POLICY_SCOPE]
    again = Snapshot(layout, {**scopes, POLICY_SCOPE: policy}, accepted.blobs)
    actual = {scope: Scope(layout, entries) for scope, entries in history.actual.items()}
    return replace(history, layout=layout, state=replace(history.state, snapshot=again), actual=actual)
