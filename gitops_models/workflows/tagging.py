"""Version tags that were not made with the step, or were lost: made again on the registering step."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitops_models.forge.landing import version_tag
from gitops_models.registry.names import tag_name
from gitops_models.registry.values import dataclass
from gitops_models.store.refs import RefUpdate
from gitops_models.verification.admission import tag_target
from gitops_models.workflows.propose import forge

if TYPE_CHECKING:
    from gitops_models.workflows.session import Session


@dataclass(frozen=True)
class TagState:
    """One version tag: ``state`` is good, missing or wrong (moved, unsigned, or on another step)."""

    name: str
    step: str
    state: str


def tag_states(session: Session) -> list[TagState]:
    """The tag of every version that was registered after the pin, sorted by name."""
    states = []
    for (model, version), registration in session.history.state.registered.items():
        if registration.step and registration.step != session.history.pin:
            name = tag_name(model, version)
            states.append(TagState(name, registration.step, _state(session, name, registration.step)))
    return sorted(states, key=lambda state: state.name)


def make_missing(session: Session, *, dry_run: bool = False) -> list[TagState]:
    """Make and publish every missing tag; a wrong one is never moved, only reported."""
    missing = [state for state in tag_states(session) if state.state == "missing"]
    if missing and not dry_run:
        signer, ident = session.signer(), session.ident()
        session.actor(signer)
        updates = [
            RefUpdate(
                f"refs/tags/{state.name}",
                new=version_tag(session.store, state.name, state.step, signer=signer, ident=ident),
                old=None,
            )
            for state in missing
        ]
        forge(session).publish(updates, "make version tags")
        session.refresh()
    return missing


def _state(session: Session, name: str, step: str) -> str:
    if session.store.ref(f"refs/tags/{name}") is None:
        return "missing"
    return "good" if tag_target(session.store, session.history, name) == step else "wrong"
