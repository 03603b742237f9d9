"""What a drill record says: a rollback was rehearsed in a scratch clone, how far it came and how long it took."""

from datetime import datetime
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, FiniteFloat, StrictStr

from gitops_models.registry.times import parse_time
from gitops_models.trust.bodies import Body, CheckSummary, ShortText, Time, Words

__all__ = ["Drill", "DrillPhase"]

Seconds = Annotated[FiniteFloat, Field(ge=0, le=1e6)]


class DrillPhase(BaseModel):
    """One part of the way back and the seconds that it took."""

    model_config = ConfigDict(defer_build=True, frozen=True, extra="forbid", strict=True)

    name: Words
    seconds: Seconds


class Drill(Body):
    """A rehearsal at one model and stage; ``main`` is the accepted tip that was cloned.

    ``version`` is what was live, ``to`` what came back (None where nothing is there to come back), ``seconds`` the time
    from a merged rollback to validated serving, ``bytes`` the size of what came back, ``missing`` whose agreement a
    real one would still need.
    """

    repository: str
    model: str
    stage: str
    version: str
    to: str | None
    result: Literal["succeeded", "failed"]
    seconds: Seconds | None
    phases: Annotated[tuple[DrillPhase, ...], Field(strict=False, max_length=16)]
    bytes: Annotated[int, Field(ge=0)]
    missing: Annotated[tuple[ShortText, ...], Field(strict=False, max_length=16)]
    checks: Annotated[tuple[CheckSummary, ...], Field(strict=False, max_length=64)] = ()
    code: StrictStr | None
    reason: ShortText
    at: Time

    @property
    def made_at(self) -> datetime:
        """When whoever rehearsed says that it was."""
        return parse_time(self.at)
