"""Conditions: decimals, which figure speaks, what it is compared with, and what no data means."""

import pytest

from gitops_models.policy.document import load_policy
from gitops_models.policy.verdict import Severity
from tests.support.policy import (
    AT,
    LENIENT,
    World,
    evidence_file,
    finding,
    hold_file,
    lineage_yaml,
    model_yaml,
    policy_yaml,
    version_files,
)
from tests.support.recorded import refused

STAGES = ("development", "validation", "staging", "production")


def metric(value, name="auc", **fields):
    return {"name": name, "value": value, **fields}


def world(require, *, message=None, when=None, policy_fields=None, **model):
    """A registry whose policy has one condition, named floor, on the first stage."""
    condition = {"id": "floor", "when": {"stage": "development", **(when or {})}, "require": require}
    condition |= {"message": message} if message else {}
    here = World(policy_yaml(**{**LENIENT, "conditions": [condition], **(policy_fields or {})}))
    return here.accept({"models/fraud/model.yaml": model_yaml(risk="low", **model)})


def version(here, name, *metrics, **fields):
    here.accept(version_files(name, metrics=list(metrics), **fields))
    return here


def codes(here, name="1.0.0", stage="development", **fields):
    return here.codes(here.stage(name, stage), approvals=["lead"], **fields)


@pytest.mark.clause("B-5.2-6")
@pytest.mark.parametrize(
    ("require", "value", "expected"),
    [
        ({"at_least": 0.85}, 0.85, ()),
        ({"at_least": 0.85}, 0.8499, ("GM-P319",)),
        ({"at_most": 100.0}, 100.0, ()),
        ({"at_most": 100.0}, 100.0001, ("GM-P319",)),
        ({"at_least": 0.5, "at_most": 0.9}, 0.95, ("GM-P319",)),
        ({"at_least": 0.1}, 1e-07, ("GM-P319",)),
    ],
)
def test_a_figure_keeps_its_limits(require, value, expected):
    here = version(world({"metric": "auc", **require}), "1.0.0", metric(value))
    assert codes(here) == expected


@pytest.mark.clause("B-5.2-6")
@pytest.mark.parametrize(
    ("new", "old", "tolerance", "higher", "expected"),
    [
        # In floats 0.95 - 0.05 is 0.8999999999999999 and 0.95 - 0.90 is 0.04999999999999993.
        (0.90, 0.95, 0.05, None, ()),
        (0.8999, 0.95, 0.05, None, ("GM-P319",)),
        (0.95, 0.95, 0.0, None, ()),
        (0.9499, 0.95, 0.0, True, ("GM-P319",)),
        (0.3, 0.1, 0.2, False, ()),
        (0.3001, 0.1, 0.2, False, ("GM-P319",)),
        (0.1, 0.9, 0.0, False, ()),
    ],
)
def test_a_figure_is_not_worse_than_what_is_live(new, old, tolerance, higher, expected):
    require = {"metric": "auc", "not_worse_than": "live", "tolerance": tolerance}
    here = world(require | ({} if higher is None else {"higher_is_better": higher}))
    direction = {} if higher is None else {"higher_is_better": higher}
    version(here, "1.0.0", metric(old, **direction)).promoted("1.0.0", "development")
    version(here, "1.1.0", metric(new, **direction))
    assert codes(here, "1.1.0") == expected


def test_a_refusal_says_both_figures_and_the_room():
    here = world({"metric": "auc", "not_worse_than": "live", "tolerance": 0.01})
    version(here, "1.0.0", metric(0.9)).promoted("1.0.0", "development")
    verdict = version(here, "1.1.0", metric(0.8)).judge(here.stage("1.1.0", "development"), approvals=["lead"])
    said = finding(verdict, "GM-P319").message
    assert said == "floor: auc is 0.8, worse than what is live (fraud@1.0.0: 0.9) by more than 0.01"


@pytest.mark.parametrize("with_what", ["live", "previous", "base"])
def test_a_first_version_has_nothing_to_be_compared_with(with_what):
    here = version(world({"metric": "auc", "not_worse_than": with_what}), "1.0.0", metric(0.1))
    version(here, "1.1.0")
    assert codes(here) == ()
    assert codes(here, "1.1.0") == ()


def test_previous_is_the_last_known_good_version_below_the_live_one():
    here = world({"metric": "auc", "not_worse_than": "previous"})
    for name, value in (("1.0.0", 0.9), ("1.1.0", 0.5), ("1.2.0", 0.8), ("1.3.0", 0.95)):
        version(here, name, metric(value))
    here.promoted("1.0.0", "development").promoted("1.1.0", "development")
    assert codes(here, "1.2.0") == ("GM-P319",)
    assert codes(here, "1.3.0") == ()


def test_base_is_the_version_that_the_lineage_names_of_whatever_model():
    here = world({"metric": "auc", "not_worse_than": "base"})
    here.accept({"models/base/model.yaml": model_yaml("base")})
    here.accept(version_files("2.0.0", model="base", metrics=[metric(0.9)]))
    version(here, "1.0.0", metric(0.8), base="base@2.0.0")
    version(here, "1.1.0", metric(0.91), base="base@2.0.0")
    assert codes(here, "1.0.0") == ("GM-P319",)
    assert codes(here, "1.1.0") == ()


def test_a_base_that_is_not_here_is_no_data():
    here = version(world({"metric": "auc", "not_worse_than": "base"}), "1.0.0", metric(0.8), base="gone@1.0.0")
    assert codes(here) == ("GM-P320",)


@pytest.mark.clause("B-5.2-6")
def test_a_missing_figure_is_no_data_and_never_zero():
    here = version(world({"metric": "error", "at_most": 0.5}), "1.0.0", metric(0.9))
    verdict = here.judge(here.stage("1.0.0", "development"), approvals=["lead"])
    assert verdict.codes == ("GM-P320",)
    assert finding(verdict, "GM-P320").message == "floor: fraud@1.0.0 has no figure for error"


def test_a_live_version_without_the_figure_is_no_data():
    here = version(world({"metric": "auc", "not_worse_than": "live"}), "1.0.0").promoted("1.0.0", "development")
    assert codes(version(here, "1.1.0", metric(0.9)), "1.1.0") == ("GM-P320",)


def test_the_dataset_is_asked_for_where_it_is_named():
    require = {"metric": "auc", "at_least": 0.85, "dataset": "holdout"}
    here = version(world(require), "1.0.0", metric(0.99, dataset="training"), metric(0.86, dataset="holdout"))
    version(here, "1.1.0", metric(0.99, dataset="training"))
    assert codes(here) == ()
    verdict = here.judge(here.stage("1.1.0", "development"), approvals=["lead"])
    assert verdict.codes == ("GM-P320",)
    assert "auc on holdout" in finding(verdict, "GM-P320").message


def test_figures_that_differ_are_no_data_without_a_dataset():
    here = world({"metric": "auc", "at_least": 0.5})
    version(here, "1.0.0", metric(0.9, dataset="a"), metric(0.8, dataset="b"))
    version(here, "1.1.0", metric(0.9, dataset="a"), metric(0.9, dataset="b"))
    assert codes(here) == ("GM-P320",)
    assert codes(here, "1.1.0") == ()


def test_directions_that_contradict_are_no_data():
    here = world({"metric": "auc", "not_worse_than": "live"})
    version(here, "1.0.0", metric(0.9, higher_is_better=True)).promoted("1.0.0", "development")
    version(here, "1.1.0", metric(0.9, higher_is_better=False))
    both = (metric(0.9, dataset="a", higher_is_better=True), metric(0.9, dataset="b", higher_is_better=False))
    version(here, "1.2.0", *both)
    assert codes(here, "1.1.0") == ("GM-P320",)
    assert codes(here, "1.2.0") == ("GM-P320",)


def evidence(kind="evaluation", value=0.5, name=None, **fields):
    return evidence_file("1.0.0", kind, name=name or kind, metrics=[metric(value)], **fields)


@pytest.mark.parametrize(
    ("steps", "expected"),
    [
        ((evidence(),), ("GM-P319",)),
        # What failed still measured; what was taken back measured nothing.
        ((evidence(result="failed"),), ("GM-P319",)),
        ((evidence(), evidence(result="revoked", name="back")), ()),
        # Other bytes say nothing of these.
        ((evidence(artifacts_sha256=["0" * 64]),), ()),
        ((evidence(result="failed", artifacts_sha256=["0" * 64]),), ()),
        # The latest of a type decides, and of several types the strictest.
        ((evidence(), evidence(value=0.9, name="again")), ()),
        ((evidence(value=0.9), evidence("drift-test")), ("GM-P319",)),
        ((evidence("drift-test"), evidence(value=0.9)), ("GM-P319",)),
        ((evidence("drift-test", 0.86), evidence(value=0.9)), ()),
        # Evidence without the figure leaves the word to what has it.
        ((evidence_file("1.0.0", "security-scan"),), ()),
    ],
)
def test_what_was_measured_comes_before_what_the_author_says(steps, expected):
    here = version(world({"metric": "auc", "at_least": 0.85}), "1.0.0", metric(0.95))
    for step in steps:
        here.accept(step, "ci")
    assert codes(here) == expected


def test_figures_brought_by_the_change_itself_count():
    here = version(world({"metric": "auc", "at_least": 0.85}), "1.0.0")
    edits = {**here.stage("1.0.0", "development"), **evidence(value=0.9, by="engineer")}
    assert here.judge(edits, approvals=["lead"]).allowed


@pytest.mark.parametrize(
    ("when", "binds"),
    [
        ({}, True),
        ({"stage": "production"}, False),
        ({"risk": ["low"]}, True),
        ({"risk": ["high", "critical"]}, False),
        ({"models": "fr*"}, True),
        ({"models": "churn"}, False),
        ({"use": ["payments", "research"]}, True),
        ({"use": ["research"]}, False),
        ({"event": "rolled-back"}, False),
    ],
)
def test_a_condition_binds_where_everything_that_it_names_fits(when, binds):
    here = version(world({"metric": "auc", "at_least": 0.85}, when=when, use=["payments"]), "1.0.0", metric(0.5))
    assert codes(here) == (("GM-P319",) if binds else ())


def test_a_condition_without_a_stage_binds_in_every_stage():
    floor = {"id": "floor", "require": {"metric": "auc", "at_least": 0.85}}
    here = World(policy_yaml(**{**LENIENT, "conditions": [floor]}))
    here.registered("0.1.0").accept(version_files("1.0.0", metrics=[metric(0.5)]))
    edits = {path: data for stage in STAGES for path, data in here.stage("1.0.0", stage).items()}
    verdict = here.judge(edits, approvals=["lead"])
    assert verdict.codes == ("GM-P319",)
    assert len(verdict.denials) == len(STAGES)


def test_a_use_that_the_same_change_takes_away_still_counts():
    here = version(world({"metric": "auc", "at_least": 0.85}, when={"use": ["payments"]}, use=["payments"]), "1.0.0")
    edits = {**here.stage("1.0.0", "development"), "models/fraud/model.yaml": model_yaml(risk="low")}
    assert here.codes(edits, approvals=["lead", "raio"]) == ("GM-P320",)


def test_the_words_of_the_policy_are_shown_first():
    here = version(world({"metric": "auc", "at_least": 0.85}, message="we need 0.85"), "1.0.0", metric(0.5))
    one = finding(here.judge(here.stage("1.0.0", "development"), approvals=["lead"]), "GM-P319")
    assert (one.message, one.details) == ("floor: we need 0.85", ("auc of fraud@1.0.0 is 0.5, below 0.85",))


def test_text_that_turns_the_line_around_is_shown_escaped():
    here = version(world({"metric": "auc", "at_least": 0.85}, message="a\u202eb"), "1.0.0", metric(0.5))
    one = finding(here.judge(here.stage("1.0.0", "development"), approvals=["lead"]), "GM-P319")
    assert "\u202e" not in one.message


def test_a_rollback_is_only_warned():
    when = {"event": "rolled-back", "stage": "production"}
    here = world({"metric": "auc", "at_least": 0.85}, when=when)
    version(here, "1.0.0", metric(0.5)).promoted("1.0.0")
    version(here, "1.1.0", metric(0.9)).promoted("1.1.0")
    verdict = here.judge({**here.stage("1.0.0"), **hold_file()}, "operator")
    assert verdict.allowed
    assert [(one.code, one.severity) for one in verdict.findings] == [("GM-P319", Severity.WARN)]


def test_conditions_are_judged_for_ever():
    here = version(world({"metric": "auc", "at_least": 0.85}), "1.0.0", metric(0.5))
    assert codes(here, live=False) == ("GM-P319",)


def test_a_version_that_is_not_there_has_no_figures_to_judge():
    here = world({"metric": "auc", "at_least": 0.85})
    assert codes(here, "9.9.9") == ("GM-P303",)


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_a_figure_that_is_no_number_is_no_document(value):
    here = world({"metric": "auc", "at_least": 0.85})
    data = lineage_yaml("1.0.0", metrics=[metric(0.5)]).replace(b"0.5", str(value).replace("nan", ".nan").encode())
    files = {**version_files("1.0.0"), "models/fraud/versions/1.0.0/lineage.yaml": data}
    assert here.codes(files) == ("GM-P001",)


@pytest.mark.parametrize(
    "conditions",
    [
        [{"id": "a", "when": {"stage": "canary"}, "require": {"metric": "auc", "at_least": 1.0}}],
        [{"id": "a", "require": {"metric": "auc"}}],
        [{"id": "a", "require": {"metric": "auc", "at_least": 1.0, "tolerance": 0.1}}],
        [{"id": "a", "require": {"metric": "auc", "not_worse_than": "live", "tolerance": -0.1}}],
        [{"id": "a", "require": {"metric": "auc", "at_most": 1.0, "higher_is_better": False}}],
    ],
)
def test_a_condition_that_could_never_mean_anything_is_no_policy(conditions):
    with refused() as caught:
        load_policy(policy_yaml(conditions=conditions), "policies/policy.yaml")
    assert caught.value.code == "GM-D021"


def test_the_time_of_judgement_is_no_matter():
    here = version(world({"metric": "auc", "at_least": 0.85}), "1.0.0", metric(0.9))
    assert codes(here, at=AT) == ()


@pytest.mark.parametrize("higher", [True, False])
@pytest.mark.parametrize("tolerance", [0.0, 2.0])
def test_of_figures_that_differ_the_worst_is_held_against_the_best(higher, tolerance):
    require = {"metric": "size", "not_worse_than": "live", "tolerance": tolerance, "higher_is_better": higher}
    here = version(version(world(require), "1.0.0"), "1.1.0")
    for name, figures in (("1.0.0", (8.0, 10.0)), ("1.1.0", (7.0, 12.0))):
        for number, value in enumerate(figures):
            kind = f"load-{number}"
            here.accept(evidence_file(name, kind, metrics=[metric(value, "size", higher_is_better=higher)]), "ci")
    here.promoted("1.0.0", "development")
    verdict = here.judge(here.stage("1.1.0", "development"), approvals=["lead"])
    said = "size is 7.0, worse than what is live (fraud@1.0.0: 10.0)"
    said = said if higher else "size is 12.0, worse than what is live (fraud@1.0.0: 8.0)"
    room = f" by more than {tolerance}" if tolerance else ""
    assert finding(verdict, "GM-P319").message == f"floor: {said}{room}"
