"""What ``gm init --forge github`` brings along."""

import json

import pytest

from gitops_models.errors import GmError
from gitops_models.registry.documents import People
from gitops_models.registry.documents.people import Person
from gitops_models.workflows import forgefiles

ADA = {"id": "ada", "emails": ("ada@example.org",)}
BOB = {"id": "bob", "emails": ("bob@example.org",)}


def people(*entries):
    return People(people=tuple(Person.model_validate(entry) for entry in entries))


def login(name, number, forge="github"):
    return ({"forge": forge, "login": name, "id": number},)


def test_git_alone_brings_nothing():
    assert forgefiles.forge_files("git", "main", people(ADA)) == {}
    assert forgefiles.forge_commands("git", "1" * 40) == ()


def test_an_unknown_forge_is_refused():
    with pytest.raises(GmError) as refused:
        forgefiles.forge_files("svn", "main", people(ADA))
    assert refused.value.code == "GM-C002"


def test_the_workflows_are_those_of_this_repository_byte_for_byte(repository_root):
    files = forgefiles.forge_files("github", "main", people(ADA))
    for name in forgefiles.WORKFLOWS:
        path = f".github/workflows/{name}"
        assert files[path] == (repository_root / path).read_bytes()
    brought = {path for path in files if path.startswith(".github/workflows/")}
    own = {f".github/workflows/{path.name}" for path in (repository_root / ".github" / "workflows").glob("gm-*.yml")}
    assert brought == own


def test_receipts_are_given_on_the_branch_that_is_protected():
    files = forgefiles.forge_files("github", "release/2.x", people(ADA))
    text = files[".github/workflows/gm-receipt.yml"].decode()
    assert ('branches: ["release/2.x"]' in text, "branches: [main]" in text) == (True, False)


def test_a_package_without_its_workflows_says_so(monkeypatch, tmp_path):
    monkeypatch.setattr(forgefiles, "__file__", str(tmp_path / "a" / "b" / "forgefiles.py"))
    with pytest.raises(GmError) as refused:
        forgefiles.forge_files("github", "main", people(ADA))
    assert refused.value.code == "GM-C300"


def test_codeowners_are_the_owners_of_the_policy_or_else_all_who_have_an_account():
    owner = {**BOB, "roles": ("policy-owner",), "logins": login("bob-hub", 2)}
    both = forgefiles.codeowners(people({**ADA, "logins": login("ada-hub", 1)}, owner)).decode()
    assert "/policies/ @bob-hub\n" in both
    assert "ada-hub" not in both
    only = forgefiles.codeowners(people({**ADA, "logins": login("ada-hub", 1)}, BOB)).decode()
    assert "/gm.yaml @ada-hub\n" in only


def test_codeowners_without_accounts_name_nobody():
    text = forgefiles.codeowners(people({**ADA, "logins": login("ada", 1, forge="gitlab")})).decode()
    assert all(line.startswith("#") for line in text.splitlines())


def test_the_ruleset_of_the_line_lets_nobody_round_the_gate():
    ruleset = forgefiles.line_ruleset("trunk")
    rules = {rule["type"]: rule.get("parameters") for rule in ruleset["rules"]}
    assert ruleset["bypass_actors"] == []
    assert ruleset["enforcement"] == "active"
    assert ruleset["conditions"]["ref_name"]["include"] == ["refs/heads/trunk"]
    assert set(rules) == {"deletion", "non_fast_forward", "pull_request", "required_status_checks"}
    assert rules["required_status_checks"]["required_status_checks"] == [
        {"context": "gm-policy", "integration_id": 15368}
    ]
    assert rules["pull_request"]["allowed_merge_methods"] == ["merge"]
    assert rules["pull_request"]["required_approving_review_count"] == 1


def test_somebody_alone_is_not_made_to_wait_for_a_review_that_nobody_can_give():
    reviews = forgefiles.line_ruleset("main", alone=True)["rules"][2]["parameters"]
    assert (reviews["required_approving_review_count"], reviews["require_last_push_approval"]) == (0, False)
    files = forgefiles.forge_files("github", "main", people(ADA))
    assert json.loads(files[forgefiles.LINE_RULES])["rules"][2]["parameters"] == reviews


def test_version_tags_can_be_made_and_neither_moved_nor_deleted():
    ruleset = forgefiles.tag_ruleset()
    assert (ruleset["target"], ruleset["conditions"]["ref_name"]["include"]) == ("tag", ["refs/tags/*@v*"])
    assert {rule["type"] for rule in ruleset["rules"]} == {"deletion", "non_fast_forward", "update"}


def test_the_keys_of_workflows_are_for_runs_of_the_protected_branch_alone(repository_root):
    commands = forgefiles.forge_commands("github", "1" * 40, "release/2 x")
    for name, (secret, _) in forgefiles.ENVIRONMENTS.items():
        text = (repository_root / ".github" / "workflows" / f"{name}.yml").read_text()
        assert (f"    environment: {name} #" in text, f"secrets.{secret} " in text) == (True, True)
        place = f"repos/{{owner}}/{{repo}}/environments/{name}"
        made, limited = (command for command in commands if place in command)
        assert made == (
            f"gh api --method PUT {place} -F 'deployment_branch_policy[protected_branches]=false'"
            " -F 'deployment_branch_policy[custom_branch_policies]=true'"
        )
        assert limited == f"gh api --method POST {place}/deployment-branch-policies -f name='release/2 x'"
        (given,) = (command for command in commands if secret in command)
        assert given.startswith(f"gh secret set {secret} --env {name} <")
        assert commands.index(made) < commands.index(limited) < commands.index(given)


def test_the_commands_name_files_that_were_written_and_the_pin():
    commands = forgefiles.forge_commands("github", "1" * 40)
    files = forgefiles.forge_files("github", "main", people(ADA))
    named = [command.rpartition("--input ")[2] for command in commands if "--input" in command]
    assert (len(named), set(named) <= set(files)) == (2, True)
    assert any(command.endswith(f"GM_PIN --body {'1' * 40}") for command in commands)
    assert any(
        "merge_commit_title=PR_TITLE" in command and "merge_commit_message=PR_BODY" in command for command in commands
    )
