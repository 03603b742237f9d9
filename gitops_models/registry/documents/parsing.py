"""Bytes to documents and back."""

from importlib import import_module
from typing import Any, TypeVar

from pydantic import ValidationError

from gitops_models.errors import GmError
from gitops_models.registry import yamls
from gitops_models.registry.documents._base import API_VERSION, Document, Part
from gitops_models.registry.documents.deletion import Deletion
from gitops_models.registry.documents.lineage import Lineage
from gitops_models.registry.documents.model import Model
from gitops_models.registry.documents.people import People
from gitops_models.registry.documents.repository import Repository, Targets
from gitops_models.registry.documents.safety import Cause, Hold, Quarantine, Status
from gitops_models.registry.documents.stages import Evidence, StageState
from gitops_models.registry.documents.waiver import Waiver
from gitops_models.registry.text import visible

_D = TypeVar("_D", bound=Part)
_CLASSES: dict[str, type[Document]] = {
    "Cause": Cause,
    "Deletion": Deletion,
    "Evidence": Evidence,
    "Hold": Hold,
    "Lineage": Lineage,
    "Model": Model,
    "People": People,
    "Quarantine": Quarantine,
    "Repository": Repository,
    "StageState": StageState,
    "Status": Status,
    "Targets": Targets,
    "Waiver": Waiver,
}
# Kinds that few commands read, of many classes: imported when one is asked for.
_LATE = {"PolicyTest": "policytest", "Triggers": "triggers"}
KINDS = tuple(sorted((*_CLASSES, *_LATE)))


def document_class(kind: str) -> type[Document]:
    """Return the class of a kind; ``GM-D020`` for a kind that this version does not know."""
    if kind in _LATE and kind not in _CLASSES:
        module = import_module(f"gitops_models.registry.documents.{_LATE[kind]}")
        _CLASSES[kind] = getattr(module, kind)
    if kind not in _CLASSES:
        raise GmError("GM-D020", f"unknown kind `{visible(kind)}`")
    return _CLASSES[kind]


def parse_document(data: bytes, where: str, kind: str | None = None) -> Document:
    """Return the document in ``data``; with ``kind`` only of that kind (``GM-D022``).

    Raises the loader's codes for bad YAML, ``GM-D020`` for another apiVersion or an unknown kind, ``GM-D021`` with
    one line per field for content that does not fit the schema.
    """
    value = yamls.load(data, where)
    found = value.get("kind")
    if value.get("apiVersion") != API_VERSION or not isinstance(found, str) or found not in KINDS:
        message = f"apiVersion {_shown(value.get('apiVersion'))} with kind {_shown(found)}"
        raise GmError("GM-D020", message, where=where)
    if kind is not None and found != kind:
        raise GmError("GM-D022", f"a {found} where a {kind} belongs", where=where)
    return validate(document_class(found), value, where)


def validate(cls: type[_D], value: dict[str, Any], where: str) -> _D:
    """Return ``value`` as a ``cls``; ``GM-D021`` naming every field that does not fit."""
    try:
        return cls.model_validate(value)
    except ValidationError as error:
        lines = [_line(item) for item in error.errors(include_url=False, include_input=False)]
        raise GmError("GM-D021", lines[0], where=where, details=lines[1:]) from error


def render(document: Document) -> bytes:
    """Return the canonical file of a document: fields in schema order, absent and empty ones left out."""
    return yamls.dump(plain(document))


def plain(part: Part) -> dict[str, Any]:
    """Return a document or part as mappings, lists and scalars, without absent and empty optional fields."""
    result: dict[str, Any] = {}
    for name, field in type(part).model_fields.items():
        value = getattr(part, name)
        if field.is_required() or (value is not None and value not in ((), {})):
            result[field.alias or name] = _plain_value(value)
    return result


def _plain_value(value: Any) -> Any:
    if isinstance(value, Part):
        return plain(value)
    return [_plain_value(item) for item in value] if isinstance(value, tuple) else value


def _line(item: Any) -> str:
    path = ".".join(str(part) for part in item["loc"])
    message = str(item["msg"]).removeprefix("Value error, ")
    if item["type"] == "string_type":
        message = "must be text; put it in quotes"
    return visible(f"{path}: {message}" if path else message)


def _shown(value: Any) -> str:
    return f"`{visible(str(value))[:80]}`"
