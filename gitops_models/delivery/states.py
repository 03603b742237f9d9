"""The words for how a model and stage stands at a target: its state, what was done, its conditions."""

from enum import StrEnum

from gitops_models.registry.values import dataclass


class State(StrEnum):
    """Where a model and stage stands at a target (DELIVERY.md section 1)."""

    IDLE = "Idle"
    FETCHING = "Fetching"
    VERIFYING = "Verifying"
    STAGING = "Staging"
    SWITCHING = "Switching"
    VALIDATING = "Validating"
    LIVE = "Live"
    AWAITING_RECEIPT = "AwaitingReceipt"
    VERIFY_FAILED = "VerifyFailed"
    SWITCH_FAILED = "SwitchFailed"
    VALIDATION_FAILED = "ValidationFailed"
    RESTORING = "Restoring"
    HELD = "Held"
    QUARANTINED = "Quarantined"
    SUSPENDED = "Suspended"
    DEGRADED = "Degraded"


class Sync(StrEnum):
    """How what is served relates to what is desired."""

    SYNCED = "synced"
    BEHIND = "behind"
    DRIFTED = "drifted"


class Done(StrEnum):
    """What the reconcile did."""

    NOTHING = "already there"
    SWITCHED = "switched"
    HEALED = "healed"
    WAITING = "waiting"
    RETIRED = "retired"
    FAILED = "failed"


@dataclass(frozen=True)
class Condition:
    """One aspect that holds, does not (``None``: nobody looked), with one word why and one sentence for people.

    ``time`` is since when it holds or does not, as documents write times; ``commit`` which accepted state it was last
    compared with.
    """

    type: str
    status: bool | None
    reason: str
    message: str = ""
    time: str | None = None
    commit: str | None = None
