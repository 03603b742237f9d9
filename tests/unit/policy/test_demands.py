"""What the parts of a policy refuse about themselves, and small facts that rules ask for."""

import pytest

from gitops_models.policy.document import load_policy
from gitops_models.policy.lkg import unfit
from gitops_models.policy.selection import commits_asked
from gitops_models.registry.deletions import deleted_digests, deletions
from gitops_models.registry.documents import parse_document
from gitops_models.registry.documents.identity import identity_problem
from gitops_models.registry.paths import Layout
from tests.support.policy import LENIENT, World, cause_file, digest, hold_file, model_yaml, policy_yaml, record
from tests.support.recorded import refused

WHERE = "policies/policy.yaml"


def refusal(**fields):
    """What is said of a policy with these fields; it is GM-D021."""
    with refused() as caught:
        load_policy(policy_yaml(**{**LENIENT, **fields}), WHERE)
    assert caught.value.code == "GM-D021"
    return f"{caught.value.message} {' '.join(caught.value.details)}"


@pytest.mark.parametrize(
    ("degrade", "why"),
    [
        ("shrug", "is refuse, undeploy or fallback:MODEL@VERSION"),
        ("fallback:rules", "fallback names MODEL@VERSION"),
        ("fallback:rules@latest", "fallback names MODEL@VERSION"),
        ("fallback:Rules@1", ""),
    ],
)
def test_a_degradation_is_one_of_three_words(degrade, why):
    assert why in refusal(rollback={"degrade": degrade})


def test_a_fallback_names_a_version():
    policy = load_policy(policy_yaml(**{**LENIENT, "rollback": {"degrade": "fallback:rules@1.0.0"}}), WHERE)
    assert policy.rollback.degrade == "fallback:rules@1.0.0"


@pytest.mark.parametrize(
    ("freeze", "why"),
    [
        ({"start": "18:00"}, "start and end go together"),
        ({"first": "2026-12-20", "last": "2026-12-01"}, "first lies after last"),
        ({"risks": ["high"]}, "a freeze that never ends"),
    ],
)
def test_a_freeze_says_when(freeze, why):
    assert why in refusal(stage_rules={"production": {"freeze": [freeze]}})


def test_a_lift_names_no_fallback():
    fallback = {"model": "rules", "version": "1.0.0", "lineage_sha256": "0" * 64}
    ((path, data),) = hold_file(action="lift", root_cause="https://x", fallback=fallback).items()
    with refused() as caught:
        parse_document(data, path)
    assert caught.value.code == "GM-D021"


def test_what_a_compromised_key_touched_is_no_last_known_good():
    here = World().registered("1.0.0")
    snapshot = here.state.snapshot
    assert unfit(snapshot, "fraud", "1.0.0", None, suspect={("fraud", "1.0.0")}) == "a compromised key had a hand in it"
    assert unfit(snapshot, "fraud", "1.0.0", None) is None


def test_bytes_that_are_gone_by_record():
    path = "models/fraud/deletions/1.0.0/1.yaml"
    gone = record("Deletion", model="fraud", version="1.0.0", digests=[digest("a")], created="2026-11-21T11:00:00Z")
    snapshot = World().registered("1.0.0").accept({path: gone}).state.snapshot
    assert [one.by for one in deletions(snapshot, "fraud", "1.0.0")] == ["operator"]
    assert deleted_digests(snapshot, "fraud", "1.0.0") == {digest("a")}
    assert deleted_digests(snapshot, "fraud", "1.1.0") == frozenset()


def test_a_cause_without_a_poisoned_commit_asks_for_no_history():
    assert commits_asked(World().registered("1.0.0").change(cause_file())) == {}


def test_a_model_is_named_like_its_folder():
    place = Layout().classify("models/fraud/model.yaml")
    assert identity_problem(parse_document(model_yaml("fraud"), "m"), place) is None
    assert identity_problem(parse_document(model_yaml("other"), "m"), place)
