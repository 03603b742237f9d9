"""What earlier runs of ``gm verify`` found of claims and tags, so that the next one looks at what is new only.

Commits and tag objects never change: what a step's commits claim is compared once, and a tag that is good stays good as
long as its ref names the same object and nothing about policy and people is another. The file stands beside the pin in
gm's own folder of the clone and is worth as much; one that is not whole is as good as none.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from hashlib import sha256
from typing import TYPE_CHECKING

from gitops_models._version import __version__
from gitops_models.audit.gathering import gather
from gitops_models.audit.timeline import timeline
from gitops_models.registry.paths import POLICY_SCOPE
from gitops_models.trust.memory import write_durably

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from gitops_models.store.repository import Store
    from gitops_models.verification.history import History

FORMAT = f"1 {__version__}"
Lies = dict[str, tuple[str, ...]]


@dataclass(frozen=True)
class Verified:
    """``lies`` of the first ``steps`` steps by step, and good ``tags``: where one of this name and object stands."""

    steps: int = 0
    lies: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    tags: Mapping[tuple[str, str], str] = field(default_factory=dict)


def verified_path(common_dir: Path) -> Path:
    """Where it is kept for the repository at ``common_dir``."""
    return common_dir / "gm" / "verified.json"


def load_verified(path: Path, history: History) -> Verified:
    """Return what is kept and fits ``history``; nothing otherwise."""
    try:
        digest, _, body = path.read_bytes().partition(b"\n")
        kept = json.loads(body)
        if digest.decode() != sha256(body).hexdigest() or kept["bound"] != _bound(history, kept["steps"]):
            return Verified()
        tags = {(name, oid): target for name, oid, target in kept["tags"]}
        same = kept["signers"] == _signers(history)
        lies = {step: tuple(said) for step, said in kept["lies"].items()}
        return Verified(kept["steps"], lies, tags if same else {})
    except (OSError, ValueError, LookupError, TypeError, AttributeError):
        return Verified()


def save_verified(path: Path, history: History, found: Verified) -> None:
    """Keep ``found`` unless something in ``history`` is blocked: what late approvals release changes what is true."""
    if history.blocked:
        return
    steps = len(history.steps)
    known = load_verified(path, history)
    if (steps, found.lies, found.tags) == (known.steps, known.lies, known.tags):
        return
    kept = {
        "bound": _bound(history, steps),
        "steps": steps,
        "lies": found.lies,
        "signers": _signers(history),
        "tags": [[*key, target] for key, target in found.tags.items()],
    }
    body = json.dumps(kept, separators=(",", ":")).encode()
    write_durably(path, sha256(body).hexdigest().encode() + b"\n" + body)


def all_lies(store: Store, history: History, known: Verified) -> Lies:
    """Return what the commits of each step claim that is not so, comparing the steps that ``known`` does not have."""
    found = dict(known.lies)
    if known.steps < len(history.steps):
        rows = timeline(history, gather(store, history, after=known.steps))
        found |= {row.step: row.lies for row in rows if row.lies}
    return {step: tuple(said) for step, said in found.items()}


def _bound(history: History, steps: int) -> list[str]:
    """What the claims of the first ``steps`` steps are bound to: gm, the pin, the last of the steps."""
    last = history.steps[steps - 1].oid if steps else history.pin
    return [FORMAT, history.pin, last]


def _signers(history: History) -> str:
    """What the verdict on a tag depends on beside the tag: people, their keys, the root that the policy pins."""
    files = history.state.snapshot.scope(POLICY_SCOPE)
    return sha256(repr(sorted(files.items())).encode()).hexdigest()
