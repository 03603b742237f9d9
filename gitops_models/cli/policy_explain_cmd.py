"""gm policy explain."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from gitops_models.cli.options import of
from gitops_models.cli.output import emit, next_step

if TYPE_CHECKING:
    from gitops_models.policy.explain import Explanation


def complete(typed: str) -> list[str]:
    """The codes that begin as typed, with or without ``GM-``; the tables of codes are light to import."""
    from gitops_models.errors.codes import all_codes

    begun = typed.upper()
    return [code for code in all_codes() if code.startswith(begun) or code.removeprefix("GM-").startswith(begun)]


Code = Annotated[
    str, typer.Argument(metavar="CODE", help="GM-P401, p401, ...", autocompletion=complete, show_default=False)
]


def command(context: typer.Context, code: Code) -> None:
    """Say what a code means, which rule gives it, and what to do about it."""
    from gitops_models.errors import GmError
    from gitops_models.policy.explain import explain, near
    from gitops_models.registry.text import visible

    options = of(context)
    found = explain(code)
    if found is None:
        likely = near(code)
        hint = f"did you mean {' or '.join(likely)}?" if likely else None
        raise GmError("GM-C209", f"there is no code {visible(code)}", hint=hint)
    emit(options, "Explanation", _body(found), _lines(found))
    next_step(options, "gm policy show" if found.rule else "gm --help")


def _body(found: Explanation) -> dict[str, Any]:
    rule = found.rule
    return {
        "code": found.code,
        "title": found.title,
        "remedy": found.remedy,
        "exitStatus": found.exit_status,
        "docs": found.docs,
        "rule": {
            "explanation": rule.explanation,
            "kind": rule.kind.value,
            "severity": rule.severity.value,
            "since": rule.since,
            "waivable": rule.waivable,
        }
        if rule
        else None,
    }


def _lines(found: Explanation) -> list[str]:
    lines = [f"{found.code}: {found.title}"]
    if found.rule is not None:
        rule = found.rule
        lines += [
            f"  {rule.explanation}",
            f"  kind: {rule.kind.value} ({_MEANING[rule.kind.value]})",
            f"  severity: {rule.severity.value}, since rule set {rule.since}",
            *(["  a waiver may let it only warn"] if rule.waivable else []),
        ]
    return [
        *lines,
        f"  what to do: {found.remedy}",
        f"  exit status: {found.exit_status}",
        f"  docs: {found.docs}",
    ]


_MEANING = {
    "integrity": "judged for ever, on every replay",
    "admission": "judged once, when the change lands; on replay it only warns",
}
