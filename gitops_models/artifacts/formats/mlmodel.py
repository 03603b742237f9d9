"""The MLmodel file of an MLflow model (https://mlflow.org/docs/latest/ml/model/): its signature, and what it loads.

A signature is JSON in YAML: a list of columns, or of tensors. ``python_function`` names a module that MLflow imports,
and may name folders of the model that are put before the path of imports.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from gitops_models.artifacts.small_files import read_small
from gitops_models.errors import GmError
from gitops_models.registry import yamls
from gitops_models.registry.documents import Interface

if TYPE_CHECKING:
    from pathlib import Path

NAME = "MLmodel"
_COLUMNS = {
    "binary": "bytes",
    "boolean": "bool",
    "datetime": "datetime64",
    "double": "float64",
    "float": "float32",
    "integer": "int32",
    "long": "int64",
    "string": "str",
}
_FRAMEWORKS = "catboost h2o lightgbm onnx paddle pmdarima prophet pytorch sklearn spark statsmodels tensorflow xgboost"
LOADERS = frozenset(f"mlflow.{name}" for name in _FRAMEWORKS.split())
"""Modules of MLflow that load a file of their own framework."""


def read_mlmodel(path: Path) -> Interface | None:
    """Give the signature of an MLmodel file, None without one; GM-A501 when it is not understood, GM-A101..A109."""
    return signature_of(parse_mlmodel(read_small(path, "GM-A501"), str(path)), str(path))


def parse_mlmodel(data: bytes, where: str) -> dict[str, Any]:
    """Read the file's fields; GM-A501."""
    try:
        return yamls.load(data, where)
    except GmError as error:
        raise GmError("GM-A501", f"{where} is no MLmodel file: {error.message}", where=where) from error


def signature_of(fields: dict[str, Any], where: str) -> Interface | None:
    """Give the interface of the signature, None without one; GM-A501."""
    signature = fields.get("signature")
    if signature is None:
        return None
    try:
        ends = {end: _specs(signature.get(end), end) for end in ("inputs", "outputs")}
        return Interface.model_validate(ends)
    except (AttributeError, KeyError, RecursionError, TypeError, ValueError) as error:
        raise GmError("GM-A501", f"{where} has a signature that is not understood", where=where) from error


def strange_loading(fields: dict[str, Any]) -> str | None:
    """Say what of the model MLflow would run when it loads it, None for a framework's own loader."""
    flavors = fields.get("flavors")
    function = flavors.get("python_function") if isinstance(flavors, dict) else None
    if function is None:
        return None
    if not isinstance(function, dict) or str(function.get("loader_module")) not in LOADERS:
        return "has MLflow load it by a module that is not on the list"
    if function.get("code") is not None:
        return "has MLflow put files of the model before the path of imports"
    return None


def _specs(said: Any, end: str) -> list[dict[str, Any]]:
    if said is None:
        return []
    columns = json.loads(said) if isinstance(said, str) else said
    alone = "input" if end == "inputs" else "output"
    return [_spec(column, alone if len(columns) == 1 else f"{alone}-{at}") for at, column in enumerate(columns)]


def _spec(column: dict[str, Any], unnamed: str) -> dict[str, Any]:
    name = column.get("name") or unnamed
    optional = bool(column.get("optional", False)) or column.get("required") is False
    if column["type"] == "tensor":
        tensor = column["tensor-spec"]
        return {"name": name, "dtype": tensor["dtype"], "shape": tensor["shape"], "optional": optional}
    kind = column["type"]
    return {"name": name, "dtype": _COLUMNS.get(kind, kind), "shape": [-1], "optional": optional}
