"""How lint says what it found: the findings of a verdict, with the remedy of the code."""

from __future__ import annotations

from gitops_models.errors import find_code
from gitops_models.policy.verdict import Finding, Severity
from gitops_models.registry.paths import PEOPLE_YAML, POLICY_YAML

__all__ = ["PEOPLE_YAML", "error", "graded", "warning"]


def error(code: str, message: str, where: str = POLICY_YAML, hint: str | None = None) -> Finding:
    """Something that would lock somebody out or leave a clause without force."""
    return Finding(code, Severity.DENY, message, where, hint or find_code(code).hint)


def warning(code: str, message: str, where: str = POLICY_YAML) -> Finding:
    """Something that is likely a slip."""
    return Finding(code, Severity.WARN, message, where, find_code(code).hint)


def graded(code: str, message: str, *, used: bool, where: str = POLICY_YAML) -> Finding:
    """An error where something is ``used`` today, else a warning."""
    return error(code, message, where) if used else warning(code, message, where)
