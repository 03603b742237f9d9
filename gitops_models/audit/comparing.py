"""Two versions of a model side by side: lineage field by field, metrics, artifacts, interface. Pure."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any, Literal

from gitops_models.registry.documents import plain
from gitops_models.registry.interface import compatible, consumer_problems
from gitops_models.registry.values import dataclass

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gitops_models.registry.documents import Lineage, Metric, Model

Turn = Literal["same", "changed", "added", "removed"]
APART = frozenset({"apiVersion", "kind", "model", "version", "artifacts", "metrics", "interface"})
NAMING = ("name", "id", "path")


@dataclass(frozen=True)
class FieldChange:
    """One lineage field (``parameters.values.learning_rate``, ``data[transactions].snapshot``); None is absent."""

    field: str
    before: str | None
    after: str | None


@dataclass(frozen=True)
class MetricChange:
    """One metric on one dataset. ``difference`` is exact in decimals; ``better`` None where no direction is known."""

    name: str
    dataset: str | None
    before: Decimal | None
    after: Decimal | None
    higher_is_better: bool | None = None

    @property
    def difference(self) -> Decimal | None:
        """After minus before, where both were measured."""
        return None if self.before is None or self.after is None else self.after - self.before

    @property
    def better(self) -> bool | None:
        """Whether the change is for the better; None where it is none or nobody said what better is."""
        if not self.difference or self.higher_is_better is None:
            return None
        return (self.difference > 0) == self.higher_is_better


@dataclass(frozen=True)
class ArtifactChange:
    """One artifact by its path; digests and sizes are None on the side that has none."""

    path: str
    turn: Turn
    role: str
    before: str | None
    after: str | None
    size_before: int | None
    size_after: int | None


@dataclass(frozen=True)
class Comparison:
    """What changes from one version to another. ``interface`` are problems for callers, None where unknown."""

    before: str | None
    after: str
    fields: tuple[FieldChange, ...]
    metrics: tuple[MetricChange, ...]
    artifacts: tuple[ArtifactChange, ...]
    interface: tuple[str, ...] | None
    consumers: tuple[str, ...]


def compare(before: Lineage | None, after: Lineage, model: Model | None) -> Comparison:
    """Compare two lineages of one model; without ``before`` everything is new. ``model`` names the consumers."""
    shared = model.interface if model else None
    old = (before.interface if before else None) or shared
    new = after.interface or shared
    wants = model.consumers if model else ()
    return Comparison(
        before=before.version if before else None,
        after=after.version,
        fields=tuple(_fields(before, after)),
        metrics=tuple(_metrics(before, after)),
        artifacts=tuple(_artifacts(before, after)),
        interface=compatible(old, new) if before and old and new else None,
        consumers=consumer_problems(new, wants)
        if new
        else tuple(f"{one.name}: no interface is known" for one in wants),
    )


def _fields(before: Lineage | None, after: Lineage) -> Iterator[FieldChange]:
    old = dict(_flat(before)) if before else {}
    new = dict(_flat(after))
    for field in dict.fromkeys((*new, *old)):
        if old.get(field) != new.get(field):
            yield FieldChange(field, old.get(field), new.get(field))


def _flat(lineage: Lineage) -> Iterator[tuple[str, str]]:
    for name, value in plain(lineage).items():
        if name not in APART:
            yield from _leaves(name, value)


def _leaves(path: str, value: Any) -> Iterator[tuple[str, str]]:
    """Yield scalars by dotted path; entries of a list go by their name where they have one."""
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from _leaves(f"{path}.{key}", inner)
        return
    if isinstance(value, list):
        for position, inner in enumerate(value):
            name = (
                next((inner[key] for key in NAMING if key in inner), position) if isinstance(inner, dict) else position
            )
            yield from _leaves(f"{path}[{name}]", inner)
        return
    yield path, _scalar(value)


def _scalar(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return "null" if value is None else str(value)


def _metrics(before: Lineage | None, after: Lineage) -> Iterator[MetricChange]:
    old = {(metric.name, metric.dataset): metric for metric in (before.metrics if before else ())}
    new = {(metric.name, metric.dataset): metric for metric in after.metrics}
    for key in dict.fromkeys((*new, *old)):
        one, other = old.get(key), new.get(key)
        known = [metric.higher_is_better for metric in (other, one) if metric and metric.higher_is_better is not None]
        yield MetricChange(*key, _decimal(one), _decimal(other), known[0] if known else None)


def _decimal(metric: Metric | None) -> Decimal | None:
    """Read a float as it is written: 0.912 - 0.9 is 0.012 and not 0.01200000000000001."""
    return Decimal(repr(metric.value)) if metric else None


def _artifacts(before: Lineage | None, after: Lineage) -> Iterator[ArtifactChange]:
    old = {entry.path: entry for entry in (before.artifacts if before else ())}
    new = {entry.path: entry for entry in after.artifacts}
    for path in dict.fromkeys((*new, *old)):
        one, other = old.get(path), new.get(path)
        yield ArtifactChange(
            path=path,
            turn=_turn(one.sha256 if one else None, other.sha256 if other else None),
            role=(other or old[path]).role,
            before=one.sha256 if one else None,
            after=other.sha256 if other else None,
            size_before=one.size if one else None,
            size_after=other.size if other else None,
        )


def _turn(before: str | None, after: str | None) -> Turn:
    if before == after:
        return "same"
    if before is None:
        return "added"
    return "removed" if after is None else "changed"
