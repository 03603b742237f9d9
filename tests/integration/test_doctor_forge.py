"""``gm doctor --forge``: rulesets, protection and settings of the fake of GitHub, with rights and without."""

import json

import pytest

from gitops_models.cli.run import run
from gitops_models.forge.github.settings import ACTIONS_APP
from gitops_models.workflows.forgefiles import line_ruleset, tag_ruleset
from tests.support.colleagues import Colleagues
from tests.support.git import run_git
from tests.support.github import FakeGitHub, Fault

DEDICATED = 4711
TEAM = {"actor_id": 7, "actor_type": "Team", "bypass_mode": "always"}


@pytest.fixture
def fake(shared_data, tmp_path):  # noqa: ARG001 - skips where it is absent
    with FakeGitHub(tmp_path / "github") as fake:
        fake.account("admin", 100, "admin")
        yield fake


@pytest.fixture
def team(tmp_path, home, fake):
    return Colleagues(tmp_path / "team", home, fake)


def apply(team, ruleset, **changes):
    """What ``gh api .../rulesets --input FILE`` makes of a ruleset of ``gm init``."""
    wanted = {**ruleset, **changes}
    include = wanted["conditions"]["ref_name"]["include"]
    more = {"include": include, "target": wanted["target"], "enforcement": wanted["enforcement"]}
    return team.repo.ruleset(wanted["name"], *wanted["rules"], bypass=wanted["bypass_actors"], **more)


def tighten(team, line=None):
    """Everything that ``gm init --forge github`` says."""
    settings = team.repo.settings
    settings.allow_squash_merge = settings.allow_rebase_merge = False
    settings.merge_commit_title, settings.merge_commit_message = "PR_TITLE", "PR_BODY"
    made = apply(team, line or line_ruleset("main"))
    apply(team, tag_ruleset())
    return made


def doctor(team, by="admin"):
    """Exit status, and level and code of everything that is not well."""
    done = team.gm_at(team.clone("engineer"), by, "--json", "doctor", "--forge")
    checks = done.json["checks"]
    return done.status, {(one["level"], one["code"]) for one in checks if one["level"] != "ok"}, checks


def pinned(app):
    line = line_ruleset("main")
    for rule in line["rules"]:
        for check in rule.get("parameters", {}).get("required_status_checks", ()):
            check["integration_id"] = app
    return line


UNTOLD = ("not checked", None)


def test_a_new_repository_protects_nothing_and_each_finding_names_its_command(team):
    status, found, checks = doctor(team)
    missing = {("problem", f"GM-F45{n}") for n in (1, 2, 3, 6)}
    asked = {("warning", code) for code in ("GM-F457", "GM-F458", "GM-F459", "GM-F460", "GM-F463")}
    assert (status, found) == (3, missing | asked | {UNTOLD})
    assert all(one["remedy"].startswith("gh ") for one in checks if one["level"] != "ok")
    assert {one["what"] for one in checks if one["level"] == "not checked"} == {"approval by Actions", "rules of tags"}


def test_what_init_brings_closes_every_hole_and_says_what_a_pin_to_actions_is_worth(team):
    tighten(team)
    status, found, checks = doctor(team)
    assert (status, found) == (0, {UNTOLD, ("warning", "GM-F455")})
    assert {one["what"] for one in checks if "does not tell who may pass by" in one["found"]} == {
        f"bypass of {what}" for what in ("force pushes", "deletion", "required check", "pull requests")
    }
    shown = team.gm_at(team.clone("engineer"), "admin", "doctor", "--forge")
    assert (shown.status, "GM-F455: any workflow can post gm-policy" in shown.out) == (0, True)


def test_one_rule_less_is_a_hole_and_the_command_puts_it_back(team):
    made = tighten(team)
    made["rules"] = [rule for rule in made["rules"] if rule["type"] != "required_status_checks"]
    status, found, checks = doctor(team)
    assert (status, {code for level, code in found if level == "problem"}) == (3, {"GM-F453"})
    (remedy,) = (one["remedy"] for one in checks if one["code"] == "GM-F453")
    wanted = f"rulesets/{made['id']} --input .github/rulesets/gm-line.json"
    assert remedy == f"gh api --method PUT repos/{{owner}}/{{repo}}/{wanted}"


def test_a_ruleset_that_was_switched_off_protects_nothing(team):
    tighten(team)["enforcement"] = "disabled"
    status, found, _ = doctor(team)
    assert (status, ("warning", "GM-F462") in found, ("problem", "GM-F453") in found) == (3, True, True)


@pytest.mark.parametrize(
    ("app", "status", "expected"),
    [
        (None, 3, ("problem", "GM-F454")),
        (ACTIONS_APP, 0, ("warning", "GM-F455")),
        (DEDICATED, 0, None),
    ],
)
def test_who_may_post_the_check(team, app, status, expected):
    line = pinned(app)
    if app is None:
        for rule in line["rules"]:
            for check in rule.get("parameters", {}).get("required_status_checks", ()):
                del check["integration_id"]
    tighten(team, line)
    found = doctor(team)
    pins = found[1] & {("problem", "GM-F454"), ("warning", "GM-F455")}
    assert (found[0], pins) == (status, {expected} - {None})


def test_a_workflow_that_the_organisation_requires_is_a_gate_of_its_own(team):
    tighten(team)
    wanted = [{"path": ".github/workflows/gm-policy.yml", "repository_id": team.repo.id, "ref": "refs/heads/main"}]
    team.repo.ruleset("required", {"type": "workflows", "parameters": {"workflows": wanted}})
    assert doctor(team)[:2] == (0, {UNTOLD})


def classic(team, **changes):
    wanted = {"reviews": 1, "stale": True, "last_push": True, "checks": ["gm-policy"], "app": DEDICATED, "admins": True}
    team.repo.protect(**{**wanted, **changes})


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"force": True}, "GM-F451"),
        ({"deletions": True}, "GM-F452"),
        ({"checks": ["other"]}, "GM-F453"),
        ({"app": None}, "GM-F454"),
        ({"admins": False}, "GM-F461"),
    ],
)
def test_classic_protection_counts_and_administrators_are_no_exception(team, changes, code):
    classic(team)
    assert doctor(team)[0] == 0
    classic(team, **changes)
    status, found, _ = doctor(team)
    assert (status, {found_code for level, found_code in found if level == "problem"}) == (3, {code})


def test_whom_classic_protection_excepts_passes_by_and_linear_history_stops_merges(team, fake):
    classic(team, bypass=[fake.accounts["lead"]], linear=True)
    status, found, checks = doctor(team)
    assert (status, {("problem", "GM-F461"), ("warning", "GM-F457")} <= found) == (3, True)
    (said,) = (one["found"] for one in checks if one["code"] == "GM-F461")
    assert said == "whom it excepts from pull requests may pass by branch protection"


def test_where_github_tells_who_may_pass_by_a_ruleset_that_is_a_hole(team, fake):
    made = tighten(team)

    def told(answer):
        return [{**one, "bypass_actors": [TEAM] if one["id"] == made["id"] else []} for one in answer]

    fake.fail("GET", "/rulesets$", Fault(change=told), times=None)
    status, found, checks = doctor(team)
    assert (status, ("problem", "GM-F461") in found) == (3, True)
    assert any(one["found"] == "Team 7 may pass by ruleset gm: the protected branch" for one in checks)


def test_with_few_rights_what_cannot_be_seen_fails_closed(team, fake):
    fake.account("audit[bot]", 900, "read", kind="Bot")
    team.repo.settings.merge_commit_title = "PR_TITLE"
    status, found, checks = doctor(team, by="audit[bot]")
    assert (status, ("problem", "GM-F450") in found, ("problem", "GM-F453") in found) == (3, True, False)
    assert any("branch protection" in one["found"] for one in checks if one["code"] == "GM-F450")
    tighten(team)  # rules in force are shown to everybody: what they close is closed
    status, found, _ = doctor(team, by="audit[bot]")
    assert (status, {code for level, code in found if level == "problem"}) == (0, set())
    fake.fail("GET", "/rules/branches/", Fault(status=403), times=None)
    status, found, _ = doctor(team, by="audit[bot]")
    assert (status, {code for level, code in found if level == "problem"}) == (3, {"GM-F450"})


def test_an_api_that_does_not_answer_is_no_finding(team, fake):
    fake.fail("GET", "/rulesets$", Fault(status=503), times=None)
    done = team.gm_at(team.clone("engineer"), "admin", "--json", "doctor", "--forge")
    assert (done.status, done.error["code"], done.out) == (9, "GM-F407", "")


def test_it_works_in_the_bare_repository_of_the_audit(team, tmp_path):
    bare = tmp_path / "audit.git"
    run_git(tmp_path, "init", "--quiet", "--bare", "--initial-branch=main", str(bare), home=team.home)
    run_git(bare, "fetch", "--quiet", str(team.team.path), "refs/heads/main:refs/heads/main", home=team.home)
    run_git(bare, "remote", "add", "origin", team.repo.remote_url, home=team.home)
    assert team.gm_at(bare, "admin", "trust", "pin", team.registry.pin).status == 0
    tighten(team)
    done = team.gm_at(bare, "admin", "--no-input", "doctor", "--forge")
    assert done.status == 0, done.err
    team.repo.rulesets.clear()
    assert team.gm_at(bare, "admin", "--no-input", "doctor", "--forge").status == 3


def test_the_nightly_audit_runs_it(repository_root):
    text = (repository_root / ".github" / "workflows" / "gm-audit.yml").read_text()
    assert 'report "Settings of the forge" doctor --forge' in text


def test_git_alone_has_no_settings_to_look_at(tmp_path, capsys):
    assert run(["-C", str(tmp_path / "new"), "--no-input", "init", "--name", "Ada", "--email", "ada@example.org"]) == 0
    capsys.readouterr()
    assert run(["-C", str(tmp_path / "new"), "--json", "doctor", "--forge"]) == 2
    assert json.loads(capsys.readouterr().err)["error"]["code"] == "GM-F430"
