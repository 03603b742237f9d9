"""kind PolicyTest: what a policy is expected to say about changes that are made up."""

from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, Field, StringConstraints, model_validator

from gitops_models.registry.documents._base import (
    Date,
    Document,
    Items,
    Line,
    Name,
    Part,
    Risk,
    Time,
    Version,
    VersionReference,
    about,
)
from gitops_models.registry.documents.lineage import Metric
from gitops_models.registry.documents.people import RoleGrant
from gitops_models.registry.documents.safety import CauseName

FIRST_YEAR, LAST_YEAR = 2000, 9000  # tests count hours back and forth from their time


def _countable(text: str) -> str:
    if not FIRST_YEAR <= int(text[:4]) <= LAST_YEAR:
        raise ValueError(f"lies outside of the years {FIRST_YEAR} to {LAST_YEAR}")
    return text


At = Annotated[Time, AfterValidator(_countable)]
Code = Annotated[str, StringConstraints(pattern=r"^GM-[A-Z][0-9]{3}$")]
ModelType = Literal["model", "pipeline", "prompt", "configuration"]
Outcome = Literal["allowed", "pending", "denied"]
Ago = Annotated[int, Field(ge=0, le=24 * 3660)]
Content = Annotated[str, StringConstraints(max_length=65536)]
_WEDNESDAY = "2026-11-25T12:00:00Z"
_AUC = {"name": "auc", "value": 0.91, "higher_is_better": True}


class GivenPerson(Part):
    """Somebody beside the three persons that every role of the policy has: raio-1, raio-2, raio-3."""

    id: Annotated[Name, about("Identifier; that of one of the three takes their place.", "visitor")]
    roles: Annotated[Items[Name | RoleGrant], about("Roles.", [{"role": "domain-lead", "models": ["other*"]}])] = ()
    until: Annotated[Date | None, about("Last day on which they count.", "2026-11-01")] = None
    suspended: Annotated[bool, about("Whether they count for nothing.", example=True)] = False
    training: Annotated[
        dict[Name, Date] | None, about("Topic and day; all of yesterday when absent.", {"rollback": "2024-01-01"})
    ] = None


class GivenEvidence(Part):
    """One result about a version."""

    type: Annotated[Name, about("The type.", "evaluation")]
    result: Annotated[Literal["passed", "failed", "revoked"], about("How it came out.", "failed")] = "passed"
    by: Annotated[Name | None, about("Who signed it; the workload ci when absent.", "ml-engineer-1")] = None
    hours_ago: Annotated[Ago | None, about("When it was accepted; 800 hours when absent.", 24)] = None
    metrics: Annotated[Items[Metric], about("Measured figures.", [_AUC])] = ()


class GivenVersion(Part):
    """One registered version: complete under the policy, but for what is named."""

    version: Annotated[Version, about("The version.", "1.0.0")]
    by: Annotated[Name | None, about("Who registered it.", "ml-engineer-2")] = None
    hours_ago: Annotated[Ago | None, about("When that was accepted; 900 hours when absent.", 48)] = None
    lacks: Annotated[Items[Name], about("Lineage fields or artifact roles that it has not.", ["data"])] = ()
    format: Annotated[Line, about("Format of its weights.", "pickle")] = "onnx"
    metrics: Annotated[
        Items[Metric], about("Figures of its lineage; when empty, such as meet every condition.", [_AUC])
    ] = ()
    outputs: Annotated[Items[Name], about("Outputs of its interface.", ["score"])] = ("score",)
    base: Annotated[VersionReference | None, about("The version it was built on.", "fraud@1.0.0")] = None
    weights: Annotated[
        Line | None, about("Versions with the same word here have the same weights; each its own when absent.", "w1")
    ] = None
    evidence: Annotated[
        Literal["all"] | Items[Name | GivenEvidence],
        about("Evidence; `all` is one that passed of each type that a stage asks for.", ["evaluation"]),
    ] = "all"
    attested: Annotated[Items[Name], about("Workloads that signed where it comes from.", ["ci"])] = ()
    quarantined: Annotated[bool, about("Whether it is barred.", example=True)] = False


class GivenLive(Part):
    """A version that a stage came to serve."""

    version: Annotated[Version, about("The version.", "1.0.0")]
    hours_ago: Annotated[Ago | None, about("When; 880 hours and then every 80 hours when absent.", 2)] = None


class GivenModel(Part):
    """A model with its versions and what became of them."""

    name: Annotated[Name, about("Name of the model.", "fraud")]
    type: Annotated[ModelType, about("What it is.", "model")] = "model"
    risk: Annotated[Risk, about("Its risk.", "high")] = "low"
    use: Annotated[Items[Name], about("What it is used for.", ["clinical-decision-support"])] = ()
    requires: Annotated[Items[Name], about("Outputs that its consumer needs.", ["score"])] = ()
    versions: Annotated[Items[GivenVersion], about("Registered versions.", [{"version": "1.0.0"}])] = ()
    live: Annotated[
        dict[Name, Items[Version | GivenLive]],
        Field(default_factory=dict),
        about(
            "By stage what was promoted there, in order; a version that comes again was rolled back to.",
            {"staging": ["1.0.0"]},
        ),
    ]
    held: Annotated[Items[Name], about("Stages on which a hold stands.", ["production"])] = ()
    suspended: Annotated[bool, about("Whether it is suspended.", example=True)] = False


class Proposed(Part):
    """One thing that the change does. Which fields it needs is the event's to say."""

    event: Annotated[Name, about("The event by its name, or `files`.", "promoted")]
    model: Annotated[Name | None, about("The model; the only one when absent.", "fraud")] = None
    version: Annotated[Version | GivenVersion | None, about("The version; what is new about it.", "1.1.0")] = None
    stage: Annotated[Name | None, about("The stage.", "production")] = None
    by: Annotated[Name | None, about("Who signs this part; the proposer when absent.", "ci")] = None
    risk: Annotated[Risk | None, about("Risk that the model is given.", "low")] = None
    use: Annotated[Items[Name] | None, about("Uses that the model is given.", ["payments"])] = None
    evidence: Annotated[GivenEvidence | None, about("The evidence.", {"type": "evaluation"})] = None
    cause: Annotated[CauseName | None, about("Kind of cause.", "poisoning")] = None
    root_cause: Annotated[bool, about("Whether a lift names the root cause.", example=False)] = True
    emergency: Annotated[bool, about("Whether a hold declares an emergency.", example=True)] = False
    incident: Annotated[Line | None, about("Incident that a record names.", "INC-412")] = None
    policy: Annotated[
        dict[str, Any], Field(default_factory=dict), about("Top-level fields that the policy is given.", {"floors": []})
    ]
    people: Annotated[Items[GivenPerson], about("People that are added or edited.", [{"id": "raio-4"}])] = ()
    without: Annotated[Items[Name], about("People that leave.", ["raio-1"])] = ()
    files: Annotated[
        dict[Line, Content | None],
        Field(default_factory=dict),
        about("Files as they become, by path; null removes.", {"models/fraud/model.yaml": None}),
    ]


class GivenDecision(Part):
    """One decision of a reviewer."""

    person: Annotated[Name, about("Who decides.", "raio-1")]
    decision: Annotated[Literal["approve", "reject", "withdraw"], about("What.", "reject")] = "approve"
    source: Annotated[Literal["signed", "forge"], about("Signed, or a review on a forge.", "forge")] = "signed"
    touch: Annotated[bool, about("Whether with the touch of a hardware key.", example=False)] = True
    hours_ago: Annotated[Ago, about("How long ago.", 800)] = 0
    earlier_change: Annotated[bool, about("Whether it is bound to another content.", example=True)] = False


class Case(Part):
    """One change and what the policy is expected to say."""

    name: Annotated[Line, about("What is expected, as a sentence.", "nobody approves alone at high risk")]
    at: Annotated[At | None, about("When it is judged; the file's `at` when absent.", "2026-11-28T12:00:00Z")] = None
    by: Annotated[Name | None, about("Who proposes.", "ml-engineer-1")] = None
    touch: Annotated[bool, about("Whether they sign with the touch of a hardware key.", example=False)] = True
    propose: Annotated[
        Items[Proposed],
        Field(min_length=1, max_length=32),
        about("What the change does.", [{"event": "promoted", "version": "1.0.0", "stage": "production"}]),
    ]
    approvals: Annotated[Items[Name | GivenDecision], about("Who approves, or how.", ["raio-1"])] = ()
    expect: Annotated[Outcome, about("The outcome.", "pending")]
    codes: Annotated[Items[Code], about("Exactly the codes that refuse it.", ["GM-P401"])] = ()
    tells: Annotated[Items[Code], about("Further codes that are told and refuse nothing.", ["GM-P319"])] = ()

    @model_validator(mode="after")
    def _codes_fit(self) -> Self:
        if (self.expect == "allowed") == bool(self.codes):
            raise ValueError("codes are what refuses a change: name them where it is not allowed, and only there")
        return self


class PolicyTest(Document):
    """Cases over one made-up registry. The path is policies/tests/<name>.yaml."""

    kind: Annotated[Literal["PolicyTest"], about("The kind of document.", "PolicyTest")] = "PolicyTest"
    name: Annotated[Name, about("Name of the test; equals the file's name.", "risk-table")]
    description: Annotated[Line | None, about("What it is about.", "who approves what")] = None
    at: Annotated[At, about("When changes are judged.", _WEDNESDAY)] = _WEDNESDAY
    policy: Annotated[
        dict[str, Any],
        Field(default_factory=dict),
        about("Top-level fields of the policy that are other here.", {"approvals": {"max_age_days": 7}}),
    ]
    people: Annotated[Items[GivenPerson], about("Further people.", [{"id": "visitor"}])] = ()
    models: Annotated[Items[GivenModel], about("The registry.", [{"name": "fraud", "risk": "high"}])] = ()
    files: Annotated[
        dict[Line, Content],
        Field(default_factory=dict),
        about("Further accepted files, such as waivers, by path.", {"policies/waivers/w.yaml": "kind: Waiver"}),
    ]
    tests: Annotated[
        Items[Case],
        Field(min_length=1, max_length=256),
        about(
            "The cases.",
            [
                {
                    "name": "nobody agreed",
                    "propose": [{"event": "promoted", "version": "1.0.0", "stage": "production"}],
                    "expect": "pending",
                    "codes": ["GM-P401"],
                }
            ],
        ),
    ]

    @model_validator(mode="after")
    def _each_case_once(self) -> Self:
        names = [case.name for case in self.tests]
        if len(set(names)) != len(names):
            raise ValueError("a case is named twice")
        return self
