"""Override statements: the last resort while Git cannot be reached (TRUST.md section 4, "Forge down").

A person with the policy's emergency role says that one model and stage serves its last known good version for a while.
To the reconciler that is a local hold that Git catches up with: it ends when it expires, or as soon as the accepted
state sets that stage again. Judged by the state, policy and people accepted now; pure but for ``read_overrides``.
"""

from __future__ import annotations

import os
import stat
from dataclasses import replace
from typing import TYPE_CHECKING, cast

from gitops_models.delivery.values import Deployment, Desired, ModelStage, Standing
from gitops_models.errors import GmError
from gitops_models.policy.approvals import CLOCK_TOLERANCE, available
from gitops_models.policy.document import slots
from gitops_models.policy.lkg import barred, good_below
from gitops_models.policy.risk import effective_risk
from gitops_models.registry.canonical import FileDigest
from gitops_models.registry.text import visible
from gitops_models.registry.values import dataclass

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Sequence
    from datetime import datetime
    from pathlib import Path

    from gitops_models.registry.documents import Person, Risk
    from gitops_models.trust.bodies import Override
    from gitops_models.trust.records import Record
    from gitops_models.verification.history import History

__all__ = ["InForce", "Overrides", "anchor_of", "judge_override", "override_files", "read_overrides"]

MOST_FILES = 64
MOST_BYTES = 64 * 1024
SUFFIX = ".json"


@dataclass(frozen=True)
class InForce:
    """An override that holds: what is served instead of Git's version, and why."""

    target: str | None
    deployment: Deployment
    hold: str


@dataclass(frozen=True)
class Overrides:
    """The overrides that hold, those that were refused with their file, and what is to be known of the others."""

    in_force: tuple[InForce, ...] = ()
    problems: tuple[tuple[str, GmError], ...] = ()
    notes: tuple[str, ...] = ()

    def applied(self, target: str, desired: Desired) -> Desired:
        """Return ``desired`` as the override for it makes it; what Git wants stays at hand for when it ends."""
        held = next((one for one in self.in_force if _is_for(one, target, desired.at)), None)
        if held is None or desired.standing not in (Standing.SERVE, Standing.QUARANTINED):
            return desired
        git = {desired.deployment.digest} - desired.quarantined if desired.deployment else set()
        return replace(
            desired, standing=Standing.SERVE, deployment=held.deployment, keep=desired.keep | git, hold=held.hold
        )


def override_files(files: Iterable[Path], folder: Path | None) -> tuple[Path, ...]:
    """Return ``files`` and the statements in ``folder``, by name; GM-R432 where it cannot be read or holds too many."""
    if folder is None:
        return tuple(files)
    try:
        found = sorted(path for path in folder.iterdir() if path.name.endswith(SUFFIX) and path.name[0] != ".")
    except FileNotFoundError:
        found = []
    except OSError as error:
        raise GmError("GM-R432", f"{folder.name} cannot be read: {error.strerror}", where=str(folder)) from error
    if len(found) > MOST_FILES:
        raise GmError("GM-R432", f"{folder.name} holds {len(found)} files, more than {MOST_FILES}", where=str(folder))
    return (*files, *found)


def read_overrides(
    files: Callable[[], Sequence[Path]], history: History, *, targets: Collection[str], at: datetime
) -> Overrides:
    """Judge the statement in each file for a reconciler of ``targets``; what is refused changes nothing."""
    records: list[tuple[str, Record]] = []
    problems: list[tuple[str, GmError]] = []
    try:
        paths = files()
    except GmError as error:
        return Overrides(problems=(("overrides", error),))
    for path in paths:
        try:
            records.append((path.name, _read(path)))
        except GmError as error:
            problems.append((path.name, error))
    in_force: list[tuple[datetime, InForce]] = []
    notes: list[str] = []
    for name, record in records:
        try:
            if _caught_up(_body(record), history):
                notes.append(f"override {name}: Git says the same now; the file can be removed")
                continue
            judge_override(record, history, at=at, targets=targets, beside=[one for _, one in records])
            in_force.append((_body(record).created_at, _in_force(record, history)))
        except GmError as error:
            problems.append((name, error))
    newest = sorted(in_force, key=lambda one: one[0], reverse=True)
    return Overrides(tuple(one for _, one in newest), tuple(problems), tuple(notes))


def judge_override(
    record: Record,
    history: History,
    *,
    at: datetime,
    targets: Collection[str] | None = None,
    beside: Iterable[Record] | None = None,
) -> None:
    """Refuse a statement that does not hold at ``at``, each reason with its code (GM-R420 to R433, GM-T0xx).

    ``targets`` None accepts every target. ``beside`` are all statements that are here: at critical risk another person
    has to say the same; None leaves that out, for whoever signs the first one.
    """
    body = _body(record)
    if (body.repository, body.line) != (history.repository.id, history.repository.line):
        raise _refused("GM-R426", f"it is for {body.repository} and its {body.line}")
    if targets is not None and body.target is not None and body.target not in targets:
        raise _refused("GM-R427", f"it is for {body.target}")
    _check_place(body, history)
    _check_signer(record, history, at=at)
    _check_time(body, history, at=at)
    _check_version(body, history)
    if beside is not None:
        _check_company(record, history, beside, at=at)


def anchor_of(history: History, model: str, stage: str) -> str | None:
    """Return the accepted step that last set the stage; None where that lies before the pin."""
    touch = history.state.touched.get(history.layout.stage_path(model, stage))
    return touch.step if touch else None


def _check_place(body: Override, history: History) -> None:
    snapshot, at = history.state.snapshot, ModelStage(body.model, body.stage)
    state = snapshot.stage_state(body.model, body.stage) if snapshot.has_model(body.model) else None
    if state is None or snapshot.retired(body.model) or snapshot.suspended(body.model):
        raise _refused("GM-R428", f"nothing that could be overridden is live at {at}")
    if (body.anchor, body.replaces) != (anchor_of(history, body.model, body.stage), state.version):
        raise _refused("GM-R429", f"it replaces {body.replaces}, and Git has set {at} to {state.version} since")


def _check_signer(record: Record, history: History, *, at: datetime) -> None:
    person = _signer(record, history)
    body = _body(record)
    if (why := available(person, at)) is not None:
        raise _refused("GM-R430", f"{person.id} is {why}")
    emergency = history.policy.emergency
    if emergency is None:
        raise _refused("GM-R420", "only Git decides what is served under this policy")
    roles = (*emergency.role, *_authorizing(body, history))
    if not any(person.holds(role, body.model) for role in roles):
        raise _refused("GM-R421", f"{person.id} holds none of {', '.join(emergency.role)} for {body.model}")
    if history.policy.risks.of(_risk(body, history)).touch and not record.touch:
        raise _refused("GM-T021", f"nobody touched the key of {person.id}, and the risk asks for it")


def _signer(record: Record, history: History) -> Person:
    from gitops_models.trust.keyrings import PeopleKeyring  # noqa: PLC0415 - only where there is an override

    standing = PeopleKeyring(history.people).lookup(record.fingerprint, record.namespace)
    if standing.verdict != "good" or standing.actor is None:
        raise _refused(standing.code or "GM-T002", standing.detail)
    person = history.people.person(standing.actor.id) if standing.actor.kind == "person" else None
    if person is None or person.id != _body(record).person:
        raise _refused("GM-R421", f"it names {_body(record).person}, and {standing.actor.id} signed it")
    return person


def _check_time(body: Override, history: History, *, at: datetime) -> None:
    if body.created_at > at + CLOCK_TOLERANCE:
        raise _refused("GM-R425", f"it says {body.created}")
    if body.expires_at <= at:
        raise _refused("GM-R424", f"it ended at {body.expires}")
    hours = history.policy.emergency.ratify_within_hours if history.policy.emergency else 0
    if (body.expires_at - body.created_at).total_seconds() > hours * 3600:
        raise _refused("GM-R431", f"from {body.created} to {body.expires} are more than {hours} hours")


def _check_version(body: Override, history: History) -> None:
    state = history.state
    if (why := barred(state.snapshot, body.model, body.version)) is not None:
        raise _refused("GM-R423", why)
    stack = state.stack(body.model, body.stage)
    good = next(good_below(state.snapshot, body.model, stack, suspect=state.suspect), None)
    if good is None or (good.version, good.lineage_sha256) != (body.version, body.lineage_sha256):
        known = f"{good.version} is" if good else "there is none"
        raise _refused("GM-R422", f"{body.model}@{body.version} is not the last known good version: {known}")


def _check_company(record: Record, history: History, beside: Iterable[Record], *, at: datetime) -> None:
    """Demand one signer with the emergency role and, at critical risk, another one who may authorize rollbacks."""
    body = _body(record)
    signers = {}
    for other in beside:
        if _claim(_body(other)) == _claim(body):
            try:
                judge_override(other, history, at=at)
                signers[_body(other).person] = _signer(other, history)
            except GmError:
                continue  # it is refused on its own account
    emergency, authorizing = history.policy.emergency, _authorizing(body, history)
    first = [one for one, who in signers.items() if emergency and any(who.holds(r, body.model) for r in emergency.role)]
    second = [one for one, who in signers.items() if any(who.holds(role, body.model) for role in authorizing)]
    if not first or (authorizing and not any(one != other for one in first for other in second)):
        said = ", ".join(sorted(signers))
        raise _refused("GM-R433", f"{said} signed it; somebody else with {' or '.join(authorizing)} has to agree")


def _claim(body: Override) -> tuple[object, ...]:
    return (body.model, body.stage, body.target, body.version, body.lineage_sha256, body.replaces, body.anchor)


def _authorizing(body: Override, history: History) -> tuple[str, ...]:
    """The roles of which one more person is needed: at critical risk those that authorize rollbacks."""
    if _risk(body, history) != "critical":
        return ()
    return tuple(slot.role for slot in slots(history.policy.risks.critical.rollback.authorize))


def _risk(body: Override, history: History) -> Risk:
    return effective_risk(history.state.snapshot.model(body.model), None, history.policy.floors)


def _caught_up(body: Override, history: History) -> bool:
    """Whether Git has set the stage since, to the very version: then the override is done."""
    snapshot = history.state.snapshot
    state = snapshot.stage_state(body.model, body.stage) if snapshot.has_model(body.model) else None
    same = state is not None and (state.version, state.lineage_sha256) == (body.version, body.lineage_sha256)
    return same and body.repository == history.repository.id


def _in_force(record: Record, history: History) -> InForce:
    body = _body(record)
    lineage = history.state.snapshot.lineage(body.model, body.version)
    artifacts = tuple(FileDigest(entry.path, entry.size, entry.sha256) for entry in lineage.artifacts)
    deployment = Deployment(
        body.model, body.stage, body.version, body.lineage_sha256, artifacts, override=record.statement_sha256
    )
    return InForce(body.target, deployment, f"override by {body.person} until {body.expires}: {visible(body.reason)}")


def _is_for(one: InForce, target: str, at: ModelStage) -> bool:
    return one.target in (None, target) and one.deployment.at == at


def _read(path: Path) -> Record:
    from gitops_models.trust.records import verify_record  # noqa: PLC0415 - loads pydantic

    record = verify_record(_data(path))
    if record.kind != "override":
        raise _refused("GM-R432", f"{path.name} holds a {record.kind}, not an override")
    return record


def _data(path: Path) -> bytes:
    try:
        # Never waits at a FIFO, never follows a link that was put there.
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError as error:
        raise _refused("GM-R432", f"{visible(path.name)} cannot be opened: {error.strerror}") from error
    with os.fdopen(descriptor, "rb") as file:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise _refused("GM-R432", f"{visible(path.name)} is no regular file")
        return file.read(MOST_BYTES + 1)


def _body(record: Record) -> Override:
    return cast("Override", record.body)


def _refused(code: str, why: str) -> GmError:
    return GmError(code, why)
