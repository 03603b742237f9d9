"""Both forges do what every forge has to do."""

import os
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from gitops_models.errors import GmError
from gitops_models.forge.git_only import GitOnlyForge
from gitops_models.forge.github.connect import Patience, github_of
from gitops_models.forge.github.forge import GitHubForge
from gitops_models.store.repository import Store
from gitops_models.store.transport import ls_remote
from tests.support.forge_conformance import ForgeConformance
from tests.support.git import clone_repository, init_repository, run_git
from tests.support.github import FakeGitHub, Fault


@dataclass
class Desk:
    """Somebody at a clone."""

    home: Path
    path: Path
    store: Store
    forge: Any


class GitPlace:
    """A bare repository and nothing else."""

    def __init__(self, root, home, server):
        self.root, self.home, self.server = root, home, server
        begin = init_repository(root / "begin", home)
        begin.commit({"x": b"begin"}, "Begin")
        begin.git("push", "--quiet", str(server), "HEAD:refs/heads/main")

    def clone(self, person):
        path = self.root / person
        if not path.exists():
            clone_repository(self.server, path, self.home)
        return path

    def desk(self, person):
        path = self.clone(person)
        spec = "+refs/heads/*:refs/remotes/origin/*"
        run_git(path, "fetch", "--quiet", "--prune", str(self.server), spec, home=self.home)
        store = Store.open(path)
        return Desk(self.home, path, store, self.forge(store, person))

    def forge(self, store, person):  # noqa: ARG002 - as the other place has it
        return GitOnlyForge(store, "origin")

    def by_hand(self, branch, head, desk):
        run_git(
            desk.path, "push", "--quiet", "--force", str(self.server), f"{head}:refs/heads/{branch}", home=self.home
        )

    @contextmanager
    def down(self):
        away = self.server.with_name("away.git")
        self.server.rename(away)
        yield
        away.rename(self.server)


class GitHubPlace(GitPlace):
    """The fake of GitHub, read and written over HTTPS."""

    def __init__(self, root, home, fake):
        self.fake = fake
        fake.account("ann", 101)
        fake.account("lead", 102)
        self.repo = fake.repository("acme", "registry")
        self.environs = {person: fake.environ(person) for person in ("ann", "lead")}
        super().__init__(root, home, self.repo.path)
        self.repo.scan()

    def clone(self, person):
        os.environ.update(self.environs[person])  # git's credentials are those of who acts
        path = super().clone(person)
        run_git(path, "remote", "set-url", "origin", self.repo.remote_url, home=self.home)
        return path

    def forge(self, store, person):
        patience = Patience(pauses=(), sleep=lambda _seconds: None)
        return GitHubForge(store, "origin", "main", github_of(self.repo.remote_url, self.environs[person], patience))

    def by_hand(self, branch, head, desk):
        super().by_hand(branch, head, desk)
        self.repo.scan(self.fake.accounts["ann"])
        if not any(pull.head_ref == branch for pull in self.repo.pulls.values()):
            wanted = {"title": "<b>a change</b> @acme", "head": branch, "base": "main"}
            assert self.fake.ask("ann", "POST", "/repos/acme/registry/pulls", wanted).status == 201

    @contextmanager
    def down(self):
        self.fake.fail("*", "", Fault(drop=True), times=None)
        yield
        self.fake.faults.clear()


class TestGitOnly(ForgeConformance):
    @pytest.fixture
    def place(self, tmp_path, home):
        server = tmp_path / "server.git"
        init_repository(server, home, bare=True)
        return GitPlace(tmp_path, home, server)


class TestGitHub(ForgeConformance):
    @pytest.fixture
    def place(self, tmp_path, home, monkeypatch, shared_data):  # noqa: ARG002 - skips where it is absent
        with FakeGitHub(tmp_path / "github") as fake:
            place = GitHubPlace(tmp_path, home, fake)
            for name in place.environs["ann"]:
                monkeypatch.setenv(name, "")
            yield place


class Crippled(GitOnlyForge):
    """A forge that breaks the promise ``broken``."""

    broken = ""

    def list(self):
        return () if self.broken == "list" else super().list()

    def close(self, proposal):
        if self.broken != "close":
            super().close(proposal)

    def publish(self, updates, why):
        """Broken: one ref after the other, whatever stands there, and no word of what went wrong."""
        if self.broken != "publish":
            super().publish(updates, why)
            return
        for update in updates:
            with suppress(GmError):
                old = ls_remote(self.store, "origin", update.name).get(update.name)
                super().publish([replace(update, old=old)], why)


NOTICED = [
    ("list", "test_opening_twice_is_one_proposal_and_everybody_sees_it"),
    ("close", "test_closing_withdraws_it_and_it_can_be_opened_again"),
    ("publish", "test_of_two_who_open_the_same_name_one_wins"),
    ("publish", "test_refs_move_together_or_not_at_all"),
    ("publish", "test_a_head_that_moved_since_it_was_judged_does_not_land"),
    ("publish", "test_a_server_that_is_away_is_told_as_such_and_trying_again_helps"),
]


@pytest.mark.parametrize(("broken", "test"), NOTICED)
def test_the_suite_notices_a_forge_that_breaks_a_promise(broken, test, tmp_path, home, monkeypatch):
    server = tmp_path / "server.git"
    init_repository(server, home, bare=True)
    place = GitPlace(tmp_path, home, server)
    monkeypatch.setattr(place, "forge", lambda store, _person: Crippled(store, "origin"))
    monkeypatch.setattr(Crippled, "broken", broken)
    with pytest.raises((AssertionError, pytest.fail.Exception, ValueError)):
        getattr(ForgeConformance(), test)(place)
