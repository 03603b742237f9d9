"""Reading a file of golden cases: a regular one of bounded size."""

from __future__ import annotations

import os
import stat
from typing import TYPE_CHECKING

from gitops_models.delivery.checks.cases import parse_cases

if TYPE_CHECKING:
    from gitops_models.delivery.checks.cases import Case

MOST_BYTES = 16 * 1024 * 1024


def read_cases(path: str) -> tuple[Case, ...]:
    """Read a file of cases. Raises ``ValueError`` for what is none, ``OSError`` where it cannot be read."""
    return parse_cases(_data(path))


def _data(path: str) -> bytes:
    # O_NONBLOCK: a pipe put there must not stop the reconciler.
    with open(path, "rb", opener=_unwaiting) as file:
        if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
            raise OSError(0, "is no regular file")
        data = file.read(MOST_BYTES + 1)
    if len(data) > MOST_BYTES:
        raise ValueError(f"the file is longer than {MOST_BYTES} bytes")
    return data


def _unwaiting(path: str, flags: int) -> int:
    return os.open(path, flags | os.O_NONBLOCK)
