"""What to do so that what is served becomes what is desired. Pure: no I/O, no clock.

One round converges: applying ``plan(desired, seen)`` makes the next ``plan`` empty. A plan never removes what is
live before its successor is live, and never installs a version that is barred.
"""

from collections.abc import Mapping

from gitops_models.delivery.values import (
    Action,
    Deployment,
    Desired,
    Drift,
    DriftKind,
    LinkState,
    Note,
    Noted,
    Observation,
    Retire,
    Standing,
    StoredEntry,
    Switch,
    Tidy,
    below,
    directory_digest,
    entry_digest,
    holds,
)
from gitops_models.registry.canonical import FileDigest

DEFAULT_KEEP = 3


def plan(desired: Desired, seen: Observation, *, keep: int = DEFAULT_KEEP) -> tuple[Action, ...]:
    """Return the actions, in order, that lead from ``seen`` to ``desired``; empty when everything is as it should be.

    ``keep`` is how many versions stay in the store beside the live one, its predecessor and ``desired.keep``.
    """
    if desired.standing in (Standing.SUSPENDED, Standing.UNKNOWN):
        return ()
    first = _change(desired, seen)
    tidy = _tidy(desired, seen, first, keep=keep)
    return tuple(action for action in (first, tidy) if action)


def drift(desired: Desired, seen: Observation) -> tuple[Drift, ...]:
    """How what is served differs from what was deployed there.

    A version that is only out of date is not drift. ``deployed.json`` decides which word is used, never whether
    something has to be done.
    """
    target = desired.deployment
    if desired.standing is Standing.UNKNOWN:
        return ()
    if target is None:
        return _uninvited(seen)
    expected = seen.noted is not None and seen.noted.digest == target.digest
    if seen.link_state is LinkState.MISSING:
        return (Drift(DriftKind.MISSING_LINK, "current"),) if expected else ()
    if entry_digest(seen.link) != target.digest:
        return (Drift(DriftKind.CHANGED_LINK, "current"),) if expected or seen.link is None else ()
    return _byte_drift(target, seen) or (_engine_drift(seen) if expected else ())


def _engine_drift(seen: Observation) -> tuple[Drift, ...]:
    """What an engine says of itself that was once told to serve what lies there."""
    engine = seen.engine
    if engine is None or engine.told != seen.link or engine.follows(seen.link, entry_digest(seen.link)):
        return ()
    kind = DriftKind.EMPTY_ENGINE if engine.digest is None else DriftKind.OTHER_ENGINE
    return (Drift(kind, "engine"),)


def _uninvited(seen: Observation) -> tuple[Drift, ...]:
    if seen.empty or seen.noted is not None:
        return ()
    if seen.link_state is LinkState.MISSING:
        return (Drift(DriftKind.OTHER_ENGINE, "engine"),)
    return (Drift(DriftKind.CHANGED_LINK, "current"),)


def _byte_drift(target: Deployment, seen: Observation) -> tuple[Drift, ...]:
    if holds(seen.files, target.digest):
        return ()
    served = {file.path: file for file in seen.files}
    found = [difference for artifact in target.artifacts if (difference := _compare(artifact, served))]
    names = tuple(artifact.path for artifact in target.artifacts)
    extra = [path for path in served if path not in names and not path.startswith(tuple(f"{n}/" for n in names))]
    return (*found, *(Drift(DriftKind.EXTRA_FILE, path) for path in sorted(extra)))


def _compare(artifact: FileDigest, served: Mapping[str, FileDigest]) -> Drift | None:
    found = served.get(artifact.path) or _directory(artifact.path, served)
    if found is None:
        return Drift(DriftKind.MISSING_FILE, artifact.path)
    same = (found.size, found.sha256) == (artifact.size, artifact.sha256)
    return None if same else Drift(DriftKind.CHANGED_BYTES, artifact.path)


def _directory(path: str, served: Mapping[str, FileDigest]) -> FileDigest | None:
    members = below(served.values(), path)
    return directory_digest(path, members) if members else None


def _change(desired: Desired, seen: Observation) -> Action | None:
    target = desired.deployment
    if desired.standing is Standing.QUARANTINED:
        return None
    if target is None:
        occupied = not seen.empty or seen.noted is not None
        return Retire(desired.at, previous=_predecessor(desired, seen)) if occupied else None
    if not seen.serves(target.digest):
        return Switch(target, previous=_predecessor(desired, seen))
    return None if seen.noted == noted(target) else Note(target)


def noted(deployment: Deployment) -> Noted:
    """Return what ``deployed.json`` must say once ``deployment`` is live."""
    return Noted(deployment.label, deployment.digest, deployment.lineage_sha256)


def is_validated(deployment: Deployment, seen: Observation) -> bool:
    """Whether the place itself says that ``deployment`` passed its checks after it was made live there."""
    return seen.noted is not None and seen.noted == noted(deployment) and bool(seen.noted.validated)


def _predecessor(desired: Desired, seen: Observation) -> str | None:
    """Return the entry that ``previous`` is to name: what is live now, if it is whole and another version."""
    if _may_precede(desired, seen, seen.link) and _intact(seen):
        return seen.link
    return seen.previous if _may_precede(desired, seen, seen.previous) else None


def _may_precede(desired: Desired, seen: Observation, name: str | None) -> bool:
    digest = entry_digest(name)
    live = desired.deployment.digest if desired.deployment else None
    stored = any(entry.name == name for entry in seen.entries)
    return stored and digest != live and digest not in desired.quarantined


def _intact(seen: Observation) -> bool:
    digest = entry_digest(seen.link)
    return digest is not None and holds(seen.files, digest)


def _tidy(desired: Desired, seen: Observation, change: Action | None, *, keep: int) -> Tidy:
    changes = isinstance(change, (Switch, Retire))
    live = None if changes else seen.link
    previous = change.previous if isinstance(change, (Switch, Retire)) else seen.previous
    bad = {entry.name for entry in seen.entries if _is_bad(entry, desired, seen, live=live)}
    return Tidy(
        desired.at,
        quarantine=tuple(sorted(bad)),
        prune=_surplus(desired, seen, change, spared={*bad, live, previous}, keep=keep),
        drop_previous=not changes and previous is not None and not _may_precede(desired, seen, previous),
        leftovers=seen.leftovers,
    )


def _is_bad(entry: StoredEntry, desired: Desired, seen: Observation, *, live: str | None) -> bool:
    """Barred entries, the one found corrupt, and other generations of the live one leave the store.

    ``live`` is the entry that stays live, ``None`` when the live one changes; generations of the version that is
    being switched to are the target's to judge, because only it hashes them.
    """
    if entry.name == live:
        return False
    if entry.digest in desired.quarantined:
        return True
    if entry.name != seen.link:
        return live is not None and entry.digest == entry_digest(live)
    return not _is_of(desired.deployment, entry) and not _intact(seen)


def _surplus(
    desired: Desired, seen: Observation, change: Action | None, *, spared: set[str | None], keep: int
) -> tuple[str, ...]:
    """Entries beyond the ``keep`` newest, the live one counted among them."""
    coming = desired.deployment if isinstance(change, Switch) else None
    others = [entry for entry in seen.entries if entry.name not in spared and not _is_of(coming, entry)]
    newest = sorted(others, key=lambda entry: (entry.stored_ns, entry.name), reverse=True)
    return tuple(sorted(entry.name for entry in newest[keep:] if entry.digest not in desired.keep))


def _is_of(deployment: Deployment | None, entry: StoredEntry) -> bool:
    return deployment is not None and entry.digest == deployment.digest
