"""Who opens the rollback proposal when something finds that a version must not go on serving.

The seam between what notices (a failed check after a switch, a trigger) and the verbs that write proposals: those
live in a layer above and are passed in.
"""

from collections.abc import Mapping
from typing import Protocol

from gitops_models.delivery.values import Deployment, ModelStage


class Proposer(Protocol):
    """Opens rollbacks with a key of its own: it may propose and never approve."""

    def propose(
        self, at: ModelStage, bad: Deployment, *, cause: str, reason: str, evidence: Mapping[str, str]
    ) -> str | None:
        """Return the change id of the open rollback away from ``bad``; open it where there is none.

        There is one per model, stage and bad digest, however often this is called. ``cause`` is a word of the Cause
        document, ``evidence`` short facts that stand in the proposal. ``None`` where nothing good is left to go back
        to. Raises ``GmError``; whoever calls goes on reconciling.
        """
