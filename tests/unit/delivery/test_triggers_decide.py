"""The truth table of triggers, held against an oracle that reads like the guide's list of what comes first."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import product

import pytest

from gitops_models.delivery.triggers.decide import Act, Around, Standing, State, decide
from gitops_models.delivery.triggers.reduce import signal_of
from gitops_models.delivery.triggers.values import Answer, Kind, Sample, Signal, decimal_of
from gitops_models.registry.documents.triggers import Trigger

NOW = datetime(2026, 11, 21, 10, 0, tzinfo=UTC)
AGO = {seconds: NOW - timedelta(seconds=seconds) for seconds in (1, 100, 1000, 10_000)}
BASELINE = Decimal("0.95")
SAID = {
    "at-the-line": Answer((Sample(Decimal("0.90")),)),
    "past-the-line": Answer((Sample(Decimal("0.8999999999999999")),)),
    "nan": Answer((Sample(Decimal("NaN")),)),
    "empty": Answer(),
    "few": Answer((Sample(Decimal("0.1")),), count=199),
    "stale": Answer((Sample(Decimal("0.1"), NOW - timedelta(seconds=301)),)),
    "error": Answer(error="connection refused"),
}


def trigger(**fields):
    given = {
        "name": "accuracy-drop",
        "use": "metrics",
        "query": "a{{version}}",
        "baseline": {"of": "previous-version", "max_drop": 0.05},
        "for": "60s",
        "grace": "60s",
        "cooldown": "600s",
        "min_samples": 200,
        **fields,
    }
    return Trigger.model_validate(given)


def signal(said, found):
    answer = SAID[said]
    count = answer.count if answer.count is not None or not answer.samples else 200
    return signal_of(found, Answer(answer.samples, answer.error, answer.listed, count), NOW, BASELINE)


def around(**fields):
    return Around(**{"digest": "d" * 64, "version": "1.1.0", "since": AGO[10_000], "good": "1.0.0", **fields})


def expected(case):  # noqa: C901, PLR0911, PLR0912 - one line for each line of the list
    """What the guide says, first match first."""
    if case["unsettled"]:
        return Standing.UNSETTLED, None, False
    said = case["said"]
    none = said in {"nan", "empty", "few", "stale"}
    failing = said == "past-the-line"
    if said == "error":
        if case["errors"] < 4:
            return Standing.ERROR, None, False
        if case["then"] != "fail":
            return Standing.ERROR, None, case["then"] == "inconclusive"
        failing = True
    if none:
        if case["then"] != "fail":
            alert = case["then"] == "inconclusive" and case["lasting"] and not case["grace"]
            return Standing.NO_DATA, None, alert
        failing = True
    if not failing:
        return Standing.OK, None, False
    if case["grace"]:
        return Standing.GRACE, None, False
    if not case["lasting"]:
        return Standing.PENDING, None, False
    if case["open"]:
        return Standing.IN_PROGRESS, None, False
    if case["rolled_back"]:
        return Standing.BLOCKED, None, True
    if case["cooldown"]:
        return Standing.COOLDOWN, None, False
    if case["no_lkg"] or case["stopped"]:
        return Standing.BLOCKED, None, True
    return Standing.FIRED, Act.RESTORE if case["restores"] else Act.PROPOSE, True


FLAGS = ("lasting", "grace", "cooldown", "open", "no_lkg", "rolled_back", "stopped", "restores", "unsettled")


def cases():
    for said, then, errors in product(SAID, ("fail", "inconclusive", "ok"), (0, 4)):
        if errors and said != "error":
            continue
        for flags in product((False, True), repeat=len(FLAGS)):
            yield {"said": said, "then": then, "errors": errors, **dict(zip(FLAGS, flags, strict=True))}


@pytest.mark.clause("A-triggers-4", "A-triggers-5", "A-testing-3")
def test_the_truth_table():
    """Every combination of what is said and of what else is so."""
    count = 0
    found = {then: trigger(on_no_data=then, on_error={"then": then}) for then in ("fail", "inconclusive", "ok")}
    for case in cases():
        one = found[case["then"]]
        since = AGO[100] if case["lasting"] else None
        state = State("d" * 64, since, since, case["errors"], AGO[100] if case["cooldown"] else AGO[10_000])
        there = around(
            since=AGO[1] if case["grace"] else AGO[10_000],
            open="rollback 3fa9c1d2" if case["open"] else None,
            good=None if case["no_lkg"] else "1.0.0",
            rolled_back="a rollback led here" if case["rolled_back"] else None,
            stopped="2 rollbacks in 24 h" if case["stopped"] else None,
            restores=case["restores"],
            unsettled="it is being deployed" if case["unsettled"] else None,
        )
        made = decide(one, state, signal(case["said"], one), there, NOW)
        assert (made.standing, made.act, made.alert) == expected(case), case
        assert made.reason
        assert (made.state.fired == NOW) == (made.standing is Standing.FIRED)
        count += 1
    assert count == 12_288


@pytest.mark.parametrize(
    ("value", "standing"),
    [
        ("0.9", Standing.OK),
        ("0.850000000000000000001", Standing.OK),
        ("0.850", Standing.OK),
        ("8.5e-1", Standing.OK),
        ("0.849999999999999999999", Standing.FIRED),
        ("0.84", Standing.FIRED),
    ],
)
@pytest.mark.clause("A-triggers-4")
def test_both_sides_of_a_drop_of_five_hundredths_in_decimals(value, standing):
    """In binary fractions a drop of exactly 0.05 would fire."""
    assert 0.9 - 0.85 > 0.05
    one = trigger(**{"for": "0s", "min_samples": 1})
    seen = signal_of(one, Answer((Sample(decimal_of(value)),)), NOW, Decimal("0.9"))
    assert decide(one, State(), seen, around(), NOW).standing is standing


def test_a_rise_is_held_against_the_other_side():
    one = trigger(**{"for": "0s", "baseline": {"of": 100.0, "max_rise": 0.1}, "min_samples": 1})
    for value, standing in (("100.1", Standing.OK), ("100.11", Standing.FIRED), ("0", Standing.OK)):
        seen = signal_of(one, Answer((Sample(decimal_of(value)),)), NOW, Decimal(100))
        made = decide(one, State(), seen, around(), NOW)
        assert made.standing is standing
    assert made.reason == "0 is -100 above 100, not more than 0.1"


@pytest.mark.parametrize(
    ("fail", "value", "fails", "reason"),
    [
        ({"below": 0.9}, Decimal("0.9"), False, "0.9 is not below 0.9"),
        ({"below": 0.9}, Decimal("0.89"), True, "0.89 is below 0.9"),
        ({"above": 0}, Decimal(0), False, "0 is not above 0"),
        ({"above": 0}, Decimal(1), True, "1 is above 0"),
        ({"equals": True}, True, True, "it is true"),
        ({"equals": True}, Decimal(1), False, "it is 1"),
        ({"equals": 1.0}, Decimal(1), True, "it is 1"),
        ({"equals": "red"}, "red", True, "it is red"),
        ({"equals": "red"}, "green", False, "it is green"),
    ],
)
def test_a_value_is_held_against_a_limit(fail, value, fails, reason):
    one = trigger(**{"for": "0s", "baseline": None, "fail": fail})
    made = decide(one, State(), Signal(Kind.VALUE, value), around(), NOW)
    assert (made.standing is Standing.FIRED, made.reason) == (fails, reason)


def test_failing_has_to_last_without_a_break():
    one, state, bad = trigger(), State(), Signal(Kind.VALUE, Decimal("0.5"), BASELINE)
    good, none = Signal(Kind.VALUE, Decimal("0.95"), BASELINE), Signal(Kind.EMPTY, why="nothing")

    def look(seen, seconds):
        nonlocal state
        made = decide(one, state, seen, around(), NOW + timedelta(seconds=seconds))
        state = made.state
        return made.standing

    assert [look(bad, 0), look(bad, 59), look(good, 60), look(bad, 61), look(bad, 120)] == [
        Standing.PENDING, Standing.PENDING, Standing.OK, Standing.PENDING, Standing.PENDING
    ]  # fmt: skip
    assert [look(none, 121), look(bad, 122)] == [Standing.NO_DATA, Standing.FIRED]
    assert [look(bad, 130), look(good, 131)] == [Standing.COOLDOWN, Standing.OK]
    assert look(bad, 800) is Standing.PENDING


GAPS = [  # interval, max_age, seconds until the next look, whether it counts as failing all the time
    ("30s", "5m", 300, True),
    ("30s", "5m", 301, False),
    ("30s", "5m", 2 * 86_400, False),
    ("10m", "5m", 1800, True),
    ("10m", "5m", 1801, False),
    ("30s", "1h", 3600, True),
]


@pytest.mark.parametrize(("interval", "max_age", "gap", "holds"), GAPS)
def test_failing_lasts_only_while_somebody_looks(interval, max_age, gap, holds):
    """The monitor was away, and nobody knows what was so in between."""
    one, bad = trigger(interval=interval, max_age=max_age), Signal(Kind.VALUE, Decimal("0.5"), BASELINE)
    first = decide(one, State(), bad, around(), NOW)
    later = NOW + timedelta(seconds=gap)
    made = decide(one, first.state, bad, around(), later)
    assert (made.standing, made.act is None) == ((Standing.FIRED, False) if holds else (Standing.PENDING, True))
    assert (made.state.failing, made.state.seen) == (NOW if holds else later, later)
    without = decide(one, State("d" * 64, failing=NOW), bad, around(), later)  # as it was kept before
    assert without.standing is made.standing


@pytest.mark.parametrize("kind", [Kind.EMPTY, Kind.ERROR])
def test_looks_that_see_nothing_do_not_bridge_a_gap(kind):
    one, bad = trigger(), Signal(Kind.VALUE, Decimal("0.5"), BASELINE)
    state = decide(one, State(), bad, around(), NOW).state
    for seconds in range(30, 331, 30):
        state = decide(one, state, Signal(kind, why="away"), around(), NOW + timedelta(seconds=seconds)).state
    made = decide(one, state, bad, around(), NOW + timedelta(seconds=360))
    assert (made.standing, made.act) == (Standing.PENDING, None)


def test_what_stands_well_remembers_no_look():
    """Nothing is written to disk for a look that changes nothing."""
    one, good = trigger(), Signal(Kind.VALUE, Decimal("0.95"), BASELINE)
    failing = State("d" * 64, failing=NOW, seen=NOW)
    assert decide(one, failing, good, around(), NOW).state == State("d" * 64)


def test_another_version_begins_anew_but_the_cooldown_goes_on():
    one, bad = trigger(**{"for": "0s"}), Signal(Kind.VALUE, Decimal("0.5"), BASELINE)
    fired = decide(one, State(), bad, around(), NOW)
    assert fired.standing is Standing.FIRED
    later = NOW + timedelta(seconds=599)
    other = decide(one, fired.state, bad, around(digest="e" * 64, version="1.2.0"), later)
    assert (other.standing, other.state.failing, other.state.fired) == (Standing.COOLDOWN, later, NOW)


def test_errors_in_a_row_are_tolerated_and_a_value_in_between_counts_anew():
    one = trigger(on_error={"tolerate": 2, "then": "inconclusive"})
    broken, good = Signal(Kind.ERROR, why="refused"), Signal(Kind.VALUE, Decimal("0.95"), BASELINE)
    state, alerts = State(), []
    for seen in (broken, broken, good, broken, broken, broken):
        made = decide(one, state, seen, around(), NOW)
        state = made.state
        alerts.append(made.alert)
    assert alerts == [False, False, False, False, False, True]
    assert made.reason == "refused (3 in a row)"


def test_a_clock_that_jumps_neither_fires_nor_rests_for_ever():
    one, bad = trigger(), Signal(Kind.VALUE, Decimal("0.5"), BASELINE)
    ahead = NOW + timedelta(days=400)
    made = decide(one, State("d" * 64, ahead, ahead, 0, ahead), bad, around(since=ahead), NOW)
    assert (made.standing, made.state.fired) == (Standing.GRACE, NOW)
    made = decide(one, State("d" * 64, ahead, ahead, 0, ahead), bad, around(), NOW)
    assert (made.standing, made.state.failing) == (Standing.PENDING, NOW)
