"""A verdict on stdout, in any of its forms."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING

from gitops_models.cli.output import emit

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gitops_models.cli.options import Options
    from gitops_models.errors import GmError
    from gitops_models.policy.verdict import Verdict

FORMS = ("text", "json", "sarif", "github", "markdown")
FOR_FORGES = frozenset({"sarif", "github", "markdown"})


def chosen(options: Options, form: str) -> str:
    """The form that ``--format`` or ``--json`` asks for; GM-C002 for an unknown one."""
    from gitops_models.errors import GmError

    if form not in FORMS:
        raise GmError("GM-C002", f"there is no format {form}", hint=f"one of {', '.join(FORMS)}")
    return "json" if options.json else form


def show(options: Options, verdict: Verdict, form: str, simulated: Sequence[str] = ()) -> None:
    """Print it; ``simulated`` names decisions that nobody made."""
    from gitops_models.policy.render import to_json

    if form == "json":
        body = to_json(verdict, simulated=simulated)
        named = {key: value for key, value in body.items() if key not in {"apiVersion", "kind"}}
        emit(replace(options, json=True), body["kind"], named, ())
        return
    emit(replace(options, json=False), "Verdict", {}, _text(verdict, form, simulated).rstrip("\n").split("\n"))


def _text(verdict: Verdict, form: str, simulated: Sequence[str]) -> str:
    from gitops_models.policy import render

    if form == "sarif":
        from gitops_models.policy.render.sarif import to_sarif

        return json.dumps(to_sarif(verdict, simulated=simulated), indent=2)
    to_form = {"text": render.to_text, "github": render.to_github, "markdown": render.to_markdown}[form]
    return to_form(verdict, simulated=simulated)


def show_refusal(options: Options, error: GmError, form: str) -> None:
    """What cannot be judged is shown on the pull request as well, not only in the log of the job."""
    from gitops_models.errors import find_code
    from gitops_models.policy.verdict import Finding, Severity, Verdict

    hint = error.hint or find_code(error.code).hint
    finding = Finding(error.code, Severity.DENY, error.message, error.where, hint, error.details)
    show(options, Verdict(False, (finding,), (), ""), form)  # noqa: FBT003 - the verdict's own first field
