"""gm policy: what the rules are, whether they are sound, and what a code means."""

import typer

from gitops_models.cli.policy_explain_cmd import command as explain
from gitops_models.cli.policy_lint_cmd import command as lint
from gitops_models.cli.policy_show_cmd import command as show

app = typer.Typer()
app.command("show")(show)
app.command("lint")(lint)
app.command("explain")(explain)
