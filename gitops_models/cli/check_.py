"""gm check."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Annotated

import typer

from gitops_models.cli.options import Options, of
from gitops_models.cli.output import emit, next_step, say

if TYPE_CHECKING:
    from gitops_models.errors import GmError
    from gitops_models.policy.verdict import Verdict

FORMATS = ("text", "json", "github")


def command(
    context: typer.Context,
    name: Annotated[str | None, typer.Argument(metavar="[PROPOSAL]")] = None,
    *,
    base: Annotated[str | None, typer.Option(metavar="REV", help="Judge merging --head into this.")] = None,
    head: Annotated[str | None, typer.Option(metavar="REV", help="The commit that asks; HEAD otherwise.")] = None,
    documents: Annotated[
        bool, typer.Option("--documents", help="Form and immutability only; no pin, no ledger.")
    ] = False,
    pin: Annotated[str | None, typer.Option(metavar="OID", help="Trust history from here (or GM_PIN).")] = None,
    form: Annotated[str, typer.Option("--format", help="text, json or github.")] = "text",
) -> int:
    """Judge a proposal, or any two commits, as the merge would."""
    from gitops_models.errors import Exit, GmError

    options = of(context)
    if form not in FORMATS:
        raise GmError("GM-C002", f"there is no format {form}", hint=f"one of {', '.join(FORMATS)}")
    try:
        verdict = _verdict(options, name, base, head, documents=documents, pin=pin or os.environ.get("GM_PIN") or None)
    except GmError as error:
        if form == "github":
            _annotate(options, error)
        raise
    _print(options, verdict, "json" if options.json else form)
    if name is None and verdict.allowed and form == "text":
        next_step(options, "gm proposals")
    return Exit.OK if verdict.allowed else Exit.DENIED


def _verdict(
    options: Options, name: str | None, base: str | None, head: str | None, *, documents: bool, pin: str | None
) -> Verdict:
    from gitops_models.workflows.checking import check_documents, check_range
    from gitops_models.workflows.clock import SystemClock

    if name is not None:
        return _proposal(options, name)
    if documents or base is None:
        return check_documents(options.repo, base, head or "HEAD")
    checked = check_range(options.repo, base, head or "HEAD", SystemClock(), pin=pin)
    if not checked.pinned:
        say(options, "no pin: the beginning of history was taken on trust; set GM_PIN or --pin")
    return checked.verdict


def _proposal(options: Options, name: str) -> Verdict:
    from gitops_models.cli.common import open_here
    from gitops_models.workflows.late import check_waiting, find_waiting
    from gitops_models.workflows.review import check, find_proposal
    from gitops_models.workflows.shown import remember_shown

    session = open_here(options)
    late = find_waiting(session, name)
    if late is not None:
        next_step(options, f"gm approve {late.step.oid[:12]}")
        waiting = check_waiting(session, late)
        remember_shown(session.store, late.step.oid, waiting.change_id)
        return waiting.verdict
    proposal = find_proposal(session, name)
    evaluation = check(session, proposal)
    remember_shown(session.store, proposal.ref, evaluation.change_id)
    verdict = evaluation.verdict
    next_step(options, f"gm merge {proposal.id}" if verdict.allowed else f"gm show {proposal.id}")
    return verdict


def _print(options: Options, verdict: Verdict, form: str) -> None:
    from gitops_models.policy.render import to_github, to_json, to_text

    if form == "json":
        body = to_json(verdict)
        body = {key: value for key, value in body.items() if key not in {"apiVersion", "kind"}}
        emit(_as_json(options), "Verdict", body, ())
        return
    text = to_github(verdict) if form == "github" else to_text(verdict)
    emit(options, "Verdict", {}, text.rstrip("\n").split("\n"))


def _annotate(options: Options, error: GmError) -> None:
    """What cannot be judged is shown on the pull request as well, not only in the log of the job."""
    from gitops_models.errors import find_code
    from gitops_models.policy.render import to_github
    from gitops_models.policy.verdict import Finding, Severity, Verdict

    hint = error.hint or find_code(error.code).hint
    finding = Finding(error.code, Severity.DENY, error.message, error.where, hint, error.details)
    emit(options, "Verdict", {}, to_github(Verdict(False, (finding,), (), "")).rstrip("\n").split("\n"))  # noqa: FBT003 - the verdict's own first field


def _as_json(options: Options) -> Options:
    from dataclasses import replace

    return replace(options, json=True)
