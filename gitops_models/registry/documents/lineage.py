"""kind: Lineage, the birth certificate of one version. Which optional field is required is the policy's to say."""

from typing import Annotated, Any, Literal, Self

from pydantic import Field, model_validator

from gitops_models.registry.canonical import jcs, sha256_hex
from gitops_models.registry.documents._base import (
    ArtifactPath,
    Count,
    Document,
    Items,
    Line,
    Md5,
    Name,
    ObjectId,
    Part,
    Sha256,
    Time,
    Version,
    VersionReference,
    about,
)
from gitops_models.registry.documents.model import Interface

Role = Literal[
    "weights",
    "binary",
    "training-code",
    "inference-code",
    "prompt",
    "template",
    "system-instruction",
    "configuration",
    "preprocessing",
    "postprocessing",
    "evaluation",
    "benchmark",
    "environment",
]
WORDED_ROLES: tuple[Role, ...] = ("prompt", "template", "system-instruction", "configuration")
"""Roles of the words and settings that a version without weights consists of."""

_SHA = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"
_COMMIT = "1d2f6bd6a5b7d0c2f0a3f2a7a6c1e9f0b8d4c3e2"
_MD5 = "d41d8cd98f00b204e9800998ecf8427e"


class Architecture(Part):
    """What kind of model it is."""

    id: Annotated[Line, about("Identifier of the architecture.", "lightgbm-gbdt")]
    parameters: Annotated[Count | None, about("Number of learned parameters.", 41200)] = None


class ArtifactEntry(Part):
    """One artifact: what it is for and which bytes it is."""

    path: Annotated[ArtifactPath, about("File or directory name; its pointer is <path>.dvc.", "model.onnx")]
    role: Annotated[Role, about("What the bytes are for.", "weights")]
    sha256: Annotated[Sha256, about("sha256 of the bytes, or the tree digest of a directory.", _SHA)]
    size: Annotated[Count, about("Bytes, summed over a directory.", 48213)]
    md5: Annotated[Md5 | None, about("DVC's address of the bytes; locates, never proves.", _MD5)] = None
    format: Annotated[Line | None, about("File format.", "onnx")] = None


class Code(Part):
    """The code that made the version."""

    repository: Annotated[Line | None, about("Where the code lives.", "https://git.example/fraud")] = None
    commit: Annotated[ObjectId | None, about("Git commit of the code.", _COMMIT)] = None
    entrypoint: Annotated[Line | None, about("Script or module that trained it.", "train.py")] = None
    sha256: Annotated[Sha256 | None, about("sha256 of the entry point.", _SHA)] = None


class DataRef(Part):
    """One dataset that went in."""

    name: Annotated[Line, about("Name of the dataset.", "transactions")]
    uri: Annotated[Line | None, about("Where it can be found.", "dvc://data/transactions.parquet")] = None
    snapshot: Annotated[Line | None, about("Which state of it.", "2026-10-31")] = None
    sha256: Annotated[Sha256 | None, about("sha256 of the snapshot.", _SHA)] = None
    role: Annotated[Line | None, about("training, validation, test, ...", "training")] = None


class Features(Part):
    """How raw data becomes features."""

    feature_schema: Annotated[Line, about("Name of the feature schema.", "transactions-v7", alias="schema")]
    preprocessing: Annotated[Line | None, about("Version of the preprocessing.", "2.3.0")] = None
    sha256: Annotated[Sha256 | None, about("sha256 of the schema.", _SHA)] = None


class Parameters(Part):
    """Hyperparameters."""

    sha256: Annotated[Sha256 | None, about("sha256 of the parameter file or of the values' RFC 8785 JSON.", _SHA)] = (
        None
    )
    values: Annotated[dict[str, Any], Field(default_factory=dict), about("The values.", {"learning_rate": 0.05})]


class Environment(Part):
    """Where it was trained."""

    python: Annotated[Line | None, about("Python version.", "3.12.6")] = None
    lock_sha256: Annotated[Sha256 | None, about("sha256 of the lock file.", _SHA)] = None
    image: Annotated[Line | None, about("Container image with digest.", f"registry.example/train@sha256:{_SHA}")] = None


class Metric(Part):
    """One measured figure."""

    name: Annotated[Line, about("Name of the metric.", "auc")]
    value: Annotated[float, about("Its value.", 0.912)]
    dataset: Annotated[Line | None, about("What it was measured on.", "holdout-2026-10")] = None
    higher_is_better: Annotated[bool | None, about("Direction of better.", example=True)] = None


class Lineage(Document):
    """Everything that identifies one version. The path is models/<model>/versions/<version>/lineage.yaml."""

    kind: Annotated[Literal["Lineage"], about("The kind of document.", "Lineage")] = "Lineage"
    model: Annotated[Name, about("Name of the model.", "fraud")]
    version: Annotated[Version, about("The version; equals its directory.", "1.2.0")]
    created: Annotated[Time, about("When it was registered, UTC.", "2026-11-21T10:00:00Z")]
    author: Annotated[Name, about("Who registered it; equals the signer.", "ml-engineer-1")]
    architecture: Annotated[
        Architecture | None, about("What kind of model it is.", {"id": "lightgbm-gbdt", "parameters": 41200})
    ] = None
    artifacts: Annotated[
        Items[ArtifactEntry],
        about("The bytes.", [{"path": "model.onnx", "role": "weights", "sha256": _SHA, "size": 48213}]),
    ] = ()
    not_applicable: Annotated[Items[Role], about("Roles that this version has none of.", ["prompt", "template"])] = ()
    code: Annotated[
        Code | None, about("The code that made it.", {"repository": "https://git.example/fraud", "commit": _COMMIT})
    ] = None
    data: Annotated[
        Items[DataRef], about("The data that went in.", [{"name": "transactions", "snapshot": "2026-10-31"}])
    ] = ()
    features: Annotated[
        Features | None, about("How data becomes features.", {"schema": "transactions-v7", "preprocessing": "2.3.0"})
    ] = None
    parameters: Annotated[
        Parameters | None, about("Hyperparameters.", {"sha256": _SHA, "values": {"learning_rate": 0.05}})
    ] = None
    environment: Annotated[
        Environment | None, about("Where it was trained.", {"python": "3.12.6", "lock_sha256": _SHA})
    ] = None
    interface: Annotated[
        Interface | None,
        about("What goes in and out.", {"inputs": [{"name": "amount", "dtype": "float32", "shape": [-1, 1]}]}),
    ] = None
    metrics: Annotated[
        Items[Metric],
        about("Recorded figures.", [{"name": "auc", "value": 0.912, "dataset": "holdout-2026-10"}]),
    ] = ()
    base: Annotated[VersionReference | None, about("The version it was built on.", "fraud@1.1.0")] = None

    @model_validator(mode="after")
    def _each_artifact_once(self) -> Self:
        paths = [artifact.path for artifact in self.artifacts]
        if len(set(paths)) != len(paths):
            raise ValueError("an artifact path is listed twice")
        return self

    def artifact(self, path: str) -> ArtifactEntry | None:
        """Return the artifact at ``path``, or None."""
        return next((artifact for artifact in self.artifacts if artifact.path == path), None)

    def digests(self, *roles: str) -> tuple[str, ...]:
        """sha256 of the artifacts in ``roles`` (all artifacts when none is given), in order."""
        return tuple(artifact.sha256 for artifact in self.artifacts if not roles or artifact.role in roles)

    def own_digests(self) -> tuple[str, ...]:
        """What no other version of the model may be: the sha256 of its weights.

        A version without weights is told from others by its prompts, templates, instructions and configuration taken
        together: each of these may stay as it was while another one changes.
        """
        if weights := self.digests("weights"):
            return weights
        whole = sorted(set(self.digests(*WORDED_ROLES)))
        return tuple(whole) if len(whole) < 2 else (sha256_hex(jcs(whole)),)  # noqa: PLR2004 - one or several
