"""People who share a registry on the fake of GitHub: accounts, clones over HTTPS, the real ``gm`` with their tokens.

The history before the story is written in this process; everything after it goes through Git and the API.
"""

import os
from contextlib import contextmanager
from unittest import mock

from gitops_models.artifacts.readers import object_path
from gitops_models.forge.github.connect import github_of
from gitops_models.registry import yamls
from gitops_models.trust.memory import Memory, Pin, memory_path, save_memory
from gitops_models.workflows.session import open_session
from tests.support import policy as documents
from tests.support.git import run_git
from tests.support.keys import ed25519_key
from tests.support.registry import SHORT, people_document
from tests.support.station import _pointer
from tests.support.team import Team, gm

PEOPLE = {
    "engineer": ["ml-engineer"],
    "engineer2": ["ml-engineer"],
    "lead": ["technical-lead"],
    "raio": ["raio"],
    "domain": ["domain-lead"],
    "board1": ["oversight-committee"],
    "board2": ["oversight-committee"],
    "operator": ["operator"],
    "owner": ["policy-owner"],
}
ACCOUNTS = {name: 101 + number for number, name in enumerate(PEOPLE)}
ACTIONS = "github-actions[bot]"


class Colleagues:
    """``acme/registry`` on ``fake``; everybody in PEOPLE has an account of that name and may push."""

    def __init__(self, root, home, fake, *, models=("fraud",), risk="medium", versions=("1.0.0",), **changes):
        self.root, self.home, self.fake = root, home, fake
        self.team = Team(root, home, PEOPLE, policy="minimal", **{**SHORT, **changes})
        self.registry = self.team.registry
        self.repo = fake.repository("acme", "registry", path=self.team.path)
        for person, number in ACCOUNTS.items():
            key = ed25519_key(person).public_key
            fake.account(person, number, "write", emails=(f"{person}@example.org",), keys=(key,))
        begun = self.registry.store.commit(self.registry.tip).tree
        self.registry.pin = self.registry.commit(self._documents(), parents=[], tree=begun, land=True)
        known = Memory(repository="test-registry", line="main", pin=Pin(commit=self.registry.pin))
        save_memory(memory_path(self.registry.store.common_dir), known.advanced(self.registry.pin))
        for model in models:
            for version in versions:
                self._register(model, version, risk)
        self.repo.scan()
        fake.events.clear()

    def _documents(self):
        people = yamls.load(people_document(PEOPLE), "people.yaml")
        for person in people["people"]:
            person["logins"] = [{"forge": "github", "login": person["id"], "id": ACCOUNTS[person["id"]]}]
        keys = [{"type": "ssh", "key": self.fake.merge_key.public_key}]
        people["forges"] = [{"id": "github", "emails": ["noreply@github.com"], "keys": keys}]
        return {
            "gm.yaml": documents.document("Repository", id="test-registry", forge="github"),
            "policies/people.yaml": yamls.dump(people),
        }

    def _register(self, model, version, risk):
        """Register a version whose bytes the DVC remote ``dvc`` has."""
        text = f"{model} {version} model.onnx"
        artifact = documents.artifact(version, model=model, size=len(text))
        with mock.patch("tests.support.policy.pointer", _pointer):
            self.registry.version(model, version, risk=risk, artifacts=[artifact])
        path = self.root / "dvc" / object_path(artifact["md5"])
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)

    def clone(self, person):
        """The clone of a person, whose remote is the fake."""
        path = self.team.clone(person)
        run_git(path, "remote", "set-url", "origin", self.repo.remote_url, home=self.home)
        return path

    def gm(self, person, *words, **settings):
        """Run gm as a person, with the token of their account."""
        return gm(self.clone(person), *words, **{**self.fake.environ(person), **settings})

    @contextmanager
    def acting(self, person, account=None):
        """A session of a person in this process, with the token of their account or another one."""
        path = self.clone(person)
        with mock.patch.dict(os.environ, self.fake.environ(account or person)):
            yield open_session(path)

    def pull(self, number=1):
        """A pull request as the fake has it."""
        return self.repo.pull(number)

    def pulls(self):
        """All of them."""
        return list(self.repo.pulls.values())

    def client(self, person):
        """The API as a person sees it."""
        with mock.patch.dict(os.environ, self.fake.environ(person)):
            return github_of(self.repo.remote_url, os.environ)

    def open_page(self, head, *, by="engineer", title="A change", base="main"):
        """Open a pull request as on the page; its number."""
        return self.client(by).open_pull(title, "", head, base).number

    def by_hand(self, head, branch, *, by="engineer", **page):
        """Push a commit that this process made as a branch, and open its pull request on the page; its number."""
        self.registry.force(head, f"refs/heads/{branch}")
        self.repo.scan(self.fake.accounts[by])
        return self.open_page(branch, by=by, **page)

    def review(self, number, person, event="APPROVE"):
        """Review the head on the page."""
        return self.client(person).submit_review(number, commit=self.pull(number).head, event=event, body="fine")

    def comment(self, number, person, text):
        """Say something at a pull request."""
        self.client(person).comment(number, text)

    def comments(self, number):
        """Who said what."""
        return [(one.account.login, one.body) for one in self.client("engineer").comments(number)]

    def checks(self, number):
        """Every check run on the head, oldest first, as the API tells it."""
        home = f"/repos/{self.repo.full_name}/commits/{self.pull(number).head}/check-runs"
        found = self.client("engineer").api.get(home, {"filter": "all"})["check_runs"]
        return sorted(found, key=lambda one: one["id"])

    def gm_at(self, path, person, *words):
        """Run gm in a repository with somebody's token."""
        return gm(path, *words, **self.fake.environ(person))

    def judged(self):
        """What every reader makes of the line now."""
        return self.registry.history()
