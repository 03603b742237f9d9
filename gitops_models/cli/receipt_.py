"""gm receipt."""

from enum import StrEnum
from functools import partial
from typing import TYPE_CHECKING, Annotated, Any

import typer

from gitops_models.cli.common import DryRun, open_here
from gitops_models.cli.options import of
from gitops_models.cli.output import emit, next_step, say
from gitops_models.cli.sealing import SigstoreConfig

if TYPE_CHECKING:
    from pathlib import Path

    from gitops_models.workflows.receipt import Given, Receipts
    from gitops_models.workflows.receiptpens import Pen
    from gitops_models.workflows.session import Session

WORDS = {
    "signed": "signed",
    "planned": "would be signed",
    "known": "is there",
    "none": "none: it came by no pull request",
    "disagrees": "none",
    "failed": "none",
}


class Hand(StrEnum):
    """Ways of signing receipts."""

    KEYLESS = "keyless"
    KEY = "key"


def command(
    context: typer.Context,
    *,
    sign: Annotated[
        Hand, typer.Option("--sign", help="With the identity of the CI job, or with your Git signing key.")
    ] = Hand.KEYLESS,
    sigstore: SigstoreConfig = None,
    dry_run: DryRun = False,
) -> None:
    """Sign, as a workload, what was said on the forge of every step that lacks a receipt."""
    from gitops_models.workflows.receipt import receipts
    from gitops_models.workflows.receiptpulls import pull_requests
    from gitops_models.workflows.tagging import tag_states

    options = of(context)
    if sigstore is not None and sign is not Hand.KEYLESS:
        raise typer.BadParameter("--sigstore goes with --sign keyless")
    session = open_here(options)
    pen_of = None if dry_run else partial(_pen, sign=sign, config=sigstore)
    done = receipts(session, pull_requests(session), pen_of)
    tags = [tag.name for tag in tag_states(session) if tag.state == "missing"]
    emit(options, "Receipts", {**_body(done), "missingTags": tags, "dryRun": dry_run}, _lines(done))
    for name in tags:
        say(options, f"version tag {name} is missing: `gm tag` makes it")
    for one in done.given:
        if one.problem is not None:
            raise one.problem
    next_step(options, "the same without --dry-run" if dry_run else "gm verify")


def _pen(session: "Session", *, sign: Hand, config: "Path | None") -> "Pen":
    from gitops_models.workflows.receiptpens import key_pen, keyless_pen

    if sign is Hand.KEY:
        return key_pen(session)
    from gitops_models.trust.keyless.sign import keyless_signer

    return keyless_pen(session, keyless_signer(config))


def _body(done: "Receipts") -> dict[str, Any]:
    return {
        "tip": done.tip,
        "by": done.workload,
        "leftTo": done.left_to,
        "steps": [_step(one) for one in done.given],
    }


def _step(one: "Given") -> dict[str, Any]:
    from gitops_models.policy.render.jsons import to_json

    return {
        "step": one.step,
        "receipt": one.word,
        "status": one.status,
        "pullRequest": one.body.pull_request if one.body else None,
        "changeId": one.body.change_id if one.body else None,
        "said": one.body.verdict if one.body else None,
        "reviews": [review.model_dump(mode="json") for review in one.body.reviews] if one.body else [],
        "record": one.record,
        "acceptance": one.acceptance,
        "problem": one.problem.code if one.problem else None,
        "verdict": to_json(one.verdict) if one.verdict else None,
    }


def _lines(done: "Receipts") -> list[str]:
    lines = [line for one in done.given for line in _about(one)]
    if done.left_to:
        lines.append(f"the line is at {done.left_to[:12]}: the run on that makes the receipts that are missing")
    return lines or ["every step has its receipt"]


def _about(one: "Given") -> list[str]:
    where = f" of pull request {one.body.pull_request}" if one.body else ""
    lines = [f"{one.step[:12]}  {one.status}  receipt{where}: {WORDS[one.word]}"]
    if one.problem is not None:
        lines.append(f"  {one.problem.code}: {one.problem.message}")
    for quorum in one.verdict.quorums if one.verdict else ():
        if not quorum.met:
            lines.append(f"  still needs {', '.join(quorum.missing)} for the {quorum.what}")
        lines += [f"  {ignored.person} does not count: {ignored.why}" for ignored in quorum.ignored]
    return lines
