"""The conditions of a place: what holds, what does not, what nobody looked at, and since when."""

from dataclasses import replace

import pytest

from gitops_models.delivery.checks.base import CheckResult
from gitops_models.delivery.conditions import NOT_LOOKED_AT, conditions_of, dated
from gitops_models.delivery.states import Condition, Sync
from gitops_models.delivery.values import Drift, DriftKind, Standing
from gitops_models.errors import GmError
from tests.support.delivery import deployment, desired

WANTED = desired(deployment("1.0.0"))
SCAN = CheckResult("scan", "scan", passed=True)
GOLDEN = CheckResult("golden", "golden", passed=True)


def found(wanted=WANTED, sync=Sync.SYNCED, error=None, left=(), checks=()):
    return {one.type: one for one in conditions_of(wanted, sync, error, left, checks)}


def words(condition):
    return condition.status, condition.reason


def test_what_is_served_as_accepted_and_was_looked_at_holds():
    said = found(checks=(SCAN, replace(SCAN, id="interface", use="interface"), GOLDEN))
    assert {words(one)[0] for name, one in said.items() if name != "Stalled"} == {True}
    assert words(said["Stalled"]) == (False, "synced")


def test_what_nobody_looked_at_is_neither_true_nor_false():
    said = found()
    unknown = {name for name, one in said.items() if one.status is None}
    assert unknown == {"ArtifactScanned", "InterfaceCompatible", "Healthy"}
    assert {said[name].reason for name in unknown} == {NOT_LOOKED_AT}


@pytest.mark.parametrize(
    ("code", "fetched", "stalled"),
    [
        ("GM-A321", (False, "GM-A321"), False),
        ("GM-A314", (False, "GM-A314"), True),
        ("GM-R520", (True, "Fetched"), True),
        ("GM-R303", (True, "Fetched"), False),
    ],
)
def test_a_failure_says_how_far_it_came_and_whether_it_waits_for_another_input(code, fetched, stalled):
    said = found(sync=Sync.BEHIND, error=GmError(code, "why"))
    assert words(said["ArtifactFetched"]) == fetched
    assert said["Stalled"].status is stalled
    assert (words(said["Applied"]), said["Ready"].status) == ((False, code), False)


def test_what_is_not_to_be_served_is_not_looked_for():
    nothing = desired(None, at=WANTED.at, standing=Standing.UNDEPLOY)
    assert words(found(nothing)["ArtifactFetched"]) == (None, NOT_LOOKED_AT)
    assert words(found(sync=Sync.BEHIND)["ArtifactFetched"]) == (None, NOT_LOOKED_AT)


def test_checks_and_drift_stand_in_words():
    bad = replace(SCAN, passed=False, message="os.system")
    said = found(sync=Sync.DRIFTED, left=(Drift(DriftKind.CHANGED_LINK, "current"),), checks=(bad,))
    assert (words(said["ArtifactScanned"]), said["ArtifactScanned"].message) == (
        (False, "Failed"),
        "scan: failed: os.system",
    )
    assert (words(said["DriftFree"]), said["DriftFree"].message) == ((False, "drifted"), "changed-link: current")


def test_what_is_served_is_healthy_by_its_checks_and_one_that_is_not_required_is_tolerated():
    tolerated = replace(GOLDEN, passed=False, required=False)
    assert words(found(checks=(GOLDEN,))["Healthy"]) == (True, "Passed")
    assert words(found(checks=(tolerated,))["Healthy"]) == (True, "Tolerated")
    assert words(found(error=GmError("GM-R521", "bad"))["Healthy"]) == (False, "GM-R521")


def test_a_problem_with_the_documents_is_one_of_the_source():
    broken = replace(WANTED, problem=GmError("GM-R201", "pinned otherwise"))
    assert words(found(broken)["SourceVerified"]) == (False, "GM-R201")


def test_a_condition_keeps_its_time_while_it_is_so_and_what_was_looked_at_holds_for_the_same_bytes():
    before = {
        "Healthy": Condition("Healthy", status=True, reason="Passed", time="early", commit="a"),
        "Ready": Condition("Ready", status=True, reason="serve", time="early", commit="a"),
    }
    now = conditions_of(WANTED, Sync.SYNCED, None, ())
    same = {one.type: one for one in dated(now, before, at="late", commit="b", same=True)}
    assert (same["Ready"].time, same["Ready"].commit) == ("early", "b")
    assert (words(same["Healthy"]), same["Healthy"].time, same["Healthy"].commit) == ((True, "Passed"), "early", "b")
    assert same["DriftFree"].time == "late"
    other = {one.type: one for one in dated(now, before, at="late", commit="b", same=False)}
    assert (words(other["Healthy"]), other["Healthy"].time) == ((None, NOT_LOOKED_AT), "late")
