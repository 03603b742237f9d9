"""``gm compliance``: the accepted policy and its history against every clause."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitops_models.audit.compliance import compliance
from gitops_models.registry.paths import POLICY_YAML

if TYPE_CHECKING:
    from gitops_models.audit.compliance import Compliance
    from gitops_models.workflows.session import Session


def comply(session: Session) -> Compliance:
    """How the repository stands; the session must hold every step since the pin (``replay_all``)."""
    return compliance(session.history, POLICY_YAML, session.clock.now())
