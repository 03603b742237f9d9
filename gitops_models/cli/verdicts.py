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
    if form == "json":
        from gitops_models.policy.render.jsons import to_json

        body = to_json(verdict, simulated=simulated)
        named = {key: value for key, value in body.items() if key not in {"apiVersion", "kind"}}
        emit(replace(options, json=True), body["kind"], named, ())
        return
    emit(replace(options, json=False), "Verdict", {}, _text(verdict, form, simulated).rstrip("\n").split("\n"))


def _text(verdict: Verdict, form: str, simulated: Sequence[str]) -> str:
    if form == "sarif":
        from gitops_models.policy.render.sarif import to_sarif

        return json.dumps(to_sarif(verdict, simulated=simulated), indent=2)
    if form == "github":
        from gitops_models.policy.render.github import to_github

        return to_github(verdict, simulated=simulated)
    if form == "markdown":
        from gitops_models.policy.render.markdown import to_markdown

        return to_markdown(verdict, simulated=simulated)
    from gitops_models.policy.render.text import to_text

    return to_text(verdict, simulated=simulated)


def show_refusal(options: Options, error: GmError, form: str) -> None:
    """What cannot be judged is shown on the pull request as well, not only in the log of the job."""
    from gitops_models.errors import find_code
    from gitops_models.policy.verdict import Finding, Severity, Verdict

    hint = error.hint or find_code(error.code).hint
    finding = Finding(error.code, Severity.DENY, error.message, error.where, hint, error.details)
    show(options, Verdict(False, (finding,), (), ""), form)  # noqa: FBT003 - the verdict's own first field
