"""Promotion on GitHub from end to end: the workflows, run by act against the fake, and a site that knows Git alone."""

import re
from functools import partial

import pytest

from gitops_models.registry import yamls
from tests.support import policy as documents
from tests.support.github import FakeGitHub
from tests.support.hub import ACTIONS, PROFILE, PROMOTE, Hub

AUDITOR = "|".join(
    ["%s", *(f"%(trailers:key={key},valueonly,separator=)" for key in ("Gm-Event", "Gm-Model", "Gm-Reason"))]
)
pytestmark = pytest.mark.slow


@pytest.fixture(name="make_hub")
def _make_hub(tmp_path, home, stack):
    with FakeGitHub(tmp_path / "fake") as fake:
        yield partial(Hub, tmp_path / "site", home, fake, stack)


@pytest.fixture(name="hub")
def _hub(make_hub):
    return make_hub()


def signed_only():
    """The risks of the profile, but at high risk signed decisions alone count."""
    risks = yamls.load(documents.policy_yaml("minimal", **PROFILE), "policy.yaml")["risks"]
    return {**risks, "high": {**risks["high"], "evidence": "signed"}}


def test_a_pull_request_that_lowers_its_own_policy_and_replaces_the_gate_is_judged_by_the_accepted_one(hub, tmp_path):
    mark = tmp_path / "was-run"
    evil = f"on: pull_request_target\njobs: {{gm-policy: {{runs-on: ubuntu-latest, steps: [{{run: touch {mark}}}]}}}}\n"
    weak = documents.policy_yaml("minimal", **PROFILE, version=2, policy_changes={"approve": "none"})
    files = {
        "policies/policy.yaml": weak,
        ".github/workflows/gm-policy.yml": evil.encode(),
        "gm": b"#!/bin/sh\nexit 0\n",
    }
    head = hub.registry.commit(files)
    number = hub.pull(head, "weaker", title=f"$(touch {mark})", body=f"`touch {mark}`")
    status, said = hub.gate()
    assert (status, mark.exists()) == (1, False), said
    assert "GM-P401" in said
    assert hub.checks(head) == ["failure"]
    assert hub.merge(number)[0] == 405
    (comment,) = hub.api("GET", f"/issues/{number}/comments", by="admin")[1]
    assert "raio" in comment["body"]
    assert hub.registry.store.ref("refs/heads/main") == hub.tip


def test_a_promotion_from_its_pull_request_to_the_site(hub):
    number = hub.open(*PROMOTE)
    head = hub.repo.pull(number).head
    status, said = hub.gate()
    assert (status, "lacks 2 approvals" in said) == (1, True), said

    hub.review(number, "raio")
    status, said = hub.gate("pinged")
    assert (status, "lacks 1 approval" in said, "domain-lead&#58; domain" in said) == (1, True, True), said
    assert hub.checks(head) == ["failure", "failure"]
    assert hub.merge(number)[0] == 405

    hub.review(number, "domain")
    status, said = hub.gate("pinged")
    assert (status, hub.checks(head)) == (0, ["failure", "failure", "success"]), said
    assert hub.site() == "Accepted"
    code, merged = hub.merge(number)
    assert code == 200, merged
    listed = hub.team.git("log", "--first-parent", "-1", f"--format={AUDITOR}", "main")
    assert listed == "promote(fraud/staging): 1.0.0 to 1.1.0 (#1)|promotion|fraud|it is better"

    assert (hub.site(), hub.served()) == ("AwaitingReceipt", "1.0.0")
    status, said = hub.receipt()
    assert (status, "receipt of pull request 1: signed" in said) == (0, True), said
    assert (hub.site(), hub.served()) == ("Accepted", "1.1.0")
    assert hub.registry.history().steps[-1].status == "accepted"


def test_where_decisions_must_be_signed_reviews_leave_the_step_waiting_and_signatures_release_it(make_hub):
    hub = make_hub(risks=signed_only())
    number = hub.open(*PROMOTE)
    hub.review(number, "raio")
    hub.review(number, "domain")
    status, said = hub.gate("pinged")
    assert (status, "lacks 2 approvals" in said, "signed" in said) == (1, True, True), said
    hub.repo.rulesets.clear()  # somebody takes the protection away and merges
    assert hub.merge(number)[0] == 200
    assert hub.site() == "AwaitingReceipt"
    status, said = hub.receipt()
    assert "still needs raio, domain-lead" in said, said
    assert (hub.site(), hub.served()) == ("AwaitingReceipt", "1.0.0")
    step = hub.registry.tip
    for person in ("raio", "domain"):
        signed = hub.gm(person, "approve", step[:12], "-m", "seen")
        assert signed.status == 0, signed.err
    assert (hub.site(), hub.served()) == ("Accepted", "1.1.0")


def test_an_approval_outlives_a_branch_brought_up_to_date_and_no_other_push(hub):
    harmless = documents.policy_yaml("minimal", **PROFILE, version=2)
    number = hub.pull(hub.registry.commit({"policies/policy.yaml": harmless}), "policy-2")
    hub.review(number, "raio")
    hub.registry.commit({"README.md": b"unrelated\n"}, land=True)
    hub.repo.scan()
    head = hub.repo.update_branch(number, "engineer")
    status, said = hub.gate("synchronize")
    assert (status, hub.checks(head)) == (0, ["success"]), said

    weak = documents.policy_yaml("minimal", **PROFILE, version=2, policy_changes={"approve": "none"})
    head = hub.registry.commit({"policies/policy.yaml": weak}, parents=[head])
    hub.registry.force(head, "refs/heads/policy-2")
    hub.repo.scan(hub.fake.accounts["engineer"])
    status, said = hub.gate("synchronize")
    assert (status, hub.checks(head), hub.merge(number)[0]) == (1, ["failure"], 405), said
    assert ("lacks 1 approval" in said, "changes something else" in said) == (True, True), said


def test_a_merge_queue_is_judged_step_by_step_and_both_steps_of_its_push_get_receipts(hub):
    hub.registry.version("spam", "1.0.0", risk="low")
    hub.repo.scan()
    fraud, spam = hub.open(*PROMOTE), hub.open("promote", "spam@1.0.0", "--to", "staging", "-m", "new")
    for number, by in ((fraud, "raio"), (fraud, "domain")):
        hub.review(number, by)
    group = hub.repo.merge_group([fraud, spam], "admin")
    status, said = hub.run("gm-policy.yml", "merge_group", group.event)
    assert (status, "lacks 1 approval" in said, "[gm-policy/gm-policy]" in said) == (1, True, True), said

    hub.review(spam, "lead")
    status, said = hub.run("gm-policy.yml", "merge_group", group.event)
    assert status == 0, said
    passed = {"name": "gm-policy", "head_sha": group.head, "status": "completed", "conclusion": "success"}
    assert hub.api("POST", "/check-runs", passed, by=ACTIONS)[0] == 201  # GitHub does that for the job of this name
    group.land()
    assert hub.site() == "AwaitingReceipt"
    status, said = hub.receipt()
    assert (status, set(re.findall(r"receipt of pull request ([0-9]): signed", said))) == (0, {"1", "2"}), said
    assert (hub.site(), hub.served()) == ("Accepted", "1.1.0")
    assert hub.registry.live_version("spam", "staging") == "1.0.0"


def test_a_rollback_from_the_page_is_a_pull_request_whose_revert_is_served_after_its_merge(hub):
    hub.registry.live("fraud", "1.1.0", "staging", risk="high")
    hub.repo.scan()
    assert (hub.site(), hub.served()) == ("Accepted", "1.1.0")
    wish = {
        "model": "fraud",
        "stage": "staging",
        "reason": "accuracy fell",
        "cause": "regression",
        "incident": "INC-42",
    }
    asked = {"inputs": wish, "repository": {"default_branch": "main"}}
    status, said = hub.run("gm-rollback.yml", "workflow_dispatch", asked, secrets={"GM_ROLLBACK_KEY": hub.bot_key})
    assert status == 0, said
    (pull,) = [each for each in hub.repo.pulls.values() if each.state == "open"]
    assert (pull.author.login, hub.checks(pull.head)) == (ACTIONS, ["failure"]), said
    hub.review(pull.number, "raio")
    status, said = hub.gate("pinged")
    assert (status, hub.checks(pull.head)) == (0, ["failure", "success"]), said
    assert hub.merge(pull.number)[0] == 200
    assert (hub.site(), hub.served()) == ("AwaitingReceipt", "1.1.0")
    status, said = hub.receipt()
    assert status == 0, said
    assert (hub.site(), hub.served()) == ("Accepted", "1.0.0")
    listed = hub.team.git("log", "--first-parent", "-1", "--format=%s|%(trailers:key=Gm-Incident,valueonly)", "main")
    assert listed.startswith("revert(fraud/staging): "), listed
    assert "INC-42" in listed


def test_a_deleted_ledger_is_noticed_stops_nothing_and_is_restored_from_any_clone(hub):
    hub.registry.live("fraud", "1.1.0", "staging", risk="high")
    hub.repo.scan()
    assert hub.gm("lead", "verify").status == 0
    assert (hub.site(), hub.served()) == ("Accepted", "1.1.0")
    before = hub.registry.store.refs("refs/gm/changes/")
    for name in before:
        hub.registry.force(None, name)
    assert (hub.site(), hub.served()) == ("Accepted", "1.1.0")
    noticed = hub.gm("lead", "verify")
    assert (noticed.status, "GM-T400" in noticed.out) == (5, True), noticed
    restored = hub.gm("lead", "trust", "ledger", "restore")
    assert restored.status == 0, restored.err
    assert hub.registry.store.refs("refs/gm/changes/") == before
