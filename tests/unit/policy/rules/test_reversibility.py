"""A promotion into the last stage leaves a way back."""

import pytest

from tests.support.policy import (
    LENIENT,
    World,
    finding,
    hold_file,
    model_yaml,
    policy_yaml,
    quarantine_file,
    version_files,
)

STAGES = ("development", "validation", "staging")
NEEDS = [{"name": "checkout", "requires": {"outputs": ["score"]}}]
SCORE = {"outputs": [{"name": "score", "dtype": "float32", "shape": [-1]}]}


def world(*versions, degrade=None, **fields):
    policy = policy_yaml(**{**LENIENT, **({"rollback": {"degrade": degrade}} if degrade else {})})
    return World(policy).registered(*versions, **fields)


def ready(here, version):
    return here.promoted(version, *STAGES)


def codes(here, version, **fields):
    return here.codes(here.stage(version), approvals=["lead"], **fields)


@pytest.mark.clause("B-3-4")
def test_a_first_version_has_nothing_to_go_back_to():
    assert codes(ready(world("1.0.0"), "1.0.0"), "1.0.0") == ()


@pytest.mark.clause("B-3-4")
def test_a_promotion_that_leaves_a_good_version_below_it_is_fine():
    here = ready(world("1.0.0", "1.1.0").promoted("1.0.0"), "1.1.0")
    assert codes(here, "1.1.0") == ()


@pytest.mark.clause("B-3-4")
def test_a_promotion_that_leaves_no_way_back_is_refused():
    here = ready(world("1.0.0", "1.1.0").promoted("1.0.0"), "1.1.0").accept(quarantine_file("1.0.0"))
    verdict = here.judge(here.stage("1.1.0"), approvals=["lead"])
    assert verdict.codes == ("GM-P901",)
    assert (
        finding(verdict, "GM-P901").message == "fraud@1.1.0 leaves nothing in production that could be rolled back to"
    )
    assert codes(here, "1.1.0", live=False) == ("GM-P901",)


@pytest.mark.clause("B-3-4")
@pytest.mark.parametrize("degrade", ["undeploy", "fallback:rules@1.0.0"])
def test_a_declared_degradation_is_a_way_out(degrade):
    here = ready(world("1.0.0", "1.1.0", degrade=degrade).promoted("1.0.0"), "1.1.0").accept(quarantine_file("1.0.0"))
    assert codes(here, "1.1.0") == ()


@pytest.mark.clause("B-8-3")
def test_what_does_not_fit_the_consumers_is_no_way_back():
    here = world("1.0.0").promoted("1.0.0")
    here.accept(version_files("1.1.0", interface=SCORE))
    here.accept({"models/fraud/model.yaml": model_yaml(consumers=NEEDS)})
    assert codes(ready(here, "1.1.0"), "1.1.0") == ("GM-P901",)


def test_after_the_first_good_version_the_next_needs_it():
    here = world("1.0.0", "1.1.0", "1.2.0").promoted("1.0.0").promoted("1.1.0").accept(quarantine_file("1.0.0"))
    assert codes(ready(here, "1.2.0"), "1.2.0") == ()


def test_stages_before_the_last_are_not_asked():
    here = world("1.0.0", "1.1.0").promoted("1.0.0").accept(quarantine_file("1.0.0"))
    assert here.codes(here.stage("1.1.0", "development"), approvals=["lead"]) == ()


def test_the_first_version_of_old_that_returns_is_still_the_first():
    here = world("1.0.0").promoted("1.0.0").accept({"models/fraud/stages/production.yaml": None})
    assert codes(here, "1.0.0") == ()
    both = world("1.0.0", "1.1.0").promoted("1.0.0").promoted("1.1.0").promoted("1.0.0", *STAGES)
    both.accept({"models/fraud/stages/production.yaml": None})
    assert codes(both, "1.0.0") == ()


def unfit_below():
    """1.0.0 has no interface, and a consumer that came later reads what only 1.1.0 gives."""
    here = world("1.0.0").promoted("1.0.0").accept(version_files("1.1.0", interface=SCORE)).promoted("1.1.0")
    return here.accept({"models/fraud/model.yaml": model_yaml(consumers=NEEDS)})


@pytest.mark.clause("B-8-2", "B-8-3")
def test_a_rollback_to_what_does_not_fit_is_refused_unless_it_says_what_does_not_work():
    here = unfit_below()
    silent = {**here.stage("1.0.0"), **hold_file()}
    verdict = here.judge(silent, "operator", approvals=["lead"])
    assert verdict.codes == ("GM-P902",)
    assert finding(verdict, "GM-P902").details == ("checkout needs an interface and none is recorded",)
    assert here.codes({**silent, **hold_file(degraded="checkout shows no score")}, "operator", approvals=["lead"]) == ()


def test_a_hold_on_another_stage_or_without_words_declares_nothing():
    here = unfit_below()
    for hold in (hold_file(stage="staging", degraded="no score"), {}):
        assert here.codes({**here.stage("1.0.0"), **hold}, "operator", approvals=["lead"]) == ("GM-P902",)


def test_a_rollback_is_not_asked_what_comes_after_it():
    here = world("1.0.0", "1.1.0").promoted("1.0.0").promoted("1.1.0")
    assert here.codes({**here.stage("1.0.0"), **hold_file()}, "operator") == ()
