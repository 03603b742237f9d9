"""Every call of the client against the fake: what it sends and reads is what GitHub's description says."""

import os

import pytest

from gitops_models.forge.github.connect import Patience, github_of
from gitops_models.forge.github.models import Annotation
from gitops_models.forge.github.webhooks import parse_event
from tests.support.github import Fault, rules
from tests.support.github.work import HOME
from tests.support.refusals import refused

READ = ("pull_request", "pull_request_review", "push", "workflow_run", "check_run", "deployment_status")


@pytest.fixture
def client(fake, repo):
    """The client of whoever is asked for; it waits for nothing."""

    def of(login):
        return github_of(repo.remote_url, {**os.environ, **fake.environ(login)}, Patience(pauses=(0.0, 0.0)))

    return of


def test_a_proposal_from_its_opening_to_its_merge(fake, repo, work, client):
    head = work.commit("change", {"b.txt": "b\n"})
    ann, lead, robot = client("ann"), client("lead"), client("gm[bot]")
    pull = ann.open_pull("promote", "why\n\nGm-Event: promote", "change", "main")
    assert (pull.number, pull.head, pull.base, pull.author.id, pull.merge_commit) == (1, head, work.main, 101, None)
    assert ann.edit_pull(1, title="promote fraud").title == "promote fraud"
    assert ann.add_labels(1, ["gm", "production"]) == ("gm", "production") == ann.labels(1)
    fake.team("acme", "leads", ["lead"])
    ann.request_reviewers(1, ["lead"], ["leads"])
    assert [account.id for account in ann.requested_reviewers(1).accounts] == [102]
    refused("GM-F405", ann.submit_review, 1, commit=head, event="APPROVE", body="")
    first = lead.submit_review(1, commit=head, event="REQUEST_CHANGES", body="no")
    assert client("boss").dismiss_review(1, first.id, "settled").state == "dismissed"
    lead.submit_review(1, commit=head, event="APPROVE", body="")
    assert [(each.account.id, each.state, each.commit) for each in ann.reviews(1)] == [
        (102, "dismissed", head),
        (102, "approved", head),
    ]
    said = ann.comment(1, "one")
    assert (ann.edit_comment(said.id, "two").body, [each.body for each in ann.comments(1)]) == ("two", ["two"])
    rows = [Annotation("models/fraud.yaml", row, row, "failure", "no") for row in range(1, 121)]
    made = robot.create_check("gm-policy", head, status="in_progress", title="judging", summary="…", annotations=rows)
    robot.update_check(made.id, status="completed", conclusion="success", title="allowed", summary="2 of 2")
    assert len(repo.checks[made.id].annotations) == 120
    assert [(each.name, each.conclusion, each.app_id) for each in ann.checks(head)] == [
        ("gm-policy", "success", 1_000_900)
    ]
    ann.set_status(head, state="success", context="lint", description="fine")
    assert (ann.status(head).state, [each.number for each in ann.pulls(base="main")]) == ("success", [1])
    assert [each.sha for each in ann.pull_commits(1)] == [head]
    assert [each.path for each in ann.pull_files(1)] == ["b.txt"]
    oid = lead.merge(1, expect_head=head, title="promote fraud", message="why\n\nGm-Event: promote")
    assert repo.bare.tip("main") == oid
    assert ann.pull(1).merge_commit == oid == ann.pulls_of_commit(oid)[0].merge_commit
    assert ann.commit(oid).parents == (work.main, head)
    events = [parse_event(name, body) for name, body in fake.events if name in READ]
    assert {type(each).__name__ for each in events} == {"PullRequestEvent", "ReviewEvent", "PushEvent", "CheckRunEvent"}


@pytest.mark.usefixtures("work")
def test_settings_rules_and_people(fake, repo, client):
    repo.ruleset(
        "main", rules.pull_request(), rules.status_checks("gm-policy", app=15368), bypass=[{"actor_type": "Team"}]
    )
    repo.ruleset("plain", *(rules.plain(kind) for kind in ("non_fast_forward", "deletion", "required_signatures")))
    boss = client("boss")
    assert boss.me().login == "boss"
    refused("GM-F402", client("gm[bot]").me)
    assert (boss.repository().allow_rebase_merge, boss.repository().default_branch) == (True, "main")
    assert [rule.kind for rule in boss.branch_rules("main")] == [
        "pull_request",
        "required_status_checks",
        "non_fast_forward",
        "deletion",
        "required_signatures",
    ]
    assert [each.name for each in boss.rulesets()] == ["main", "plain"]
    assert boss.protection("main") is None
    repo.protect(reviews=2, checks=["gm-policy"], app=15368, stale=True, admins=True)
    assert boss.protection("main") is not None
    refused("GM-F402", client("ann").protection, "main")
    assert boss.branch("main").protected
    assert boss.permission("lead") == "write"
    fake.team("acme", "leads", ["lead", "ann"])
    assert [each.id for each in boss.team_members("acme", "leads")] == [102, 101]


def test_deployments_are_told_and_read_back(fake, work, client):
    robot = client("gm[bot]")
    made = robot.create_deployment(work.main, "production/fraud", payload={"version": "1.0.0"}, description="x" * 200)
    robot.set_deployment_status(made.id, "in_progress", "fetching")
    robot.set_deployment_status(made.id, "success", "live", log_url="https://example.org/log")
    assert [each.state for each in robot.deployment_statuses(made.id)] == ["success", "in_progress"]
    assert [each.payload["version"] for each in robot.deployments("production/fraud", work.main)] == ["1.0.0"]
    assert robot.deployments("staging/fraud") == ()
    event = fake.events.take("deployment_status")
    assert parse_event("deployment_status", event).status.state == "in_progress"


def test_more_than_one_page_of_everything_is_read_whole(repo, work, client):
    work.propose()
    head, ann = repo.pull(1).head, client("ann")
    lead = client("lead")
    for index in range(101):
        lead.submit_review(1, commit=head, event="COMMENT", body=f"{index}")
        lead.comment(1, f"{index}")
    assert [each.body for each in ann.reviews(1)] == [f"{index}" for index in range(101)]
    assert len(ann.comments(1)) == 101


@pytest.mark.parametrize("fault", [Fault(drop=True, applied=True), Fault(status=502, applied=True), Fault(truncate=9)])
def test_a_merge_whose_answer_is_lost_is_found(fake, repo, work, client, fault):
    work.propose()
    fake.fail("PUT", r"/merge$", fault)
    assert client("lead").merge(1, expect_head=repo.pull(1).head, title="t", message="m") == repo.bare.tip("main")


@pytest.mark.parametrize(
    ("fault", "code"),
    [
        (Fault(status=401), "GM-F401"),
        (Fault(status=403), "GM-F402"),
        (Fault(status=404), "GM-F403"),
        (Fault(status=429, headers={"Retry-After": "86400"}), "GM-F406"),
        (Fault(status=500), "GM-F407"),
        (Fault(drop=True), "GM-F407"),
        (Fault(truncate=40), "GM-F408"),
        (Fault(body="[1, 2"), "GM-F408"),
        (Fault(change=lambda _: {"not": "a list"}), "GM-F408"),
        (Fault(redirect="https://example.org/api/v3/repos/acme/registry/pulls/1/reviews"), "GM-F409"),
    ],
)
def test_what_goes_wrong_is_never_an_approval(fake, repo, work, client, fault, code):
    work.propose()
    client("lead").submit_review(1, commit=repo.pull(1).head, event="APPROVE", body="")
    fake.fail("GET", r"/reviews$", fault, times=None)
    refused(code, client("ann").reviews, 1)


def test_a_head_that_moved_is_not_merged(fake, repo, work, client):
    work.propose()
    refused("GM-F404", client("lead").merge, 1, expect_head=work.main, title="t", message="m")
    repo.require_checks("gm-policy")
    refused("GM-F405", client("lead").merge, 1, expect_head=repo.pull(1).head, title="t", message="m")
    assert repo.bare.tip("main") == work.main
    assert fake.ask("ann", "GET", f"{HOME}/pulls/1").data["merged"] is False


def test_the_end_of_a_run_is_read(repo, work):
    work.propose()
    head = repo.pull(1).head
    event = parse_event("workflow_run", repo.workflow_run("gm-review-ping", "pull_request_review", head, number=1))
    assert event.head == head
    assert event.path == ".github/workflows/gm-review-ping.yml"
