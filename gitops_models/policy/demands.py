"""Parts of the policy document that bind by time and by figures: soak, freeze, conditions, training, rates."""

from typing import Annotated, Literal, Self

from pydantic import AfterValidator, Field, model_validator

from gitops_models.errors import GmError
from gitops_models.registry.documents import Part, Risk
from gitops_models.registry.documents._base import Date, Items, Line, Name, about
from gitops_models.registry.documents.repository import Glob
from gitops_models.registry.names import LATEST, parse_reference

DAYS = 36600
"""No period of a policy is longer: nothing that is counted may leave the calendar."""

Day = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
Hours = Annotated[int, Field(ge=0, le=24 * 366)]
ClockTime = Annotated[str, Field(pattern=r"^([01][0-9]|2[0-3]):[0-5][0-9]$")]
Skipped = Literal["approval", "soak", "freeze"]
_FALLBACK = "fallback:"


def _fallback(text: str) -> str:
    if not text.startswith(_FALLBACK):
        raise ValueError("is refuse, undeploy or fallback:MODEL@VERSION")
    reference = text.removeprefix(_FALLBACK)
    try:
        parsed = parse_reference(reference)
    except GmError as error:
        raise ValueError(error.message) from error
    if parsed.version in (None, LATEST) or str(parsed) != reference:
        raise ValueError("fallback names MODEL@VERSION")
    return text


Fallback = Annotated[str, AfterValidator(_fallback)]


class Review(Part):
    """How often the policy itself is looked at, and when that was last done."""

    every_days: Annotated[int, Field(ge=1, le=3660), about("At most this long between two reviews.", 365)]
    last: Annotated[Date, about("Day of the last review.", "2026-11-21")]


class SoakHours(Part):
    """How long a version serves in the stage before, by risk."""

    low: Annotated[Hours, about("Hours at low risk.", 0)] = 0
    medium: Annotated[Hours, about("Hours at medium risk.", 4)] = 0
    high: Annotated[Hours, about("Hours at high risk.", 24)] = 0
    critical: Annotated[Hours, about("Hours at critical risk.", 72)] = 0

    def of(self, risk: Risk) -> int:
        """Hours for ``risk``."""
        hours: int = getattr(self, risk)
        return hours


class Freeze(Part):
    """Days, hours or dates on which nothing of these risks is promoted. All that is given must fit."""

    days: Annotated[Items[Day], about("Days of the week; every day when empty.", ["sat", "sun"])] = ()
    start: Annotated[ClockTime | None, about("From this time of the day.", "18:00")] = None
    end: Annotated[ClockTime | None, about("Up to this time of the day, which is not frozen itself.", "08:00")] = None
    first: Annotated[Date | None, about("First day of the freeze.", "2026-12-20")] = None
    last: Annotated[Date | None, about("Last day of the freeze.", "2027-01-06")] = None
    zone: Annotated[Literal["UTC"], about("Zone of days and times; always UTC.", "UTC")] = "UTC"
    risks: Annotated[Items[Risk], about("Risks it binds; all when empty.", ["high", "critical"])] = ()

    @model_validator(mode="after")
    def _something(self) -> Self:
        if (self.start is None) != (self.end is None):
            raise ValueError("start and end go together")
        if self.first and self.last and self.first > self.last:
            raise ValueError("first lies after last")
        if not (self.days or self.start or self.first or self.last):
            raise ValueError("a freeze that never ends: name days, hours or dates")
        return self


class When(Part):
    """What a condition looks at. Everything that is given must fit."""

    event: Annotated[Literal["promoted", "rolled-back"], about("The event.", "promoted")] = "promoted"
    stage: Annotated[Name | None, about("The stage; any when absent.", "production")] = None
    risk: Annotated[Items[Risk], about("Risks; any when empty.", ["high", "critical"])] = ()
    models: Annotated[Glob, about("Pattern of model names.", "fraud*")] = "*"
    use: Annotated[Items[Name], about("Uses, any of which the model has; any when empty.", ["payments"])] = ()


Compared = Literal["live", "previous", "base"]


class Require(Part):
    """What must hold of one metric, in decimals."""

    metric: Annotated[Line, about("Name of the metric.", "auc")]
    dataset: Annotated[Line | None, about("Only figures on this dataset.", "holdout-2026-10")] = None
    at_least: Annotated[float | None, about("Smallest value.", 0.85)] = None
    at_most: Annotated[float | None, about("Largest value.", 100.0)] = None
    not_worse_than: Annotated[
        Compared | None, about("Version to compare with: live or previous in the stage, or base.", "live")
    ] = None
    tolerance: Annotated[float, Field(ge=0), about("How much worse is still good enough.", 0.01)] = 0.0
    higher_is_better: Annotated[
        bool, about("Which way is better. A figure that states another direction is no data.", example=True)
    ] = True

    @model_validator(mode="after")
    def _something(self) -> Self:
        if self.at_least is None and self.at_most is None and self.not_worse_than is None:
            raise ValueError("name at_least, at_most or not_worse_than")
        if self.tolerance and self.not_worse_than is None:
            raise ValueError("tolerance goes with not_worse_than")
        if not self.higher_is_better and self.not_worse_than is None:
            raise ValueError("higher_is_better goes with not_worse_than")
        return self


class Condition(Part):
    """A demand of the organisation's own."""

    id: Annotated[Name, about("Identifier.", "auc-floor")]
    when: Annotated[When, about("When it binds.", {"event": "promoted", "stage": "production"})] = When()
    require: Annotated[Require, about("What must hold.", {"metric": "auc", "at_least": 0.85})]
    message: Annotated[Line | None, about("What to tell whoever fails it.", "production needs an AUC of 0.85")] = None


class AtMost(Part):
    """A rate: so many within so many hours."""

    count: Annotated[int, Field(ge=1, le=1000), about("How many.", 2)]
    per_hours: Annotated[int, Field(ge=1, le=8784), about("Within how many hours.", 24)]


class RollbackRules(Part):
    """What holds for every rollback."""

    max_lkg_age_days: Annotated[
        int | None, Field(ge=1, le=DAYS), about("An older last known good version is no target for automation.", 180)
    ] = None
    drill_every_days: Annotated[
        int | None,
        Field(ge=1, le=DAYS),
        about("After so many days `gm status` asks for another rehearsal of the last stage's rollback.", 90),
    ] = None
    hold: Annotated[bool, about("Whether a rollback has to hold its stage.", example=True)] = False
    degrade: Annotated[
        Literal["refuse", "undeploy"] | Fallback,
        about("What happens where no good version is left: refuse, undeploy, or fallback:<model>@<version>.", "refuse"),
    ] = "refuse"
    at_most: Annotated[
        AtMost | None, about("Beyond this rate of one model automation stops.", {"count": 3, "per_hours": 24})
    ] = None


class Training(Part):
    """Which training counts, and for how long."""

    topics: Annotated[Items[Name], Field(min_length=1), about("Topics.", ["versioning", "rollback", "incident"])]
    valid_days: Annotated[int, Field(ge=1, le=3660), about("How long a training counts.", 365)]


class Violations(Part):
    """How many violations within how many days call for an external audit."""

    count: Annotated[int, Field(ge=1, le=1000), about("How many.", 3)]
    per_days: Annotated[int, Field(ge=1, le=3660), about("Within how many days.", 365)]
