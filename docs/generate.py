"""Writes the reference pages and JSON Schemas from the code; ``--check`` only says which are out of date.

Each page is a function without arguments that gives its text, so that a page cannot say what the code does not.
"""

from __future__ import annotations

import contextlib
import importlib.util
import io
import itertools
import json
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from gitops_models.cli.app import tree
from gitops_models.cli.run import run
from gitops_models.cli.verbs import VERBS
from gitops_models.errors.codes import Code, all_codes

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from gitops_models.policy.clauses import Clause

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


WAIVABLE = "- May be waived: a [waiver](../how-to/write-a-policy.md#waive-a-rule-for-a-while) makes it warn\n"
RULES_HEAD = """\
# Rules of the judge

Generated from `gitops_models/policy/rules/` by `make docs`. *Integrity* rules hold for ever and are judged again on
every replay; *admission* rules are judged once, when a change lands, and only warn afterwards.
"""
CLI_HEAD = """\
# Commands

Generated from the command line itself by `make docs`. Exit status: 0 ok, 1 a bug, 2 usage, 3 denied by the policy,
4 authentication, 5 integrity or signature, 6 not found, 7 conflict, 8 drift, 9 an external service, 130 interrupted.
"""


def rules_page() -> str:
    """Every rule by code: what must hold and why, its kind, its severity and the rule set that brought it."""
    from gitops_models.policy.rules import RULES  # noqa: PLC0415 - only this page needs the judge

    rows = [
        f"\n## {rule.code}: {rule.title}\n\n{rule.explanation}\n\n"
        f"- Kind: {rule.kind.value}, {rule.severity.value}, since rule set {rule.since}\n"
        f"{WAIVABLE if rule.waivable else ''}"
        f"- What to do: {rule.remedy}\n- Code: [{rule.code}](codes.md#{rule.code.lower()})\n"
        for rule in RULES
    ]
    return RULES_HEAD + "".join(rows)


def cli_page() -> str:
    """The help of gm and of every verb, as a terminal shows it."""
    parts = [CLI_HEAD, help_entry([])]
    for verb in VERBS:
        parts.append(help_entry([verb]))
        parts.extend(help_entry([verb, *words]) for words in commands_of(verb))
    return "".join(parts)


def commands_of(verb: str) -> list[tuple[str, ...]]:
    """The commands of a group and of the groups in it; none for a verb that is a command itself."""
    command = typer.main.get_command(tree(verb))
    return list(below(getattr(command, "commands", {})[verb]))


def below(command: object) -> Iterator[tuple[str, ...]]:
    """The words of each command below ``command``, a group before what it holds."""
    for name, found in getattr(command, "commands", {}).items():
        yield (name,)
        yield from ((name, *words) for words in below(found))


def help_entry(words: list[str]) -> str:
    """One help text below its heading, as wide as a terminal of 100 columns shows it."""
    title, shown = " ".join(["gm", *words]), io.StringIO()
    os.environ["COLUMNS"] = "100"
    with contextlib.redirect_stdout(shown):
        run([*words, "--help"])
    text = "\n".join(line.rstrip() for line in shown.getvalue().rstrip().splitlines())
    return f"\n## {title}\n\n```text\n{text}\n```\n"


def schema_pages() -> Iterator[tuple[str, str]]:
    """One JSON Schema for each kind of document."""
    if importlib.util.find_spec("gitops_models.registry.schema") is None:
        return
    from gitops_models.registry.schema import schemas  # noqa: PLC0415 - absent while the room is being built

    for name, schema in schemas().items():
        yield f"schemas/v1/{name}", json.dumps(schema, indent=2, ensure_ascii=False) + "\n"


ATTACKS_HEAD = """\
# Attacks that are tried

Generated from the markers of `tests/security/` by `make docs`; `make attacks` prints the figures. Each attack differs
from the others in mechanism, and its test asserts the code, that no ref moved and that the live model did not change.
*ignored* and *pending* stand for what is not refused but counts for nothing.
"""


def attacks_page() -> str:
    """Every attack by attacker with the code that refuses it and its test, then the look-alikes that pass."""
    sys.path.insert(0, str(ROOT))
    from tests.support.attacks import ATTACKERS, attacks, lookalikes  # noqa: PLC0415 - not part of the package

    parts = [ATTACKS_HEAD]
    for by, (who, must_not) in ATTACKERS.items():
        tried = [attack for attack in attacks() if attack.by == by]
        parts.append(f"\n## {who.capitalize()}: {len(tried)}\n\nMust not be able to {must_not}.\n\n")
        parts += ["| attack | refused with | test |\n|---|---|---|\n"]
        parts += [f"| {one.name} | {', '.join(one.codes)} | `{one.test}` |\n" for one in tried]
    benign = lookalikes()
    parts.append(f"\n## Look-alikes that must pass: {len(benign)}\n\n| what | test |\n|---|---|\n")
    return "".join([*parts, *(f"| {one.name} | `{one.test}` |\n" for one in benign)])


CLAUSES_HEAD = """\
# Clauses and what holds them up

Generated from `gitops_models/policy/clauses/` and the markers of the tests by `make docs`. The sources are the two
governance documents that gm implements; what must hold is said in our words. *Needs* names the field of the policy
without which a repository does not enforce the clause (`gm compliance` says how yours stands). Sanctions and
contractual penalties are outside of software and no clause of this page claims them.
"""


def clauses_page() -> str:
    """Every clause by document and section: what must hold, the rules and mechanisms, the tests."""
    sys.path.insert(0, str(ROOT))
    from gitops_models.policy.clauses import CLAUSES, DOCUMENTS  # noqa: PLC0415 - only this page needs them
    from tests.support.clauses import marked  # noqa: PLC0415 - not part of the package

    parts, shown = [CLAUSES_HEAD], marked()
    for letter, group in itertools.groupby(CLAUSES, key=lambda clause: clause.document):
        clauses = list(group)
        parts.append(f"\n## {letter}: {DOCUMENTS[letter]} ({len(clauses)} clauses)\n")
        parts.extend(clause_entry(clause, shown.get(clause.id, ())) for clause in clauses)
    return "".join(parts)


def clause_entry(clause: Clause, tests: Iterable[str]) -> str:
    """One clause with its rules, mechanism, needs and tests."""
    codes = [f"[{code}](codes.md#{code.lower()})" for code in clause.rules]
    held = "; ".join(filter(None, (", ".join(codes), clause.mechanism)))
    needs = "".join(f"- Needs: `{need.shown}`\n" for need in clause.needs)
    listed = "".join(f"- Test: `{test}`\n" for test in tests)
    return f"\n### {clause.id}\n\n{clause.must}\n\n- Held up by: {held}\n{needs}{listed}"


def pages() -> dict[str, str]:
    """Path below the repository's root to text, of everything that is generated."""
    reference = {"codes": codes_page(), "rules": rules_page(), "cli": cli_page()}
    reference |= {"attacks": attacks_page(), "clauses": clauses_page()}
    return {f"docs/reference/{name}.md": text for name, text in reference.items()} | dict(schema_pages())


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
