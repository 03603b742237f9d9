"""Writes the reference pages and JSON Schemas from the code; ``--check`` only says which are out of date.

Each page is a function without arguments that gives its text, so that a page cannot say what the code does not.
"""

from __future__ import annotations

import importlib.util
import itertools
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from gitops_models.errors.codes import Code, all_codes

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).resolve().parent.parent
LETTERS = {
    "D": "Documents",
    "S": "Store",
    "A": "Artifacts",
    "T": "Trust",
    "P": "Policy",
    "F": "Forge",
    "R": "Delivery",
    "C": "Command line",
}
CODES_HEAD = """\
# Error and finding codes

Generated from the tables in `gitops_models/errors/` by `make docs`. The letter says which layer found the fault.
"""


def codes_page() -> str:
    """Every code with its title, exit status and remedy, grouped by letter in the order of ``LETTERS``."""
    groups = {letter: list(rows) for letter, rows in itertools.groupby(all_codes().items(), key=lambda row: row[0][3])}
    parts = [CODES_HEAD]
    for letter, title in LETTERS.items():
        parts.append(f"\n## {letter}: {title}\n")
        parts.extend(code_entry(code, entry) for code, entry in groups.get(letter, []))
    return "".join(parts)


def code_entry(code: str, entry: Code) -> str:
    """One code; the heading's anchor is the ``docs:`` line of the error."""
    status = f"{int(entry.exit)} ({entry.exit.name.lower().replace('_', ' ')})"
    return f"\n### {code}\n\n{entry.title}\n\n- Exit status: {status}\n- What to do: {entry.hint}\n"


def schema_pages() -> Iterator[tuple[str, str]]:
    """One JSON Schema for each kind of document."""
    if importlib.util.find_spec("gitops_models.registry.schema") is None:
        return
    from gitops_models.registry.schema import schemas  # noqa: PLC0415 - absent while the room is being built

    for name, schema in schemas().items():
        yield f"schemas/v1/{name}", json.dumps(schema, indent=2, ensure_ascii=False) + "\n"


def pages() -> dict[str, str]:
    """Path below the repository's root to text, of everything that is generated."""
    return {"docs/reference/codes.md": codes_page(), **dict(schema_pages())}


def is_current(path: Path, text: str) -> bool:
    """Whether the file holds exactly this text."""
    return path.is_file() and path.read_text(encoding="utf-8") == text


def main(*, check: bool) -> int:
    """Write what is out of date, or with ``check`` name it and return 1."""
    stale = {name: text for name, text in pages().items() if not is_current(ROOT / name, text)}
    for name, text in stale.items():
        print(f"{'out of date, run `make docs`' if check else 'written'}: {name}")
        if not check:
            (ROOT / name).parent.mkdir(parents=True, exist_ok=True)
            (ROOT / name).write_text(text, encoding="utf-8")
    return 1 if check and stale else 0


if __name__ == "__main__":
    sys.exit(main(check="--check" in sys.argv[1:]))
