"""What a receipt says: which reviews stood on the forge when a step was merged (TRUST.md section 3)."""

from datetime import datetime
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, StrictInt

from gitops_models.registry.documents._base import Name
from gitops_models.registry.times import parse_time
from gitops_models.trust.bodies import Body, Oid, Sha256, Time

__all__ = ["Receipt", "Review", "ReviewState"]

ReviewState = Literal["approved", "changes-requested", "commented", "dismissed"]
Number = Annotated[StrictInt, Field(ge=1, lt=2**53)]


class Review(BaseModel):
    """One review as the forge showed it: by the numeric account ``user_id``, of the commit ``commit_id``."""

    model_config = ConfigDict(defer_build=True, frozen=True, extra="forbid", strict=True)

    id: Number
    user_id: Number
    state: ReviewState
    commit_id: Oid
    submitted_at: Time

    @property
    def submitted(self) -> datetime:
        """When the forge says it was given."""
        return parse_time(self.submitted_at)


class Receipt(Body):
    """A workload's word on one step: ``merge`` with the parents ``base`` and ``head``, as the forge's pull request.

    ``main`` is the commit that the workload ran on: the step itself or a later one of the line. ``verdict`` is what the
    workload's own judge said; readers judge again.
    """

    forge: Name
    pull_request: Number
    head: Oid
    base: Oid
    merge: Oid
    change_id: Sha256
    at: Time
    reviews: Annotated[tuple[Review, ...], Field(strict=False, max_length=200)]
    verdict: Literal["allowed", "denied"]
    policy_sha256: Sha256

    @property
    def accepted_at(self) -> datetime:
        """Return the time at which the step was accepted, the only time the judge sees."""
        return parse_time(self.at)
