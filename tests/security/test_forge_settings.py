"""Somebody with rights on the forge weakens what protects the line: each way is noticed, whatever the token may see."""

import os

import pytest

from gitops_models.forge.github.connect import Patience, github_of
from gitops_models.forge.github.settings import read_settings
from gitops_models.forge.protection import judge
from gitops_models.workflows.forgefiles import line_ruleset, tag_ruleset
from tests.support.github import Fault
from tests.support.github.work import Work, peopled

DEDICATED = 4711


@pytest.fixture
def place(shared_data, tmp_path, home, monkeypatch):  # noqa: ARG001 - skips where it is absent
    """A repository as ``gm init --forge github`` wants it, with an App of its own that posts the check."""
    with peopled(tmp_path / "github", monkeypatch) as fake:
        fake.account("audit[bot]", 901, "read", kind="Bot")
        repo = fake.repository("acme", "registry")
        Work(fake, repo, tmp_path / "work", home)
        settings = repo.settings
        settings.allow_squash_merge = settings.allow_rebase_merge = False
        settings.merge_commit_title, settings.merge_commit_message = "PR_TITLE", "PR_BODY"
        for wanted in (line_ruleset("main"), tag_ruleset()):
            include = wanted["conditions"]["ref_name"]["include"]
            repo.ruleset(wanted["name"], *wanted["rules"], include=include, target=wanted["target"])
        pin(repo, DEDICATED)
        yield repo


def line(repo):
    return repo.rulesets[0]


def pin(repo, app):
    """Say from which App the check has to come."""
    (rule,) = (rule for rule in line(repo)["rules"] if rule["type"] == "required_status_checks")
    (check,) = rule["parameters"]["required_status_checks"]
    check["integration_id"] = app
    if app is None:
        del check["integration_id"]


def found(repo, by="boss"):
    """Level and code of what is not well."""
    environ = {**os.environ, **repo.fake.environ(by)}
    client = github_of(repo.remote_url, environ, Patience(pauses=(), sleep=lambda _seconds: None))
    return {(one.level, one.code) for one in judge(read_settings(client, "main")) if one.code}


def problems(repo, by="boss"):
    return {code for level, code in found(repo, by) if level == "problem"}


@pytest.mark.lookalike("protection as gm sets it up, with an App that posts the check")
def test_what_gm_sets_up_has_no_hole(place):
    assert found(place) == set()
    assert problems(place, "audit[bot]") == set()


def drop(kind):
    def weaken(repo):
        line(repo)["rules"] = [rule for rule in line(repo)["rules"] if rule["type"] != kind]

    return weaken


def switch_off(repo):
    line(repo)["enforcement"] = "evaluate"


def rename_branch(repo):
    line(repo)["conditions"]["ref_name"]["include"] = ["refs/heads/other"]


def other_check(repo):
    for rule in line(repo)["rules"]:
        for check in rule.get("parameters", {}).get("required_status_checks", ()):
            check["context"] = "gm-policy "


WEAKER = [
    pytest.param(drop("non_fast_forward"), {"GM-F451"}, id="force pushes"),
    pytest.param(drop("deletion"), {"GM-F452"}, id="deletion"),
    pytest.param(drop("required_status_checks"), {"GM-F453"}, id="check"),
    pytest.param(drop("pull_request"), {"GM-F456"}, id="pull requests"),
    pytest.param(other_check, {"GM-F453"}, id="another name"),
    pytest.param(lambda repo: pin(repo, None), {"GM-F454"}, id="from anybody"),
    pytest.param(switch_off, {"GM-F451", "GM-F452", "GM-F453", "GM-F456"}, id="not in force"),
    pytest.param(rename_branch, {"GM-F451", "GM-F452", "GM-F453", "GM-F456"}, id="another branch"),
]


@pytest.mark.attack("a rule of the protected branch is taken away or made empty", "GM-F453", by="forge")
@pytest.mark.parametrize(("weaken", "codes"), WEAKER)
def test_a_weaker_rule_is_a_hole(place, weaken, codes):
    weaken(place)
    assert problems(place) == codes
    unseen = problems(place, "audit[bot]")  # who may not see classic protection cannot say that it does not help
    assert unseen == {"GM-F450" if code != "GM-F454" else code for code in codes}


@pytest.mark.attack("a bypass is given to somebody", "GM-F461", by="forge")
def test_a_bypass_is_a_hole_where_github_tells_of_it(place):
    team = {"actor_id": 7, "actor_type": "Team", "bypass_mode": "pull_request"}
    place.fake.fail(
        "GET", "/rulesets$", Fault(change=lambda told: [{**one, "bypass_actors": [team]} for one in told]), times=None
    )
    assert problems(place) == {"GM-F461"}


@pytest.mark.attack("administrators are let out of classic protection", "GM-F461", by="forge")
def test_administrators_who_are_let_out_are_a_hole(place):
    place.rulesets.clear()
    wanted = {"reviews": 1, "stale": True, "last_push": True, "checks": ["gm-policy"], "app": DEDICATED}
    place.protect(admins=True, **wanted)
    assert problems(place) == set()
    place.protect(admins=False, **wanted)
    assert problems(place) == {"GM-F461"}


@pytest.mark.attack("any workflow posts the check as GitHub Actions", "GM-F455", by="ci")
def test_a_pin_to_actions_is_told_for_what_it_is_also_on_another_server(place):
    pin(place, 15368)
    assert found(place) == {("warning", "GM-F455")}
    pin(place, 77)  # the number that Actions has on this server
    tip = place.bare.tip("main")
    place.fake.account("github-actions", 78, kind="Bot", app_id=77)
    wanted = {"name": "build", "head_sha": str(tip), "status": "completed", "conclusion": "success"}
    assert place.fake.ask("github-actions", "POST", "/repos/acme/registry/check-runs", wanted).status == 201
    assert found(place) == {("warning", "GM-F455")}


@pytest.mark.attack("the API hides the settings from whoever audits", "GM-F450", by="forge")
@pytest.mark.parametrize("hidden", ["/rules/branches/", "/rulesets$"])
@pytest.mark.parametrize("status", [403, 404])
def test_what_is_hidden_is_never_well(place, hidden, status):
    place.fake.fail("GET", hidden, Fault(status=status), times=None)
    seen = found(place)
    assert ("problem" if "branches" in hidden else "warning", "GM-F450") in seen


GARBAGE = [
    {"required_status_checks": "gm-policy"},
    {"required_status_checks": ["gm-policy", None, {"context": ["gm-policy"]}]},
    {},
]


@pytest.mark.attack("rules whose parameters are no rules", "GM-F453", by="forge")
@pytest.mark.parametrize("parameters", GARBAGE)
def test_parameters_that_say_nothing_require_nothing(place, parameters):
    def lie(told):
        checks = "required_status_checks"
        return [{**one, "parameters": parameters} if one["type"] == checks else one for one in told]

    place.fake.fail("GET", "/rules/branches/", Fault(change=lie), times=None)
    assert problems(place) == {"GM-F453"}
