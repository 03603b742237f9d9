"""Figures: whose word counts, which way is better, and what a version is compared with."""

import pytest

from tests.support.policy import LENIENT, World, evidence_file, finding, policy_yaml, version_files
from tests.unit.policy.rules.test_conditions import STAGES, codes, metric, version, world


def compared(new, old, **require):
    """A registry in which 1.1.0 is to be no worse than 1.0.0, which is live."""
    here = world({"metric": "auc", "not_worse_than": "live", **require})
    version(here, "1.0.0", old).promoted("1.0.0", "development")
    return version(here, "1.1.0", new)


@pytest.mark.parametrize(
    ("new", "old", "higher", "expected"),
    [
        # Whoever states the policy's direction, or none, is judged by it.
        (metric(0.1), metric(0.95), True, ("GM-P319",)),
        (metric(0.96, higher_is_better=True), metric(0.95), True, ()),
        (metric(0.1, higher_is_better=False), metric(0.95), False, ()),
        (metric(0.96), metric(0.95), False, ("GM-P319",)),
        # What is compared with may not contradict either.
        (metric(0.96), metric(0.95, higher_is_better=False), True, ("GM-P320",)),
        (metric(0.1, higher_is_better=True), metric(0.95), False, ("GM-P320",)),
    ],
)
def test_the_policy_says_which_way_is_better(new, old, higher, expected):
    assert codes(compared(new, old, higher_is_better=higher), "1.1.0") == expected


def test_a_limit_alone_asks_for_no_direction():
    here = version(world({"metric": "latency", "at_most": 20.0}), "1.0.0")
    here.accept(evidence_file("1.0.0", "load", metrics=[metric(9.0, "latency", higher_is_better=False)]), "ci")
    assert codes(here) == ()


def test_after_an_undeployment_the_version_that_was_live_last_is_compared_with():
    here = compared(metric(0.1), metric(0.95))
    here.accept(dict.fromkeys(here.stage("1.0.0", "development")))
    assert codes(here, "1.1.0") == ("GM-P319",)
    assert codes(version(here, "1.2.0", metric(0.95)), "1.2.0") == ()


def test_a_version_without_a_base_is_no_data_where_others_were_live():
    here = version(world({"metric": "auc", "not_worse_than": "base"}), "1.0.0", metric(0.9))
    version(here.promoted("1.0.0", "development"), "1.1.0", metric(0.9))
    verdict = here.judge(here.stage("1.1.0", "development"), approvals=["lead"])
    assert verdict.codes == ("GM-P320",)
    assert finding(verdict, "GM-P320").message == "floor: fraud@1.1.0 names no base"


def entering(risk="high", *, demanded=("evaluation",), require=None, live=None):
    """A registry whose production has a condition; 1.0.0 (live with ``live``) and 1.1.0 stand in staging."""
    condition = {
        "id": "floor",
        "when": {"stage": "production"},
        "require": require or {"metric": "auc", "at_least": 0.85},
    }
    rules = {"production": {"evidence": list(demanded)}}
    here = World(policy_yaml(**{**LENIENT, "stage_rules": rules, "conditions": [condition]}))
    here.registered(risk=risk)
    for name in ("1.0.0", "1.1.0"):
        here.accept(version_files(name, metrics=[metric(0.99)]))
        here.promoted(name, *STAGES[:3])
    if live is not None:
        here.accept(measured(live, version="1.0.0"), "ci").promoted("1.0.0", "production")
    return here


def measured(value, kind="evaluation", *, version="1.1.0", name=None, **fields):
    return evidence_file(version, kind, name=name, metrics=[metric(value)] if value is not None else [], **fields)


OTHERS = {"low": ["lead"], "medium": ["lead"], "high": ["raio", "domain"]}


@pytest.mark.parametrize(
    ("risk", "steps", "expected"),
    [
        # Types speak in the stage's order; others only where none of these has the figure.
        ("low", [measured(0.9), measured(0.5, "drift")], ()),
        ("low", [measured(None), measured(0.5, "drift")], ("GM-P319",)),
        ("low", [measured(None), measured(0.9, "drift"), measured(0.5, "scan")], ("GM-P319",)),
        ("low", [measured(None)], ()),
        ("high", [measured(0.9)], ()),
        ("high", [measured(None), measured(0.9, "drift")], ()),
        ("high", [measured(None), measured(0.9, "drift", by="engineer")], ("GM-P320",)),
        # The author's later entry of the same type hides nothing.
        (
            "high",
            [measured(None), measured(0.5, "drift"), measured(0.9, "drift", name="again", by="engineer")],
            ("GM-P319",),
        ),
        ("high", [measured(None), measured(0.5, "drift"), measured(0.9, "drift", name="again")], ()),
    ],
)
def test_figures_come_first_from_what_the_stage_demands(risk, steps, expected):
    here = entering(risk)
    for step in steps:
        here.accept(step, "engineer" if any(b"by: engineer" in data for data in step.values()) else "ci")
    assert here.codes(here.stage("1.1.0"), approvals=OTHERS[risk]) == expected


WORSE = {"metric": "auc", "not_worse_than": "live"}


def test_the_live_version_speaks_by_its_own_word_where_nobody_else_measured_it():
    here = entering(require=WORSE, demanded=()).promoted("1.0.0", "production").accept(measured(0.98), "ci")
    assert here.codes(here.stage("1.1.0"), approvals=OTHERS["high"]) == ("GM-P319",)
    here.accept(measured(0.99, name="again"), "ci")
    assert here.codes(here.stage("1.1.0"), approvals=OTHERS["high"]) == ()


def test_minus_zero_is_zero_and_huge_figures_are_compared():
    here = version(world({"metric": "auc", "at_least": 0.0}), "1.0.0", metric(-0.0))
    version(here, "1.1.0", metric(-1e308))
    assert (codes(here), codes(here, "1.1.0")) == ((), ("GM-P319",))


@pytest.mark.parametrize("name", ["auc ", "AUC", "\u0430uc"])
def test_a_name_that_only_looks_the_same_is_another_metric(name):
    here = version(world({"metric": "auc", "at_least": 0.85}), "1.0.0", metric(0.99, name))
    assert codes(here) == ("GM-P320",)


def test_a_figure_given_twice_in_one_document_decides_nothing():
    here = version(world({"metric": "auc", "at_least": 0.85}), "1.0.0", metric(0.5), metric(0.99))
    assert codes(here) == ("GM-P320",)
    assert codes(version(here, "1.1.0", metric(1), metric(1.0)), "1.1.0") == ()
