"""Replaying a recording of signals against the triggers of a model; nothing is asked and nothing is changed."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from gitops_models.delivery.triggers.replay import Replayed, read_recording, replay
from gitops_models.delivery.values import ModelStage
from gitops_models.delivery.waysback import restores_itself
from gitops_models.errors import GmError
from gitops_models.registry.documents import parse_document
from gitops_models.registry.watched import triggers_of
from gitops_models.workflows.session import open_session

if TYPE_CHECKING:
    from pathlib import Path

    from gitops_models.registry.documents.triggers import Trigger, Triggers
    from gitops_models.workflows.session import Session

MOST_BYTES = 256 << 20
_INVALID = "GM-R630"


def replay_recording(repo: Path, recording: Path, triggers: Path | None, model: str | None) -> list[Replayed]:
    """What the recording would have done: with the triggers of a file, else the accepted ones of ``model``.

    Where only one model has triggers it need not be named. Raises GM-R630 for what cannot be replayed.
    """
    session = open_session(repo, online=False)
    if triggers is None:
        name, found = _accepted(session, model)
    else:
        document = cast("Triggers", parse_document(_read(triggers), str(triggers), "Triggers"))
        name, found = document.model, document.triggers
    at = ModelStage(name, session.history.policy.stages[-1])
    lines = read_recording(_read(recording).splitlines())
    restores = restores_itself(session.history, at)
    return list(replay({one.name: one for one in found}, lines, restores=restores))


def _accepted(session: Session, model: str | None) -> tuple[str, tuple[Trigger, ...]]:
    names = [model] if model is not None else session.accepted.models()
    watched = [(name, found) for name in names if (found := triggers_of(session.accepted, name))]
    if len(watched) != 1:
        known = ", ".join(name for name, _ in watched) or "none"
        raise GmError(_INVALID, f"name one model that has triggers (--model): {known}")
    return watched[0]


def _read(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            data = file.read(MOST_BYTES + 1)
    except OSError as error:
        raise GmError(_INVALID, f"{path.name} cannot be read: {error.strerror}", where=str(path)) from error
    if len(data) > MOST_BYTES:
        raise GmError(_INVALID, f"{path.name} is longer than {MOST_BYTES} bytes", where=str(path))
    return data
