"""What every document shares: frozen, strict, unknown fields refused, identity fields first.

Types are strict: a version written as a number or a switch written as text is refused, never converted.
"""

import re
from typing import Annotated, Any, Literal, TypeVar

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, Strict, StringConstraints
from pydantic.fields import FieldInfo

from gitops_models.errors import GmError
from gitops_models.registry import names, times

API_VERSION = "gitops-models/v1"
ARTIFACT_PATTERN = r"^[A-Za-z0-9_][A-Za-z0-9._-]{0,127}$"
_T = TypeVar("_T")


def about(description: str, example: Any, *, alias: str | None = None) -> FieldInfo:
    """Say what the JSON Schema tells of a field: its meaning and one value that is valid there."""
    info: FieldInfo = Field(alias=alias, description=description, examples=[example])
    return info


def _valid_name(text: str) -> str:
    if not names.is_name(text):
        raise ValueError("is not a valid name")
    return text


def _valid_version(text: str) -> str:
    if not names.is_version(text):
        raise ValueError("is not a valid version")
    return text


def _valid_reference(text: str) -> str:
    try:
        reference = names.parse_reference(text)
    except GmError as error:
        raise ValueError(error.message) from error
    if reference.version is None or reference.version == names.LATEST or str(reference) != text:
        raise ValueError("is not MODEL@VERSION")
    return text


def _valid_time(text: str) -> str:
    try:
        times.parse_time(text)
    except GmError as error:
        raise ValueError(error.message) from error
    return text


def _valid_date(text: str) -> str:
    try:
        times.parse_date(text)
    except GmError as error:
        raise ValueError(error.message) from error
    return text


def _hex(length: int) -> StringConstraints:
    return StringConstraints(pattern=rf"^[0-9a-f]{{{length}}}$")


Items = Annotated[tuple[_T, ...], Strict(strict=False)]
Name = Annotated[
    str, StringConstraints(pattern=names.NAME_PATTERN, max_length=names.NAME_LENGTH), AfterValidator(_valid_name)
]
Version = Annotated[
    str, StringConstraints(pattern=names.VERSION_PATTERN, max_length=names.NAME_LENGTH), AfterValidator(_valid_version)
]
VersionReference = Annotated[str, AfterValidator(_valid_reference)]
Time = Annotated[str, StringConstraints(pattern=times.TIME_PATTERN), AfterValidator(_valid_time)]
Date = Annotated[str, StringConstraints(pattern=times.DATE_PATTERN), AfterValidator(_valid_date)]
Sha256 = Annotated[str, _hex(64)]
Md5 = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{32}(\.dir)?$")]
ObjectId = Annotated[str, _hex(40)]
ArtifactPath = Annotated[str, StringConstraints(pattern=ARTIFACT_PATTERN)]
Text = Annotated[str, StringConstraints(min_length=1, max_length=4096)]
Line = Annotated[str, StringConstraints(min_length=1, max_length=1024, pattern=r"^[^\x00-\x1f\x7f]+$")]
Count = Annotated[int, Field(ge=0)]
Email = Annotated[str, StringConstraints(pattern=r"^[^@\s<>]+@[^@\s<>]+$", max_length=254)]
Risk = Literal["low", "medium", "high", "critical"]


class Part(BaseModel):
    """A group of fields inside a document."""

    model_config = ConfigDict(
        defer_build=True, frozen=True, extra="forbid", strict=True, populate_by_name=True, allow_inf_nan=False
    )


class Document(Part):
    """A whole file: ``apiVersion``, ``kind`` and then the fields of that kind."""

    api_version: Annotated[
        Literal["gitops-models/v1"], about("The schema version of the document.", API_VERSION, alias="apiVersion")
    ] = "gitops-models/v1"
    kind: str


def is_artifact_path(text: str) -> bool:
    """Whether ``text`` may name an artifact (a single path segment)."""
    return re.fullmatch(ARTIFACT_PATTERN.strip("^$"), text) is not None
