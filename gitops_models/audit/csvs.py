"""CSV that a spreadsheet shows and does not run.

A cell that begins like a formula is a program to a spreadsheet (OWASP, CSV Injection): such a cell gets an apostrophe
in front, which spreadsheets take as "text follows". Control characters are shown as escapes.
"""

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING

from gitops_models.registry.text import visible

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

# The last four are the full width forms of the first four, which spreadsheets take for the same.
FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20")


def render_csv(header: Sequence[str], rows: Iterable[Sequence[str | None]]) -> str:
    """Return header and rows as RFC 4180 text with LF line ends; None is an empty cell."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(header)
    writer.writerows([cell(value or "") for value in row] for row in rows)
    return out.getvalue()


def cell(text: str) -> str:
    """Return one cell, quoted with an apostrophe where it would begin a formula."""
    return f"'{visible(text)}" if text.startswith(FORMULA) else visible(text)
