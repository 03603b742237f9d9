"""Every clause of the two governance documents that gm implements, and what holds each of them up.

The documents are *Model Rollback Procedures* (A) and *AI Model Versioning and Rollback Policy* (B). What must hold is
said in our words. The reference page of the clauses, `gm compliance` and the list of `gm init` all read this table.
"""

from __future__ import annotations

from gitops_models.policy.clauses.clause import DOCUMENTS, Clause
from gitops_models.policy.clauses.operation import OPERATION
from gitops_models.policy.clauses.procedures import PROCEDURES
from gitops_models.policy.clauses.recovery import RECOVERY
from gitops_models.policy.clauses.standing import Standing, standing
from gitops_models.policy.clauses.versioning import VERSIONING

CLAUSES: tuple[Clause, ...] = (*PROCEDURES, *RECOVERY, *VERSIONING, *OPERATION)
"""All clauses, document A first, each document in its own order."""

BY_ID = {clause.id: clause for clause in CLAUSES}

__all__ = ["BY_ID", "CLAUSES", "DOCUMENTS", "Clause", "Standing", "standing"]
