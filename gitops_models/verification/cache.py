"""A verified prefix of history, kept in gm's own folder of the clone so that only new steps are judged.

Bound to pin, tip and version of gm by their ids; it stands beside the pin and is worth as much: whoever can write it
could as well write another pin. Deleting it costs time only. A history with a blocked scope is never kept: late
approvals may still change what it amounts to. What was said of each step lies beside it (steplog.py).
"""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any, cast

from gitops_models._version import __version__
from gitops_models.errors import GmError
from gitops_models.registry.cache import cache_of
from gitops_models.registry.chronicle import Happening
from gitops_models.registry.grow import GrowingMap
from gitops_models.registry.paths import GM_YAML, POLICY_SCOPE, Layout
from gitops_models.registry.scopes import REGULAR, Entry, Scope
from gitops_models.registry.snapshot import Snapshot
from gitops_models.registry.stack import LiveStack, StackEntry
from gitops_models.registry.state import AcceptedState, Recorded, Registration, Touch
from gitops_models.registry.times import format_time, parse_time
from gitops_models.trust.memory import write_durably
from gitops_models.verification.beginning import policy_of
from gitops_models.verification.history import History
from gitops_models.verification.steplog import load_steps, save_steps

if TYPE_CHECKING:
    from datetime import datetime
    from pathlib import Path

    from gitops_models.registry.documents import Repository
    from gitops_models.store.repository import Store

FORMAT = f"6 {__version__}"


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
    except (OSError, ValueError, KeyError, TypeError, AttributeError, GmError):
        # A cache that cannot be used is as good as none: everything is judged again.
        return None


def save_prefix(path: Path, history: History) -> None:
    """Keep ``history`` unless something in it is blocked."""
    if not history.blocked:
        save_steps(_steps_path(path), history)
        write_durably(path, json.dumps(_plain(history), separators=(",", ":")).encode())


def with_kept_steps(path: Path, store: Store, history: History) -> History | None:
    """Return ``history`` with the steps that it skipped; None where what was said of them is not kept."""
    first = history.steps[0].oid if history.steps else None
    last = store.commit(first).parents[0] if first else history.tip
    kept = load_steps(_steps_path(path), history.pin, history.skipped, last)
    return None if kept is None else replace(history, steps=(*kept, *history.steps), skipped=0)


def renew_prefix(path: Path, history: History) -> None:
    """Keep a history that was judged from the pin in place of whatever was kept; nothing when it is blocked."""
    path.unlink(missing_ok=True)
    _steps_path(path).unlink(missing_ok=True)
    save_prefix(path, history)


def _steps_path(path: Path) -> Path:
    return path.with_name("steps.jsonl")


def _plain(history: History) -> dict[str, Any]:
    state = history.state
    return {
        "format": FORMAT,
        "pin": history.pin,
        "tip": history.tip,
        "length": history.length,
        "files": _files(state.snapshot),
        "step": state.step,
        "at": _text(state.at),
        "index": state.index,
        "stacks": [
            [*key, [_stacked(entry) for entry in stack.versions], stack.live] for key, stack in state.stacks.items()
        ],
        "touched": [[path, touch.order, touch.step] for path, touch in state.touched.items()],
        "registered": [
            [*key, value.step, sorted(value.persons), _text(value.at)] for key, value in state.registered.items()
        ],
        "weights": [[*key, version] for key, version in state.weights.items()],
        "evidence": [[path, order, _text(at)] for path, (order, at) in state.evidence.items()],
        "chronicle": [[model, [_told(one) for one in told]] for model, told in state.chronicle.items()],
        "suspect": sorted(state.suspect),
        "staged": [[*key, sorted(versions)] for key, versions in state.ever_staged.items()],
    }


def _text(at: datetime | None) -> str | None:
    return format_time(at) if at else None


def _time(text: str | None) -> datetime | None:
    return parse_time(text) if text else None


def _stacked(entry: StackEntry) -> list[str | None]:
    return [entry.version, entry.lineage_sha256, entry.step, _text(entry.at)]


def _entered(version: str, lineage: str, step: str | None, at: str | None) -> StackEntry:
    return StackEntry(version, lineage, step, _time(at))


def _told(one: Happening) -> list[Any]:
    return [one.kind, one.step, _text(one.at), one.subject, one.change_id, sorted(one.persons)]


def _happening(kept: list[Any]) -> Happening:
    kind, step, at, subject, change_id, persons = kept
    return Happening(kind, step, _time(at), subject, change_id, frozenset(persons))


def _files(accepted: Snapshot) -> dict[str, dict[str, str | list[int | str]]]:
    """Return the accepted files by scope: reading them from the trees costs more than all the rest."""
    return {
        scope: {path: _file(entry) for path, entry in accepted.scope(scope).items()} for scope in accepted.scope_names()
    }


def _file(entry: Entry) -> str | list[int | str]:
    return entry.oid if entry.mode == REGULAR else [entry.mode, entry.oid]


def _entry(kept: str | list[Any]) -> Entry:
    return Entry(REGULAR, kept) if isinstance(kept, str) else Entry(*kept)


def _history(kept: dict[str, Any], store: Store) -> History:
    oid = kept["files"][POLICY_SCOPE][GM_YAML]
    repository = cast("Repository", cache_of(store).document(store, oid, GM_YAML))
    layout = Layout.of(repository)
    files = {scope: {path: _entry(one) for path, one in paths.items()} for scope, paths in kept["files"].items()}
    accepted = Snapshot(layout, {scope: Scope(layout, entries) for scope, entries in files.items()}, store)
    return History(
        repository=accepted.repository(),
        layout=layout,
        pin=kept["pin"],
        tip=store.commit(kept["tip"]).oid,
        state=_state(kept, accepted),
        policy=policy_of(accepted),
        people=accepted.people(),
        skipped=kept["length"],
    )


def _state(kept: dict[str, Any], accepted: Snapshot) -> AcceptedState:
    return AcceptedState(
        accepted,
        kept["step"],
        at=_time(kept["at"]),
        index=kept["index"],
        stacks=GrowingMap(
            {
                (model, stage): LiveStack(tuple(_entered(*entry) for entry in entries), live=live)
                for model, stage, entries, live in kept["stacks"]
            }
        ),
        touched=GrowingMap({path: Touch(order, step) for path, order, step in kept["touched"]}),
        registered=GrowingMap(
            {
                (model, version): Registration(step, frozenset(persons), _time(at))
                for model, version, step, persons, at in kept["registered"]
            }
        ),
        weights=GrowingMap({(model, digest): version for model, digest, version in kept["weights"]}),
        ever_staged=GrowingMap(
            {(model, stage): GrowingMap(dict.fromkeys(versions)) for model, stage, versions in kept["staged"]}
        ),
        evidence=GrowingMap({path: Recorded(order, _time(at)) for path, order, at in kept["evidence"]}),
        chronicle=GrowingMap({model: tuple(map(_happening, told)) for model, told in kept["chronicle"]}),
        suspect=frozenset((model, version) for model, version in kept["suspect"]),
    )
