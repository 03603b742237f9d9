"""kinds Hold, Quarantine, Cause and Status: what bars a version, a stage or a model, and why."""

from typing import Annotated, Literal, Self

from pydantic import model_validator

from gitops_models.registry.documents._base import (
    Document,
    Items,
    Line,
    Name,
    ObjectId,
    Part,
    Sha256,
    Text,
    Time,
    Version,
    about,
)
from gitops_models.registry.times import parse_time

_SHA = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"
_COMMIT = "1d2f6bd6a5b7d0c2f0a3f2a7a6c1e9f0b8d4c3e2"
_LINK = "https://incidents.example/412"
CauseName = Literal[
    "safety",
    "clinical",
    "governance",
    "regression",
    "drift",
    "integrity",
    "regulatory",
    "audit",
    "oversight",
    "incident",
    "tampering",
    "backdoor",
    "poisoning",
    "degradation",
]


class Urgency(Part):
    """What an emergency did not wait for, and what was checked all the same."""

    skipped: Annotated[
        Items[Literal["approval", "soak", "freeze"]], about("Checks that were not waited for.", ["approval"])
    ] = ()
    kept: Annotated[
        Items[Literal["bytes", "signature", "quarantine"]],
        about("Checks that no emergency skips.", ["bytes", "signature", "quarantine"]),
    ] = ("bytes", "signature", "quarantine")


class Fallback(Part):
    """A version that is served in place of a model of which nothing good is left."""

    model: Annotated[Name, about("Model of the version that stands in.", "fraud-rules")]
    version: Annotated[Version, about("The version that stands in.", "1.0.0")]
    lineage_sha256: Annotated[Sha256, about("sha256 of that version's lineage.yaml.", _SHA)]


class Hold(Document):
    """Bars promotions to a stage, or lifts the bar. The path is models/<model>/holds/<stage>/<n>.yaml."""

    kind: Annotated[Literal["Hold"], about("The kind of document.", "Hold")] = "Hold"
    model: Annotated[Name, about("Name of the model.", "fraud")]
    stage: Annotated[Name, about("The stage that is held.", "production")]
    action: Annotated[Literal["hold", "lift"], about("Place or lift.", "hold")]
    reason: Annotated[Text, about("Why.", "accuracy fell after the October data")]
    cause: Annotated[CauseName | None, about("Kind of cause.", "regression")] = None
    root_cause: Annotated[Line | None, about("Link to the root cause; needed to lift.", _LINK)] = None
    incident: Annotated[Line | None, about("Incident this belongs to.", "INC-412")] = None
    emergency: Annotated[
        Urgency | None, about("Given where an emergency rollback placed it.", {"skipped": ["approval"]})
    ] = None
    fallback: Annotated[
        Fallback | None,
        about(
            "What is served until the hold is lifted; the policy declares it.",
            {"model": "fraud-rules", "version": "1.0.0", "lineage_sha256": _SHA},
        ),
    ] = None
    degraded: Annotated[
        Line | None,
        about("What does not work meanwhile, where the restored version lacks what a consumer needs.", "no scores"),
    ] = None
    detected: Annotated[Time | None, about("When what is wrong was first seen, UTC.", "2026-11-21T11:40:00Z")] = None
    by: Annotated[Name, about("Who placed or lifted it; equals the signer.", "operator-1")]
    created: Annotated[Time, about("When, UTC.", "2026-11-21T12:00:00Z")]

    @model_validator(mode="after")
    def _a_lift_serves_nothing(self) -> Self:
        if self.fallback is not None and self.action != "hold":
            raise ValueError("a lift names no fallback")
        if self.detected is not None and parse_time(self.detected) > parse_time(self.created):
            raise ValueError("what is wrong was seen before the hold was placed")
        return self


class Quarantine(Document):
    """Bars a version everywhere, or releases it. The path is models/<model>/quarantine/<version>/<n>.yaml."""

    kind: Annotated[Literal["Quarantine"], about("The kind of document.", "Quarantine")] = "Quarantine"
    model: Annotated[Name, about("Name of the model.", "fraud")]
    version: Annotated[Version, about("The version.", "1.2.0")]
    action: Annotated[Literal["quarantine", "release"], about("Bar or release.", "quarantine")]
    digests: Annotated[Items[Sha256], about("sha256 of the barred bytes.", [_SHA])] = ()
    reason: Annotated[Text, about("Why.", "trained on poisoned labels")]
    cause: Annotated[CauseName | None, about("Kind of cause.", "poisoning")] = None
    technique: Annotated[Line | None, about("MITRE ATLAS technique.", "AML.T0020")] = None
    incident: Annotated[Line | None, about("Incident this belongs to.", "INC-412")] = None
    by: Annotated[Name, about("Who decided it; equals the signer.", "operator-1")]
    created: Annotated[Time, about("When, UTC.", "2026-11-21T12:00:00Z")]


class Resolution(Part):
    """How a cause was settled."""

    root_cause: Annotated[Text, about("What it was.", "mislabelled batch of 2026-10-30")]
    link: Annotated[Line | None, about("Where it is written down.", _LINK)] = None
    by: Annotated[Name, about("Who settled it.", "lead-1")]
    at: Annotated[Time, about("When, UTC.", "2026-11-23T09:00:00Z")]


class Poisoned(Part):
    """An input that went bad, and the versions of the model that were made from it."""

    data: Annotated[
        Line | None, about("A data set: its name, NAME@SNAPSHOT, address or sha256.", "transactions@2026-10")
    ] = None
    commit: Annotated[ObjectId | None, about("A commit of the training code.", _COMMIT)] = None
    versions: Annotated[Items[Version], about("Versions of the model that descend from it.", ["1.2.0"])] = ()

    @model_validator(mode="after")
    def _some_input(self) -> Self:
        if self.data is None and self.commit is None:
            raise ValueError("name data or commit")
        return self


class Cause(Document):
    """Why something was rolled back or barred. The path is models/<model>/causes/<id>.yaml."""

    kind: Annotated[Literal["Cause"], about("The kind of document.", "Cause")] = "Cause"
    model: Annotated[Name, about("Name of the model.", "fraud")]
    id: Annotated[Name, about("Identifier; equals the file's name.", "inc-412")]
    cause: Annotated[CauseName, about("Kind of cause.", "poisoning")]
    severity: Annotated[Literal["low", "medium", "high", "critical"], about("How bad.", "high")] = "high"
    opened: Annotated[Time, about("When it was opened, UTC.", "2026-11-21T12:00:00Z")]
    by: Annotated[Name, about("Who opened it.", "operator-1")]
    reason: Annotated[Text, about("What was seen.", "held-out accuracy 0.71 instead of 0.96")]
    incident: Annotated[Line | None, about("Incident this belongs to.", "INC-412")] = None
    poisoned: Annotated[
        Poisoned | None, about("The input that went bad.", {"data": "transactions@2026-10", "versions": ["1.2.0"]})
    ] = None
    resolution: Annotated[
        Resolution | None,
        about(
            "How it was settled; open while absent.",
            {"root_cause": "mislabelled batch", "link": _LINK, "by": "lead-1", "at": "2026-11-23T09:00:00Z"},
        ),
    ] = None


class Status(Document):
    """A turn in the life of a model or version. The path is models/<model>/status/<n>.yaml."""

    kind: Annotated[Literal["Status"], about("The kind of document.", "Status")] = "Status"
    model: Annotated[Name, about("Name of the model.", "fraud")]
    action: Annotated[Literal["suspend", "resume", "retire"], about("What happens.", "retire")]
    version: Annotated[Version | None, about("Only this version; the whole model when absent.", "1.0.0")] = None
    reason: Annotated[Text, about("Why.", "replaced by fraud-v2")]
    by: Annotated[Name, about("Who decided it.", "lead-1")]
    created: Annotated[Time, about("When, UTC.", "2026-11-21T12:00:00Z")]

    @model_validator(mode="after")
    def _versions_only_retire(self) -> Self:
        if self.version is not None and self.action != "retire":
            raise ValueError("a single version can be retired only; `gm quarantine` bars it reversibly")
        return self
