"""A verified prefix of history, kept in gm's own folder of the clone so that only new steps are judged.

Bound to pin, tip and version of gm by their ids; it stands beside the pin and is worth as much. Deleting it costs time
only. A history with a blocked scope is never kept: late approvals may still change what it amounts to.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from gitops_models._version import __version__
from gitops_models.errors import GmError
from gitops_models.registry.grow import GrowingMap
from gitops_models.registry.stack import LiveStack, StackEntry
from gitops_models.registry.state import AcceptedState, Registration, Touch
from gitops_models.registry.times import format_time, parse_time
from gitops_models.store.snapshots import snapshot
from gitops_models.trust.memory import write_durably
from gitops_models.verification.fold import layout_at, policy_of
from gitops_models.verification.history import History

if TYPE_CHECKING:
    from pathlib import Path

    from gitops_models.registry.snapshot import Snapshot
    from gitops_models.store.repository import Store

FORMAT = f"3 {__version__}"


def cache_path(common_dir: Path) -> Path:
    """Where the prefix of the repository at ``common_dir`` is kept."""
    return common_dir / "gm" / "prefix.json"


def load_prefix(path: Path, store: Store, pin: str) -> History | None:
    """The kept history that begins at ``pin``, without its steps; None when there is none that fits."""
    try:
        kept = json.loads(path.read_bytes())
        if kept["format"] != FORMAT or kept["pin"] != pin:
            return None
        return _history(kept, store)
    except (OSError, ValueError, KeyError, TypeError, GmError):
        # A cache that cannot be used is as good as none: everything is judged again.
        return None


def save_prefix(path: Path, history: History) -> None:
    """Keep ``history`` unless something in it is blocked."""
    if not history.blocked:
        write_durably(path, json.dumps(_plain(history), separators=(",", ":")).encode())


def _plain(history: History) -> dict[str, Any]:
    state = history.state
    return {
        "format": FORMAT,
        "pin": history.pin,
        "tip": history.tip,
        "length": history.length,
        "step": state.step,
        "at": format_time(state.at) if state.at else None,
        "index": state.index,
        "stacks": [
            [*key, [list(vars(entry).values()) for entry in stack.versions], stack.live]
            for key, stack in state.stacks.items()
        ],
        "touched": [[path, touch.order, touch.step] for path, touch in state.touched.items()],
        "registered": [
            [*key, value.step, sorted(value.persons), format_time(value.at) if value.at else None]
            for key, value in state.registered.items()
        ],
        "weights": [[*key, version] for key, version in state.weights.items()],
        "evidence": [[path, order] for path, order in state.evidence.items()],
        "suspect": sorted(state.suspect),
        "staged": [[*key, sorted(versions)] for key, versions in state.ever_staged.items()],
    }


def _history(kept: dict[str, Any], store: Store) -> History:
    layout = layout_at(store, kept["tip"])
    accepted = snapshot(store, kept["tip"], layout)
    return History(
        repository=accepted.repository(),
        layout=layout,
        pin=kept["pin"],
        tip=kept["tip"],
        state=_state(kept, accepted),
        policy=policy_of(accepted),
        people=accepted.people(),
        skipped=kept["length"],
    )


def _state(kept: dict[str, Any], accepted: Snapshot) -> AcceptedState:
    return AcceptedState(
        accepted,
        kept["step"],
        at=parse_time(kept["at"]) if kept["at"] else None,
        index=kept["index"],
        stacks=GrowingMap(
            {
                (model, stage): LiveStack(tuple(StackEntry(*entry) for entry in entries), live=live)
                for model, stage, entries, live in kept["stacks"]
            }
        ),
        touched=GrowingMap({path: Touch(order, step) for path, order, step in kept["touched"]}),
        registered=GrowingMap(
            {
                (model, version): Registration(step, frozenset(persons), parse_time(at) if at else None)
                for model, version, step, persons, at in kept["registered"]
            }
        ),
        weights=GrowingMap({(model, digest): version for model, digest, version in kept["weights"]}),
        ever_staged=GrowingMap(
            {(model, stage): GrowingMap(dict.fromkeys(versions)) for model, stage, versions in kept["staged"]}
        ),
        evidence=GrowingMap(dict(kept["evidence"])),
        suspect=frozenset((model, version) for model, version in kept["suspect"]),
    )
