"""What a clause is: one requirement of a governance document, in our words, with what enforces it."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING

from gitops_models.registry.values import dataclass

if TYPE_CHECKING:
    from gitops_models.policy.clauses.needs import Need

DOCUMENTS = MappingProxyType(
    {"A": "Model Rollback Procedures", "B": "AI Model Versioning and Rollback Policy, version 1.0"}
)
"""The governance documents by letter, with their titles."""


@dataclass(frozen=True)
class Clause:
    """One requirement.

    ``rules`` are the codes with which gm refuses what the clause forbids; ``mechanism`` says in words what else holds
    it up. ``needs`` are the fields of the policy without which it is not enforced in a repository; none means always.
    ``outside`` is what no software can enforce.
    """

    id: str
    must: str
    rules: tuple[str, ...] = ()
    mechanism: str = ""
    needs: tuple[Need, ...] = ()
    outside: bool = False

    @property
    def document(self) -> str:
        """The letter of its governance document."""
        return self.id.partition("-")[0]

    @property
    def section(self) -> str:
        """The section of that document: a number, or a word where sections have none."""
        return self.id.split("-")[1]
