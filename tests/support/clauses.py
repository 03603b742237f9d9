"""Which tests show which clause of the governance documents: read from the tests without running them.

``@pytest.mark.clause("B-4.1-3", "B-3-2")`` names the clauses of ``gitops_models/policy/clauses`` that a test shows. It
stands above a test, in ``marks=`` of a parameter, or as ``pytestmark`` of a file whose tests all show the same clause.
"""

import ast
from collections import defaultdict
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
MARK = "pytest.mark.clause"


@cache
def marked():
    """Clause id to the tests that show it, ``<file>::<test>`` or ``<file>``, in the order of the files."""
    found = defaultdict(list)
    for path in sorted((ROOT / "tests").rglob("test_*.py")):
        text = path.read_text(encoding="utf-8")
        if MARK not in text:
            continue
        for node in ast.parse(text).body:
            name = path.relative_to(ROOT / "tests").as_posix()
            test = f"{name}::{node.name}" if hasattr(node, "name") else name
            for clause in dict.fromkeys(_clauses(node)):
                found[clause].append(test)
    return dict(found)


def _clauses(node):
    for call in ast.walk(node):
        if isinstance(call, ast.Call) and ast.unparse(call.func) == MARK:
            yield from (ast.literal_eval(argument) for argument in call.args)
