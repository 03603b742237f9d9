"""The repository, its branches, rules and people: what is not told is None, and never "nothing"."""

import pytest

from gitops_models.forge.github.models import Bypass, RequiredCheck
from tests.support.answering import Reply
from tests.support.refusals import refused

HOME = "/repos/acme/registry"
OID, OTHER = "0f" * 20, "1e" * 20
ADA = {"id": 7, "login": "ada", "type": "User"}
PROTECTION = f"GET {HOME}/branches/main/protection"


def repository(**more):
    owner = {"id": 1}
    made = {"id": 42, "owner": owner, "full_name": "acme/registry", "default_branch": "main", "private": False}
    return made | more


def test_merge_settings_are_told_or_not_known(server, client):
    told = {"allow_merge_commit": True, "allow_squash_merge": False, "merge_commit_title": "PR_TITLE"}
    server.on(f"GET {HOME}", repository(**told), repository())
    found, silent = client.repository(), client.repository()
    assert (found.id, found.owner_id, found.full_name, found.default_branch) == (42, 1, "acme/registry", "main")
    assert (found.allow_merge_commit, found.allow_squash_merge, found.allow_rebase_merge) == (True, False, None)
    assert (found.merge_commit_title, found.merge_commit_message) == ("PR_TITLE", None)
    assert (silent.allow_merge_commit, silent.allow_auto_merge) == (None, None)


@pytest.mark.parametrize("change", [{"private": None}, {"owner": None}, {"id": 0.5}, {"allow_merge_commit": "yes"}])
def test_a_repository_that_cannot_be_read(server, client, change):
    server.on(f"GET {HOME}", repository(**change))
    refused("GM-F408", client.repository)


def test_branches_and_commits(server, client):
    server.on(f"GET {HOME}/branches/a%2Fb", {"name": "a/b", "commit": {"sha": OID}, "protected": True})
    assert (client.branch("a/b").head, client.branch("a/b").protected) == (OID, True)
    commit = {"sha": OID, "parents": [], "commit": {"tree": {"sha": OTHER}, "message": ""}}
    server.on(f"GET {HOME}/commits/{OID}", commit)
    server.on(f"GET {HOME}/commits/main", commit)
    assert client.commit(OID).sha == client.commit("main").sha == OID


def test_another_branch_or_commit_than_the_one_asked_for_is_refused(server, client):
    server.on(f"GET {HOME}/branches/main", {"name": "dev", "commit": {"sha": OID}, "protected": True})
    refused("GM-F408", client.branch, "main")
    server.on(
        f"GET {HOME}/commits/{OTHER}", {"sha": OID, "parents": [], "commit": {"tree": {"sha": OTHER}, "message": ""}}
    )
    refused("GM-F408", client.commit, OTHER)


def test_rules_in_force_on_a_branch(server, client):
    rows = [
        {"type": "non_fast_forward", "ruleset_id": 5, "ruleset_source": "acme/registry"},
        {"type": "pull_request", "parameters": {"required_approving_review_count": 2}},
        {"type": "of_tomorrow", "parameters": {"x": [1]}, "ruleset_id": 5},
    ]
    server.on(f"GET {HOME}/rules/branches/main", rows)
    one, two, three = client.branch_rules("main")
    assert (one.kind, one.parameters, one.ruleset, one.source) == ("non_fast_forward", {}, 5, "acme/registry")
    assert (two.parameters, two.ruleset, two.source) == ({"required_approving_review_count": 2}, None, "")
    assert three.kind == "of_tomorrow"
    server.on(f"GET {HOME}/rules/branches/main", [{"type": "update", "parameters": []}])
    refused("GM-F408", client.branch_rules, "main")


def test_who_may_pass_by_a_ruleset_is_told_or_not_known(server, client):
    actors = [
        {"actor_type": "OrganizationAdmin", "actor_id": None},
        {"actor_type": "Team", "actor_id": 3, "bypass_mode": "pull_request"},
    ]
    rows = [
        {
            "id": 1,
            "name": "main",
            "target": "branch",
            "enforcement": "active",
            "source": "acme",
            "bypass_actors": actors,
        },
        {"id": 2, "name": "tags", "enforcement": "evaluate"},
        {"id": 3, "name": "none", "enforcement": "disabled", "bypass_actors": []},
    ]
    server.on(f"GET {HOME}/rulesets", rows)
    one, two, three = client.rulesets()
    assert one.bypass == (Bypass("OrganizationAdmin", None, "always"), Bypass("Team", 3, "pull_request"))
    assert (one.target, one.source, two.target, two.bypass, three.bypass) == ("branch", "acme", "", None, ())
    assert server.asked[0].query["includes_parents"] == "true"


def test_the_classic_protection(server, client):
    someone = {"users": [], "teams": [{"id": 3}], "apps": []}
    server.on(
        PROTECTION,
        {
            "required_status_checks": {
                "strict": True,
                "contexts": ["gm"],
                "checks": [
                    {"context": "gm", "app_id": 9},
                    {"context": "ci", "app_id": None},
                    {"context": "x", "app_id": -1},
                ],
            },
            "required_pull_request_reviews": {
                "required_approving_review_count": 2,
                "dismiss_stale_reviews": True,
                "require_code_owner_reviews": False,
                "bypass_pull_request_allowances": someone,
            },
            "enforce_admins": {"enabled": True},
            "allow_force_pushes": {"enabled": False},
            "restrictions": {"users": []},
        },
    )
    found = client.protection("main")
    assert found.checks == (RequiredCheck("gm", 9), RequiredCheck("ci", None), RequiredCheck("x", None))
    assert (found.strict, found.approvals, found.dismiss_stale, found.code_owners) == (True, 2, True, False)
    assert (found.last_push, found.bypass_reviews, found.enforce_admins, found.restricted) == (None, True, True, True)
    assert (found.force_pushes, found.deletions, found.signatures, found.linear) == (False, None, None, None)


def test_a_protection_that_demands_little(server, client):
    nobody = {"users": [], "teams": []}
    reviews = {"dismiss_stale_reviews": False, "bypass_pull_request_allowances": nobody}
    old = {"contexts": ["gm\x1b"], "strict": False}
    server.on(PROTECTION, {"required_pull_request_reviews": reviews, "required_status_checks": old}, {})
    found, empty = client.protection("main"), client.protection("main")
    assert (found.approvals, found.bypass_reviews, found.restricted) == (0, False, False)
    assert found.checks == (RequiredCheck("gm\\x1b", None),)
    assert (empty.checks, empty.strict, empty.approvals, empty.bypass_reviews) == (None, None, None, False)


@pytest.mark.parametrize("contexts", [None, "gm", [7], [""]])
def test_checks_that_cannot_be_read(server, client, contexts):
    server.on(PROTECTION, {"required_status_checks": {"contexts": contexts}})
    refused("GM-F408", client.protection, "main")


def test_only_githubs_own_words_say_that_there_is_no_protection(server, client):
    server.on(PROTECTION, Reply({"message": "Branch not protected"}, 404))
    assert client.protection("main") is None
    server.on(PROTECTION, Reply({"message": "Not Found"}, 404))
    refused("GM-F403", client.protection, "main")
    server.on(PROTECTION, Reply({"message": "Branch not protected"}, 403))
    refused("GM-F402", client.protection, "main")


def test_people(server, client):
    server.on(f"GET {HOME}/collaborators/ada/permission", {"permission": "admin", "role_name": "owner"})
    assert client.permission("ada") == "admin"
    server.on("GET /orgs/acme/teams/risk/members", [ADA, {"id": 8, "login": "bob"}])
    assert [(one.id, one.kind) for one in client.team_members("acme", "risk")] == [(7, "User"), (8, "User")]


def test_a_token_of_nobody_says_so(server, client):
    server.on("GET /user", Reply({"message": "Resource not accessible by integration"}, 403))
    refused("GM-F402", client.me)
