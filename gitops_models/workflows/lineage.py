"""Deriving the lineage of a version: every field with the place it came from, so that nobody writes it by hand."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from gitops_models.artifacts.environment import lock_environment
from gitops_models.artifacts.formats.describe import describe
from gitops_models.artifacts.measured import read_metrics, read_parameters
from gitops_models.artifacts.sources import LOCK_NAME, data_of_lock, data_of_pointers, producing_stages, read_lock
from gitops_models.errors import GmError
from gitops_models.registry.documents import Lineage, validate
from gitops_models.registry.text import names_a_user, visible
from gitops_models.registry.times import format_time
from gitops_models.registry.values import dataclass
from gitops_models.workflows.code import derive_code
from gitops_models.workflows.kinds import not_applicable
from gitops_models.workflows.naming import known_version
from gitops_models.workflows.stated import interface_for

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from gitops_models.workflows.materials import Material
    from gitops_models.workflows.register import Registration
    from gitops_models.workflows.session import Session

METRIC_FILES = ("metrics.json", "metrics.yaml")
PARAMETER_FILES = ("params.yaml", "params.json", "params.toml")
FLAGS = {
    "architecture": "--architecture ID",
    "code": "run it where the training code is committed",
    "data": "--data NAME=URI[@SNAPSHOT]",
    "features": "--features SCHEMA[@PREPROCESSING]",
    "parameters": "--params FILE",
    "environment": "keep a lock file beside the code",
    "interface": "--interface FILE",
    "metrics": "--metrics FILE",
    "base": "none is live yet",
}


@dataclass(frozen=True)
class Derived:
    """One field of the lineage: its value and where that is from, or for an empty one the flag that fills it."""

    field: str
    value: Any
    source: str


def derive(
    session: Session, wanted: Registration, version: str, found: Sequence[Material]
) -> tuple[Lineage, list[Derived], list[Derived]]:
    """The lineage of a version, what was derived from where, and which fields stayed empty."""
    derived = [field for field in _fields(session, wanted, found) if field.value not in (None, (), [], {})]
    present = {field.field for field in derived}
    missing = [Derived(name, None, flag) for name, flag in FLAGS.items() if name not in present]
    document = validate(
        Lineage,
        {
            "model": wanted.model,
            "version": version,
            "created": format_time(session.clock.now()),
            "author": session.actor(session.signer()).id,
            "artifacts": [_entry(material) for material in found],
            "not_applicable": _absent(session, wanted, found),
            **{field.field: field.value for field in derived},
        },
        f"{wanted.model}@{version}",
    )
    return document, derived, missing


def _fields(session: Session, wanted: Registration, found: Sequence[Material]) -> Iterator[Derived]:
    weights = next((material for material in found if material.role in {"weights", "binary"}), None)
    described = describe(weights.path) if weights else None
    source = f"the header of {weights.name}" if weights else ""
    architecture = wanted.architecture or (described.architecture if described else None)
    parameters = described.parameters if described else None
    if architecture:
        yield Derived("architecture", {"id": architecture, "parameters": parameters}, source)
    interface = interface_for(described, wanted.interface)
    own = described is not None and described.interface is not None
    yield Derived("interface", interface, source if own else "--interface")
    yield Derived("code", derive_code(wanted), "HEAD and origin")
    yield _data(wanted, found)
    yield _features(wanted)
    yield _parameters(wanted)
    yield _environment(wanted)
    yield _metrics(wanted)
    yield Derived("base", _base(session, wanted.model), "what is live")


def _absent(session: Session, wanted: Registration, found: Sequence[Material]) -> list[str]:
    covered = session.history.policy.lineage.coverage
    return not_applicable(wanted.kind, wanted.not_applicable, {material.role for material in found}, covered)


def _entry(material: Material) -> dict[str, Any]:
    hashes = material.hashes
    return {
        "path": material.name,
        "role": material.role,
        "sha256": hashes.sha256,
        "size": hashes.size,
        "md5": hashes.md5,
        "format": describe(material.path).format,
    }


def _data(wanted: Registration, found: Sequence[Material]) -> Derived:
    if wanted.data:
        return Derived("data", [_given(text) for text in wanted.data], "--data")
    lock = wanted.code / LOCK_NAME
    if lock.is_file():
        stages = producing_stages(read_lock(lock), [str(material.path) for material in found])
        known = data_of_lock(wanted.code, stages or read_lock(lock))
    else:
        known = data_of_pointers(wanted.code, exclude=["models"])
    rows = [
        {"name": Path(item.path).stem, "uri": f"dvc://{item.path}", "snapshot": item.md5, "sha256": item.sha256}
        for item in known
    ]
    return Derived("data", rows, LOCK_NAME if lock.is_file() else ".dvc files")


def _given(text: str) -> dict[str, Any]:
    name, equals, rest = text.partition("=")
    if not equals or not name or not rest:
        raise GmError("GM-C208", f"`{text}` is not NAME=URI[@SNAPSHOT]", where="--data")
    if names_a_user(rest):
        raise GmError("GM-C208", f"the address of {visible(name)} has user information", where="--data")
    uri, at, snapshot = rest.rpartition("@")
    return {"name": name, "uri": uri if at else rest, "snapshot": snapshot if at else None}


def _features(wanted: Registration) -> Derived:
    if not wanted.features:
        return Derived("features", None, "")
    schema, _, preprocessing = wanted.features.partition("@")
    return Derived("features", {"schema": schema, "preprocessing": preprocessing or None}, "--features")


def _parameters(wanted: Registration) -> Derived:
    path = wanted.parameters or _first(wanted.code, PARAMETER_FILES)
    if path is None:
        return Derived("parameters", None, "")
    found = read_parameters(path)
    return Derived("parameters", {"sha256": found.sha256, "values": dict(found.values)}, str(path))


def _environment(wanted: Registration) -> Derived:
    lock = lock_environment(wanted.code)
    return Derived("environment", {"python": lock.python, "lock_sha256": lock.sha256}, lock.source)


def _metrics(wanted: Registration) -> Derived:
    path = wanted.metrics or _first(wanted.code, METRIC_FILES)
    if path is None:
        return Derived("metrics", None, "")
    rows = [
        {
            "name": metric.name,
            "value": float(metric.value),
            "dataset": metric.dataset,
            "higher_is_better": metric.higher_is_better,
        }
        for metric in read_metrics(path)
    ]
    return Derived("metrics", rows, str(path))


def _base(session: Session, model: str) -> str | None:
    """What is live in the last stage, else the newest version: what a new version most likely builds on."""
    if not session.accepted.has_model(model):
        return None
    state = session.accepted.stage_state(model, session.history.policy.stages[-1])
    if state:
        return f"{model}@{state.version}"
    versions = session.accepted.versions(model)
    return "@".join(known_version(session, f"{model}@{versions[-1]}")) if versions else None


def _first(folder: Path, names: Sequence[str]) -> Path | None:
    return next((folder / name for name in names if (folder / name).is_file()), None)
