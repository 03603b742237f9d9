"""gm trust: the pin, the ledger and the keys, for people and for plain git."""

from pathlib import Path
from typing import Annotated

import typer

from gitops_models.cli import trust_bundle_cmd, trust_model_cmd, trust_people_cmd, trust_verify_cmd
from gitops_models.cli.common import Reason, need_reason, open_here
from gitops_models.cli.options import of
from gitops_models.cli.output import emit, next_step
from gitops_models.cli.trust_checkpoint_cmd import command as checkpoint
from gitops_models.cli.trust_restore_cmd import command as restore

app = typer.Typer()
ledger = typer.Typer()
app.add_typer(ledger, name="ledger", help="Decisions and acceptances.")
app.add_typer(trust_people_cmd.app, name="people", help="Show or change who holds which role and key.")
app.command("bundle")(trust_bundle_cmd.command)
app.command("verify")(trust_verify_cmd.command)
app.command("model")(trust_model_cmd.command)
app.command("checkpoint")(checkpoint)
ledger.command("restore")(restore)


@app.command("pin")
def pin(
    context: typer.Context,
    commit: Annotated[str | None, typer.Argument(metavar="[COMMIT]")] = None,
) -> None:
    """Trust history from a commit on; the first governed one otherwise."""
    from gitops_models.workflows.pin import pin as pin_here

    options = of(context)
    done = pin_here(options.repo, commit)
    body = {"pin": done.commit, "repository": done.repository, "line": done.line, "fresh": done.fresh}
    first = "pinned to" if done.fresh else "already pinned to"
    lines = [
        f"{first} {done.commit}",
        f"  compare this commit with a colleague: everything after {done.commit[:12]} is judged",
    ]
    emit(options, "Pin", body, lines)
    next_step(options, "gm status")


@app.command("repin")
def repin(
    context: typer.Context, commit: Annotated[str, typer.Argument(metavar="COMMIT")], *, reason: Reason = None
) -> None:
    """Begin a new epoch after lost keys or a lock-out; the audit shows it for ever."""
    from gitops_models.workflows.clock import SystemClock
    from gitops_models.workflows.pin import repin as repin_here

    options = of(context)
    done = repin_here(options.repo, commit, need_reason(options, reason), SystemClock())
    emit(options, "Pin", {"pin": done.commit, "fresh": True}, [f"a new epoch begins at {done.commit}"])
    next_step(options, "gm verify")


@app.command("allowed-signers")
def allowed_signers(
    context: typer.Context,
    *,
    output: Annotated[Path | None, typer.Option("-o", "--output", metavar="FILE", help="Write it here.")] = None,
) -> None:
    """Write the accepted keys as a file for plain git (gpg.ssh.allowedSignersFile)."""
    from gitops_models.trust.signerswriter import write_allowed_signers

    options = of(context)
    text = write_allowed_signers(open_here(options).history.people)
    if output is None:
        emit(options, "AllowedSigners", {"text": text}, text.rstrip("\n").split("\n"))
        return
    output.write_text(text, encoding="utf-8")
    emit(options, "AllowedSigners", {"path": str(output)}, [str(output)])
    next_step(options, f"git config gpg.ssh.allowedSignersFile {output.absolute()}")


@ledger.command("add")
def add(
    context: typer.Context, files: Annotated[list[Path], typer.Argument(metavar="FILE...", exists=True, dir_okay=False)]
) -> None:
    """Append decisions and receipts signed elsewhere: the signature speaks, not who carries them."""
    from gitops_models.workflows.carry import carry

    options = of(context)
    added = carry(open_here(options), files)
    body = {"added": [{"record": record.sha256, "change": record.change_id} for record in added]}
    emit(options, "LedgerAddition", body, [f"added {record.kind} {record.sha256[:12]}" for record in added])
    next_step(options, "gm proposals")
