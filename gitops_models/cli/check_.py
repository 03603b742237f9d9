"""gm check."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from gitops_models.cli.options import Options, of
from gitops_models.cli.output import next_step, say
from gitops_models.cli.prchecks import check_pull
from gitops_models.cli.trialviews import run_policy_tests
from gitops_models.cli.verdicts import FOR_FORGES, FORMS, chosen, show, show_refusal

if TYPE_CHECKING:
    from gitops_models.policy.simulation import Supposed
    from gitops_models.policy.verdict import Simulated
    from gitops_models.verification.proposal import Evaluation
    from gitops_models.workflows.session import Session

Suppose = Annotated[
    Path | None,
    typer.Option("--simulate", metavar="FILE", exists=True, dir_okay=False, help="Suppose the decisions in it."),
]

Documents = Annotated[bool, typer.Option("--documents", help="Form and immutability only; no pin, no ledger.")]
Trial = Annotated[
    bool, typer.Option("--policy-tests", help="Run the tests of the policy: policies/tests, or the PATH named.")
]
Form = Annotated[str, typer.Option("--format", metavar="FORM", help=f"{', '.join(FORMS[:-1])} or {FORMS[-1]}.")]
Number = Annotated[int | None, typer.Option("--pr", metavar="N", min=1, help="This pull request, with its reviews.")]
Post = Annotated[bool, typer.Option("--post", help="With --pr: show the verdict there, as check and comment.")]


def command(
    context: typer.Context,
    name: Annotated[str | None, typer.Argument(metavar="[PROPOSAL|PATH]")] = None,
    *,
    base: Annotated[str | None, typer.Option(metavar="REV", help="Judge merging --head into this.")] = None,
    head: Annotated[str | None, typer.Option(metavar="REV", help="The commit that asks; HEAD otherwise.")] = None,
    documents: Documents = False,
    pin: Annotated[str | None, typer.Option(metavar="OID", help="Trust history from here (or GM_PIN).")] = None,
    form: Form = "text",
    simulation: Suppose = None,
    number: Number = None,
    post: Post = False,
    policy_tests: Trial = False,
) -> int:
    """Judge a proposal, or any two commits, as the merge would; or run the tests of the policy."""
    from gitops_models.errors import Exit, GmError

    options = of(context)
    form = chosen(options, form)
    _refuse_mixed(
        pull=number is not None,
        post=post,
        others=bool(name or base or head or documents or simulation or policy_tests),
        floating=simulation is not None and (documents or (name is None and base is None)),
        trial=policy_tests and bool(base or documents or simulation or form in FOR_FORGES),
    )
    if policy_tests:
        return run_policy_tests(options, Path(name) if name else None, head, as_json=form == "json")
    try:
        supposed, known = _supposed(simulation), pin or os.environ.get("GM_PIN") or None
        found = (
            check_pull(options, number, post=post, pin=known)
            if number
            else _proposal(options, name, supposed)
            if name
            else _commits(options, base, head, documents=documents, pin=known, supposed=supposed)
        )
    except GmError as error:
        if form in FOR_FORGES:
            show_refusal(options, error, form)
        raise
    show(options, found.verdict, form, found.supposed)
    if name is None and number is None and found.verdict.allowed and form == "text":
        next_step(options, "gm proposals")
    return Exit.OK if found.verdict.allowed else Exit.DENIED


def _refuse_mixed(*, pull: bool, post: bool, others: bool, floating: bool, trial: bool) -> None:
    if trial:
        raise typer.BadParameter("takes a path, --head and --json, and nothing else", param_hint="--policy-tests")
    if floating:
        raise typer.BadParameter("name a proposal, or --base, to suppose decisions on", param_hint="--simulate")
    if pull and others:
        raise typer.BadParameter("takes --post, --pin, --format and --json, and nothing else", param_hint="--pr")
    if post and not pull:
        raise typer.BadParameter("name a pull request with --pr", param_hint="--post")


def _supposed(path: Path | None) -> tuple[Supposed, ...]:
    if path is None:
        return ()
    from gitops_models.artifacts.small_files import read_small
    from gitops_models.policy.simulation import load_simulation

    return load_simulation(read_small(path, "GM-D001"), str(path))


def _commits(
    options: Options,
    base: str | None,
    head: str | None,
    *,
    documents: bool,
    pin: str | None,
    supposed: tuple[Supposed, ...],
) -> Simulated:
    from gitops_models.policy.verdict import Simulated
    from gitops_models.workflows.checking import check_documents, check_range
    from gitops_models.workflows.clock import SystemClock

    if documents or base is None:
        return Simulated(check_documents(options.repo, base, head or "HEAD"), ())
    checked = check_range(options.repo, base, head or "HEAD", SystemClock(), pin=pin, supposed=supposed)
    if not checked.pinned:
        say(options, "no pin: the beginning of history was taken on trust; set GM_PIN or --pin")
    return Simulated(checked.verdict, checked.supposed)


def _proposal(options: Options, name: str, supposed: tuple[Supposed, ...]) -> Simulated:
    from gitops_models.cli.common import open_here, tell_unheard
    from gitops_models.workflows.late import check_waiting, find_waiting
    from gitops_models.workflows.review import check, find_proposal

    session = open_here(options)
    late = find_waiting(session, name)
    if late is not None:
        next_step(options, f"gm approve {late.step.oid[:12]}")
        evaluation = check_waiting(session, late)
        tell_unheard(options, session)
        return _looked_at(session, late.step.oid, evaluation, supposed)
    proposal = find_proposal(session, name)
    found = _looked_at(session, proposal.ref, check(session, proposal), supposed)
    mergeable = found.verdict.allowed and not found.supposed
    next_step(options, f"gm merge {proposal.id}" if mergeable else f"gm show {proposal.id}")
    return found


def _looked_at(session: Session, name: str, evaluation: Evaluation, supposed: tuple[Supposed, ...]) -> Simulated:
    """The verdict; what was shown is remembered for the approval, but not where it rests on suppositions."""
    from gitops_models.policy.verdict import Simulated
    from gitops_models.workflows.shown import remember_shown

    if supposed:
        from gitops_models.policy.simulation import simulate

        return simulate(evaluation.change, evaluation.facts, session.history.policy, supposed)
    remember_shown(session.store, name, evaluation.change_id)
    return Simulated(evaluation.verdict, ())
