"""Local restorations: what automation made a target serve again before Git says so (DELIVERY.md section 5).

Written by the monitor as one file per model and stage in the reconciler's state directory, read by whoever reconciles,
under the target's lock. Like an override it is a hold that Git catches up with: it ends as soon as the accepted state
sets that stage again, or when its proposal is closed. It leads to the last known good version and nowhere else, and
only where the policy lets automation restore; each reader judges that again. The deployment record names its digest.
"""

from __future__ import annotations

import json
import os
from dataclasses import asdict, replace
from typing import TYPE_CHECKING

from gitops_models.delivery import durable
from gitops_models.delivery.desired import artifacts_of
from gitops_models.delivery.overrides import InForce, Overrides
from gitops_models.delivery.values import Deployment, ModelStage
from gitops_models.delivery.waysback import change_step, restores_itself
from gitops_models.errors import GmError
from gitops_models.policy.lkg import good_below
from gitops_models.registry.canonical import jcs, sha256_hex
from gitops_models.registry.text import visible
from gitops_models.registry.times import format_time, parse_time
from gitops_models.registry.values import dataclass

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from gitops_models.verification.history import History

RESTORATIONS = "restorations"
UNREADABLE, NOT_GOOD, NOT_ALLOWED = "GM-R610", "GM-R611", "GM-R612"
MOST_BYTES = 64 * 1024
MOST_FILES = 4096
_SUFFIX = ".json"
_LATER = frozenset({"proposal"})
_MISSING = frozenset({"anchor", "proposal", "detected"})


@dataclass(frozen=True)
class Restoration:
    """What is served again, instead of what, and why. ``proposal`` is the change id of the open rollback, if it is.

    ``anchor`` is the accepted step that set the stage to the version that is left: when Git moves on, this is over.
    ``detected`` is when the trigger began to fail.
    """

    repository: str
    line: str
    model: str
    stage: str
    replaces: str
    replaces_sha256: str
    version: str
    lineage_sha256: str
    anchor: str | None
    trigger: str
    cause: str
    reason: str
    created: str
    proposal: str | None = None
    detected: str | None = None

    @property
    def at(self) -> ModelStage:
        """The place."""
        return ModelStage(self.model, self.stage)

    @property
    def sha256(self) -> str:
        """What deployment records name it by: the same before and after it is proposed."""
        return sha256_hex(jcs({key: value for key, value in asdict(self).items() if key not in _LATER}))

    @property
    def words(self) -> str:
        """One line for people."""
        waits = f"rollback {self.proposal[:8]} is open" if self.proposal else "its rollback is not proposed yet"
        return visible(f"restored by trigger {self.trigger}: {self.reason}; {waits}")


class Restorations:
    """The directory of restorations: one file per model and stage."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def put(self, one: Restoration) -> None:
        """Keep it, flushed to disk. Raises GM-R302."""
        try:
            durable.make_directory(self._folder)
            durable.write_file(self._path(one.at), json.dumps(asdict(one)).encode(), mode=0o600)
        except OSError as error:
            where = str(self._path(one.at))
            raise GmError("GM-R302", f"the restoration cannot be kept: {error.strerror}", where=where) from error

    def remove(self, at: ModelStage) -> None:
        """End it. Raises GM-R302."""
        try:
            durable.remove_file(self._path(at))
        except OSError as error:
            where = str(self._path(at))
            raise GmError("GM-R302", f"the restoration cannot be removed: {error.strerror}", where=where) from error

    def read(self) -> Iterator[tuple[str, Restoration | GmError]]:
        """Yield each file's name with what it holds, or GM-R610."""
        for path in self._files():
            try:
                yield path.name, _read(path)
            except GmError as error:
                yield path.name, error

    def _files(self) -> list[Path]:
        try:
            found = sorted(path for path in self._folder.iterdir() if path.name.endswith(_SUFFIX))
        except OSError:
            return []
        return [path for path in found if path.name[0] != "."][:MOST_FILES]

    def _path(self, at: ModelStage) -> Path:
        return self._folder / f"{at}{_SUFFIX}"


def restored(folder: Path, history: History) -> Callable[[Overrides], Overrides]:
    """Return what adds the restorations that hold now to overrides; what people say goes first."""

    def add(held: Overrides) -> Overrides:
        found = in_force(Restorations(folder), history)
        return replace(
            held,
            in_force=(*held.in_force, *found.in_force),
            problems=(*held.problems, *found.problems),
            notes=(*held.notes, *found.notes),
        )

    return add


def in_force(kept: Restorations, history: History) -> Overrides:
    """Return the restorations that hold by the accepted state; what is refused changes nothing."""
    held: list[InForce] = []
    problems: list[tuple[str, GmError]] = []
    for name, found in kept.read():
        try:
            if isinstance(found, GmError):
                raise found
            if not is_over(found, history):
                held.append(InForce(None, judged(found, history), found.words))
        except GmError as error:
            problems.append((name, error))
    return Overrides(tuple(held), tuple(problems))


def is_over(one: Restoration, history: History) -> bool:
    """Whether Git has moved on: another repository, another version, or the same set anew."""
    if (one.repository, one.line) != (history.repository.id, history.repository.line):
        return True
    snapshot = history.state.snapshot
    state = snapshot.stage_state(one.model, one.stage) if snapshot.has_model(one.model) else None
    if state is None or (state.version, state.lineage_sha256) != (one.replaces, one.replaces_sha256):
        return True
    return change_step(history, one.at) != one.anchor


def judged(one: Restoration, history: History) -> Deployment:
    """Return what is to be served; GM-R612 where automation may not, GM-R611 for another than the last known good."""
    if not restores_itself(history, one.at):
        raise GmError(NOT_ALLOWED, f"the policy lets automation only propose for {one.model}", where=str(one.at))
    state = history.state
    stack = state.stack(one.model, one.stage)
    good = next(good_below(state.snapshot, one.model, stack, suspect=state.suspect), None)
    if good is None or (good.version, good.lineage_sha256) != (one.version, one.lineage_sha256):
        known = f"{good.version} is" if good else "there is none"
        message = f"{one.model}@{one.version} is not the last known good version: {known}"
        raise GmError(NOT_GOOD, visible(message), where=str(one.at))
    artifacts = artifacts_of(state.snapshot, one.model, one.version)
    found = Deployment(one.model, one.stage, one.version, one.lineage_sha256, artifacts, override=one.sha256)
    return replace(found, detected=_sound_time(one.detected or one.created))


def _sound_time(text: str) -> str | None:
    """Return the time as documents write it; None for what is none: it is told and decides nothing."""
    try:
        return format_time(parse_time(text))
    except GmError:
        return None


def _read(path: Path) -> Restoration:
    try:
        # Never waits at a FIFO, never follows a link that was put there.
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
        with os.fdopen(descriptor, "rb") as file:
            value = json.loads(file.read(MOST_BYTES + 1))
        found = Restoration(**value)
    except (OSError, ValueError, TypeError, RecursionError) as error:
        raise GmError(UNREADABLE, f"{visible(path.name)} holds no restoration", where=str(path)) from error
    texts = {name: text for name, text in asdict(found).items() if name not in _MISSING}
    if not all(isinstance(text, str) for text in texts.values()) or path.name != f"{found.at}{_SUFFIX}":
        raise GmError(UNREADABLE, f"{visible(path.name)} holds no restoration of that place", where=str(path))
    if not all(text is None or isinstance(text, str) for text in (getattr(found, name) for name in _MISSING)):
        raise GmError(UNREADABLE, f"{visible(path.name)} holds no restoration", where=str(path))
    return found
