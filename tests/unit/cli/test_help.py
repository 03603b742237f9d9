"""The help of every verb: a summary, its options, and examples that really parse."""

import shlex

import pytest
import typer

from gitops_models.cli.app import tree
from gitops_models.cli.examples import EXAMPLES
from gitops_models.cli.options import hoist
from gitops_models.cli.run import run
from gitops_models.cli.verbs import GROUPS, VERBS

SHELL = {">", "|"}


def words_of(example):
    words = shlex.split(example)[1:]
    return words[: next((place for place, word in enumerate(words) if word in SHELL), len(words))]


def parse(words):
    """Parse as a run would, down to the verb's own options, and run nothing."""
    command = typer.main.get_command(tree(None))
    context = command.make_context("gm", hoist(words))
    while hasattr(command, "resolve_command"):
        name, command, rest = command.resolve_command(context, [*context._protected_args, *context.args])
        context = command.make_context(name, rest, parent=context)
    return context.command_path


@pytest.mark.parametrize("verb", VERBS)
def test_every_verb_says_what_it_does_with_an_example(verb, capsys):
    assert run([verb, "--help"]) == 0
    shown = capsys.readouterr().out
    assert VERBS[verb] in shown
    assert f"    {EXAMPLES[verb][0]}\n" in shown


@pytest.mark.parametrize("example", [example for examples in EXAMPLES.values() for example in examples])
def test_every_example_is_a_command_that_gm_understands(example, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for name in (word for word in words_of(example) if word.endswith((".json", ".html"))):
        (tmp_path / name).touch()
    assert parse(words_of(example)).startswith(f"gm {next(w for w in words_of(example) if w in VERBS)}")


def test_the_help_of_gm_names_every_verb(capsys):
    assert run(["--help"]) == 0
    shown = capsys.readouterr().out
    assert all(f"\n  {verb} " in shown for verb in VERBS)


@pytest.mark.parametrize("verb", sorted(set(VERBS) - GROUPS))
def test_an_unknown_option_is_a_usage_error_that_names_the_verbs_help(verb, capsys):
    assert run([verb, "--nope"]) == 2
    shown = capsys.readouterr().err
    assert shown.startswith("error[GM-C002]: ")
    assert f"`gm {verb} --help`" in shown


@pytest.mark.parametrize("group", sorted(GROUPS))
def test_a_group_without_its_command_is_a_usage_error(group, capsys):
    assert run([group]) == 2
    assert capsys.readouterr().err.startswith("error[GM-C002]: Missing command.\n")
