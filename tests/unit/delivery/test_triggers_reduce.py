from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from gitops_models.delivery.triggers.decide import compare
from gitops_models.delivery.triggers.reduce import signal_of
from gitops_models.delivery.triggers.values import Answer, Kind, Sample, Signal, decimal_of, shown
from gitops_models.registry.documents.triggers import Trigger

NOW = datetime(2026, 11, 21, 10, 0, tzinfo=UTC)


def trigger(**fields):
    given = {"name": "t", "use": "s", "query": "a{{version}}", **fields}
    return Trigger.model_validate(given if "baseline" in given else {"fail": {"below": 0.9}, **given})


def said(*values, **rest):
    return Answer(tuple(one if isinstance(one, Sample) else Sample(one) for one in values), **rest)


def number(text):
    return Decimal(text)


@pytest.mark.parametrize(
    ("way", "fail", "value"),
    [
        ("min", {"below": 1}, "1"),
        ("max", {"below": 1}, "3"),
        ("avg", {"below": 1}, "2"),
        ("last", {"below": 1}, "2"),
        ("any", {"below": 1}, "1"),
        ("any", {"above": 1}, "3"),
    ],
)
def test_several_values_become_one(way, fail, value):
    found = signal_of(trigger(reduce=way, fail=fail), said(number("1"), number("3"), number("2")), NOW)
    assert found == Signal(Kind.VALUE, number(value))


@pytest.mark.parametrize(("limit", "value"), [({"max_drop": 0.1}, "1"), ({"max_rise": 0.1}, "3")])
def test_any_of_several_values_is_the_one_farthest_from_the_baseline(limit, value):
    one = trigger(reduce="any", baseline={"of": "previous-version", **limit})
    assert signal_of(one, said(number("1"), number("3")), NOW, number("2")).value == number(value)


def test_the_last_value_is_the_newest():
    old, new = Sample(number("1"), NOW), Sample(number("2"), NOW - timedelta(seconds=1))
    assert signal_of(trigger(), said(old, new), NOW).value == 1
    assert signal_of(trigger(), said(number("1"), number("2")), NOW).value == 2


@pytest.mark.parametrize(
    ("answer", "kind", "why"),
    [
        (Answer(error="refused"), Kind.ERROR, "refused"),
        (said(), Kind.EMPTY, "the source has no value"),
        (said(number("NaN")), Kind.NAN, "the value is no number (NaN)"),
        (said("high", count=2), Kind.ERROR, "the value is no number"),
        (said({"a": 1}, count=2), Kind.ERROR, "the value is no number"),
        (said(*[True, False]), Kind.ERROR, "the value is no number"),
        (said(number("1"), count=1), Kind.FEW, "1 of 2 samples"),
        (said(number("1")), Kind.FEW, "1 of 2 samples"),
        (said(number("1"), number("NaN")), Kind.FEW, "1 of 2 samples"),
        (said(Sample(number("1"), NOW - timedelta(minutes=5, seconds=1))), Kind.STALE, "the value is older than 5m"),
        (said(Sample(number("1"), NOW + timedelta(minutes=6))), Kind.STALE, "the value is from the future"),
    ],
)
@pytest.mark.clause("A-triggers-5")
def test_what_is_no_value_says_what_it_is(answer, kind, why):
    assert signal_of(trigger(min_samples=2), answer, NOW) == Signal(kind, why=why)


def test_values_at_the_edge_of_their_age_count():
    for at in (NOW - timedelta(minutes=5), NOW + timedelta(minutes=5)):
        assert signal_of(trigger(), said(Sample(number("1"), at)), NOW).kind is Kind.VALUE


def test_infinite_values_are_compared_with_limits_and_with_no_baseline():
    assert signal_of(trigger(), said(number("-Infinity")), NOW).value == number("-Infinity")
    both = said(number("Infinity"), number("-Infinity"))
    assert signal_of(trigger(reduce="avg"), both, NOW).kind is Kind.NAN
    one = trigger(baseline={"of": "previous-version", "max_drop": 0.1})
    assert signal_of(one, said(number("Infinity")), NOW, number("1")).kind is Kind.NAN


@pytest.mark.parametrize(
    ("baseline", "kind", "why"),
    [
        (said(number("0.9")), Kind.VALUE, ""),
        (number("0.9"), Kind.VALUE, ""),
        (None, Kind.EMPTY, "baseline: the source has no value"),
        (said(), Kind.EMPTY, "baseline: the source has no value"),
        (Answer(error="refused"), Kind.ERROR, "baseline: refused"),
        (said(number("NaN")), Kind.NAN, "baseline: the value is no number (NaN)"),
        (said(number("Infinity")), Kind.NAN, "baseline: the value is no number (NaN)"),
    ],
)
def test_a_baseline_without_a_value_is_no_data(baseline, kind, why):
    one = trigger(baseline={"of": "previous-version", "max_drop": 0.1})
    found = signal_of(one, said(number("0.8")), NOW, baseline)
    assert (found.kind, found.why, found.value) == (kind, why, number("0.8"))
    assert found.baseline == (number("0.9") if kind is Kind.VALUE else None)


HIGH = {"severity": "high", "layer": "conv1"}


@pytest.mark.parametrize(
    ("answer", "found"),
    [
        (said(HIGH, {"severity": "low"}), Signal(Kind.VALUE, number("1"))),
        (said(HIGH, HIGH), Signal(Kind.VALUE, number("2"))),
        (said({"other": "high"}), Signal(Kind.VALUE, number("0"))),
        (Answer(listed=True), Signal(Kind.VALUE, number("0"))),
        (Answer(), Signal(Kind.EMPTY, why="the source has no report")),
        (said(HIGH, count=1), Signal(Kind.VALUE, number("1"))),
        (Answer(listed=True, count=0), Signal(Kind.FEW, why="0 of 1 samples")),
        (said(HIGH, "high"), Signal(Kind.ERROR, why="the report holds something that is no object")),
    ],
)
@pytest.mark.clause("A-triggers-6")
def test_reported_objects_are_counted_and_one_of_high_severity_fires(answer, found):
    one = trigger(fail={"count_where": {"severity": "high"}, "above": 0})
    seen = signal_of(one, answer, NOW)
    assert seen == found
    if seen.kind is Kind.VALUE:
        assert compare(one, seen).fails == (seen.value > 0)


@pytest.mark.parametrize(
    ("wanted", "values", "found", "fails"),
    [
        (True, [False, True, False], True, True),
        (True, [False], False, False),
        (True, [number("1")], number("1"), False),
        (1, [number("1")], number("1"), True),
        ("red", ["green", "red", "green"], "red", True),
        ("red", ["green"], "green", False),
    ],
)
@pytest.mark.clause("A-triggers-7")
def test_one_of_several_values_that_is_the_wanted_one_is_enough(wanted, values, found, fails):
    one = trigger(fail={"equals": wanted})
    seen = signal_of(one, said(*values), NOW)
    assert seen == Signal(Kind.VALUE, found)
    assert compare(one, seen).fails is fails


def test_an_object_equals_nothing():
    assert signal_of(trigger(fail={"equals": True}), said({"a": 1}), NOW).kind is Kind.ERROR


def test_numbers_are_read_exactly_and_nothing_else_is_a_number():
    for text in ("0.95", "-1", "+2.", ".5", "1e-3", "NaN", "+Inf", "-Inf", "1E308"):
        assert decimal_of(text) is not None, text
    for text in ("", "1e9999", "0x1", "1_000", " 1", "1 ", "Infinity!", "9" * 101, "sNaN", "\u0661"):
        assert decimal_of(text) is None, text


def test_values_are_shown_plainly():
    shows = [shown(one) for one in (number("0.900"), number("100"), number("1e30"), number("NaN"), True, "red", None)]
    assert shows == ["0.9", "100", "1E+30", "NaN", "true", "red", "None"]
