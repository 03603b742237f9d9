"""The house rules that a machine can hold (CONTRIBUTING.md)."""

import ast
import re
import subprocess
import sys
from pathlib import Path

from gitops_models.errors.codes import all_codes

LONGEST_FILE = 300
LONGEST_FUNCTION = 50
OF_THE_HOUSE = {"test_house.py", "test_tooling.py"}


def sources(root):
    return sorted((root / "gitops_models").rglob("*.py"))


def functions(path):
    tree = ast.parse(path.read_text(encoding="utf-8"))
    return [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)]


def length(node):
    return node.end_lineno - node.lineno + 1


def test_no_file_is_longer_than_300_lines(repository_root):
    counted = {path: len(path.read_text(encoding="utf-8").splitlines()) for path in sources(repository_root)}
    assert counted
    assert [f"{path}: {lines}" for path, lines in counted.items() if lines > LONGEST_FILE] == []


def test_no_function_is_longer_than_50_lines(repository_root):
    found = [(path, node) for path in sources(repository_root) for node in functions(path)]
    assert [f"{path}:{node.lineno} {node.name}" for path, node in found if length(node) > LONGEST_FUNCTION] == []


def test_every_silenced_rule_says_why(repository_root):
    bare = re.compile(r"#\s*(noqa(?!: [A-Z0-9, ]+ - \S)|type: ignore(?!\[[a-z, -]+\]))")
    lines = [
        f"{path}:{number}: {line.strip()}"
        for path in sources(repository_root)
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1)
        if bare.search(line)
    ]
    assert lines == []


def test_imports_keep_the_contracts_of_the_layers(repository_root):
    command = [str(Path(sys.executable).parent / "lint-imports"), "--no-cache", "--no-logo"]
    result = subprocess.run(command, cwd=repository_root, capture_output=True, text=True, check=False, timeout=120)
    assert result.returncode == 0, result.stdout + result.stderr


def test_every_error_code_is_named_by_a_test(repository_root):
    tests = [path for path in (repository_root / "tests").rglob("*.py") if path.name not in OF_THE_HOUSE]
    text = "\n".join(path.read_text(encoding="utf-8") for path in tests)
    assert [code for code in all_codes() if code not in text] == []


def test_every_error_code_has_a_documentation_entry(repository_root):
    text = (repository_root / "docs" / "reference" / "codes.md").read_text(encoding="utf-8")
    entries = set(re.findall(r"^### (GM-[A-Z]\d{3})$", text, re.MULTILINE))
    assert set(all_codes()) == entries


def test_every_error_code_has_a_title_and_a_hint():
    assert [code for code, entry in all_codes().items() if not (entry.title and entry.hint)] == []
