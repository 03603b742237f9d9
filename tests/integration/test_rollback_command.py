"""gm rollback as people and scripts meet it: the plan, the proposal, its JSON, and what excludes what."""

import pytest

from tests.support.registry import PEOPLE
from tests.support.team import Team, gm

DATA = {"data": [{"name": "transactions", "snapshot": "2026-10"}]}


@pytest.fixture(scope="module")
def team(tmp_path_factory):
    root = tmp_path_factory.mktemp("command")
    (root / "home").mkdir()
    made = Team(root, root / "home", PEOPLE, policy="minimal")
    stages = made.registry.history().policy.stages
    for version, fields in (("1.0.0", {}), ("1.1.0", DATA), ("1.2.0", {"base": "fraud@1.1.0"})):
        made.registry.version("fraud", version, **fields)
        made.registry.live("fraud", version, *stages)
    return made


@pytest.fixture
def clone(team, home):
    team.home = home
    return team.clone("operator")


@pytest.mark.clause("A-summary-3", "A-summary-5", "A-limits-1")
def test_the_plan_says_what_is_skipped_lost_and_concerned(clone, team):
    ran = gm(clone, "rollback", "fraud", "--before-data", "transactions@2026-10", "-m", "labels", "--dry-run", "--json")
    assert ran.status == 0, ran.err
    told = ran.json
    assert (told["kind"], told["dryRun"], told["from"], told["to"]) == ("Rollback", True, "1.2.0", "1.0.0")
    assert told["skipped"] == [{"version": "1.1.0", "why": "made from transactions@2026-10"}]
    assert [(one["version"], one["live"]) for one in told["siblings"]] == [("1.1.0", [])]
    assert told["blastRadius"]["stage"] == "production"
    assert told["blastRadius"]["servedSeconds"] > 0
    assert {"field": "base", "before": "fraud@1.1.0", "after": None} in told["lost"]["lineage"]
    assert team.git("for-each-ref", "refs/heads/gm") == ""


def test_people_read_the_same(clone):
    shown = gm(clone, "rollback", "fraud", "--before-data", "transactions@2026-10", "-m", "labels", "--dry-run")
    assert shown.status == 0, shown.err
    assert "  1.1.0: made from transactions@2026-10" in shown.out
    assert "consumers: none recorded" in shown.out
    assert "gm quarantine fraud@1.1.0 -m WHY" in shown.out
    assert shown.err.splitlines()[-1].startswith("next: ")


@pytest.mark.parametrize(
    ("words", "status", "code"),
    [
        (("--before-data", "payroll"), 6, "GM-C247"),
        (("--before-data", "transactions@2026-10", "--to", "1.0.0"), 2, "GM-C250"),
        (("--before-commit", "feedbeef"), 6, "GM-C248"),
        (("--before-data", "transactions@2026-10", "--override", "hold.json"), 2, "GM-C002"),
        (("--before-data", "transactions@2026-10", "--emergency", "--incident", "INC-1"), 2, "GM-C002"),
    ],
)
def test_what_cannot_be_meant_is_refused(clone, words, status, code):
    ran = gm(clone, "rollback", "fraud", "-m", "why", "--json", *words)
    assert (ran.status, ran.error["code"]) == (status, code)


def test_status_names_the_last_known_good_version(clone):
    ran = gm(clone, "status", "fraud", "--json")
    assert ran.status == 0, ran.err
    rows = {row["stage"]: row["lastKnownGood"] for row in ran.json["stages"]}
    assert (rows["production"]["version"], rows["production"]["old"]) == ("1.1.0", False)


def test_it_lands_with_its_cause_and_everything_barred(clone):
    words = (
        "--before-data",
        "transactions@2026-10",
        "--quarantine-siblings",
        "-m",
        "poisoned labels",
        "--merge",
        "--json",
    )
    ran = gm(clone, "rollback", "fraud", *words)
    assert ran.status == 0, ran.err
    assert ran.json["step"]
    status = gm(clone, "status", "fraud", "--json").json
    assert status["causes"] == ["fraud: poisoning-1 (poisoning, high)"]
    assert {row["desired"] for row in status["stages"]} == {"1.0.0"}
    again = gm(clone, "rollback", "fraud", "-m", "once more", "--json")
    assert (again.status, again.error["code"]) == (6, "GM-P510")
