"""The policy document (``policies/policy.yaml``, kind Policy).

Every field here is enforced by a rule. A field that nothing enforces is refused, so that nobody believes in a clause
that no code holds up.
"""

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from gitops_models.errors import GmError
from gitops_models.policy.demands import (
    DAYS,
    AtMost,
    Condition,
    Freeze,
    Review,
    RollbackRules,
    Skipped,
    SoakHours,
    Training,
    Violations,
)
from gitops_models.policy.matching import Slot
from gitops_models.policy.risktable import (
    RISKS,
    ROW,
    EvidenceMode,
    Floor,
    Quorum,
    RiskRule,
    Risks,
    RoleCount,
    RollbackAuthority,
    slots,
)
from gitops_models.registry import yamls
from gitops_models.registry.documents import API_VERSION, Document, Part, Risk, validate
from gitops_models.registry.documents._base import Items, Name, about
from gitops_models.registry.documents.lineage import Role

__all__ = [
    "RISKS",
    "RULE_SET",
    "EvidenceMode",
    "Floor",
    "Policy",
    "Quorum",
    "RiskRule",
    "Risks",
    "RoleCount",
    "RollbackAuthority",
    "load_policy",
    "slots",
]

RULE_SET = 1
"""The newest rule set that this gm knows; a policy that names a newer one is refused."""

LineageField = Literal[
    "architecture", "code", "data", "features", "parameters", "environment", "metrics", "artifacts", "interface"
]


class StageRule(Part):
    """What a promotion into one stage demands."""

    evidence: Annotated[Items[Name], about("Types of evidence that must have passed.", ["evaluation"])] = ()
    provenance: Annotated[
        Items[Name], about("Workloads, one of which must have signed where the version comes from.", ["trainer"])
    ] = ()
    approve: Annotated[Quorum | None, about("Quorum of this stage instead of the risk's.", ["technical-lead"])] = None
    max_age_days: Annotated[int | None, Field(ge=1, le=DAYS), about("Older evidence does not count.", 90)] = None
    soak_hours: Annotated[
        SoakHours | None, about("How long a version serves in the stage before.", {"high": 24, "critical": 72})
    ] = None
    freeze: Annotated[
        Items[Freeze], about("When nothing is promoted here.", [{"days": ["sat", "sun"], "risks": ["high"]}])
    ] = ()
    formats: Annotated[
        dict[Risk, Items[Name]],
        Field(default_factory=dict),
        about("Formats of weights and binaries for that risk and above.", {"high": ["onnx", "safetensors"]}),
    ]


class LineageRule(Part):
    """What a lineage must hold."""

    require: Annotated[Items[LineageField], about("Fields that must be filled.", ["code", "data"])] = ()
    coverage: Annotated[
        Items[Role], about("Artifact roles that are there or stand under not_applicable.", ["weights"])
    ] = ()


class Approvals(Part):
    """How decisions are counted."""

    max_age_days: Annotated[int | None, Field(ge=1, le=DAYS), about("An older decision does not count.", 30)] = None
    distinct_persons: Annotated[Literal[True], about("One person fills one slot; always so.", example=True)] = True
    self_approval: Annotated[Items[Risk], about("Risks for which the proposer may approve.", ["low"])] = ()
    multi_model: Annotated[bool, about("Whether a change with a quorum may touch several models.", example=False)] = (
        False
    )


class Registration(Part):
    """Who may register models, versions and evidence, and who has to agree."""

    may: Annotated[Items[Name], Field(min_length=1), about("Roles of the proposer.", ["ml-engineer"])]
    approve: Annotated[Quorum, about("Quorum for a version.", "none")] = ()
    new_model: Annotated[Quorum, about("Quorum for a new model or a lower risk, beside the risk's.", ["raio"])] = (
        "raio",
    )


class Promotion(Part):
    """Who may promote."""

    may: Annotated[Items[Name], Field(min_length=1), about("Roles of the proposer.", ["ml-engineer"])]


class Emergency(Part):
    """Who may act in an emergency or while Git cannot be reached, and how soon others have to agree to it."""

    role: Annotated[Items[Name], Field(min_length=1), about("Roles, any of which may act.", ["operator"])]
    skips: Annotated[Items[Skipped], about("What an emergency rollback does not wait for.", ["approval", "soak"])] = (
        "approval",
        "soak",
        "freeze",
    )
    ratify_within_hours: Annotated[
        int, Field(ge=1, le=720), about("How soon it has to be ratified; how long an override may last.", 48)
    ] = 48
    at_most: Annotated[
        AtMost | None, about("Beyond this rate of one model a second person agrees.", {"count": 2, "per_hours": 24})
    ] = None


class Retention(Part):
    """How long bytes are kept, and who agrees to deleting them."""

    keep_days: Annotated[int, Field(ge=1, le=DAYS), about("Bytes of a version are kept this long.", 3650)]
    delete: Annotated[
        Quorum, about("Quorum for deleting bytes behind a record, or none.", ["raio", "oversight-committee"])
    ]


class PolicyChanges(Part):
    """Who has to agree to a change of policy, people, targets and other policy paths."""

    approve: Annotated[Quorum, about("Quorum, or none.", ["raio", "policy-owner"])]
    evidence: Annotated[EvidenceMode, about("Whether a forge review counts.", "signed")] = "signed"


class Policy(Document):
    """The rules of one repository. The path is policies/policy.yaml."""

    kind: Annotated[Literal["Policy"], about("The kind of document.", "Policy")] = "Policy"
    id: Annotated[Name, about("Name of the policy.", "model-governance")]
    version: Annotated[int, Field(ge=1), about("Grows with every change.", 1)]
    rules: Annotated[int, Field(ge=1, le=RULE_SET), about("Rule set of gm that judges steps under it.", 1)]
    status: Annotated[Literal["binding"], about("Every accepted policy binds.", "binding")] = "binding"
    owner: Annotated[Name | None, about("Role that answers for it.", "raio")] = None
    review: Annotated[
        Review | None, about("When the policy is looked at again.", {"every_days": 365, "last": "2026-11-21"})
    ] = None
    stages: Annotated[Items[Name], Field(min_length=1), about("Stages in order.", ["staging", "production"])]
    roles: Annotated[Items[Name], Field(min_length=1), about("Every role that is used.", ["ml-engineer", "raio"])]
    risks: Annotated[Risks, about("Demands by risk.", dict.fromkeys(RISKS, ROW))]
    floors: Annotated[Items[Floor], about("Lower bounds of the risk.", [{"models": "fraud*", "risk": "high"}])] = ()
    stage_rules: Annotated[
        dict[Name, StageRule],
        Field(default_factory=dict),
        about("Demands by stage.", {"production": {"evidence": ["evaluation"]}}),
    ]
    lineage: Annotated[LineageRule, about("Demands on a lineage.", {"require": ["code"]})] = LineageRule()
    approvals: Annotated[Approvals, about("Which decisions count.", {"max_age_days": 30})] = Approvals()
    registration: Annotated[Registration, about("Who may register.", {"may": ["ml-engineer"]})]
    promotion: Annotated[Promotion, about("Who may propose promotions.", {"may": ["ml-engineer"]})]
    emergency: Annotated[
        Emergency | None, about("Who may act in an emergency, and what holds then.", {"role": ["operator"]})
    ] = None
    rollback: Annotated[
        RollbackRules, about("Limits of rollbacks, and what to do where none is left.", {"degrade": "refuse"})
    ] = RollbackRules()
    training: Annotated[
        Training | None, about("Training that counts.", {"topics": ["versioning"], "valid_days": 365})
    ] = None
    violations: Annotated[
        Violations | None, about("When an external audit is called for.", {"count": 3, "per_days": 365})
    ] = None
    retention: Annotated[Retention | None, about("How long bytes are kept.", {"keep_days": 3650, "delete": "none"})] = (
        None
    )
    conditions: Annotated[
        Items[Condition],
        about("The organisation's own demands.", [{"id": "auc-floor", "require": {"metric": "auc", "at_least": 0.85}}]),
    ] = ()
    policy_changes: Annotated[PolicyChanges, about("Who may change the policy.", {"approve": ["raio"]})]
    max_staleness_minutes: Annotated[
        int | None,
        Field(ge=1, le=DAYS * 24 * 60),
        about("Readers stay where they are when the newest checkpoint is older.", 1440),
    ] = None

    @model_validator(mode="after")
    def _names_fit(self) -> Self:
        if len(set(self.stages)) != len(self.stages):
            raise ValueError("a stage is listed twice")
        if unknown := sorted(set(self.stage_rules) - set(self.stages)):
            raise ValueError(f"stage_rules names unknown stages: {', '.join(unknown)}")
        if unknown := sorted({one.when.stage for one in self.conditions if one.when.stage} - set(self.stages)):
            raise ValueError(f"conditions name unknown stages: {', '.join(unknown)}")
        if unknown := sorted(self.named_roles - set(self.roles)):
            raise ValueError(f"roles that are used but not listed: {', '.join(unknown)}")
        return self

    @property
    def quorums(self) -> tuple[tuple[Slot, ...], ...]:
        """Every quorum that this policy can ask for."""
        rules = [self.risks.of(risk) for risk in RISKS]
        stages = [rule.approve for rule in self.stage_rules.values() if rule.approve is not None]
        lists = [rule.approve for rule in rules] + [rule.rollback.authorize for rule in rules] + stages
        lists += [self.registration.approve, self.registration.new_model, self.policy_changes.approve]
        lists += [self.retention.delete] if self.retention else []
        return tuple(slots(quorum) for quorum in lists)

    @property
    def named_roles(self) -> frozenset[str]:
        """Every role that the policy refers to."""
        single = set(self.registration.may) | set(self.promotion.may) | ({self.owner} if self.owner else set())
        for risk in RISKS:
            single |= set(self.risks.of(risk).rollback.initiate)
        single |= set(self.emergency.role) if self.emergency else set()
        return frozenset(single | {slot.role for quorum in self.quorums for slot in quorum})

    @property
    def safety_roles(self) -> frozenset[str]:
        """Roles that approve or operate: they may place holds, open causes and quarantine."""
        roles = {slot.role for quorum in self.quorums for slot in quorum}
        for risk in RISKS:
            roles |= set(self.risks.of(risk).rollback.initiate)
        roles |= set(self.emergency.role) if self.emergency else set()
        return frozenset(roles | ({"operator", "incident-commander"} & set(self.roles)))

    def stage_index(self, stage: str) -> int | None:
        """Position of ``stage`` in the order, None for an unknown stage."""
        return self.stages.index(stage) if stage in self.stages else None


def load_policy(data: bytes, where: str) -> Policy:
    """Parse and check a policy document; ``where`` is its path for messages.

    Raises ``GmError`` with a GM-D code: YAML that is not accepted, another kind (GM-D022) or apiVersion (GM-D020), or
    content that does not fit (GM-D021, naming every field; an unknown field does not fit).
    """
    value = yamls.load(data, where)
    if value.get("apiVersion") != API_VERSION:
        raise GmError("GM-D020", "a policy without the apiVersion that this gm knows", where=where)
    if value.get("kind") != "Policy":
        raise GmError("GM-D022", "another kind where a Policy belongs", where=where)
    return validate(Policy, value, where)
