"""The fake of GitHub on which everything on GitHub is tested, driven by a client that this project did not write.

PyGithub creates, reviews, lists, checks and merges; git pushes and fetches.
"""

import base64
import json
import random

import pytest
from github import Auth, Github, GithubException

from tests.support.github import rules
from tests.support.github.routing import ROUTES
from tests.support.github.signatures import GpgKey
from tests.support.github.validation import description
from tests.support.github.work import HOME
from tests.support.gpg import gpg_home
from tests.support.keys import ed25519_key
from tests.support.signed import put_signature


def pygithub(fake, login):
    return Github(
        base_url=fake.api_url,
        auth=Auth.Token(fake.accounts[login].token),
        verify=str(fake.ca),
        retry=None,
        seconds_between_requests=None,
        seconds_between_writes=None,
    )


@pytest.fixture
def theirs(fake):
    """The repository as PyGithub has it, for whoever is asked for."""
    opened = []

    def open_for(login):
        client = pygithub(fake, login)
        opened.append(client)
        return client.get_repo("acme/registry")

    yield open_for
    for client in opened:
        client.close()


def test_pygithub_creates_reviews_lists_checks_and_merges(repo, work, theirs):
    head = work.commit("change", {"b.txt": "b\n"})
    pull = theirs("ann").create_pull(base="main", head="change", title="promote fraud", body="why\n\nGm-Event: promote")
    assert (pull.number, pull.head.sha, pull.base.sha, pull.mergeable_state) == (1, head, work.main, "clean")
    repo.ruleset("main", rules.pull_request(approvals=1), rules.status_checks("gm-policy", app=1_000_900))
    pull.add_to_labels("gm", "production")
    pull.create_review_request(reviewers=["lead"])
    mine = theirs("lead")
    with pytest.raises(GithubException) as refused:
        mine.get_pull(1).merge()
    assert (refused.value.status, refused.value.data["message"][:19]) == (405, "At least 1 approvin")
    review = mine.get_pull(1).create_review(commit=mine.get_commit(head), body="good", event="APPROVE")
    assert (review.state, review.commit_id, review.user.id) == ("APPROVED", head, 102)
    check = theirs("gm[bot]").create_check_run("gm-policy", head, status="in_progress")
    check.edit(status="completed", conclusion="success", output={"title": "allowed", "summary": "2 of 2"})
    assert [(each.name, each.conclusion) for each in mine.get_commit(head).get_check_runs()] == [
        ("gm-policy", "success")
    ]
    assert [(each.number, each.user.login) for each in mine.get_pulls(state="open", base="main")] == [(1, "ann")]
    made = mine.get_pull(1).merge(commit_title="promote fraud", commit_message="Gm-Event: promote", sha=head)
    assert made.merged
    landed = mine.get_commit(made.sha)
    assert [parent.sha for parent in landed.parents] == [work.main, head]
    assert landed.commit.message == "promote fraud\n\nGm-Event: promote"
    assert landed.commit.committer.email == "noreply@github.com"
    assert [each.number for each in landed.get_pulls()] == [1]
    pull = theirs("ann").get_pull(1)
    assert (pull.merged, pull.state, pull.merge_commit_sha, pull.merged_by.login) == (True, "closed", made.sha, "lead")
    assert [label.name for label in pull.labels] == ["gm", "production"]


def test_pygithub_reads_settings_protection_and_deployments(repo, work, theirs):
    repo.settings.merge_commit_title, repo.settings.merge_commit_message = "PR_TITLE", "PR_BODY"
    repo.protect(reviews=2, stale=True, last_push=True, checks=["gm-policy"], app=15368, admins=True)
    mine = theirs("boss")
    assert (mine.merge_commit_title, mine.allow_rebase_merge, mine.default_branch) == ("PR_TITLE", True, "main")
    wanted = mine.get_branch("main").get_protection()
    assert wanted.required_pull_request_reviews.required_approving_review_count == 2
    assert wanted.required_status_checks.contexts == ["gm-policy"]
    assert wanted.enforce_admins
    assert mine.get_collaborator_permission("lead") == "write"
    repo.protect(off=True)
    made = mine.create_deployment(work.main, environment="production/fraud", payload={"v": "1"}, required_contexts=[])
    made.create_status("success", description="live")
    assert [each.payload for each in mine.get_deployments(environment="production/fraud")] == [{"v": "1"}]
    assert [each.state for each in made.get_statuses()] == ["success"]


def test_git_comes_and_goes_over_https_with_the_token_alone(fake, repo, work):
    assert work.git("ls-remote", "origin", "refs/heads/main").split()[0] == work.main
    repo.settings.private = True
    nobody = work.git("-c", f"http.{fake.url}/.extraHeader=", "ls-remote", "origin", check=False)
    assert nobody.returncode
    fake.accounts["ann"].permission = "read"
    refused = work.git("push", "origin", "HEAD:refs/heads/other", check=False)
    assert refused.returncode
    assert "403" in refused.stderr
    assert set(repo.bare.refs()) == {"refs/heads/main"}


def test_a_large_push_arrives_in_chunks(repo, work):
    """More than http.postBuffer, which git sends chunked."""
    text = random.Random(1).randbytes(1_500_000).hex()
    head = work.commit("large", {"large.txt": text})
    assert repo.bare.tip("large") == head


def test_a_push_tells_the_pull_request_and_the_queue_of_events(fake, repo, work):
    number = work.propose()
    first = repo.pull(number).head
    second = work.commit("change", {"c.txt": "c\n"})
    moved = fake.events.take("pull_request", "synchronize")
    assert (moved["before"], moved["after"], moved["pull_request"]["head"]["sha"]) == (first, second, second)
    assert work.git("ls-remote", "origin", f"refs/pull/{number}/head").split()[0] == second
    pushed = [body for body in fake.events.named("push") if body["ref"] == "refs/heads/change"]
    assert [(body["before"], body["after"], body["created"]) for body in pushed][1] == (first, second, False)
    assert pushed[1]["commits"][0]["added"] == ["c.txt"]
    work.git("push", "--quiet", "origin", ":change")
    assert fake.events.take("pull_request", "closed")["pull_request"]["merged"] is False
    assert repo.pull(number).state == "closed"


def test_a_merge_that_somebody_pushes_merges_the_pull_request(fake, repo, work):
    number = work.propose()
    work.git("checkout", "--quiet", "main")
    work.git("merge", "--quiet", "--no-ff", "--no-gpg-sign", "-m", "by hand", "change")
    work.git("push", "--quiet", "origin", "main")
    pull = fake.ask("lead", "GET", f"{HOME}/pulls/{number}").data
    assert (pull["merged"], pull["merge_commit_sha"]) == (True, repo.bare.tip("main"))
    assert fake.ask("ann", "GET", f"{HOME}/commits/{repo.bare.tip('main')}/pulls").data[0]["number"] == number


def test_refs_of_pull_requests_belong_to_github(work):
    work.propose()
    refused = work.git("push", "origin", "main:refs/pull/1/head", check=False)
    assert "hidden ref" in refused.stderr


@pytest.mark.parametrize(
    ("signer", "email", "reason"),
    [
        (None, "ann@example.org", "unsigned"),
        ("ann", "ann@example.org", "valid"),
        ("ann", "lead@example.org", "bad_email"),
        ("stranger", "ann@example.org", "unknown_key"),
        ("damaged", "ann@example.org", "invalid"),
    ],
)
def test_signatures_are_really_checked(fake, repo, work, signer, email, reason):
    tree = work.git("rev-parse", "main^{tree}")
    who = f"ann <{email}> 1795000000 +0000"
    raw = f"tree {tree}\nparent {work.main}\nauthor {who}\ncommitter {who}\n\nsigned\n".encode()
    if signer:
        signed = raw if signer != "damaged" else raw.replace(b"signed", b"other")
        raw = put_signature(raw, ed25519_key("ann" if signer == "damaged" else signer).sign(signed, "git"))
    oid = repo.bare.write_commit(raw)
    said = fake.ask("ann", "GET", f"{HOME}/git/commits/{oid}").data["verification"]
    assert (said["reason"], said["verified"]) == (reason, reason == "valid")


def test_merges_are_signed_with_githubs_own_key(fake, repo, work, tmp_path):
    number = work.propose()
    made = repo.merge_on_page(number, by="lead")
    assert fake.ask("ann", "GET", f"{HOME}/git/commits/{made}").data["verification"]["reason"] == "valid"
    allowed = tmp_path / "allowed"
    allowed.write_text(f"noreply@github.com {fake.merge_key.public_key}\n")
    work.git("fetch", "--quiet", "origin")
    work.git("-c", "gpg.format=ssh", "-c", f"gpg.ssh.allowedSignersFile={allowed}", "verify-commit", made)


def test_merges_can_be_signed_with_gpg_as_the_real_ones_are(fake, repo, work):
    keys = gpg_home(fake.folder / "gpg")
    fake.merge_key = GpgKey(keys, keys.make("web-flow"))
    made = repo.merge_on_page(work.propose(), by="lead")
    said = fake.ask("ann", "GET", f"{HOME}/git/commits/{made}").data["verification"]
    assert (said["reason"], "BEGIN PGP SIGNATURE" in said["signature"]) == ("valid", True)
    other = repo.bare.write_commit(repo.bare.raw(made).replace(b"change", b"other!"))
    assert fake.ask("ann", "GET", f"{HOME}/git/commits/{other}").data["verification"]["reason"] == "invalid"
    keys.stop()


@pytest.mark.usefixtures("shared_data")
def test_every_operation_of_the_description_is_answered():
    described = {(method.upper(), path) for path, operations in description()["paths"].items() for method in operations}
    assert described - {(known.method, known.template) for known in ROUTES} == set()
    assert len(described) == 43


def test_the_operations_that_gm_does_not_use_answer_as_described(fake, repo, work):
    def ask(method, path, body=None):
        said = fake.ask("boss", method, path, body)
        assert said.status < 300, said.data
        return said.data

    assert ask("GET", "/")["current_user_url"].startswith(fake.api_url)
    fake.team("acme", "leads", ["lead"])
    assert ask("GET", "/orgs/acme/teams/leads/memberships/lead")["state"] == "active"
    ask("POST", f"{HOME}/git/refs", {"ref": "refs/tags/v1", "sha": work.main})
    assert ask("POST", f"{HOME}/releases", {"tag_name": "v1"})["tag_name"] == "v1"
    payload = base64.b64encode(json.dumps({"subject": [{"digest": {"sha256": "ab"}}]}).encode()).decode()
    bundle = {"mediaType": "application/vnd.dev.sigstore.bundle.v0.3+json", "dsseEnvelope": {"payload": payload}}
    ask("POST", f"{HOME}/attestations", {"bundle": bundle})
    assert [each["bundle"] for each in ask("GET", f"{HOME}/attestations/sha256:ab")["attestations"]] == [bundle]
    assert ask("GET", f"{HOME}/attestations/sha256:cd")["attestations"] == []
    assert ask("GET", f"{HOME}/commits/main")["stats"]["additions"] == 1
    assert repo.bare.refs("refs/tags/") == {"refs/tags/v1": work.main}
