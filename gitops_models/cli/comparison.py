"""How a comparison of two versions is shown, by ``gm diff`` and ``gm show``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator
    from decimal import Decimal

    from gitops_models.audit.comparing import ArtifactChange, Comparison, MetricChange

SHORT = 16
LONG = 64


def comparison_body(found: Comparison) -> dict[str, Any]:
    """A comparison for ``--json``; metric values are decimals as text, so that no digit is lost."""
    return {
        "before": found.before,
        "after": found.after,
        "lineage": [{"field": one.field, "before": one.before, "after": one.after} for one in found.fields],
        "metrics": [
            {
                "name": one.name,
                "dataset": one.dataset,
                "before": _number(one.before),
                "after": _number(one.after),
                "difference": _number(one.difference),
                "better": one.better,
            }
            for one in found.metrics
        ],
        "artifacts": [
            {"path": one.path, "role": one.role, "change": one.turn, "before": one.before, "after": one.after}
            for one in found.artifacts
        ],
        "interface": {"compatible": None if found.interface is None else not found.interface}
        | {"problems": list(found.interface or ())},
        "consumers": list(found.consumers),
    }


def comparison_lines(found: Comparison) -> Iterator[str]:
    """A comparison for people."""
    yield from metric_lines(found)
    yield "artifacts:" if found.artifacts else "artifacts: none"
    yield from (f"  {_artifact(one)}" for one in found.artifacts)
    yield from lineage_lines(found)
    yield from interface_lines(found)


def metric_lines(found: Comparison) -> Iterator[str]:
    """One line for each metric: before, after and the difference."""
    yield "metrics:" if found.metrics else "metrics: none recorded"
    yield from (f"  {_metric(one)}" for one in found.metrics)


def lineage_lines(found: Comparison) -> Iterator[str]:
    """One line for each lineage field that differs."""
    yield "lineage:" if found.fields else "lineage: no difference"
    yield from (f"  {one.field}: {_clip(one.before)} -> {_clip(one.after)}" for one in found.fields)


def interface_lines(found: Comparison) -> Iterator[str]:
    """Whether callers and consumers can go on."""
    if found.interface is None:
        yield "interface: not comparable"
    else:
        yield "interface: incompatible" if found.interface else "interface: compatible"
    yield from (f"  {problem}" for problem in found.interface or ())
    yield from (f"  consumer {problem}" for problem in found.consumers)


def _metric(one: MetricChange) -> str:
    name = f"{one.name} on {one.dataset}" if one.dataset else one.name
    if one.difference is None:
        return f"{name}: {_number(one.before) or '-'} -> {_number(one.after) or '-'}"
    verdict = {True: ", better", False: ", worse", None: ""}[one.better]
    return f"{name}: {_number(one.before)} -> {_number(one.after)} ({one.difference:+f}{verdict})"


def _artifact(one: ArtifactChange) -> str:
    digests = [f"sha256:{digest[:SHORT]}" for digest in (one.before, one.after) if digest]
    shown = digests[0] if one.turn == "same" else " -> ".join(digests)
    return f"{one.path}  {one.role}  {one.turn}  {shown}"


def _number(value: Decimal | None) -> str | None:
    return None if value is None else f"{value:f}"


def _clip(text: str | None) -> str:
    if text is None:
        return "-"
    return text if len(text) <= LONG else f"{text[: LONG - 1]}…"
