"""The risk table of the policy: whose agreement each risk asks for, and who may roll back."""

from typing import Annotated, Any, Literal, Self

from pydantic import BeforeValidator, Field, model_validator

from gitops_models.policy.matching import Slot
from gitops_models.registry.documents import Part, Risk
from gitops_models.registry.documents._base import Items, Name, about

RISKS: tuple[Risk, ...] = ("low", "medium", "high", "critical")
EvidenceMode = Literal["forge", "signed"]


class RoleCount(Part):
    """A committee: several distinct persons who hold one role."""

    role: Annotated[Name, about("The role that each of them holds.", "oversight-committee")]
    of: Annotated[int, Field(ge=1, le=64), about("How many distinct persons.", 2)]


def _explicit(value: Any) -> Any:
    """``none`` says that nobody else has to agree; an empty list could be an oversight and is refused."""
    if isinstance(value, list) and not value:
        raise ValueError("an empty quorum is written as none")
    return () if value == "none" else value


Quorum = Annotated[Items[Name | RoleCount], BeforeValidator(_explicit)]
"""Roles that distinct persons must hold, or the word ``none``."""


def slots(quorum: tuple[str | RoleCount, ...]) -> tuple[Slot, ...]:
    """Return the quorum as slots for matching."""
    return tuple(Slot(entry) if isinstance(entry, str) else Slot(entry.role, entry.of) for entry in quorum)


class RollbackAuthority(Part):
    """Who may start a rollback, and who has to authorize it. Initiating is enough where nothing is authorized."""

    initiate: Annotated[Items[Name], about("Roles that may start it.", ["operator"])] = ()
    authorize: Annotated[Quorum, about("Quorum that authorizes it.", ["raio"])] = ()
    automation: Annotated[
        Literal["restore", "propose"],
        about("Whether a workload rolls back to the last known good by itself, or proposes only.", "restore"),
    ] = "propose"

    @model_validator(mode="after")
    def _somebody(self) -> Self:
        if not (self.initiate or self.authorize):
            raise ValueError("name a role under initiate or authorize")
        return self


class RiskRule(Part):
    """What one risk demands."""

    approve: Annotated[Quorum, about("Quorum for changes of this risk, or none.", ["raio", "domain-lead"])]
    evidence: Annotated[EvidenceMode, about("Whether a forge review counts or only a signed decision.", "signed")]
    touch: Annotated[bool, about("Whether only decisions count that a touched hardware key signed.", example=True)] = (
        False
    )
    rollback: Annotated[RollbackAuthority, about("Authority over rollbacks.", {"initiate": ["operator"]})]


ROW = {"approve": ["raio"], "evidence": "signed", "rollback": {"authorize": ["raio"]}}


class Risks(Part):
    """The risk table; every risk must be given, because an unknown one counts as the highest."""

    low: Annotated[RiskRule, about("Demands of low risk.", ROW)]
    medium: Annotated[RiskRule, about("Demands of medium risk.", ROW)]
    high: Annotated[RiskRule, about("Demands of high risk.", ROW)]
    critical: Annotated[RiskRule, about("Demands of critical risk.", ROW)]

    def of(self, risk: Risk) -> RiskRule:
        """Return the row of ``risk``."""
        rule: RiskRule = getattr(self, risk)
        return rule


class Floor(Part):
    """A lower bound of the risk for models by name and use."""

    models: Annotated[str, about("Pattern of model names.", "fraud*")] = "*"
    use: Annotated[Items[Name], about("Uses it holds for; all when empty.", ["clinical-decision-support"])] = ()
    risk: Annotated[Risk, about("The risk that such a model has at least.", "high")]
