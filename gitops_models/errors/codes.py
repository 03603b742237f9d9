"""What a code is, the exit statuses, and the lookup over the tables of all layers."""

from dataclasses import dataclass
from enum import IntEnum
from functools import cache


class Exit(IntEnum):
    """Exit statuses of every command."""

    OK = 0
    BUG = 1
    USAGE = 2
    DENIED = 3
    AUTHENTICATION = 4
    INTEGRITY = 5
    NOT_FOUND = 6
    CONFLICT = 7
    DRIFT = 8
    EXTERNAL = 9
    INTERRUPTED = 130


@dataclass(frozen=True)
class Code:
    """One row of the table: ``title`` names the fault, ``hint`` is the usual remedy."""

    title: str
    exit: Exit
    hint: str


@cache
def all_codes() -> dict[str, Code]:
    """Every code of every layer, sorted by code."""
    from gitops_models.errors import (  # noqa: PLC0415 - the tables import Code from here
        _artifacts,
        _cli,
        _delivery,
        _documents,
        _explain,
        _forge,
        _hosted,
        _keyless,
        _policy,
        _store,
        _targets,
        _triggers,
        _trust,
        _verification,
    )

    tables = (
        _documents,
        _store,
        _artifacts,
        _trust,
        _keyless,
        _verification,
        _policy,
        _explain,
        _forge,
        _hosted,
        _delivery,
        _targets,
        _triggers,
        _cli,
    )
    merged = {code: entry for table in tables for code, entry in table.CODES.items()}
    return dict(sorted(merged.items()))


def find_code(code: str) -> Code:
    """The entry of ``code``; an unknown code is a bug of ours and raises ``KeyError``."""
    return all_codes()[code]
