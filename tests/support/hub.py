"""A registry on the fake of GitHub: people with accounts, the committed workflows run by act, a site that serves.

The workflows' runner has gm on its path and the token of GitHub Actions; the site has neither token nor API, only Git.
"""

import json
import os
import re
import ssl
import subprocess
import sys
import urllib.error
import urllib.request
from datetime import UTC, datetime
from pathlib import Path
from unittest import mock

from gitops_models.artifacts.readers import object_path
from gitops_models.delivery.assemble import open_reconciler
from gitops_models.delivery.config import read_config
from gitops_models.delivery.resolve import resolve
from gitops_models.registry import yamls
from gitops_models.trust.memory import memory_path
from gitops_models.workflows.forgefiles import WORKFLOWS
from gitops_models.workflows.pin import pin
from tests.support import policy as documents
from tests.support.act import ROOT
from tests.support.github import rules
from tests.support.keys import ed25519_key
from tests.support.provenance import ROOT as TRUSTED_ROOT
from tests.support.provenance import workflow
from tests.support.registry import NO_EVIDENCE, people_document
from tests.support.sigstore_loopback import github_claims
from tests.support.station import _pointer
from tests.support.team import Team, finish, gm

PEOPLE = {"engineer": ["ml-engineer"], "lead": ["technical-lead"], "raio": ["raio"], "domain": ["domain-lead"]}
PEOPLE |= {name: ["oversight-committee"] for name in ("board1", "board2")}
PEOPLE |= {"operator": ["operator"], "owner": ["policy-owner"]}
ACCOUNTS = {name: 101 + number for number, name in enumerate(PEOPLE)}
PROFILE = {**NO_EVIDENCE, "stages": ["staging", "production"]}
ACTIONS = "github-actions[bot]"
BOT = "rollback-bot"
PROMOTE = ("promote", "fraud@1.1.0", "--to", "staging", "-m", "it is better")


class Hub:
    """acme/registry on ``fake``: ``fraud`` of this ``risk`` in 1.0.0, which is in staging, and 1.1.0."""

    def __init__(self, root, home, fake, stack, *, risk="high", **changes):
        self.root, self.home, self.fake, self.stack, self.risk = root, home, fake, stack, risk
        self.team = Team(root, home, PEOPLE, policy="minimal", **{**PROFILE, **changes})
        self.registry = self.team.registry
        self.repo = fake.repository("acme", "registry", path=self.team.path)
        self.repo.settings.merge_commit_title, self.repo.settings.merge_commit_message = "PR_TITLE", "PR_BODY"
        for person, number in ACCOUNTS.items():
            key = ed25519_key(person).public_key
            fake.account(person, number, "write", emails=(f"{person}@example.org",), keys=(key,))
        fake.account("admin", 100, "admin")
        begun = self.registry.store.commit(self.registry.tip).tree
        self.registry.pin = self.registry.commit(self._documents(), parents=[], tree=begun, land=True)
        memory_path(self.registry.store.common_dir).unlink()
        pin(self.team.path, self.registry.pin)
        for version in ("1.0.0", "1.1.0"):
            self._register(version)
        self.registry.live("fraud", "1.0.0", "staging", risk=self.risk)
        self.repo.ruleset("gm", rules.status_checks("gm-policy"), rules.plain("non_fast_forward"))
        self.repo.scan()
        self.tip = self.registry.tip
        fake.events.clear()
        self._runner()

    def _documents(self):
        people = yamls.load(people_document(PEOPLE), "people.yaml")
        for person in people["people"]:
            person["logins"] = [{"forge": "github", "login": person["id"], "id": ACCOUNTS[person["id"]]}]
        claims = {"repository_id": str(self.repo.id), "owner_id": str(self.repo.owner.id)}
        scribe = {"id": "scribe", "may": ["receipt"], "workflows": [workflow(self.stack, **claims)]}
        bot = {
            "id": BOT,
            "may": ["rolled-back", "hold-placed", "cause-opened", "checkpoint"],
            "emails": ["gm-rollback@users.noreply.github.com"],
        }
        bot["keys"] = [{"type": "ssh", "key": ed25519_key(BOT).public_key}]
        people["workloads"] += [scribe, bot]
        forge = {"id": "github", "emails": ["noreply@github.com"]}
        people["forges"] = [{**forge, "keys": [{"type": "ssh", "key": self.fake.merge_key.public_key}]}]
        return {
            "gm.yaml": documents.document("Repository", id="test-registry", forge="github"),
            "policies/people.yaml": yamls.dump(people),
            TRUSTED_ROOT: json.dumps(self.stack.root).encode(),
            **{f".github/workflows/{name}": _workflow(name) for name in WORKFLOWS},
        }

    def _register(self, version):
        text = f"fraud {version} model.onnx"
        with mock.patch("tests.support.policy.pointer", _pointer):
            artifacts = [documents.artifact(version, size=len(text))]
            self.registry.version("fraud", version, risk=self.risk, artifacts=artifacts)
        path = self.root / "dvc" / object_path(documents.artifact(version)["md5"])
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)

    # -- people ----------------------------------------------------------------------------------------------------

    def clone(self, person):
        """The clone of a person, whose remote is the fake."""
        path = self.team.clone(person)
        subprocess.run(["git", "-C", str(path), "remote", "set-url", "origin", self.repo.remote_url], check=True)
        return path

    def gm(self, person, *words):
        """Run gm as a person, with the token of their account."""
        return gm(self.clone(person), *words, **self.fake.environ(person))

    def api(self, method, path, body=None, *, by):
        """Ask the API without gm: status and answer."""
        token = self.fake.accounts[by].token
        headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(f"{self.repo.api}{path}", data, headers, method=method)
        try:
            with urllib.request.urlopen(request, context=ssl.create_default_context(cafile=self.fake.ca)) as answer:
                return answer.status, json.loads(answer.read() or b"null")
        except urllib.error.HTTPError as error:
            return error.code, json.loads(error.read())

    def open(self, *words, by="engineer"):
        """Open a pull request with gm, as a person; its number."""
        opened = self.gm(by, "--json", *words)
        assert opened.status == 0, opened.err
        return opened.json["number"]

    def review(self, number, by, event="APPROVE"):
        """Review on the page, and the ping that follows: the event of its finished run."""
        head = self.repo.pull(number).head
        asked = {"event": event, "commit_id": head, "body": "read it"}
        status, said = self.api("POST", f"/pulls/{number}/reviews", asked, by=by)
        assert status == 200, said
        self.repo.workflow_run("gm-review-ping", "pull_request_review", head, number=number, by=by)

    def pull(self, head, branch, *, title="A change", body="", by="engineer"):
        """Push a commit that this process made as a branch, and open its pull request; the number."""
        self.registry.force(head, f"refs/heads/{branch}")
        self.repo.scan(self.fake.accounts[by])
        asked = {"title": title, "body": body, "head": branch, "base": "main"}
        status, said = self.api("POST", "/pulls", asked, by=by)
        assert status == 201, said
        return said["number"]

    def merge(self, number, by="admin"):
        """Merge through the API, without gm: status and answer."""
        return self.api("PUT", f"/pulls/{number}/merge", {"sha": self.repo.pull(number).head}, by=by)

    @property
    def bot_key(self):
        """The secret with which rollbacks are signed."""
        path = self.root / "bot"
        ed25519_key(BOT).write(path)
        return path.read_text()

    # -- workflows ---------------------------------------------------------------------------------------------------

    def _runner(self):
        bin_folder = self.root / "bin"
        bin_folder.mkdir()
        (bin_folder / "gm").write_text(f'#!/bin/sh\nexec {sys.executable} -m gitops_models "$@"\n')
        (bin_folder / "gm").chmod(0o755)
        (self.root / "runner.gitconfig").write_text(f'[http "{self.fake.url}/"]\nsslCAInfo = {self.fake.ca}\n')

    def run(self, workflow, event, payload, *, secrets=None, variables=None):
        """Run one workflow of the default branch for one event; status and everything that was printed."""
        self._check_out()
        (self.root / "event.json").write_text(json.dumps(payload))
        act = Path(sys.executable).parent / "act"
        command = [str(act), event, "-P", "ubuntu-latest=-self-hosted", "--no-cache-server", "-e"]
        command += [str(self.root / "event.json"), "-W", f".github/workflows/{workflow}"]
        places = {"API_URL": self.fake.api_url, "SERVER_URL": self.fake.url, "REPOSITORY": self.repo.full_name}
        for name, value in places.items():
            command += ["--env", f"GITHUB_{name}={value}"]
        for name, value in {"GM_PIN": self.registry.pin, **(variables or {})}.items():
            command += ["--var", f"{name}={value}"]
        for name, value in {"GITHUB_TOKEN": self.fake.accounts[ACTIONS].token, **(secrets or {})}.items():
            command += ["-s", f"{name}={value}"]
        done = subprocess.run(
            command,
            cwd=self.root / "checkout",
            env=self._environment(act),
            check=False,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=280,
        )
        return done.returncode, done.stdout

    def _check_out(self):
        """What the forge takes workflow files from: the default branch as it is now."""
        place = self.root / "checkout"
        if not place.exists():
            self.team.git("clone", "--quiet", str(self.team.path), str(place), path=self.root)
        self.team.git("fetch", "--quiet", "origin", "main", path=place)
        self.team.git("reset", "--quiet", "--hard", "FETCH_HEAD", path=place)

    def _environment(self, act):
        path = os.pathsep.join([str(self.root / "bin"), str(act.parent), os.environ["PATH"]])
        more = {"SSL_CERT_FILE": str(self.fake.ca), "GIT_CONFIG_GLOBAL": str(self.root / "runner.gitconfig")}
        return {**os.environ, **more, "PATH": path, "PYTHONPATH": str(ROOT), "NO_PROXY": "127.0.0.1"}

    def gate(self, action="opened"):
        """Run the gate for the event that waits: a pull request was opened or moved, or a review's ping is over."""
        if action == "pinged":
            return self.run("gm-policy.yml", "workflow_run", self.fake.events.take("workflow_run", "completed"))
        return self.run("gm-policy.yml", "pull_request_target", self.fake.events.take("pull_request", action))

    def receipt(self, **claims):
        """Run the receipt workflow for the push that waits, with the identity of that run."""
        payload = self.push_to_main()
        said = {"repository_id": str(self.repo.id), "repository_owner_id": str(self.repo.owner.id)}
        self.stack.claims = github_claims(**{**said, "sha": payload["after"], **claims})
        with mock.patch.dict(os.environ, self.stack.environment):
            variables = {"GM_SIGSTORE": json.dumps(self.stack.config())}
            return self.run("gm-receipt.yml", "push", payload, variables=variables)

    def push_to_main(self):
        """The newest push event of the protected branch."""
        return [payload for payload in self.fake.events.named("push") if payload["ref"] == "refs/heads/main"][-1]

    def checks(self, head):
        """The conclusions of the gate's finished check runs on a commit, oldest first."""
        return [run["conclusion"] for run in self._runs(head) if run["status"] == "completed"]

    def newest(self, head):
        """Status and conclusion of the newest check run on a commit, which is the one that counts."""
        run = self._runs(head)[-1]
        return run["status"], run["conclusion"]

    def _runs(self, head):
        status, found = self.api("GET", f"/commits/{head}/check-runs?check_name=gm-policy&filter=all", by="admin")
        assert status == 200
        return sorted(found["check_runs"], key=lambda run: run["id"])

    # -- the site ----------------------------------------------------------------------------------------------------

    def site(self):
        """Reconcile once, from Git alone; why ``fraud`` in staging is as the policy wants it, or is not."""
        config = self.root / "reconciler.yaml"
        if not config.exists():
            ed25519_key("reconciler").write(self.root / "key")
            body = {"urls": [str(self.team.path)], "artifacts": {"url": "dvc"}, "pin": self.registry.pin}
            body |= {"state": "state", "key": "key"}
            body |= {"targets": [{"id": "eu", "path": "srv", "stages": ["staging"]}]}
            config.write_bytes(documents.document("Reconciler", **body))
        asked, forgotten = len(self.fake.requests), {name: "" for name in os.environ if re.match(r"GH_|GITHUB_", name)}
        with (
            mock.patch.dict(os.environ, forgotten),
            open_reconciler(read_config(config), clock=lambda: datetime.now(UTC), lock_wait=0.1) as reconciler,
        ):
            self.report = reconciler.run()
        assert len(self.fake.requests) == asked, "the site asked the API"
        (result,) = (one for one in self.report.results if one.at.model == "fraud")
        (policy,) = (condition for condition in result.conditions if condition.type == "PolicySatisfied")
        return policy.reason

    def served(self):
        """The version whose bytes are served, None before the first."""
        link = self.root / "srv" / "fraud" / "staging"
        return (resolve(link) / "model.onnx").read_text().split()[1] if link.exists() else None


def _workflow(name):
    return (ROOT / ".github" / "workflows" / name).read_bytes()


__all__ = ["ACCOUNTS", "PEOPLE", "Hub", "finish"]
