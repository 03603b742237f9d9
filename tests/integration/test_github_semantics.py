"""What GitHub does that the rules of reviews, merges and receipts rest on, as the fake does it too."""

import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from tests.support.github import Fault, Refused, rules
from tests.support.github.work import HOME


def review(fake, by, number, event="APPROVE", **more):
    body = {"event": event, **({"body": "no"} if event != "APPROVE" else {}), **more}
    return fake.ask(by, "POST", f"{HOME}/pulls/{number}/reviews", body)


def states(fake, number):
    said = fake.ask("ann", "GET", f"{HOME}/pulls/{number}/reviews").data
    return [(each["user"] and each["user"]["id"], each["state"], each["commit_id"]) for each in said]


def merge(fake, by, number, **body):
    return fake.ask(by, "PUT", f"{HOME}/pulls/{number}/merge", body)


def test_reviews_stay_with_the_commit_that_was_seen(fake, repo, work):
    number = work.propose()
    first = repo.pull(number).head
    assert review(fake, "ann", number).status == 422  # one's own
    assert review(fake, "lead", number).status == 200
    second = work.commit("change", {"c.txt": "c\n"})
    assert states(fake, number) == [(102, "APPROVED", first)]
    assert review(fake, "boss", number, commit_id=second).data["commit_id"] == second
    assert review(fake, "boss", number, commit_id=work.main).data["errors"] == [
        "commit_id is not part of the pull request"
    ]


def test_stale_approvals_are_dismissed_where_the_rules_say_so(fake, repo, work):
    repo.protect(reviews=1, stale=True)
    number = work.propose()
    first = repo.pull(number).head
    review(fake, "lead", number)
    work.commit("change", {"c.txt": "c\n"})
    assert states(fake, number) == [(102, "DISMISSED", first)]
    assert fake.events.take("pull_request_review", "dismissed")["review"]["state"] == "dismissed"


def test_a_review_can_be_dismissed_by_who_may_write_and_a_comment_not(fake, work):
    number = work.propose()
    made = review(fake, "lead", number, "REQUEST_CHANGES").data["id"]
    place = f"{HOME}/pulls/{number}/reviews"
    assert fake.ask("boss", "PUT", f"{place}/{made}/dismissals", {"message": "done"}).data["state"] == "DISMISSED"
    said = review(fake, "lead", number, "COMMENT").data["id"]
    assert fake.ask("boss", "PUT", f"{place}/{said}/dismissals", {"message": "done"}).status == 422


def test_a_name_may_change_and_an_account_go_and_the_number_stays_or_is_gone(fake, work):
    number = work.propose()
    review(fake, "lead", number)
    review(fake, "boss", number)
    fake.rename("lead", "lead-two")
    fake.delete_account("boss")
    assert [who for who, _, _ in states(fake, number)] == [102, None]
    fake.delete_account("ann")
    said = fake.ask("lead-two", "GET", f"{HOME}/pulls/{number}").data
    assert (said["user"]["login"], said["user"]["id"]) == ("ghost", 10137)


def test_actions_approve_only_where_the_settings_let_them(fake, repo, work):
    number = work.propose()
    assert review(fake, "github-actions[bot]", number).status == 422
    repo.settings.actions_may_approve = True
    assert review(fake, "github-actions[bot]", number).data["user"]["type"] == "Bot"


@pytest.mark.parametrize("kind", ["ruleset", "protection"])
def test_a_merge_waits_for_reviews_and_checks(fake, repo, work, kind):
    if kind == "ruleset":
        repo.ruleset("main", rules.pull_request(approvals=1), rules.status_checks("gm-policy"))
    else:
        repo.protect(reviews=1, checks=["gm-policy"], admins=True)
    number = work.propose()
    head = repo.pull(number).head
    assert fake.ask("ann", "GET", f"{HOME}/pulls/{number}").data["mergeable_state"] == "blocked"
    assert "approving review" in merge(fake, "boss", number).data["message"]
    review(fake, "lead", number)
    assert merge(fake, "boss", number).data["message"] == 'Required status check "gm-policy" is expected.'
    check = {"name": "gm-policy", "head_sha": head, "status": "completed"}
    fake.ask("gm[bot]", "POST", f"{HOME}/check-runs", {**check, "conclusion": "failure"})
    assert merge(fake, "boss", number).data["message"] == 'Required status check "gm-policy" is failing.'
    # A skipped check counts as passed.
    fake.ask("gm[bot]", "POST", f"{HOME}/check-runs", {**check, "conclusion": "skipped"})
    assert merge(fake, "boss", number, sha=work.main).status == 409
    assert merge(fake, "boss", number, sha=head).status == 200


def test_only_an_app_may_make_a_check_and_a_pinned_one_must_be_its_own(fake, repo, work):
    number = work.propose()
    check = {"name": "gm-policy", "head_sha": repo.pull(number).head, "conclusion": "success"}
    assert fake.ask("boss", "POST", f"{HOME}/check-runs", check).status == 403
    repo.require_checks("gm-policy", app=1_000_900)
    fake.ask("github-actions[bot]", "POST", f"{HOME}/check-runs", check)
    assert merge(fake, "boss", number).status == 405
    fake.ask("gm[bot]", "POST", f"{HOME}/check-runs", check)
    assert merge(fake, "boss", number).status == 200


@pytest.mark.parametrize(
    ("title", "body", "message"),
    [
        ("PR_TITLE", "PR_BODY", "change (#1)\n\nwhy\n\nGm-Event: promote"),
        ("MERGE_MESSAGE", "PR_TITLE", "Merge pull request #1 from acme/change\n\nchange"),
        ("MERGE_MESSAGE", "BLANK", "Merge pull request #1 from acme/change"),
    ],
)
def test_a_merge_on_the_page_has_the_message_of_the_settings(repo, work, title, body, message):
    repo.settings.merge_commit_title, repo.settings.merge_commit_message = title, body
    made = repo.merge_on_page(work.propose(), by="lead")
    commit = repo.bare.commit(made)
    assert (commit.message, commit.author.name, commit.committer.email) == (message, "lead", "noreply@github.com")


def test_squash_is_signed_by_github_and_rebase_by_nobody(fake, repo, work):
    squashed = merge(fake, "lead", work.propose("one"), merge_method="squash").data["sha"]
    work.git("fetch", "--quiet", "origin")
    rebased = merge(fake, "lead", work.propose("two"), merge_method="rebase").data["sha"]
    said = [fake.ask("ann", "GET", f"{HOME}/git/commits/{oid}").data for oid in (squashed, rebased)]
    assert [(len(each["parents"]), each["verification"]["reason"]) for each in said] == [(1, "valid"), (1, "unsigned")]
    repo.settings.allow_rebase_merge = False
    assert merge(fake, "lead", work.propose("three"), merge_method="rebase").status == 405


def test_conflicts_drafts_and_what_is_closed_do_not_merge(fake, repo, work):
    first = work.propose("same", "one\n")
    work.commit("main", {"same.txt": "two\n"}, start="origin/main")
    assert merge(fake, "lead", first).data["message"] == "Pull Request is not mergeable"
    assert fake.ask("ann", "GET", f"{HOME}/pulls/{first}").data["mergeable_state"] == "dirty"
    second = work.propose("draft")
    repo.pull(second).draft = True
    assert merge(fake, "lead", second).status == 405
    fake.ask("ann", "PATCH", f"{HOME}/pulls/{second}", {"state": "closed"})
    assert merge(fake, "lead", second).status == 405
    assert fake.ask("ann", "PATCH", f"{HOME}/pulls/{second}", {"state": "open"}).data["state"] == "open"


def test_update_branch_makes_a_merge_of_githubs_and_changes_nothing_of_the_change(fake, repo, work):
    number = work.propose()
    before = repo.pull(number).head
    work.commit("main", {"other.txt": "x\n"}, start="origin/main")
    made = repo.update_branch(number, by="lead")
    assert repo.pull(number).head == made
    assert [str(each) for each in repo.bare.opened[made].parent_ids] == [before, repo.bare.tip("main")]
    files = fake.ask("ann", "GET", f"{HOME}/pulls/{number}/files").data
    assert [(each["filename"], each["status"]) for each in files] == [("change.txt", "added")]


def test_a_merge_queue_lands_two_steps_in_one_push(fake, repo, work):
    repo.require_checks("gm-policy")
    numbers = [work.propose("one"), work.propose("two")]
    group = repo.merge_group(numbers, by="lead")
    assert fake.events.take("merge_group")["merge_group"]["head_sha"] == group.head
    with pytest.raises(Refused):
        group.land()
    check = {"name": "gm-policy", "head_sha": group.head, "conclusion": "success"}
    fake.ask("gm[bot]", "POST", f"{HOME}/check-runs", check)
    fake.events.clear()
    assert group.land() == repo.bare.tip("main")
    assert [body["after"] for body in fake.events.named("push") if body["ref"] == "refs/heads/main"] == [group.head]
    merged = [repo.pull(number).merge_commit for number in numbers]
    assert [str(each) for each in (repo.bare.commit(merged[1]).parent_ids[0], merged[1])] == [merged[0], group.head]


def test_pushes_past_the_rules_are_declined(repo, work):
    repo.ruleset("main", rules.pull_request(), rules.plain("non_fast_forward"), rules.plain("deletion"))
    work.git("checkout", "--quiet", "-B", "main", "origin/main")
    work.commit("main", {"x.txt": "x\n"}, push=False)
    declined = work.git("push", "origin", "main", check=False)
    assert (declined.returncode, "GH013" in declined.stderr) == (1, True)
    assert "GH013" in work.git("push", "origin", ":main", check=False).stderr
    assert repo.bare.tip("main") == work.main
    repo.rulesets.clear()
    repo.ruleset("main", rules.plain("non_fast_forward"))
    work.git("push", "--quiet", "origin", "main")
    assert "non-fast-forward" in work.git("push", "--force", "origin", f"{work.main}:main", check=False).stderr


def test_a_pull_request_from_a_fork_outlives_it(fake, repo, work):
    fake.account("mallory", id=666, permission="none")
    fork = fake.fork(repo, "mallory")
    fork.permissions["ann"] = "write"
    work.git("remote", "add", "fork", fork.remote_url)
    work.commit("theirs", {"t.txt": "t\n"}, push=False)
    work.git("push", "--quiet", "fork", "theirs")
    wanted = {"title": "mine", "head": "mallory:theirs", "base": "main"}
    made = fake.ask("mallory", "POST", f"{HOME}/pulls", wanted).data
    assert (made["head"]["repo"]["id"], made["head"]["label"]) == (fork.id, "mallory:theirs")
    assert merge(fake, "mallory", made["number"]).status == 403
    fake.delete_repository(fork)
    assert fake.ask("ann", "GET", f"{HOME}/pulls/{made['number']}").data["head"]["repo"] is None


def test_lists_come_in_pages_and_unchanged_answers_as_304(fake, repo, work):
    number = work.propose()
    for index in range(5):
        fake.ask("ann", "POST", f"{HOME}/issues/{number}/comments", {"body": f"comment {index}"})
    place = f"{HOME}/issues/{number}/comments"
    first = fake.ask("ann", "GET", f"{place}?per_page=2")
    linked = dict(part.strip().split("; ")[::-1] for part in first.headers["Link"].split(","))
    assert f"/repositories/{repo.id}/issues" in linked['rel="next"']
    second = fake.ask("ann", "GET", linked['rel="next"'].strip("<>"))
    last = fake.ask("ann", "GET", linked['rel="last"'].strip("<>"))
    assert [len(each.data) for each in (first, second, last)] == [2, 2, 1]
    assert 'rel="next"' not in last.headers["Link"]
    again = fake.ask("ann", "GET", f"{place}?per_page=2", If_None_Match=first.headers["ETag"])
    assert (again.status, again.data) == (304, None)


def test_faults_strike_as_often_as_asked(fake, repo, work):
    number = work.propose()
    fake.fail("GET", r"/pulls/1$", Fault(status=503, body="<html>"), times=2)
    fake.fail("GET", r"/user$", Fault(change=lambda said: {**said, "id": 1}))
    fake.fail("PUT", r"/merge$", Fault(status=502, applied=True))
    with pytest.raises(ValueError, match="Expecting value"):
        fake.ask("ann", "GET", f"{HOME}/pulls/{number}")
    fake.faults.clear()
    fake.fail("PUT", r"/merge$", Fault(status=502, applied=True))
    assert merge(fake, "lead", number).status == 502
    assert repo.pull(number).merged
    assert merge(fake, "lead", number).status == 405


def test_who_is_nobody_or_known_by_no_token_gets_in_nowhere(fake, repo, work):
    assert fake.ask(None, "GET", "/user").status == 401
    assert fake.ask(None, "GET", HOME).status == 200
    repo.settings.private = True
    assert fake.ask(None, "GET", HOME).status == 404
    fake.accounts["ann"].token = "ghp_new"
    assert work.git("ls-remote", "origin", check=False).returncode  # the old token is nobody's now


@pytest.mark.usefixtures("repo")
def test_an_app_signs_in_with_its_key_for_one_repository(fake):
    key = rsa.generate_private_key(65537, 2048)
    form = (serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    public = key.public_key().public_bytes(*form).decode()
    fake.account("robot[bot]", id=901, kind="Bot", app_id=77, app_key=public)
    fake.repository("acme", "other", private=True)
    now = int(fake.clock().timestamp())

    def ask(signer, method, path, body=None, life=300):
        claim = jwt.encode({"iss": "77", "iat": now - 60, "exp": now - 60 + life}, signer, algorithm="RS256")
        fake.accounts["robot[bot]"].token = claim
        return fake.ask("robot[bot]", method, path, body)

    assert ask(key, "GET", f"{HOME}/installation").data["app_id"] == 77
    assert ask(key, "GET", f"{HOME}/installation", life=3600).status == 401
    assert ask(rsa.generate_private_key(65537, 2048), "GET", f"{HOME}/installation").status == 401
    assert ask(key, "GET", f"{HOME}/pulls").status == 401
    made = ask(key, "POST", "/app/installations/901/access_tokens", {"repositories": ["registry"]}).data
    fake.accounts["robot[bot]"].token = made["token"]
    assert fake.ask("robot[bot]", "GET", f"{HOME}/pulls").status == 200
    assert fake.ask("robot[bot]", "GET", "/repos/acme/other/pulls").status == 404


def test_what_the_description_does_not_know_is_a_violation(fake, work):
    fake.ask("ann", "GET", f"{HOME}/pulls?stat=open")
    fake.ask("ann", "POST", f"{HOME}/issues/{work.propose()}/comments", {"body": "x", "colour": "red"})
    fake.ask("ann", "GET", f"{HOME}/actions/runs")
    said = [each.partition(": ")[2] for each in fake.violations]
    fake.violations.clear()
    assert said == [
        "request: query stat: not documented",
        "request: body/colour: not documented",
        "no operation of the description",
    ]
