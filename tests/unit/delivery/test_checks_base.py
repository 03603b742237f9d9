"""What results of checks mean: who stops a switch, and with which code."""

import pytest

from gitops_models.delivery.checks.base import CheckResult, NoChecks, in_words, invalid, no_checks, refusal


def _result(passed, *, required=True, name="answers"):
    return CheckResult(name, "golden", passed, required, {"worst": 0.5}, "out 0.5 instead of 0.4", 0.1)


@pytest.mark.parametrize(
    ("results", "before", "after"),
    [
        ((), None, None),
        ((_result(passed=True),), None, None),
        ((_result(passed=False, required=False),), None, None),
        ((_result(passed=None, required=False),), None, None),
        ((_result(passed=False),), "GM-R520", "GM-R521"),
        ((_result(passed=None),), "GM-R522", "GM-R521"),
        ((_result(passed=None, name="a"), _result(passed=False)), "GM-R520", "GM-R521"),
    ],
)
def test_only_a_required_check_stops_and_one_that_did_not_run_is_no_pass(results, before, after):
    assert getattr(refusal(results), "code", None) == before
    assert getattr(invalid(results), "code", None) == after


def test_every_failed_check_is_named():
    error = invalid([_result(passed=False), _result(passed=True, name="speed"), _result(passed=None, name="last")])
    assert error.message == "answers: failed: out 0.5 instead of 0.4"
    assert error.details == ("last: could not be run: out 0.5 instead of 0.4",)


def test_a_result_without_a_message_is_its_name_and_end():
    assert in_words(CheckResult("speed", "latency", passed=True)) == "speed: passed"


def test_a_result_keeps_its_values():
    assert _result(passed=None).to_json() == {
        "id": "answers",
        "use": "golden",
        "passed": None,
        "required": True,
        "values": {"worst": 0.5},
        "message": "out 0.5 instead of 0.4",
        "seconds": 0.1,
    }


def test_without_checks_nothing_is_said():
    checks = no_checks(None, None)
    assert isinstance(checks, NoChecks)
    assert checks.before(None, None, None) == checks.after(None, None) == ()
