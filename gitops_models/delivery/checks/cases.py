"""Files of known inputs and outputs: JSON, written by the operator or kept beside the weights of a version.

``{"cases": [{"inputs": [...], "outputs": [...]}]}``: inputs as an inference request has them (V2), outputs as its
answer has them.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from gitops_models.delivery.checks.oip import NoAnswer, outputs
from gitops_models.registry.values import dataclass

if TYPE_CHECKING:
    from collections.abc import Mapping

    from gitops_models.delivery.checks.comparing import Tensor

MOST_CASES = 10_000


@dataclass(frozen=True)
class Case:
    """One inference request, ready to be sent, and what must come back."""

    request: bytes
    expected: Mapping[str, Tensor]


def parse_cases(data: bytes) -> tuple[Case, ...]:
    """Return the cases that JSON holds. Raises ``ValueError`` for anything else."""
    try:
        value = json.loads(data)
    except RecursionError as error:
        raise ValueError("the cases are nested too deep") from error
    cases = value.get("cases") if isinstance(value, dict) else None
    if not isinstance(cases, list) or not 0 < len(cases) <= MOST_CASES:
        raise ValueError(f"the file has no list of 1 to {MOST_CASES} cases")
    return tuple(_case(one, number) for number, one in enumerate(cases, 1))


def _case(value: Any, number: int) -> Case:
    inputs = value.get("inputs") if isinstance(value, dict) else None
    if not isinstance(inputs, list) or not inputs:
        raise ValueError(f"case {number} has no inputs")
    try:
        expected = outputs(value)
    except NoAnswer as error:
        raise ValueError(f"case {number}: {error}") from error
    return Case(json.dumps({"inputs": inputs}).encode(), expected)
