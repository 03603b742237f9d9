"""The catalogue of attacks, read from the markers of the tests in ``tests/security`` without running them.

``@pytest.mark.attack("what is tried", "GM-T031", by="thief")`` names one mechanism, the code that refuses it (or the
word of ``OUTCOMES`` for what is not refused but counts for nothing) and who would try it. A test whose parameters
differ in mechanism carries several. ``@pytest.mark.lookalike("what is fine")`` names a benign neighbour that must pass.
``python -m tests.support.attacks`` prints the figures.
"""

import ast
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
FOLDER = ROOT / "tests" / "security"
# Who would try it, and what each of them must not be able to do.
ATTACKERS = {
    "author": (
        "author of a change",
        "weaken the check that judges it; approve it; have content executed; hide a second change in a merge",
    ),
    "reviewer": (
        "reviewer",
        "fill two roles; approve something else than shown; have an approval replayed elsewhere or after a rollback",
    ),
    "thief": ("thief of one key", "promote alone; use back-dated commits after the key is removed"),
    "forge": (
        "forge or its administrator",
        "fake approvals where signed ones are required; rewind, fork or freeze history unnoticed",
    ),
    "ci": ("CI token", "turn a green status into a deployment: the reconciler judges by itself"),
    "storage": (
        "artifact storage",
        "have other bytes served: sha256 mismatch refuses and the last good stays",
    ),
    "node": ("reconciler node", "change the record: its deployment records are signed and compared"),
    "operator": (
        "operator, alert source",
        "roll back to something never approved, quarantined or incompatible; flap",
    ),
}
# For what is no refusal: a record that counts for nothing, a step that stays pending, a setting that is not read.
OUTCOMES = frozenset({"ignored", "pending"})


@dataclass(frozen=True)
class Attack:
    """One mechanism: what is tried, what refuses it, who would try it, and the test that shows it."""

    name: str
    codes: tuple[str, ...]
    by: str
    test: str


@dataclass(frozen=True)
class Lookalike:
    """Something that looks like an attack and must pass."""

    name: str
    test: str


def attacks() -> list[Attack]:
    """Every attack in the order of the files."""
    return [
        Attack(_texts(call)[0], tuple(_texts(call)[1:]), _keywords(call).get("by", ""), test)
        for call, test in _marks("attack")
    ]


def lookalikes() -> list[Lookalike]:
    """Every benign look-alike in the order of the files."""
    return [Lookalike(*_texts(call), test) for call, test in _marks("lookalike")]


def asserted(test: str) -> str:
    """The text of the file that a test stands in, without the markers."""
    return _unmarked(test.partition("::")[0])


@cache
def _unmarked(name: str) -> str:
    source = (FOLDER / name).read_text(encoding="utf-8")
    marks = [ast.get_source_segment(source, call) or "" for call in _calls(ast.parse(source), "pytest.mark.attack")]
    for mark in marks:
        source = source.replace(mark, "")
    return source


def _marks(name: str) -> Iterator[tuple[ast.Call, str]]:
    for path in sorted(FOLDER.glob("test_*.py")):
        for node in ast.parse(path.read_text(encoding="utf-8")).body:
            if not isinstance(node, ast.FunctionDef) or not node.name.startswith("test_"):
                continue
            for decorator in node.decorator_list:
                yield from ((call, f"{path.name}::{node.name}") for call in _calls(decorator, f"pytest.mark.{name}"))


def _calls(tree: ast.AST, name: str) -> Iterator[ast.Call]:
    """The marks below a node: decorators themselves, or ``marks=`` of a parameter."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and ast.unparse(node.func) == name:
            yield node


def _texts(call: ast.Call) -> list[str]:
    return [str(ast.literal_eval(argument)) for argument in call.args]


def _keywords(call: ast.Call) -> dict[str, str]:
    return {str(keyword.arg): str(ast.literal_eval(keyword.value)) for keyword in call.keywords}


def summary() -> list[str]:
    """The figures: attacks by attacker, and look-alikes."""
    counted = Counter(attack.by for attack in attacks())
    rows = [f"{counted[by]:4}  {who}" for by, (who, _) in ATTACKERS.items()]
    return [
        *rows,
        f"{sum(counted.values()):4}  attacks that differ in mechanism",
        f"{len(lookalikes()):4}  look-alikes",
    ]


if __name__ == "__main__":
    print("\n".join(summary()))  # noqa: T201 - the figures are what it is for
