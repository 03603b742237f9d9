"""The guide to GitHub is true: its commands run in its order, each as the person it names, on the fake of GitHub.

What the guide marks as not tried is done to the fake by hand, from the very files that ``gm init`` brought.
"""

import json
import os
import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from gitops_models.registry import yamls
from gitops_models.workflows.forgefiles import LINE_RULES, TAG_RULES
from tests.conftest import ROOT
from tests.support.colleagues import ACTIONS
from tests.support.git import init_repository
from tests.support.github import FakeGitHub
from tests.support.keys import ed25519_key
from tests.support.models import write_linear

PAGE = (ROOT / "docs" / "how-to" / "github.md").read_text()
BLOCK = re.compile(r"^```(\w+)\n(.*?)^```", re.MULTILINE | re.DOTALL)
ACTOR = re.compile(r"\bAs `(\w+)`[^`]*\Z", re.DOTALL)
NOT_TRIED = "*Not tried:*"
ADMIN = "lead"
DENIED = 3
NOT_ALLOWED = 405


@dataclass(frozen=True)
class Block:
    """Commands of the page, and who runs them: nobody where only GitHub can answer."""

    actor: str | None
    lines: tuple[str, ...]


def shell_blocks():
    """The shell blocks of the page. The words before each say who runs it, or that nobody does."""
    found, end = [], 0
    for match in BLOCK.finditer(PAGE):
        before, end = PAGE[end : match.start()], match.end()
        if match[1] != "sh":
            continue
        nobody = before.rstrip().endswith(NOT_TRIED)
        named = re.findall(r"[Aa]s `(\w+)`", before)
        assert nobody or named, match[2]
        found.append(Block(None if nobody else named[-1], tuple(match[2].splitlines())))
    return found


def test_nothing_but_github_itself_is_left_untried():
    untried = [line for block in shell_blocks() if block.actor is None for line in block.lines]
    assert [line for line in untried if not line.startswith(("gh ", "gpg "))] == []
    tried = [line for block in shell_blocks() if block.actor for line in block.lines]
    assert [line for line in tried if not line.startswith(("gm ", "git "))] == []
    assert len(tried) > len(untried)


class Desks:
    """Everybody's directory, key and token."""

    def __init__(self, root, fake):
        self.root, self.fake = root, fake
        self.repo = fake.repository("acme", "registry")
        self.pin = "PIN"
        (root / "bin").mkdir()
        (root / "bin" / "gm").write_text(f'#!/bin/sh\nexec {sys.executable} -m gitops_models --no-input "$@"\n')
        (root / "bin" / "gm").chmod(0o755)
        self.people = self._people()
        self.environs = {person["id"]: self._desk(person) for person in self.people}

    def _people(self):
        """The people of the page with keys that exist."""
        (text,) = (text for name, text in BLOCK.findall(PAGE) if name == "yaml" and "kind: People" in text)
        document = yamls.load(text.encode(), "people.yaml")
        for member in (*document["people"], *document["workloads"]):
            member["keys"] = [{"type": "ssh", "key": ed25519_key(member["id"]).public_key}]
        document["forges"][0]["keys"] = [{"type": "ssh", "key": self.fake.merge_key.public_key}]
        (self.root / ADMIN).mkdir()
        (self.root / ADMIN / "people.yaml").write_bytes(yamls.dump(document))
        for person in document["people"]:
            (login,) = person["logins"]
            rights = "admin" if person["id"] == ADMIN else "write"
            key = person["keys"][0]["key"]
            self.fake.account(login["login"], login["id"], rights, emails=person["emails"], keys=[key])
        return [*document["people"], *document["workloads"]]

    def _desk(self, person):
        """Name, key and token of somebody; a workload has the token of Actions."""
        desk = self.root / person["id"]
        desk.mkdir(exist_ok=True)
        ed25519_key(person["id"]).write(desk / "key")
        login = person["logins"][0]["login"] if "logins" in person else ACTIONS
        environ = self.fake.environ(login)
        config = desk / "gitconfig"
        mine = f"[user]\nname = {person['id']}\nemail = {person['emails'][0]}\nsigningkey = {desk / 'key'}\n"
        shared = Path(environ["GIT_CONFIG_GLOBAL"]).read_text()
        config.write_text(f"{shared}\n{mine}[gpg]\nformat = ssh\n")
        path = os.pathsep.join([str(self.root / "bin"), os.environ["PATH"]])
        own = {"GIT_CONFIG_GLOBAL": str(config), "HOME": str(desk), "PATH": path, "PYTHONPATH": str(ROOT)}
        return {**os.environ, **environ, **own}

    def run(self, actor, line):
        """Run one line of the page with the fake's address and the pin that there is now."""
        text = line.replace("https://github.com/acme/registry.git", self.repo.remote_url).replace("PIN", self.pin)
        text = text.replace("/srv/dvc", str(self.root / "dvc"))
        done = subprocess.run(
            ["bash", "-c", text],
            cwd=self.root / actor,
            env=self.environs[actor],
            capture_output=True,
            text=True,
            check=False,
            timeout=300,
        )
        self.repo.scan()
        return done

    def clone(self, actor):
        """Whoever has no clone yet makes one as the page says."""
        if not (self.root / actor / "registry").exists():
            for line in ("git clone https://github.com/acme/registry.git registry", "gm -C registry trust pin PIN"):
                assert self.run(actor, line).returncode == 0

    def settle(self):
        """What the page's `gh` commands do, from the files of the repository."""
        settings = self.repo.settings
        settings.allow_squash_merge, settings.allow_rebase_merge = False, False
        settings.merge_commit_title, settings.merge_commit_message = "PR_TITLE", "PR_BODY"
        settings.delete_branch_on_merge = True
        for path in (LINE_RULES, TAG_RULES):
            ruleset = json.loads((self.root / ADMIN / "registry" / path).read_text())
            include = ruleset["conditions"]["ref_name"]["include"]
            self.repo.ruleset(ruleset["name"], *ruleset["rules"], include=include, target=ruleset["target"])

    def gate(self):
        """What the workflow of the gate does with every open pull request."""
        for pull in [one for one in self.repo.pulls.values() if one.state == "open"]:
            gate = self.root / f"gate-{self.fake.next_id()}"
            script = (
                f"git init -q --bare -b main {gate} && git -C {gate} remote add origin {self.repo.remote_url}"
                f" && git -C {gate} fetch -q origin '+refs/heads/main:refs/heads/main' '+refs/gm/*:refs/gm/*'"
                f" && gm -C {gate} check --pr {pull.number} --pin {self.pin} --post"
            )
            done = self.run("receipts", script)
            assert done.returncode in (0, DENIED), done.stderr

    def button(self, number):
        """Press "Merge" on the page as the administrator; the status."""
        wanted = {"sha": self.repo.pull(number).head}
        return self.fake.ask("octo-lead", "PUT", f"/repos/acme/registry/pulls/{number}/merge", wanted).status


@pytest.fixture
def desks(shared_data, tmp_path, home):  # noqa: ARG001 - skips where it is absent
    with FakeGitHub(tmp_path / "github") as fake:
        desks = Desks(tmp_path, fake)
        write_linear(tmp_path / "ml" / "model.onnx", (0.5, -0.25))
        training = init_repository(tmp_path / "ml" / "training", home)
        training.commit({"train.py": "print('trained')\n"}, "Train")
        training.git("remote", "add", "origin", "https://github.com/acme/training.git")
        yield desks


def test_the_guide_ends_with_a_promotion_that_was_enforced(desks):
    refused = []
    for block in shell_blocks():
        if block.actor is None:
            if any("rulesets" in line for line in block.lines):
                desks.settle()
            continue
        for line in block.lines:
            if line.startswith("gm -C registry ") and "init" not in line:
                desks.clone(block.actor)
            done = desks.run(block.actor, line)
            if done.returncode == DENIED and "merge 2" in line:
                refused.append(done.stderr)
                assert desks.button(2) == NOT_ALLOWED
                continue
            assert done.returncode == 0, f"{line}\n{done.stdout}\n{done.stderr}"
            if " init " in line:
                desks.pin = re.search(r"pinned to ([0-9a-f]{40})", done.stdout)[1]
        desks.gate()
    (first,) = refused
    assert "lead" in first
    assert [bool(pull.merged) for pull in desks.repo.pulls.values()] == [True, True]
    served = desks.root / ADMIN / "srv" / "fraud" / "development" / "current" / "model.onnx"
    assert served.read_bytes() == (desks.root / "ml" / "model.onnx").read_bytes()
