"""A verified prefix of history, kept in gm's own folder of the clone so that only new steps are judged.

Bound to pin, tip and version of gm by their ids; it stands beside the pin and is worth as much: whoever can write it
could as well write another pin. Deleting it costs time only. A history with a blocked scope is never kept: late
approvals may still change what it amounts to. What was said of each step lies beside it (steplog.py).

Most of it lies in a table (table.py) that is looked up and not read, so that opening a registry costs the same however
many versions it has. What came since the table was written stands in the small file that names the table by its digest;
when that has grown, all is written anew.
"""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import replace
from hashlib import blake2b
from typing import TYPE_CHECKING, Any

from gitops_models._version import __version__
from gitops_models.errors import GmError
from gitops_models.registry.grounded import GroundedScope
from gitops_models.registry.grow import GrowingMap
from gitops_models.registry.paths import Layout
from gitops_models.registry.snapshot import Snapshot
from gitops_models.registry.state import AcceptedState
from gitops_models.trust.memory import write_durably
from gitops_models.verification.beginning import policy_of
from gitops_models.verification.history import History
from gitops_models.verification.packing import PARTS, text_of, time_of
from gitops_models.verification.steplog import Passed, load_steps, passed_by, save_steps
from gitops_models.verification.table import FILE, KeptFiles, KeptMap, Table, entry_of, plain_entry, render

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from gitops_models.registry.scopes import Entry, Scope
    from gitops_models.store.repository import Store

FORMAT = f"15 {__version__}"
_TABLES = "prefix-*.lines"
# So many lines may stand beside the table, or one for each so many of its own: reading them costs more than finding.
_BESIDE = 1024
_SHARE = 16


def cache_path(common_dir: Path) -> Path:
    """Where the prefix of the repository at ``common_dir`` is kept."""
    return common_dir / "gm" / "prefix.json"


def load_prefix(path: Path, store: Store, pin: str) -> History | None:
    """The kept history that begins at ``pin``, without its steps; None when there is none that fits."""
    try:
        kept = _unsealed(path.read_bytes())
        if kept["format"] != FORMAT or kept["pin"] != pin:
            return None
        return _history(kept, _table(path, kept["table"]), store)
    except (OSError, ValueError, LookupError, TypeError, AttributeError, GmError):
        # A cache that cannot be used is as good as none: everything is judged again.
        return None


def save_prefix(path: Path, history: History) -> None:
    """Keep ``history`` unless something in it is blocked."""
    if history.blocked:
        return
    save_steps(steps_path(path), history)
    table = _ground(history.state)
    beside = _beside(history.state, table) if table and _table_path(path, table.seal).exists() else None
    if beside is None or table is None:
        table, beside = _written(path, history.state), {"files": {}, "parts": {}}
    write_durably(path, _sealed({**_plain(history), "table": table.seal, **beside}))
    for other in set(path.parent.glob(_TABLES)) - {_table_path(path, table.seal)}:
        other.unlink(missing_ok=True)


def with_kept_steps(path: Path, store: Store, history: History, *, after: int = 0) -> History | None:
    """Return ``history`` with the steps that it skipped, without the first ``after`` of them.

    None where what was said of them is not kept.
    """
    last = last_before(store, history)
    kept = load_steps(steps_path(path), history.pin, history.skipped, last, after=after)
    return None if kept is None else replace(history, steps=(*kept, *history.steps), skipped=after)


def last_before(store: Store, history: History) -> str:
    """The step, or the pin, that the first of ``history.steps`` follows."""
    return store.commit(history.steps[0].oid).parents[0] if history.steps else history.tip


def renew_prefix(path: Path, history: History) -> None:
    """Keep a history that was judged from the pin in place of whatever was kept; nothing when it is blocked."""
    path.unlink(missing_ok=True)
    steps_path(path).unlink(missing_ok=True)
    save_prefix(path, history)


def steps_path(path: Path) -> Path:
    """Where the steps lie of the prefix at ``path``."""
    return path.with_name("steps.jsonl")


# Writing


def _plain(history: History) -> dict[str, Any]:
    state, passed = history.state, passed_by(history)
    return {
        "format": FORMAT,
        "pin": history.pin,
        "tip": history.tip,
        "length": history.length,
        "layout": [history.layout.models, history.layout.governed],
        "statuses": passed.statuses,
        "unaccepted": passed.lines,
        "step": state.step,
        "at": text_of(state.at),
        "index": state.index,
        "suspect": sorted(state.suspect),
    }


def _ground(state: AcceptedState) -> Table | None:
    """The table that a state stands on, None where any part of it stands on none, or on another."""
    bases: list[Any] = [getattr(state, part.name).base for part in PARTS]
    scopes = [state.snapshot.scope(name) for name in state.snapshot.scope_names()]
    bases += [scope.ground for scope in scopes if isinstance(scope, GroundedScope)]
    tables = {base.table for base in bases if base is not None}
    table: Table | None = tables.pop() if len(tables) == 1 else None
    whole = table and all(isinstance(state.snapshot.scope(name), GroundedScope) for name in table.seal["scopes"])
    return table if whole else None


def _beside(state: AcceptedState, table: Table) -> dict[str, Any] | None:
    """What is other than in the table; None where that is too much to be read each time."""
    files = {name: dict(_changes(state.snapshot.scope(name))) for name in state.snapshot.scope_names()}
    parts = {part.name: _since(getattr(state, part.name)) for part in PARTS}
    count = sum(map(len, files.values())) + sum(map(len, parts.values()))
    if count > max(_BESIDE, sum(table.seal["counts"].values()) // _SHARE):
        return None
    return {
        "files": {
            name: {path: one and plain_entry(one) for path, one in found.items()}
            for name, found in files.items()
            if found
        },
        "parts": {part.name: [[key, part.plain(value)] for key, value in parts[part.name].items()] for part in PARTS},
    }


def _changes(scope: Scope) -> Iterator[tuple[str, Any]]:
    return scope.changes() if isinstance(scope, GroundedScope) else iter(scope.items())


def _since(mapping: GrowingMap[Any, Any]) -> dict[Any, Any]:
    return mapping.since(mapping.base) if mapping.base is not None else dict(mapping)


def _written(path: Path, state: AcceptedState) -> Table:
    """Write the whole state as a table."""
    lines: list[tuple[str, Any, Any]] = []
    scopes = {name: state.snapshot.scope(name) for name in state.snapshot.scope_names()}
    for name, scope in scopes.items():
        lines += ((FILE, [name, each], plain_entry(entry)) for each, entry in scope.items())
    for part in PARTS:
        lines += ((part.kind, key, part.plain(value)) for key, value in getattr(state, part.name).items())
    data = render(lines)
    counts = Counter(kind for kind, _, _ in lines)
    seal = {"digest": _digest(data), "counts": counts, "scopes": {name: len(scope) for name, scope in scopes.items()}}
    table = Table(data, seal)
    write_durably(_table_path(path, seal), data)
    return table


def _table_path(path: Path, seal: Mapping[str, Any]) -> Path:
    return path.with_name(_TABLES.replace("*", seal["digest"]))


def _sealed(kept: Mapping[str, Any]) -> bytes:
    body = json.dumps(kept, separators=(",", ":")).encode()
    return _digest(body).encode() + b"\n" + body


def _digest(data: bytes) -> str:
    return blake2b(data, digest_size=20).hexdigest()


# Reading


def _unsealed(data: bytes) -> Any:
    digest, _, body = data.partition(b"\n")
    if digest.decode() != _digest(body):
        raise ValueError("not as it was written")
    return json.loads(body)


def _table(path: Path, seal: dict[str, Any]) -> Table:
    data = _table_path(path, seal).read_bytes()
    if _digest(data) != seal["digest"]:
        raise ValueError("not as it was written")
    return Table(data, seal)


def _history(kept: dict[str, Any], table: Table, store: Store) -> History:
    accepted = _snapshot(kept, table, store)
    return History(
        repository=accepted.repository(),
        layout=accepted.layout,
        pin=kept["pin"],
        tip=store.commit(kept["tip"]).oid,
        state=_state(kept, table, accepted),
        policy=policy_of(accepted),
        people=accepted.people(),
        skipped=kept["length"],
        passed=Passed(kept["length"], kept["tip"], kept["statuses"], tuple(kept["unaccepted"])),
    )


def _snapshot(kept: dict[str, Any], table: Table, store: Store) -> Snapshot:
    models, governed = kept["layout"]
    layout = Layout(models, tuple(governed))
    beside: dict[str, dict[str, Any]] = {
        name: {path: one and entry_of(one) for path, one in files.items()} for name, files in kept["files"].items()
    }
    scopes: dict[str, Mapping[str, Entry]] = {**beside}
    for name, count in table.seal["scopes"].items():
        scope = GroundedScope(layout, name, KeptFiles(table, name, count))
        scopes[name] = scope.updated(beside[name]) if beside.get(name) else scope
    return Snapshot(layout, scopes, store)


def _state(kept: dict[str, Any], table: Table, accepted: Snapshot) -> AcceptedState:
    parts: dict[str, Any] = {}
    for part in PARTS:
        base: GrowingMap[Any, Any] = GrowingMap.over(
            KeptMap(table, part.kind, table.seal["counts"].get(part.kind, 0), part.value)
        )
        beside = {_key(key): part.value(value) for key, value in kept["parts"].get(part.name, ())}
        parts[part.name] = base.updated(beside)
    return AcceptedState(
        accepted,
        kept["step"],
        at=time_of(kept["at"]),
        index=kept["index"],
        suspect=frozenset((model, version) for model, version in kept["suspect"]),
        **parts,
    )


def _key(kept: str | list[str]) -> Any:
    return tuple(kept) if isinstance(kept, list) else kept
