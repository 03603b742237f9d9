"""What a code means: its fault, its remedy, and the rule behind it where the judge finds it."""

from __future__ import annotations

import difflib
from functools import cache
from types import MappingProxyType
from typing import TYPE_CHECKING

from gitops_models.errors.codes import all_codes
from gitops_models.policy.render.words import docs
from gitops_models.policy.rules import RULES
from gitops_models.registry.values import dataclass

if TYPE_CHECKING:
    from collections.abc import Mapping

    from gitops_models.policy.rule import Rule

_PREFIX = "GM-"
_NEAR = 3
_LONGEST = 16
_LETTER = len("GM-P")
_MISREAD = str.maketrans("ILOSB", "11058")


@dataclass(frozen=True)
class Explanation:
    """One code. ``rule`` is None for a code that no rule of the judge gives: a refusal or failure of a command."""

    code: str
    title: str
    remedy: str
    exit_status: int
    rule: Rule | None = None

    @property
    def docs(self) -> str:
        """The documentation entry: that of the rule, else that of the code."""
        return f"docs/reference/rules.md#{self.anchor}" if self.rule else docs(self.code)

    @property
    def anchor(self) -> str:
        """The anchor of the heading ``GM-P401: approvals are missing``, as Markdown forms it."""
        heading = f"{self.code}: {self.title}".lower()
        return "".join(sign for sign in heading if sign.isalnum() or sign in " -_").replace(" ", "-")


@cache
def explanations() -> Mapping[str, Explanation]:
    """Every code of gm, sorted."""
    rules = {rule.code: rule for rule in RULES}
    found = {
        code: Explanation(code, entry.title, entry.hint, int(entry.exit), rules.get(code))
        for code, entry in all_codes().items()
    }
    return MappingProxyType(found)


def explain(text: str) -> Explanation | None:
    """The code that ``text`` means, in any case and with or without ``GM-``; None for an unknown one."""
    return explanations().get(_spelled(text))


def near(text: str) -> tuple[str, ...]:
    """Known codes that look like ``text``, the likeliest first: letters that are read for digits, then by likeness."""
    spelled = _spelled(text)[:_LONGEST]
    meant = spelled[:_LETTER] + spelled[_LETTER:].translate(_MISREAD)
    alike = difflib.get_close_matches(spelled, explanations(), n=_NEAR, cutoff=0.6)
    return tuple(dict.fromkeys([*([meant] if meant in explanations() else []), *alike]))[:_NEAR]


def _spelled(text: str) -> str:
    upper = text.strip().upper()
    return upper if upper.startswith(_PREFIX) else f"{_PREFIX}{upper}"
