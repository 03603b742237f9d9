"""What checks came to, short enough for a signed record. Pure."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from gitops_models.registry.canonical import jcs

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gitops_models.delivery.checks.base import CheckResult

# As in the signed body (trust.bodies), whose envelope holds 64 KiB in all.
MOST_CHECKS = 64
MOST_VALUES = 32
MOST_WORDS = 128
MOST_TEXT = 512
MOST_BYTES = 24 * 1024


def summaries(checks: Sequence[CheckResult]) -> list[dict[str, Any]]:
    """Return the plain values of ``checks`` that fit into a record, in their order; those that stopped go first."""
    kept: dict[int, dict[str, Any]] = {}
    left = MOST_BYTES
    for place, check in sorted(enumerate(checks), key=lambda one: not one[1].stops):
        plain = plain_check(check)
        left -= len(jcs(plain))
        if left < 0 or len(kept) == MOST_CHECKS:
            break
        kept[place] = plain
    return [kept[place] for place in sorted(kept)]


def plain_check(check: CheckResult) -> dict[str, Any]:
    """Return ``check`` as JSON can hold it: no endless texts, no numbers that JSON has no word for."""
    values = list(check.values.items())[:MOST_VALUES]
    return {
        "id": _short(check.id, MOST_WORDS),
        "use": _short(check.use, MOST_WORDS),
        "passed": check.passed,
        "required": check.required,
        "values": {_short(name, MOST_WORDS): _value(value) for name, value in values},
        "message": _short(check.message, MOST_TEXT),
        "seconds": check.seconds if math.isfinite(check.seconds) and check.seconds > 0 else 0.0,
    }


def _value(value: float | str) -> float | str:
    if isinstance(value, str):
        return _short(value, MOST_TEXT)
    return float(value) if math.isfinite(value) else str(value)


def _short(text: str, most: int) -> str:
    """Cut ``text``; half a surrogate pair, which comes out of file names, has no place in JSON."""
    sound = text.encode(errors="backslashreplace").decode()
    return sound if len(sound) <= most else f"{sound[: most - 1]}…"
