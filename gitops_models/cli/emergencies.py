"""What is printed of bundles and overrides, for when the forge is down."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitops_models.cli.common import opened_lines, plan_lines, proposal_body
from gitops_models.cli.output import emit, next_step

if TYPE_CHECKING:
    from pathlib import Path

    from gitops_models.cli.options import Options
    from gitops_models.workflows.bundling import Bundled
    from gitops_models.workflows.recover import Rollback
    from gitops_models.workflows.session import Session


def roll_back_into_bundle(
    options: Options, session: Session, wanted: Rollback, path: Path, *, dry_run: bool = False
) -> None:
    """Open the rollback here only, land it where the policy allows that, and write it to ``path``."""
    from gitops_models.cli.noticing import telling
    from gitops_models.workflows.announcing import announced
    from gitops_models.workflows.bundling import bundle, carried
    from gitops_models.workflows.recover import rollback

    view = carried(session)
    with (
        telling(options, session) as post,
        announced(post, view, wanted, way="bundle", dry_run=dry_run) as story,
    ):
        opened = rollback(view, wanted, dry_run=dry_run, no_push=True, before=story.begins)
        if dry_run:
            emit(options, "Rollback", {**proposal_body(opened), "dryRun": True}, plan_lines(opened))
            next_step(options, "the same without --dry-run")
            return
        done = bundle(view, opened.proposal, path)
        tell_bundle(options, done, proposal_body(opened), [] if done.step else opened_lines(opened))
        story.ends(done.step)


def tell_bundle(options: Options, done: Bundled, body: dict[str, object], lines: list[str]) -> None:
    """Say what the bundle holds, and what has to be done with it."""
    found = {**body, "bundle": str(done.path), "proposal": done.proposal.id, "step": done.step}
    if done.step:
        emit(options, "Bundle", found, [f"landed {done.step[:12]}  {done.proposal.title}", f"bundle {done.path}"])
        next_step(
            options, f"put {done.path} where reconcilers read bundles; when the forge is back: gm merge --from FILE"
        )
        return
    emit(options, "Bundle", found, [*lines, f"bundle {done.path} waits for approvals"])
    next_step(options, f"gm trust ledger add DECISION, then gm merge {done.proposal.id} --bundle {done.path}")


def sign_override(
    options: Options,
    session: Session,
    asked: Rollback,
    path: Path,
    *,
    target: str | None,
    hours: int | None,
    dry_run: bool = False,
) -> None:
    """Sign an override and write it to ``path``."""
    from gitops_models.cli.noticing import telling
    from gitops_models.trust.records import Override
    from gitops_models.workflows.announcing import announced
    from gitops_models.workflows.overriding import Wanted, override, write

    wanted = Wanted(asked.model, asked.reason, asked.stage, asked.to, target, asked.incident, hours)
    with (
        telling(options, session) as post,
        announced(post, session, asked, way="override", emergency=True, dry_run=dry_run) as story,
    ):
        record = override(session, wanted)
        if not dry_run:
            story.begins(None)
            write(record, path)
    body = Override.model_validate(record.body)
    where = f"{body.model}#{body.stage}" + (f" at {body.target}" if body.target else "")
    lines = [f"override: {where} serves {body.version} instead of {body.replaces} until {body.expires}"]
    found = {**body.model_dump(mode="json"), "sha256": record.statement_sha256, "path": str(path), "dryRun": dry_run}
    if not dry_run:
        lines.append(f"  {path}")
    emit(options, "Override", found, lines)
    following = f"gm reconcile --override {path}, or put it into the reconciler's directory of overrides"
    next_step(options, "the same without --dry-run" if dry_run else following)
