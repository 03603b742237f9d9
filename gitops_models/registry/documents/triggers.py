"""kind Triggers: which signals of a served version start a rollback (DELIVERY.md section 5).

A trigger names a source by its id and a query. Server, credentials, files and commands stand in the operator's own
file: what a repository says can be asked, it cannot choose whom.
"""

import re
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, Field, StringConstraints, model_validator

from gitops_models.registry.documents._base import Document, Items, Line, Name, Part, about
from gitops_models.registry.documents.safety import CauseName

VARIABLES = ("model", "version", "digest")
_SLOT = re.compile(r"\{\{([^{}]*)\}\}")
_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400}
MOST = 64
LINEAGE = "lineage:"
PREVIOUS = "previous-version"


def seconds_of(duration: str) -> int:
    """Return the seconds that a duration such as ``5m`` means."""
    return int(duration[:-1]) * _UNITS[duration[-1]]


def slots_of(query: str | None) -> frozenset[str]:
    """Return the names that stand in double braces in a query."""
    return frozenset(_SLOT.findall(query or ""))


def _known_slots(query: str) -> str:
    strange = sorted(slots_of(query) - set(VARIABLES))
    if strange:
        raise ValueError(f"{{{{{strange[0]}}}}} is no variable; there are {', '.join(VARIABLES)}")
    return query


Duration = Annotated[str, StringConstraints(pattern=r"^(0|[1-9][0-9]{0,5})[smhd]$")]
Query = Annotated[Line, AfterValidator(_known_slots)]
Consequence = Literal["fail", "inconclusive", "ok"]
Scalar = bool | float | str


class Baseline(Part):
    """What the value is compared with, and how far it may be from it."""

    of: Annotated[
        Literal["previous-version"] | Annotated[str, StringConstraints(pattern=r"^lineage:\S{1,120}$")] | float,
        about("`previous-version`: the query asked of the last known good; `lineage:<metric>`; a number.", PREVIOUS),
    ]
    max_drop: Annotated[float | None, Field(ge=0), about("Fails when it is lower by more than this.", 0.05)] = None
    max_rise: Annotated[float | None, Field(ge=0), about("Fails when it is higher by more than this.", 0.1)] = None

    @model_validator(mode="after")
    def _one_way(self) -> Self:
        if (self.max_drop is None) == (self.max_rise is None):
            raise ValueError("name either max_drop or max_rise")
        return self


class Fail(Part):
    """The condition under which a value is a failure."""

    below: Annotated[float | None, about("Fails below this.", 0.9)] = None
    above: Annotated[float | None, about("Fails above this.", 0)] = None
    equals: Annotated[Scalar | None, about("Fails when it is exactly this.", example=True)] = None
    count_where: Annotated[
        dict[Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_.-]{1,64}$")], Scalar] | None,
        Field(min_length=1, max_length=8),
        about("Counts the reported objects with these fields; the count is compared.", {"severity": "high"}),
    ] = None

    @model_validator(mode="after")
    def _one_condition(self) -> Self:
        if sum(one is not None for one in (self.below, self.above, self.equals)) != 1:
            raise ValueError("name one of below, above and equals")
        if self.count_where is not None and self.equals is not None:
            raise ValueError("a count is compared by above or below")
        return self


class OnError(Part):
    """What a source that answers with an error comes to."""

    tolerate: Annotated[int, Field(ge=0, le=1000), about("Errors in a row that change nothing.", 4)] = 4
    then: Annotated[Consequence, about("What the next one counts as.", "inconclusive")] = "inconclusive"


class Trigger(Part):
    """One condition on one signal."""

    name: Annotated[Name, about("Name of the trigger.", "accuracy-drop")]
    use: Annotated[Name, about("Source by its id in the operator's file.", "prometheus-main")]
    stages: Annotated[Items[Name], about("Stages that are watched; the last one when empty.", ["production"])] = ()
    query: Annotated[
        Query | None,
        about("What the source is asked; {{model}}, {{version}}, {{digest}} are filled in.", 'a{v="{{version}}"}'),
    ] = None
    samples: Annotated[
        Query | None, about("A second query: on how many samples the value stands.", 'n{v="{{version}}"}')
    ] = None
    reduce: Annotated[
        Literal["min", "max", "avg", "last", "any"],
        about("How several values become one; any: one of them is enough to fail.", "min"),
    ] = "last"
    baseline: Annotated[Baseline | None, about("Fails by distance.", {"of": PREVIOUS, "max_drop": 0.05})] = None
    fail: Annotated[Fail | None, about("Fails by value.", {"below": 0.9})] = None
    lasting: Annotated[Duration, about("How long it has to fail without a break.", "5m", alias="for")] = "0s"
    interval: Annotated[Duration, about("How often it is looked at.", "30s")] = "30s"
    min_samples: Annotated[int, Field(ge=1), about("Fewer samples are no data.", 200)] = 1
    on_no_data: Annotated[Consequence, about("What no data counts as.", "inconclusive")] = "inconclusive"
    on_error: Annotated[OnError, about("What errors count as.", {"tolerate": 4, "then": "inconclusive"})] = OnError()
    max_age: Annotated[Duration, about("An older value is no data.", "5m")] = "5m"
    grace: Annotated[Duration, about("How long after a deployment nothing counts.", "2m")] = "0s"
    cooldown: Annotated[Duration, about("How long it rests after it acted.", "30m")] = "30m"
    severity: Annotated[Literal["low", "medium", "high", "critical"], about("How bad.", "high")] = "high"
    cause: Annotated[CauseName, about("Kind of cause that is opened.", "regression")] = "degradation"
    quarantine: Annotated[bool, about("Whether the version is barred too.", example=True)] = False

    @model_validator(mode="after")
    def _one_condition(self) -> Self:
        if (self.baseline is None) == (self.fail is None):
            raise ValueError("name either baseline or fail")
        if seconds_of(self.interval) < 1:
            raise ValueError("interval is at least 1s")
        compared = self.baseline is not None and self.baseline.of == PREVIOUS
        if compared and not slots_of(self.query) & {"version", "digest"}:
            raise ValueError("a query for two versions names {{version}} or {{digest}}")
        return self


class Triggers(Document):
    """What starts a rollback of a model. The path is models/<model>/triggers.yaml."""

    kind: Annotated[Literal["Triggers"], about("The kind of document.", "Triggers")] = "Triggers"
    model: Annotated[Name, about("Name of the model.", "fraud")]
    triggers: Annotated[
        Annotated[Items[Trigger], Field(min_length=1, max_length=MOST)],
        about("The conditions; each stands alone.", [{"name": "drop", "use": "metrics", "fail": {"below": 0.9}}]),
    ]

    @model_validator(mode="after")
    def _distinct(self) -> Self:
        names = [one.name for one in self.triggers]
        doubled = next((name for name in names if names.count(name) > 1), None)
        if doubled is not None:
            raise ValueError(f"trigger {doubled} is listed twice")
        return self
