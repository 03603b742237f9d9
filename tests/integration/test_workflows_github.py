"""The workflows beside the flagship: the nightly audit, a gate whose API fails, and what a rollback's App does."""

import json
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

from gitops_models.workflows.forgefiles import LINE_RULES, TAG_RULES, forge_files
from tests.support import policy as documents
from tests.support.act import git
from tests.support.github import FakeGitHub, Fault
from tests.support.hub import PROFILE, PROMOTE, Hub
from tests.support.serving import serving

pytestmark = pytest.mark.slow
NIGHTLY = {"schedule": "17 3 * * *", "repository": {"default_branch": "main"}}


@pytest.fixture(name="hub")
def _hub(tmp_path, home, stack):
    with FakeGitHub(tmp_path / "fake") as fake:
        yield Hub(tmp_path / "site", home, fake, stack)


@pytest.fixture(name="stranger")
def _stranger():
    """A server that answers whatever it is asked, and what it was asked."""
    asked = []

    class Stranger(BaseHTTPRequestHandler):
        def do_GET(self):
            asked.append((self.path, self.headers.get("Authorization")))
            self.send_response(200)
            self.end_headers()
            self.wfile.write(b"[]")

    with serving(HTTPServer(("127.0.0.1", 0), Stranger)) as port:
        yield f"http://127.0.0.1:{port}/", asked


def test_the_audit_verifies_signs_a_checkpoint_and_fails_when_protection_weakens(hub):
    hub.repo.rulesets.clear()
    files = forge_files("github", "main", hub.registry.history().people)
    for path in (LINE_RULES, TAG_RULES):
        wanted = json.loads(files[path])
        refs = wanted["conditions"]["ref_name"]["include"]
        hub.repo.ruleset(wanted["name"], *wanted["rules"], include=refs, target=wanted["target"])
    hub.repo.settings.allow_squash_merge = hub.repo.settings.allow_rebase_merge = False
    secrets = {"GM_CHECKPOINT_KEY": hub.bot_key}
    status, said = hub.run("gm-audit.yml", "schedule", NIGHTLY, secrets=secrets)
    assert (status, "ok          required check: gm-policy" in said) == (0, True), said
    assert hub.registry.store.refs("refs/gm/checkpoints")
    hub.repo.rulesets.clear()
    status, said = hub.run("gm-audit.yml", "schedule", NIGHTLY, secrets=secrets)
    assert (status, "problem     required check: GM-F4" in said) == (1, True), said


def test_what_a_stranger_answers_in_the_place_of_the_api_is_not_asked_with_the_token(hub, stranger):
    number = hub.open(*PROMOTE)
    hub.review(number, "raio")
    url, asked = stranger
    hub.fake.fail("GET", r"/pulls$", Fault(redirect=url))
    status, said = hub.gate("pinged")
    assert (status, asked, hub.checks(hub.repo.pull(number).head)) == (1, [], []), said


def test_after_any_number_of_judgements_there_is_one_comment(hub):
    number = hub.open(*PROMOTE)
    hub.gate()
    hub.review(number, "raio")
    hub.gate("pinged")
    (comment,) = hub.api("GET", f"/issues/{number}/comments", by="admin")[1]
    assert "lacks 1 approval" in comment["body"]


def test_a_group_that_brings_in_what_nobody_asked_for_is_refused(hub):
    number = hub.open(*PROMOTE)
    for person in ("raio", "domain"):
        hub.review(number, person)
    group = hub.repo.merge_group([number], "admin")
    smuggled = hub.registry.commit({"README.md": b"also this\n"}, parents=[group.head])
    hub.registry.force(smuggled, group.ref)
    group.event["merge_group"]["head_sha"] = smuggled
    status, said = hub.run("gm-policy.yml", "merge_group", group.event)
    assert (status, "no open pull request has as its head" in said) == (1, True), said


def test_a_pull_request_from_a_fork_is_judged_and_needs_the_same_approvals(hub):
    hub.fake.account("outsider", 901, "none")
    fork = hub.fake.fork(hub.repo, "outsider")
    policy = documents.policy_yaml("minimal", **PROFILE, version=2)
    head = hub.registry.commit({"policies/policy.yaml": policy}, by="engineer")
    hub.team.git("push", "--quiet", str(fork.path), f"{head}:refs/heads/better")
    fork.scan(hub.fake.accounts["outsider"])
    asked = {"title": "Better", "body": "", "head": "outsider:better", "base": "main"}
    status, pull = hub.api("POST", "/pulls", asked, by="outsider")
    assert status == 201, pull
    status, said = hub.gate()
    assert (status, hub.checks(head), "lacks 1 approval" in said) == (1, ["failure"], True), said
    hub.review(pull["number"], "raio")
    status, said = hub.gate("pinged")
    assert (status, hub.checks(head)) == (0, ["failure", "success"]), said


def test_the_app_opens_the_pull_request_of_a_rollback_so_that_it_starts_the_gate(hub):
    hub.registry.live("fraud", "1.1.0", "staging", risk="high")
    hub.repo.scan()
    hub.fake.events.clear()
    key = rsa.generate_private_key(65537, 2048)
    hub.fake.account("gm-app[bot]", 900, "write", "Bot", app_id=77)
    app = hub.fake.accounts["gm-app[bot]"]
    app.app_key = key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()
    pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
    wish = {"model": "fraud", "stage": "staging", "reason": "accuracy fell"}
    payload = {"action": "gm-rollback", "client_payload": wish, "repository": {"default_branch": "main"}}
    secrets = {"GM_ROLLBACK_KEY": hub.bot_key, "GM_APP_KEY": pem}
    variables = {"GM_APP_ID": "77"}
    status, said = hub.run("gm-rollback.yml", "repository_dispatch", payload, secrets=secrets, variables=variables)
    assert status == 0, said
    (pull,) = [each for each in hub.repo.pulls.values() if each.state == "open"]
    assert (pull.author.login, hub.checks(pull.head)) == (app.login, [])
    status, said = hub.gate()
    assert (status, hub.checks(pull.head)) == (1, ["failure"]), said


@pytest.mark.parametrize("fault", [Fault(status=502), Fault(truncate=40), Fault(drop=True)])
def test_a_gate_that_cannot_ask_for_the_pull_request_fails_and_passes_nothing(hub, fault):
    number = hub.open(*PROMOTE)
    hub.review(number, "raio")
    hub.fake.fail("GET", r"/pulls$", fault)
    status, said = hub.gate("pinged")
    assert (status, hub.checks(hub.repo.pull(number).head)) == (1, []), said


def test_a_verdict_from_before_a_review_is_taken_back_even_where_the_gate_fails_at_once(hub):
    number = hub.open(*PROMOTE)
    for person in ("raio", "domain"):
        hub.review(number, person)
    hub.gate()
    head = hub.repo.pull(number).head
    assert hub.newest(head) == ("completed", "success")
    hub.review(number, "raio", "REQUEST_CHANGES")
    path, tree = hub.team.path, git(hub.team.path, "rev-parse", "main^{tree}")
    (hub.root / "broken").write_text(f"tree {tree}\nauthor nobody\n\n")
    broken = git(path, "hash-object", "-t", "commit", "-w", "--literally", str(hub.root / "broken"))
    git(path, "update-ref", "refs/gm/broken", broken)
    status, said = hub.gate("pinged")
    assert (status, hub.newest(head), hub.merge(number)[0]) == (1, ("in_progress", None), 405), said
