"""Where nothing good is left: the declared degradation, on whose word, and what may stand in."""

import pytest

from tests.support.policy import (
    LENIENT,
    World,
    cause_file,
    commit,
    finding,
    hold_file,
    policy_yaml,
    quarantine_file,
    version_files,
)

BAD = {"data": [{"name": "tx"}]}
FALLBACK = "fallback:rules@1.0.0"


def world(degrade="undeploy", *versions, risk="low", **fields):
    """A model whose versions were promoted, and another, ``rules``, that is live in the first three stages."""
    here = World(policy_yaml(**{**LENIENT, "rollback": {"degrade": degrade}})).registered(risk=risk)
    for version in versions or ("1.0.0",):
        here.accept(version_files(version, **fields)).promoted(version)
    return here.registered("1.0.0", model="rules").promoted("1.0.0", "production", model="rules")


def gone(here, stage="production"):
    return dict.fromkeys(here.stage("1.0.0", stage))


def held(here, version="1.0.0", number=1, *, stage="production", model="rules", **fields):
    pinned = here.state.snapshot.lineage_sha256(model, version) or "0" * 64
    named = {"model": model, "version": version, "lineage_sha256": pinned, **fields}
    return hold_file(number, stage=stage, fallback=named)


@pytest.mark.clause("A-limits-7")
def test_the_declared_stop_needs_what_a_rollback_needs():
    here = world()
    assert here.judge({**gone(here), **hold_file()}, by="operator").allowed
    high = world(risk="high")
    assert high.codes({**gone(high), **hold_file()}, by="operator") == ("GM-P401", "GM-P403")
    assert high.judge({**gone(high), **hold_file(by="both")}, by="both").allowed


def test_whoever_promotes_still_takes_a_version_out_with_the_approvals_that_needs():
    here = world()
    edits = {**gone(here)}
    assert here.codes(edits) == ("GM-P401",)
    assert here.judge(edits, approvals=("lead",)).allowed
    two = {**gone(here), **hold_file()}
    signed = [commit(gone(here), "engineer"), commit(hold_file(), "operator")]
    assert here.codes(two, commits=tuple(signed)) == ("GM-P401",)


@pytest.mark.parametrize("degrade", ["undeploy", "refuse"])
def test_a_stage_with_a_last_known_good_version_is_not_emptied_on_an_operators_word(degrade):
    here = world(degrade, "1.0.0", "1.1.0")
    assert here.codes({**gone(here), **hold_file()}, by="operator", approvals=("lead",)) == ("GM-P403",)
    refusing = world("refuse")
    assert refusing.codes({**gone(refusing), **hold_file()}, by="operator", approvals=("lead",)) == ("GM-P403",)


def test_a_stop_without_a_hold_is_no_declared_one():
    here = world()
    assert here.codes(gone(here), by="operator", approvals=("lead",)) == ("GM-P403",)
    other = {**gone(here), **hold_file(stage="staging")}
    assert here.codes(other, by="operator", approvals=("lead",)) == ("GM-P403",)


def test_what_is_not_live_is_not_degraded():
    here = world(FALLBACK)
    here.accept({**gone(here), **hold_file()})
    assert here.codes(held(here, number=2), by="operator") == ("GM-P525",)


@pytest.mark.clause("A-testing-8", "A-limits-7")
def test_when_all_are_poisoned_the_declared_stop_takes_place():
    here = world("undeploy", "1.0.0", "1.1.0", **BAD)
    poisoned = cause_file(poisoned={"data": "tx", "versions": ["1.0.0", "1.1.0"]})
    edits = {**gone(here), **hold_file(), **poisoned}
    assert here.judge(edits, by="operator").allowed
    fewer = {**gone(here), **hold_file(), **cause_file(poisoned={"data": "tx", "versions": ["1.1.0"]})}
    assert here.codes(fewer, by="operator", approvals=("lead",)) == ("GM-P403",)
    machine = cause_file(by="monitor", poisoned={"data": "tx", "versions": ["1.0.0", "1.1.0"]})
    assert "GM-P403" in here.codes({**gone(here), **hold_file(by="monitor"), **machine}, by="monitor")


def test_after_a_quarantine_of_all_below_nothing_good_is_left():
    here = world("undeploy", "1.0.0", "1.1.0").accept(quarantine_file("1.0.0"))
    assert here.judge({**gone(here), **hold_file()}, by="operator").allowed


@pytest.mark.clause("B-8-3")
def test_the_declared_fallback_stands_in_with_the_authority_of_a_rollback():
    here = world(FALLBACK)
    assert here.judge({**gone(here), **held(here)}, by="operator").allowed
    assert here.codes({**gone(here), **hold_file()}, by="operator", approvals=("lead",)) == ("GM-P403",)


@pytest.mark.attack("a hold that serves what the policy never named", "GM-P523", by="operator")
def test_another_model_than_the_declared_one_never_stands_in():
    here = world(FALLBACK)
    edits = {**gone(here), **held(here, model="fraud")}
    assert here.codes(edits, by="operator") == ("GM-P523",)
    here = world("undeploy")
    verdict = here.judge({**gone(here), **held(here)}, by="operator", approvals=("lead",))
    assert "GM-P523" in verdict.codes
    assert finding(verdict, "GM-P523").message == "rules@1.0.0 is not the declared fallback (none)"
    here = world(FALLBACK)
    verdict = here.judge({**gone(here), **held(here, lineage_sha256="f" * 64)}, by="operator")
    assert finding(verdict, "GM-P523").message == "lineage_sha256 is not that of rules@1.0.0"


def test_a_fallback_was_approved_is_not_barred_and_fits_the_consumers():
    here = world(FALLBACK).accept(quarantine_file("1.0.0", model="rules"))
    assert here.codes({**gone(here), **held(here)}, by="operator") == ("GM-P524",)
    here = world(FALLBACK)
    staging = {**gone(here, "staging"), **held(here, stage="staging")}
    verdict = here.judge(staging, by="operator")
    assert finding(verdict, "GM-P524").message == "rules@1.0.0: it never was live in staging"
    unknown = world("fallback:rules@2.0.0")
    edits = {**gone(unknown), **held(unknown, "2.0.0")}
    assert finding(unknown.judge(edits, by="operator"), "GM-P524").message == "rules@2.0.0: it is not registered"
    needs = [{"name": "checkout", "requires": {"outputs": ["score"]}}]
    strict = World(policy_yaml(**{**LENIENT, "rollback": {"degrade": FALLBACK}})).registered("1.0.0", consumers=needs)
    strict.promoted("1.0.0").registered("1.0.0", model="rules").promoted("1.0.0", "production", model="rules")
    verdict = strict.judge({**gone(strict), **held(strict)}, by="operator")
    assert "does not fit its consumers" in finding(verdict, "GM-P524").message


@pytest.mark.attack("a fallback where a good version could be restored", "GM-P525", by="operator")
def test_a_fallback_comes_after_every_good_version():
    here = world(FALLBACK, "1.0.0", "1.1.0")
    verdict = here.judge({**gone(here), **held(here)}, by="operator")
    assert verdict.codes == ("GM-P401", "GM-P403", "GM-P525")
    assert finding(verdict, "GM-P525").message == "fraud@1.0.0 could be restored"
    assert "GM-P525" in here.codes({**here.stage("1.0.0"), **held(here)}, by="operator")
    assert here.codes(held(here), by="operator") == ("GM-P525",)
