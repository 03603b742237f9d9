"""From what a user names to what the accepted state holds."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitops_models.errors import GmError
from gitops_models.registry.names import LATEST, check_name, parse_reference

if TYPE_CHECKING:
    from gitops_models.registry.documents import StageState
    from gitops_models.workflows.session import Session


def known_model(session: Session, name: str) -> str:
    """``name`` if the model is accepted; GM-C140 otherwise, naming the models there are."""
    check_name(name, "model name")
    if not session.accepted.has_model(name):
        known = ", ".join(session.accepted.models()) or "none"
        raise GmError("GM-C140", f"there is no model {name}", where=name, details=(f"models: {known}",))
    return name


def known_version(session: Session, text: str) -> tuple[str, str]:
    """Model and version that ``fraud@1.2.0``, ``fraud@latest``, ``fraud#production`` or ``fraud`` means.

    Raises GM-C140, GM-C141, GM-C143 for what is not there.
    """
    reference = parse_reference(text)
    model = known_model(session, reference.model)
    if reference.stage:
        return model, live_state(session, model, reference.stage).version
    versions = session.accepted.versions(model)
    version = versions[-1] if versions and reference.version in {None, LATEST} else reference.version
    if version is None or not session.accepted.has_version(model, version):
        known = ", ".join(versions[-8:]) or "none"
        raise GmError("GM-C141", f"{model} has no version {version}", where=text, details=(f"versions: {known}",))
    return model, version


def known_stage(session: Session, stage: str | None) -> str:
    """``stage``, or the last one of the policy; GM-C142 for a stage that the policy does not list."""
    stages = session.history.policy.stages
    if stage is None:
        return stages[-1]
    if stage not in stages:
        raise GmError("GM-C142", f"there is no stage {stage}", where=stage, details=(f"stages: {', '.join(stages)}",))
    return stage


def live_state(session: Session, model: str, stage: str) -> StageState:
    """The accepted stage state; GM-C143 where nothing is desired."""
    state = session.accepted.stage_state(model, known_stage(session, stage))
    if state is None:
        raise GmError("GM-C143", f"nothing is live in {model}#{stage}", where=f"{model}#{stage}")
    return state
