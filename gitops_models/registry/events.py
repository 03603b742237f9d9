"""What a change means: one event per thing that happens (DESIGN.md section 5)."""

import re
from typing import ClassVar, Literal

from gitops_models.registry.values import dataclass

ForbiddenReason = Literal["mode", "unknown", "edited", "removed", "orphan", "invalid"]
_WORD = re.compile(r"(?<!^)(?=[A-Z])")


@dataclass(frozen=True, kw_only=True)
class Event:
    """Something that happens; ``paths`` are the files that say so, ``name`` is its word in output and trailers."""

    paths: tuple[str, ...]
    name: ClassVar[str] = "event"

    def __init_subclass__(cls) -> None:
        cls.name = _WORD.sub("-", cls.__name__).lower()


@dataclass(frozen=True, kw_only=True)
class ModelEvent(Event):
    """An event of one model."""

    model: str


@dataclass(frozen=True, kw_only=True)
class VersionEvent(ModelEvent):
    """An event of one version."""

    version: str


@dataclass(frozen=True, kw_only=True)
class StageEvent(ModelEvent):
    """An event of one stage of a model."""

    stage: str


@dataclass(frozen=True, kw_only=True)
class StageMove(StageEvent):
    """Another version should be live; ``from_version`` is None when nothing was."""

    from_version: str | None
    to_version: str
    lineage_sha256: str


@dataclass(frozen=True, kw_only=True)
class StatusEvent(ModelEvent):
    """A turn in the life of a model, or of one ``version``."""

    number: int
    version: str | None


class ModelAdded(ModelEvent):
    """A model.yaml appears."""


class ModelChanged(ModelEvent):
    """A model.yaml changes."""


class TriggersChanged(ModelEvent):
    """A triggers.yaml appears, changes or goes."""


class VersionRegistered(VersionEvent):
    """A lineage appears, with its pointers."""


@dataclass(frozen=True, kw_only=True)
class EvidenceAdded(VersionEvent):
    """An evidence document or attached signature appears."""

    evidence: str


class Promoted(StageMove):
    """A version becomes desired in a stage without lying below the top of its live stack."""


class RolledBack(StageMove):
    """The stage returns to a version below the top of its live stack."""


@dataclass(frozen=True, kw_only=True)
class Undeployed(StageEvent):
    """The stage state goes: nothing should be live."""

    from_version: str | None


@dataclass(frozen=True, kw_only=True)
class HoldPlaced(StageEvent):
    """Promotions to the stage are barred."""

    number: int


@dataclass(frozen=True, kw_only=True)
class HoldLifted(StageEvent):
    """Promotions to the stage are free again."""

    number: int


@dataclass(frozen=True, kw_only=True)
class Quarantined(VersionEvent):
    """The version is barred everywhere."""

    number: int


@dataclass(frozen=True, kw_only=True)
class QuarantineReleased(VersionEvent):
    """The version is free again."""

    number: int


@dataclass(frozen=True, kw_only=True)
class CauseOpened(ModelEvent):
    """A cause appears, is reopened, or changes while it is open."""

    cause: str


@dataclass(frozen=True, kw_only=True)
class CauseResolved(ModelEvent):
    """A cause is settled."""

    cause: str


class Suspended(StatusEvent):
    """The model is suspended."""


class Resumed(StatusEvent):
    """The model is no longer suspended."""


class Retired(StatusEvent):
    """The model, or a version of it, is retired for good."""


@dataclass(frozen=True, kw_only=True)
class Restored(Event):
    """A blocked scope is back at its accepted files; there is nothing to differ, so ``paths`` is empty."""

    scope: str


class PolicyChanged(Event):
    """The policy changes."""


class PeopleChanged(Event):
    """The people file changes."""


class TargetsChanged(Event):
    """The targets change."""


@dataclass(frozen=True, kw_only=True)
class WaiverAdded(Event):
    """A waiver appears or changes."""

    waiver: str


@dataclass(frozen=True, kw_only=True)
class BytesDeleted(VersionEvent):
    """The bytes of a version are deleted behind a record; its lineage stays."""

    number: int


class OtherGoverned(Event):
    """Another governed file changes: gm.yaml, workflows, DVC configuration, extras."""


@dataclass(frozen=True, kw_only=True)
class Forbidden(Event):
    """Something no policy can allow: ``why`` in words, ``reason`` as the family of rules it breaks."""

    path: str
    why: str
    reason: ForbiddenReason


# The order in which the events of one change are judged; stage moves are put in the policy's order of stages.
ORDER: tuple[type[Event], ...] = (
    Forbidden,
    Restored,
    PolicyChanged,
    PeopleChanged,
    TargetsChanged,
    WaiverAdded,
    OtherGoverned,
    ModelAdded,
    ModelChanged,
    TriggersChanged,
    VersionRegistered,
    EvidenceAdded,
    CauseOpened,
    CauseResolved,
    StageMove,
    HoldPlaced,
    HoldLifted,
    Quarantined,
    QuarantineReleased,
    Suspended,
    Resumed,
    Retired,
    BytesDeleted,
)
_MOVES: tuple[type[Event], ...] = (Promoted, RolledBack, Undeployed)
EVENT_NAMES: tuple[str, ...] = tuple(sorted({cls.name for cls in (*ORDER, *_MOVES)} - {StageMove.name}))
