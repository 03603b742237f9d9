"""Printing: data goes to stdout, messages to stderr; control characters in text from elsewhere are made visible."""

from __future__ import annotations

import json
import os
import sys
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from gitops_models.cli.options import Options
    from gitops_models.errors import GmError

API_VERSION = "gitops-models/v1"


def emit(options: Options, kind: str, body: Mapping[str, Any], lines: Iterable[str]) -> None:
    """Print one result: a JSON object with ``apiVersion`` and ``kind``, or the lines for people."""
    if options.json:
        document = {"apiVersion": API_VERSION, "kind": kind, **body}
        print(_json(document, indent=2))  # noqa: T201 - data
        return
    for line in lines:
        print(safe(line))  # noqa: T201 - data


def say(options: Options, message: str) -> None:
    """Tell people something beside the data."""
    if not options.quiet:
        print(safe(message), file=sys.stderr)  # noqa: T201 - message


def next_step(options: Options, command: str) -> None:
    """Every success ends with what to do next, in the repository that ``-C`` named."""
    if options.json:
        return
    there = str(options.repo)
    if there != "." and command.startswith("gm ") and not command.startswith("gm -C "):
        import shlex

        command = f"gm -C {shlex.quote(there)} {command.removeprefix('gm ')}"
    say(options, f"next: {command}")


def table(rows: Sequence[Sequence[str]], header: Sequence[str]) -> list[str]:
    """Left-aligned columns with two blanks between them."""
    cells = [[safe(cell) for cell in row] for row in (header, *rows)]
    widths = [max(len(row[column]) for row in cells) for column in range(len(header))]
    return ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in cells]


def print_error(error: GmError, *, as_json: bool) -> None:
    """Print an error in the shape of DESIGN.md section 10, in JSON where that was asked for."""
    if as_json:
        print(_json({"error": _error_body(error)}), file=sys.stderr)  # noqa: T201 - message
        return
    for line in error_lines(error):
        print(safe(line), file=sys.stderr)  # noqa: T201 - message


def print_warning(error: GmError, *, as_json: bool) -> None:
    """Print what went wrong beside a result that stands: one line, or one JSON object."""
    if as_json:
        print(_json({"warning": _error_body(error)}), file=sys.stderr)  # noqa: T201 - message
        return
    print(safe(f"warning[{error.code}]: {error.message}; {error.hint}"), file=sys.stderr)  # noqa: T201 - message


def error_lines(error: GmError) -> list[str]:
    """What, where, why and what to do next; a denial prints every finding of its verdict."""
    verdict = getattr(error, "verdict", None)
    if verdict is not None:
        from gitops_models.policy.render.text import to_text

        text: str = to_text(verdict)
        return text.rstrip("\n").split("\n")
    lines = [f"error[{error.code}]: {error.message}"]
    if error.where:
        lines.append(f"  at {error.where}")
    lines += [f"  {detail}" for detail in error.details]
    return [*lines, f"  hint: {error.hint}", f"  docs: {error.docs}"]


def safe(text: str) -> str:
    """``text`` with control, escape and bidi characters made visible; plain text passes untouched and fast."""
    if text.isascii() and text.isprintable():
        return text
    from gitops_models.registry.text import visible

    return visible(text)


def _json(value: Any, *, indent: int | None = None) -> str:
    """JSON that may be shown on a terminal: letters as they are, control and bidi characters escaped."""
    text = json.dumps(value, indent=indent, ensure_ascii=False, default=str)
    if text.isascii() and "\x7f" not in text:
        return text
    from gitops_models.registry.text import visible_json

    return visible_json(text)


def use_color(options: Options) -> bool:
    """Whether stdout is a terminal that wants colour (https://no-color.org)."""
    return options.color and sys.stdout.isatty() and "NO_COLOR" not in os.environ


def _error_body(error: GmError) -> dict[str, Any]:
    body: dict[str, Any] = {
        "code": error.code,
        "message": error.message,
        "where": error.where,
        "details": list(error.details),
        "hint": error.hint,
        "docs": error.docs,
    }
    verdict = getattr(error, "verdict", None)
    if verdict is not None:
        from gitops_models.policy.render.jsons import to_json

        body["verdict"] = to_json(verdict)
    return body
