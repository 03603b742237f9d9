"""What the records of the ledger say: the predicates of TRUST.md section 3, field by field.

Frozen and closed: an unknown field is refused, because a reader that skips what it does not know would count a record
that meant something else.
"""

from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, FiniteFloat, StrictStr, model_serializer
from pydantic_core.core_schema import SerializerFunctionWrapHandler

from gitops_models.errors import GmError
from gitops_models.registry.times import TIME_PATTERN, parse_time

__all__ = ["Acceptance", "Body", "ChangeSummary", "CheckSummary", "Checkpoint", "Decision", "Deployment", "Override"]


def _on_the_calendar(text: str) -> str:
    try:
        parse_time(text)
    except GmError as error:
        raise ValueError(error.message) from error
    return text


Oid = Annotated[str, Field(pattern=r"^[0-9a-f]{40}$")]
Sha256 = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
Time = Annotated[str, Field(pattern=TIME_PATTERN), AfterValidator(_on_the_calendar)]
Words = Annotated[StrictStr, Field(max_length=128)]
ShortText = Annotated[StrictStr, Field(max_length=512)]
Texts = Annotated[tuple[StrictStr, ...], Field(strict=False)]
_WHERE_KNOWN = frozenset(
    {"checks", "deployed", "detected", "initiated", "authorized", "merged", "restored", "validated"}
)


class Body(BaseModel):
    """A predicate. ``main`` is the commit of the protected branch at which the record was made."""

    model_config = ConfigDict(defer_build=True, frozen=True, extra="forbid", strict=True, populate_by_name=True)

    main: Oid


class ChangeSummary(BaseModel):
    """A copy of the change for people; readers recompute the change and never believe this."""

    model_config = ConfigDict(defer_build=True, frozen=True, extra="forbid", strict=True, populate_by_name=True)

    events: Texts
    model: str | None = None
    version: str | None = None
    stage: str | None = None
    from_version: str | None = Field(default=None, alias="from")
    to_version: str | None = Field(default=None, alias="to")
    lineage_sha256: Sha256 | None = None
    anchor: Oid | None = None


class Decision(Body):
    """One reviewer's word on one change. ``previous`` is the sha256 of the person's previous decision on it."""

    decision: Literal["approve", "reject", "withdraw"]
    person: str
    roles: Texts
    change: ChangeSummary
    policy_sha256: Sha256
    repository: str
    remote: str | None
    created: Time
    expires: Time | None
    reason: str
    previous: Sha256 | None

    @property
    def created_at(self) -> datetime:
        """When the reviewer says the decision was made."""
        return parse_time(self.created)

    @property
    def expires_at(self) -> datetime | None:
        """When the decision stops counting."""
        return parse_time(self.expires) if self.expires else None


class Acceptance(Body):
    """A step became accepted: ``merge`` is the step, ``head`` the merged proposal, ``main`` the step's first parent."""

    merge: Oid
    head: Oid
    change_id: Sha256
    at: Time
    checkpoint: Oid | None

    @property
    def accepted_at(self) -> datetime:
        """Return the time at which the step was accepted, the only time the judge sees."""
        return parse_time(self.at)


class Checkpoint(Body):
    """What a workload found history to amount to; ``main`` is the accepted tip, ``since`` the pin it was judged from.

    ``waiting`` are the steps up to there that may still be accepted late; ``ledger_sha256`` digests the acceptances
    that decided all others (ADR 0005): tips of the ledger go on moving, so nobody could compare them later.
    """

    repository: str
    line: str
    since: Oid
    waiting: Annotated[tuple[Oid, ...], Field(strict=False, max_length=256)]
    ledger_sha256: Sha256
    policy_version: Annotated[int, Field(ge=1)]
    at: Time

    @property
    def made_at(self) -> datetime:
        """When the workload says that it looked."""
        return parse_time(self.at)


class CheckSummary(BaseModel):
    """What one check around a switch came to; ``passed`` is None where it could not be run."""

    model_config = ConfigDict(defer_build=True, frozen=True, extra="forbid", strict=True)

    id: Words
    use: Words
    passed: bool | None
    required: bool
    values: Annotated[dict[Words, FiniteFloat | ShortText], Field(max_length=32)]
    message: ShortText
    seconds: Annotated[FiniteFloat, Field(ge=0)]


class Deployment(Body):
    """What a reconciler did on one target; ``main`` is the accepted step that asked for it, ``version`` what serves.

    The times from ``deployed`` on are the exposure clock, each where it is known: when the version that is replaced was
    made live, when its fault was seen, when the way back was proposed, agreed to, merged, served and validated. They
    and ``checks`` are left out where there are none, so that a record without them is the one it always was.
    """

    target: str
    model: str
    stage: str
    version: str | None
    lineage_sha256: Sha256 | None
    artifacts: Annotated[tuple[Sha256, ...], Field(strict=False)]
    change_id: Sha256 | None
    observed: str | None
    started: Time
    finished: Time
    result: Literal["succeeded", "failed", "healed", "removed"]
    reason: str
    override: Sha256 | None = None
    checks: Annotated[tuple[CheckSummary, ...], Field(strict=False, max_length=64)] = ()
    deployed: Time | None = None
    detected: Time | None = None
    initiated: Time | None = None
    authorized: Time | None = None
    merged: Time | None = None
    restored: Time | None = None
    validated: Time | None = None

    @model_serializer(mode="wrap")
    def _without_the_unknown(self, plain: SerializerFunctionWrapHandler) -> dict[str, Any]:
        fields: dict[str, Any] = plain(self)
        return {name: value for name, value in fields.items() if value or name not in _WHERE_KNOWN}


class Override(Body):
    """The last resort while Git cannot be reached: one model and stage serves its last known good for a while.

    ``replaces`` is what Git has live there, ``anchor`` the step that made it so: when Git has moved on, this is void.
    ``target`` is None for every target.
    """

    person: str
    repository: str
    line: str
    model: str
    stage: str
    target: str | None
    version: str
    lineage_sha256: Sha256
    replaces: str
    anchor: Oid | None
    incident: str | None
    reason: Annotated[StrictStr, Field(pattern=r"\S")]
    created: Time
    expires: Time

    @property
    def created_at(self) -> datetime:
        """When the person says that it was signed."""
        return parse_time(self.created)

    @property
    def expires_at(self) -> datetime:
        """When Git decides again."""
        return parse_time(self.expires)
