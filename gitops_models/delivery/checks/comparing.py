"""How far answers are from what was expected. Pure."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from gitops_models.registry.values import dataclass

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True)
class Tensor:
    """Values in row-major order, and their shape where it was said."""

    values: tuple[Any, ...]
    shape: tuple[int, ...] | None = None


@dataclass(frozen=True)
class Tolerance:
    """What is no difference: ``absolute``, or ``relative`` to the expected value, whichever is more."""

    absolute: float
    relative: float

    def fits(self, found: float, expected: float) -> bool:
        """Whether ``found`` is near enough; not-a-number fits itself alone, and infinity itself."""
        if math.isnan(expected) or math.isinf(expected):
            return found == expected or (math.isnan(found) and math.isnan(expected))
        return abs(found - expected) <= max(self.absolute, self.relative * abs(expected))


@dataclass(frozen=True)
class Compared:
    """One case: the greatest difference of a number, and the first thing that does not fit, ``None`` where all does."""

    worst: float = 0.0
    problem: str | None = None


def compare(found: Mapping[str, Tensor], expected: Mapping[str, Tensor], tolerance: Tolerance) -> Compared:
    """Compare the outputs of one answer with those expected, by name; outputs beyond these do not matter."""
    worst, problem = 0.0, None
    for name, tensor in expected.items():
        one = _compare(name, found.get(name), tensor, tolerance)
        worst, problem = max(worst, one.worst), problem or one.problem
    return Compared(worst, problem)


def _compare(name: str, found: Tensor | None, expected: Tensor, tolerance: Tolerance) -> Compared:
    if found is None:
        return Compared(problem=f"output {name} is missing")
    if len(found.values) != len(expected.values) or (expected.shape and found.shape not in (None, expected.shape)):
        return Compared(problem=f"output {name} has another shape")
    pairs = tuple(enumerate(zip(found.values, expected.values, strict=True)))
    odd = (
        f"output {name}[{index}] is {_shown(one)} instead of {_shown(other)}"
        for index, (one, other) in pairs
        if not _same(one, other, tolerance)
    )
    return Compared(max((_distance(one, other) for _, (one, other) in pairs), default=0.0), next(odd, None))


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _same(found: Any, expected: Any, tolerance: Tolerance) -> bool:
    if _is_number(found) and _is_number(expected):
        return tolerance.fits(_float(found), _float(expected))
    return type(found) is type(expected) and bool(found == expected)


def _distance(found: Any, expected: Any) -> float:
    if not (_is_number(found) and _is_number(expected)):
        return 0.0
    distance = abs(_float(found) - _float(expected))
    return distance if math.isfinite(distance) else 0.0


def _float(value: float) -> float:
    try:
        return float(value)
    except OverflowError:  # JSON knows integers of any length
        return math.inf if value > 0 else -math.inf


def _shown(value: Any) -> str:
    return f"{value:g}" if isinstance(value, float) else repr(value)[:40]
