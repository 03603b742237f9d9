"""The demo as a plain shell script."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING

from gitops_models.demo.story import shell, story

if TYPE_CHECKING:
    from pathlib import Path

HEAD = """\
#!/bin/sh
# The whole life of a model, as `gm demo` runs it. usage: sh demo.sh [DIR]     DIR: where; it stays
PYTHON=${{PYTHON:-{python}}}
REFERENCE=${{REFERENCE:-{reference}}}
DIR=${{1:-$(mktemp -d)}}
mkdir -p "$DIR"
cd "$DIR"
"""
TRAP = """\
trap stop_serving EXIT
trap 'exit 130' INT TERM
"""


def render(*, python: str, reference: Path) -> str:
    """The script; ``python`` is an interpreter that has gitops-models, ``reference`` the reference registry."""
    parts = [HEAD.format(python=shlex.quote(python), reference=shlex.quote(str(reference))), shell("prelude"), TRAP]
    for act in story():
        parts += [f"\necho {shlex.quote(f'## {act.title}')}\n", *(f"{command}\n" for command in act.commands)]
    return "\n".join([*parts, 'echo "all of it stands in $PWD"\n'])
