"""What earlier runs of ``gm verify`` found of claims, tags and records, so that the next one looks at what is new only.

Objects never change: what a step's commits claim is compared once, a tag that is good stays good as long as its ref
names the same object and nothing about policy and people is another, and a ledger ref that holds good records only does
so as long as it stands where it stood. The file stands beside the pin in gm's own folder of the clone and is worth as
much; one that is not whole is as good as none.
"""

from __future__ import annotations

import json
from contextlib import suppress
from dataclasses import field
from hashlib import sha256
from typing import TYPE_CHECKING

from gitops_models._version import __version__
from gitops_models.audit.gathering import gather
from gitops_models.audit.timeline import timeline
from gitops_models.registry.paths import POLICY_SCOPE
from gitops_models.registry.trailers import REVERTS
from gitops_models.registry.values import dataclass
from gitops_models.trust.memory import write_durably

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from gitops_models.store.repository import Store
    from gitops_models.verification.history import History

FORMAT = f"2 {__version__}"
Lies = dict[str, tuple[str, ...]]


@dataclass(frozen=True)
class Verified:
    """``lies`` of the first ``steps`` steps by step, and the objects of good ``tags`` by name.

    ``quiet`` are changes of whose records nothing is to be reported, with the tips of their refs.
    """

    steps: int = 0
    lies: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    tags: Mapping[str, str] = field(default_factory=dict)
    quiet: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


def verified_path(common_dir: Path) -> Path:
    """Where it is kept for the repository at ``common_dir``."""
    return common_dir / "gm" / "verified.json"


def load_verified(path: Path, history: History, reach: Callable[[int], History] | None = None) -> Verified:
    """Return what is kept and fits ``history``; nothing otherwise.

    ``reach`` makes the history hold every step after so many.
    """
    try:
        digest, _, body = path.read_bytes().partition(b"\n")
        kept = json.loads(body)
        if digest.decode() != sha256(body).hexdigest():
            return Verified()
        steps: int = kept["steps"]
        # The last of those steps is what binds, so it is read with those that follow it.
        known = reach(max(0, steps - 1)) if reach and steps < history.skipped else history
        if kept["bound"] != _bound(known, steps):
            return Verified()
        same = kept["signers"] == _signers(history)
        lies = {step: tuple(said) for step, said in kept["lies"].items()}
        quiet = {change_id: tuple(tips) for change_id, tips in kept["quiet"].items()}
        return Verified(steps, lies, kept["tags"] if same else {}, quiet)
    except (OSError, ValueError, LookupError, TypeError, AttributeError):
        return Verified()


def save_verified(path: Path, history: History, found: Verified) -> None:
    """Keep ``found`` unless something in ``history`` is blocked: what late approvals release changes what is true."""
    if history.blocked:
        return
    kept = {
        "bound": _bound(history, found.steps),
        "steps": found.steps,
        "lies": found.lies,
        "signers": _signers(history),
        "tags": found.tags,
        "quiet": found.quiet,
    }
    body = json.dumps(kept, separators=(",", ":")).encode()
    data = sha256(body).hexdigest().encode() + b"\n" + body
    with suppress(OSError):
        if path.read_bytes() == data:
            return
    write_durably(path, data)


def all_lies(store: Store, history: History, known: Verified, reach: Callable[[int], History]) -> Lies:
    """Return what the commits of each step claim that is not so, comparing the steps that ``known`` does not have."""
    found = dict(known.lies)
    if known.steps < history.length:
        facts = gather(store, history, after=known.steps)
        if any(claimed.get(REVERTS) for one in facts.values() for claimed in one.claims.values()):
            history = reach(0)  # what is reverted may be any earlier move
        found |= {row.step: row.lies for row in timeline(history, facts) if row.lies}
    return {step: tuple(said) for step, said in found.items()}


def _bound(history: History, steps: int) -> list[str | None]:
    """What the claims of the first ``steps`` steps are bound to: gm, the pin, the last of the steps."""
    return [FORMAT, history.pin, history.last_of(steps)]


def _signers(history: History) -> str:
    """What the verdict on a tag depends on beside the tag: people, their keys, the root that the policy pins."""
    files = history.state.snapshot.scope(POLICY_SCOPE)
    return sha256(repr(sorted(files.items())).encode()).hexdigest()
