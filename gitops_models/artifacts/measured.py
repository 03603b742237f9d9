"""Metrics and parameters from the files that training scripts and DVC leave behind."""

import json
import math
import tomllib
from collections.abc import Iterator, Mapping
from decimal import Decimal
from pathlib import Path, PurePath
from typing import Any, NoReturn

from gitops_models.artifacts.small_files import read_small
from gitops_models.errors import GmError
from gitops_models.registry import yamls
from gitops_models.registry.canonical import sha256_hex
from gitops_models.registry.values import dataclass


@dataclass(frozen=True, slots=True)
class MetricFound:
    """One figure: nested names joined by dots, the number with the digits as written."""

    name: str
    value: Decimal
    dataset: str | None = None
    higher_is_better: bool | None = None


@dataclass(frozen=True, slots=True)
class ParametersFound:
    """The values of a parameters file and the sha256 of its bytes."""

    values: Mapping[str, Any]
    sha256: str
    source: str


def read_metrics(path: Path) -> tuple[MetricFound, ...]:
    """Read metrics.json or .yaml: names to numbers, nested as you like, or a list of {name, value, dataset, …}.

    What is no number (text, lists, true) is left out; NaN and infinity are GM-A601.
    """
    document = _load(path, "GM-A601", exact=True)
    if isinstance(document, list):
        return tuple(_listed(row, str(path)) for row in document)
    return tuple(_nested(document, "", str(path)))


def read_parameters(path: Path) -> ParametersFound:
    """Read params.yaml, .json or .toml; GM-A602."""
    document = _load(path, "GM-A602", exact=False)
    if not isinstance(document, dict):
        raise GmError("GM-A602", "parameters are not a mapping", where=str(path))
    return ParametersFound(document, sha256_hex(read_small(path, "GM-A602")), path.name)


def _load(path: Path, code: str, *, exact: bool) -> Any:
    data = read_small(path, code)
    suffix = PurePath(path).suffix.lower()
    try:
        if suffix in {".yaml", ".yml"}:
            return yamls.load(data, str(path))
        if suffix == ".toml":
            return tomllib.loads(data.decode())
        number = Decimal if exact else float
        return json.loads(data, parse_float=number, parse_constant=_refuse_constant)
    except (ValueError, ArithmeticError, RecursionError) as error:
        raise GmError(code, f"{path} is not understood: {error}", where=str(path)) from error
    except GmError as error:
        raise GmError(code, f"{path} is not plain YAML: {error.message}", where=error.where) from error


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is no number")


def _nested(document: Any, prefix: str, where: str) -> Iterator[MetricFound]:
    if isinstance(document, dict):
        for key, value in document.items():
            yield from _nested(value, f"{prefix}.{key}" if prefix else str(key), where)
        return
    if prefix and isinstance(document, int | float | Decimal) and not isinstance(document, bool):
        yield MetricFound(prefix, _number(document, where))


def _listed(row: Any, where: str) -> MetricFound:
    name, value = (row.get("name"), row.get("value")) if isinstance(row, dict) else (None, None)
    if not isinstance(name, str) or not isinstance(value, int | float | Decimal) or isinstance(value, bool):
        raise GmError("GM-A601", "an entry of the list is not {name, value}", where=where)
    dataset, higher = row.get("dataset"), row.get("higher_is_better")
    return MetricFound(
        name,
        _number(value, where),
        dataset if isinstance(dataset, str) else None,
        higher if isinstance(higher, bool) else None,
    )


def _number(value: float | Decimal, where: str) -> Decimal:
    """Keep digits as written; a value that a float cannot hold has no place in a document."""
    try:
        finite = math.isfinite(float(value))
    except OverflowError:
        finite = False
    if not finite:
        raise GmError("GM-A601", f"{str(value)[:40]} is no finite number", where=where)
    return value if isinstance(value, Decimal) else Decimal(str(value))
