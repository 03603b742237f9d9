"""The documentation is true: links lead somewhere, commands parse, codes exist, Python blocks compile."""

import re
import shlex

import pytest
import typer

from gitops_models.cli.app import tree
from gitops_models.cli.options import hoist
from gitops_models.errors import find_code
from tests.conftest import ROOT

HAND_WRITTEN = [ROOT / "README.md", *sorted(ROOT.glob("docs/[teh]*/*.md"))]
LINK = re.compile(r"\]\(([^)#:]+)(?:#[^)]*)?\)")
BLOCK = re.compile(r"^```(\w*)\n(.*?)^```", re.MULTILINE | re.DOTALL)


def blocks(page, language):
    return [text for name, text in BLOCK.findall(page.read_text()) if name == language]


def commands():
    for page in HAND_WRITTEN:
        for block in blocks(page, "sh"):
            for line in block.splitlines():
                if line.startswith("gm "):
                    yield pytest.param(line, id=f"{page.stem}: {line}")


def parse(words):
    command = typer.main.get_command(tree(None))
    context = command.make_context("gm", hoist(words))
    while hasattr(command, "resolve_command") and (context._protected_args or not command.invoke_without_command):
        name, command, rest = command.resolve_command(context, [*context._protected_args, *context.args])
        context = command.make_context(name, rest, parent=context)


@pytest.mark.parametrize("page", HAND_WRITTEN, ids=lambda page: page.stem)
def test_every_link_leads_to_a_file(page):
    assert [link for link in LINK.findall(page.read_text()) if not (page.parent / link).exists()] == []


@pytest.mark.parametrize("page", HAND_WRITTEN, ids=lambda page: page.stem)
def test_every_code_exists(page):
    for code in re.findall(r"GM-[A-Z]\d{3}", page.read_text()):
        assert find_code(code).title


@pytest.mark.parametrize("line", list(commands()))
def test_every_command_parses(line, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for name in ("decision.json", "allowed_signers", "what-if.json"):
        (tmp_path / name).touch()
    words = shlex.split(line, comments=True)[1:]
    parse(words[: words.index(">")] if ">" in words else words)


@pytest.mark.parametrize("page", HAND_WRITTEN, ids=lambda page: page.stem)
def test_python_blocks_compile(page):
    for block in blocks(page, "python"):
        compile(block, str(page), "exec")
