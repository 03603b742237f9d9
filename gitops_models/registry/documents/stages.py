"""kinds StageState and Evidence: what should be live where, and what speaks for a version."""

from typing import Annotated, Literal

from gitops_models.registry.documents._base import Document, Items, Line, Name, Part, Sha256, Time, Version, about
from gitops_models.registry.documents.lineage import Metric

_SHA = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"


class StageState(Document):
    """The version that should be live in one stage. The path is models/<model>/stages/<stage>.yaml."""

    kind: Annotated[Literal["StageState"], about("The kind of document.", "StageState")] = "StageState"
    model: Annotated[Name, about("Name of the model.", "fraud")]
    stage: Annotated[Name, about("The stage; equals the file's name.", "production")]
    version: Annotated[Version, about("The version that should be live.", "1.2.0")]
    lineage_sha256: Annotated[Sha256, about("sha256 of that version's lineage.yaml: pins content, not a name.", _SHA)]


class Report(Part):
    """Where the full report lies."""

    uri: Annotated[Line, about("Where the report can be read.", "https://ci.example/runs/17")]
    sha256: Annotated[Sha256 | None, about("sha256 of the report.", _SHA)] = None


class Evidence(Document):
    """One result about a version. The path is models/<model>/versions/<version>/evidence/<id>.yaml."""

    kind: Annotated[Literal["Evidence"], about("The kind of document.", "Evidence")] = "Evidence"
    model: Annotated[Name, about("Name of the model.", "fraud")]
    version: Annotated[Version, about("The version it speaks for.", "1.2.0")]
    type: Annotated[Name, about("unit-tests, evaluation, security-scan, compatibility, ...", "evaluation")]
    artifacts_sha256: Annotated[Items[Sha256], about("The bytes that were examined.", [_SHA])] = ()
    result: Annotated[Literal["passed", "failed", "revoked"], about("How it came out.", "passed")]
    metrics: Annotated[
        Items[Metric], about("Measured figures.", [{"name": "auc", "value": 0.911, "dataset": "holdout-2026-10"}])
    ] = ()
    created: Annotated[Time, about("When, UTC.", "2026-11-21T12:00:00Z")]
    by: Annotated[Name, about("Person or workload that signs it.", "ci")]
    report: Annotated[Report | None, about("The full report.", {"uri": "https://ci.example/runs/17"})] = None
