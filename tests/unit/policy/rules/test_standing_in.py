"""What a hold serves in place of a model keeps its bytes and its good name, whatever the policy says by then."""

from datetime import timedelta

import pytest

from tests.support.policy import (
    AT,
    LENIENT,
    World,
    artifact,
    finding,
    hold_file,
    model_yaml,
    policy_yaml,
    quarantine_file,
    status_file,
    version_files,
)
from tests.unit.policy.rules.test_retention import deletion

LONG_AGO = AT - timedelta(days=30)
SAID = "rules@1.0.0 still stands in for fraud in development"


def policy(degrade, version=1):
    kept = {"keep_days": 1, "delete": ["raio"]}
    return policy_yaml(**{**LENIENT, "retention": kept, "rollback": {"degrade": degrade}, "version": version})


def world():
    """Fraud is held and rules@1.0.0, which nothing else needs any more, is served; the policy names no fallback."""
    here = World(policy("fallback:rules@1.0.0"))
    for model, versions in (("rules", ("1.0.0", "2.0.0", "3.0.0")), ("fraud", ("1.0.0",))):
        here.accept({f"models/{model}/model.yaml": model_yaml(model, "low")}, at=LONG_AGO)
        for version in versions:
            here.accept(version_files(version, model=model), at=LONG_AGO).promoted(version, model=model)
    served = {"model": "rules", "version": "1.0.0"}
    served["lineage_sha256"] = here.state.snapshot.lineage_sha256("rules", "1.0.0")
    for stage in here.policy.stages:
        here.accept({**dict.fromkeys(here.stage("1.0.0", stage)), **hold_file(stage=stage, fallback=served)})
    return here.accept({"policies/policy.yaml": policy("refuse", 2)}, "owner")


@pytest.mark.attack("bytes deleted that a hold serves, once the policy names another fallback", "GM-P527", by="raio")
def test_bytes_that_a_hold_serves_are_not_deleted():
    here = world()
    verdict = here.judge(deletion(model="rules"), by="raio", approvals=("raio2",))
    assert verdict.codes == ("GM-P527",)
    assert finding(verdict, "GM-P527").message == "rules@1.0.0 is needed: it stands in for fraud in development"
    other = here.judge(deletion("2.0.0", model="rules"), by="raio", approvals=("raio2",))
    assert "stands in" not in finding(other, "GM-P527").message
    for stage in here.policy.stages:
        here.accept(here.stage("1.0.0", stage))
    assert here.judge(deletion(model="rules"), by="raio", approvals=("raio2",)).allowed


@pytest.mark.attack("what a hold serves is barred and served on", "GM-P504", by="operator")
def test_what_a_hold_serves_is_barred_only_with_the_lift_of_that_hold():
    here = world()
    weights = [artifact("1.0.0", model="rules")["sha256"]]
    verdict = here.judge(quarantine_file("1.0.0", model="rules", digests=weights), by="operator")
    assert verdict.codes == ("GM-P504",)
    assert finding(verdict, "GM-P504").message == SAID
    assert here.judge(quarantine_file("1.0.0"), by="operator").allowed
    other = [artifact("2.0.0", model="rules")["sha256"]]
    assert "GM-P504" not in here.codes(quarantine_file("2.0.0", model="rules", digests=other), by="operator")


def test_what_a_hold_serves_is_not_retired():
    here = world()
    verdict = here.judge(status_file("retire", model="rules", version="1.0.0", by="engineer"), approvals=("lead",))
    assert verdict.codes == ("GM-P520",)
    assert finding(verdict, "GM-P520").message == SAID
    assert here.judge(status_file("retire", model="rules", version="2.0.0", by="engineer"), approvals=("lead",)).allowed
