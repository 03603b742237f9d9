"""interface: what the files themselves take and give, held to what somebody relies on.

Relied on are the interface that was recorded with the version, what consumers need, and what the model promises; where
nothing is promised, what is served now is the promise. A way back, the healing of what is live, and what a waiver let
in are held to what was recorded alone: what consumers lose was declared, and agreed to (GM-P902, GM-P314).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitops_models.delivery.checks.agreed import heals, is_waived, leads_back
from gitops_models.delivery.checks.base import Finding
from gitops_models.errors import GmError
from gitops_models.registry.interface import compatible, consumer_problems

if TYPE_CHECKING:
    from pathlib import Path

    from gitops_models.delivery.checks.base import Subject
    from gitops_models.registry.documents import Interface, Lineage, Model

_ROLES = ("weights", "binary")
_FITS = "GM-P314"
_MOST_PROBLEMS = 5


def run(subject: Subject) -> Finding:
    """Read the headers of the staged files and compare. Raises GM-A1xx where a file cannot be read."""
    snapshot = subject.history.state.snapshot
    lineage = snapshot.lineage(subject.wanted.source, subject.wanted.version)
    model = snapshot.model(subject.wanted.model)
    found, trouble = _read(subject.folder, lineage)
    agreed = heals(subject) or leads_back(subject) or is_waived(subject, _FITS)
    if agreed:
        model = model.model_copy(update={"interface": None, "consumers": ()})
    now = None if model.interface or agreed else _live(subject)
    if found is None and lineage.interface is None:
        return _unread(model, now, trouble)
    return judged(found, lineage.interface, model, now, trouble)


def judged(
    found: Interface | None, recorded: Interface | None, model: Model, now: Interface | None, trouble: str
) -> Finding:
    """Say whether what was ``found`` in the files, else what was ``recorded``, can take the place it is to have. Pure.

    ``now`` is the interface of what is served, where that is the promise; ``trouble`` why the files said nothing.
    """
    given = found or recorded
    assert given is not None  # noqa: S101 - for the type checker: who calls has looked
    problems = [f"the files: {trouble}"] if trouble else []
    if found and recorded:
        problems += [f"recorded: {one}" for one in compatible(recorded, found)]
    problems += consumer_problems(given, model.consumers)
    if model.interface:
        problems += [f"promised: {one}" for one in compatible(model.interface, given)]
    if now:
        problems += [f"served now: {one}" for one in compatible(now, given)]
    values: dict[str, float | str] = {
        "from": "files" if found else "lineage",
        "inputs": ", ".join(spec.name for spec in given.inputs),
        "outputs": ", ".join(spec.name for spec in given.outputs),
        "problems": len(problems),
    }
    return Finding(not problems, values, "; ".join(problems[:_MOST_PROBLEMS]))


def _unread(model: Model, now: Interface | None, trouble: str) -> Finding:
    """Nobody knows what the version takes and gives: that is no fault where nobody relies on it."""
    relied = [*(consumer.name for consumer in model.consumers), *(["the model's promise"] if model.interface else [])]
    relied += ["what is served now"] if now else []
    why = trouble or "no file says what it takes and gives"
    if relied and model.type not in ("prompt", "configuration"):
        return Finding(passed=False, values={"from": "nothing"}, message=f"{why}; relied on by {relied[0]}")
    return Finding(passed=True, values={"from": "nothing"}, message=why)


def _live(subject: Subject) -> Interface | None:
    """Return what is served now takes and gives; ``None`` where that is another model or nobody can tell."""
    live = subject.live
    if live is None or live.source != subject.wanted.source or live.digest == subject.wanted.digest:
        return None
    try:
        lineage = subject.history.state.snapshot.lineage(live.source, live.version)
    except GmError:
        return None
    return _read(subject.live_folder, lineage)[0] or lineage.interface


def _read(folder: Path | None, lineage: Lineage) -> tuple[Interface | None, str]:
    """Return what the files say, else why they cannot say it."""
    from gitops_models.artifacts.formats.interface import interface_of  # noqa: PLC0415 - only where a switch is made

    names = [entry.path for entry in lineage.artifacts if entry.role in _ROLES]
    if folder is None or not names:
        return None, ""
    try:
        return interface_of(folder, names), ""
    except GmError as error:
        if error.code != "GM-A501":
            raise
        return None, error.message
