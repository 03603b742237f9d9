"""What is looked at before every switch: a check of the same kind in the operator's file takes its place only there."""

import json

import pytest
from pydantic import TypeAdapter

from gitops_models.delivery.checks.assemble import checks_for
from gitops_models.delivery.checks.settings import CheckList
from gitops_models.delivery.targets.directory import DirectoryTarget
from gitops_models.policy.document import load_policy
from tests.support.delivery import chosen, content_of, deployment
from tests.support.policy import policy_yaml

FRAUD = deployment("1.0.0")
OURS = {"id": "sklearn", "use": "scan", "when": "before", "allow": ["ours.Encoder"]}
ELSEWHERE = [{"models": ["ours-*"]}, {"targets": ["us"]}, {"stages": ["staging"]}]


def staged(folder):
    """The bytes of the version."""
    for name, data in content_of("1.0.0").items():
        file = folder / "staged" / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(data)
    return folder / "staged"


@pytest.fixture
def looked(tmp_path):
    """The checks that look at a version before it is switched to."""

    def run(*parts, demands=()):
        made = chosen("1.0.0")
        if demands:
            row = {"id": "eu", "stage": "production", "checks": list(demands)}
            made.put("policies/targets.yaml", f"kind: Targets\ntargets: [{json.dumps(row)}]\n")
        named = TypeAdapter(CheckList).validate_python(list(parts))
        history = made.history()
        history.policy = load_policy(policy_yaml("solo"), "policy")
        runner = checks_for(named)(DirectoryTarget(tmp_path / "srv", id="eu"), history)
        return [found.id for found in runner.before(FRAUD, staged(tmp_path), None) if found.passed]

    return run


@pytest.mark.parametrize("where", ELSEWHERE)
@pytest.mark.parametrize("use", ["scan", "interface"])
def test_a_check_that_applies_elsewhere_leaves_the_one_that_always_looks(looked, where, use):
    part = {"id": "mine", "use": use, **({"when": "before"} if use == "scan" else {}), **where}
    assert looked() == ["scan", "interface"]
    assert looked(part) == ["scan", "interface"]


@pytest.mark.parametrize("where", [{}, {"models": ["fr*"]}, {"targets": ["eu"], "stages": ["production"]}])
def test_a_check_that_applies_here_takes_its_place(looked, where):
    assert [name for name in looked({**OURS, **where}) if name != "interface"] == ["sklearn"]


def test_a_check_after_the_switch_takes_no_place_before_it(looked):
    assert "scan" in looked({**OURS, "when": "after"})


def test_the_one_that_the_policy_asks_for_by_name_looks_in_any_case(looked):
    assert {"scan", "sklearn"} <= set(looked(OURS, demands=["scan"]))
    assert "scan" not in looked({**OURS, **ELSEWHERE[0]}, demands=["sklearn"])
    assert looked({**OURS, "id": "scan", **ELSEWHERE[0]}, demands=["scan"]).count("scan") == 1
