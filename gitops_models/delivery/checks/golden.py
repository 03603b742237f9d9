"""golden: known inputs give known outputs, within a tolerance."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from gitops_models.delivery.checks.base import Finding
from gitops_models.delivery.checks.casefiles import read_cases
from gitops_models.delivery.checks.comparing import Compared, Tolerance, compare
from gitops_models.delivery.checks.fill import filled, filled_address
from gitops_models.delivery.checks.oip import infer, outputs

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gitops_models.delivery.checks.base import Subject
    from gitops_models.delivery.checks.settings import Golden
    from gitops_models.delivery.checks.web import Lines


def run(check: Golden, subject: Subject, lines: Lines) -> Finding:
    """Send every case and compare."""
    cases = read_cases(filled(check.cases, subject.words))
    client = lines.client(filled_address(check.url, subject.words))
    model = filled(check.name, subject.words)
    tolerance = Tolerance(check.absolute, check.relative)
    compared = [compare(outputs(infer(client, model, case.request)), case.expected, tolerance) for case in cases]
    return judged(compared, check.accuracy_above)


def judged(compared: Sequence[Compared], above: float | None) -> Finding:
    """Say whether so many fitting cases are enough: all of them, or strictly more than the part ``above``. Pure."""
    good = sum(one.problem is None for one in compared)
    values: dict[str, float | str] = {
        "cases": len(compared),
        "matched": good,
        "accuracy": good / len(compared),
        "worst": max(one.worst for one in compared),
    }
    if above is not None:
        values["accuracy_above"] = above
    # In decimals: 0.1 + 0.2 is no 0.3 in floats, and a limit is a limit.
    enough = good == len(compared) if above is None else Decimal(good) > Decimal(str(above)) * len(compared)
    first = next((one.problem for one in compared if one.problem is not None), "")
    return Finding(enough, values, "" if enough else f"{len(compared) - good} of {len(compared)} cases: {first}")
