"""kind Waiver: one rule does not bind some models, for a reason and a while."""

from typing import Annotated, Literal, Self

from pydantic import Field, StringConstraints, model_validator

from gitops_models.registry.documents._base import Document, Items, Line, Name, Time, Version, about
from gitops_models.registry.documents.repository import Glob
from gitops_models.registry.times import parse_time

RuleCode = Annotated[str, StringConstraints(pattern=r"^GM-P[0-9]{3}$")]
_ID = "fraud-soak"


class Waiver(Document):
    """Lets a rule only warn about some models until a day. The path is policies/waivers/<id>.yaml."""

    kind: Annotated[Literal["Waiver"], about("The kind of document.", "Waiver")] = "Waiver"
    id: Annotated[Name, about("Identifier; equals the file's name.", _ID)]
    code: Annotated[RuleCode, about("The rule that only warns, by its code.", "GM-P316")]
    models: Annotated[Items[Glob], Field(min_length=1), about("Models it is for, as patterns.", ["fraud*"])]
    stage: Annotated[Name | None, about("Only this stage; every one when absent.", "production")] = None
    version: Annotated[Version | None, about("Only this version; every one when absent.", "1.2.0")] = None
    reason: Annotated[Line, about("Why the rule may be left aside.", "the fix cannot wait for the soak of INC-412")]
    expires: Annotated[Time, about("When it ends, UTC.", "2026-12-01T00:00:00Z")]
    by: Annotated[Name, about("Who asks for it; equals the signer.", "raio-1")]
    created: Annotated[Time, about("When, UTC.", "2026-11-21T12:00:00Z")]

    @model_validator(mode="after")
    def _ends_after_it_begins(self) -> Self:
        if parse_time(self.expires) <= parse_time(self.created):
            raise ValueError("a waiver expires after it is created")
        return self
