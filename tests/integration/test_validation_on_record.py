"""No version with required checks after a switch stays live without them: whatever fails between switch and checks."""

import json
import shutil
from contextlib import contextmanager
from unittest import mock

import pytest

from gitops_models.delivery.memos import Memos
from gitops_models.delivery.resolve import resolve
from gitops_models.delivery.results import Done, State
from gitops_models.delivery.switching import Switching
from gitops_models.delivery.targets.directory import DirectoryTarget
from gitops_models.delivery.targets.place import Place
from gitops_models.errors import GmError
from gitops_models.registry.times import format_time
from tests.support.station import Station, emergency, one_version, rolled_back, told

FULL = OSError(28, "No space left on device")
PLACE = "srv/fraud/production"


class Killed(BaseException):
    """What no handler takes."""


@pytest.fixture(scope="module")
def registry(tmp_path_factory):
    return emergency(tmp_path_factory.mktemp("told") / "forge.git")


@pytest.fixture
def station(registry, tmp_path, home):
    """1.2.0 is served and passed its check; 1.3.0 is wanted now and does not pass it."""
    program = tmp_path / "check.sh"
    program.write_text(f'#!/bin/sh\necho "$1" >> {tmp_path / "asked"}\n[ "$1" != 1.3.0 ]\n')
    program.chmod(0o755)
    made = Station(registry.copy(tmp_path / "forge.git"), tmp_path, home)
    check = {"id": "answers", "use": "command", "when": "after", "command": [str(program), "{version}"], "retries": 0}
    made.configure(checks=[check])
    assert run(made).live == "1.2.0"
    one_version(made.registry, "1.3.0")
    made.upload("1.3.0")
    return made


def run(station):
    (result,) = station.run().results
    return result


def asked(station):
    """The versions that the check was asked about, in order."""
    return (station.root / "asked").read_text().split()


def ended(station):
    """How each deployment ended by its record, and which checks after the switch it names."""
    bodies = [record.body for record in station.records()]
    return [(body.version, body.result, [one.id for one in body.checks if one.id == "answers"]) for body in bodies]


BAD = [("1.2.0", "succeeded", ["answers"]), ("1.3.0", "failed", ["answers"])]


def taken_back(station):
    assert station.served() == "1.2.0"
    assert (asked(station), ended(station)) == (["1.2.0", "1.3.0"], BAD)
    assert not list((station.root / "state").rglob("journal/*/*.json"))
    station.clock.tick(hours=7)
    later = run(station)
    assert (later.state, later.done, later.live) == (State.VALIDATION_FAILED, Done.WAITING, "1.2.0")
    assert (asked(station), ended(station)) == (["1.2.0", "1.3.0"], BAD)


def test_a_write_that_fails_once_after_the_link_moved_skips_no_check(station):
    with mock.patch.object(Place, "note", side_effect=[FULL, None]):
        result = run(station)
    assert (result.state, result.error.code, result.live) == (State.VALIDATION_FAILED, "GM-R521", "1.2.0")
    taken_back(station)


def test_a_version_that_passes_after_such_a_write_is_recorded_with_its_checks(station, tmp_path):
    (tmp_path / "check.sh").write_text(f'#!/bin/sh\necho "$1" >> {tmp_path / "asked"}\n')
    with mock.patch.object(Place, "note", side_effect=FULL):
        result = run(station)
    assert (result.live, result.error.code) == ("1.3.0", "GM-R302")
    station.clock.tick(minutes=5)
    assert (run(station).state, station.served()) == (State.LIVE, "1.3.0")
    assert ended(station)[1:] == [("1.3.0", "succeeded", ["answers"])]


@contextmanager
def unseen(station, times):
    """Once something else is linked the place cannot be looked at ``times`` times."""
    before, observe, left = resolve(station.root / PLACE).name, DirectoryTarget.observe, [times]

    def looked(target, at):
        seen = observe(target, at)
        if left[0] and resolve(station.root / PLACE).name != before:
            left[0] -= 1
            raise GmError("GM-R302", "Input/output error")
        return seen

    with mock.patch.object(DirectoryTarget, "observe", looked):
        yield


def restoring(broken):
    """``restore`` that raises what is in ``broken``, each once."""
    restore = DirectoryTarget.restore

    def restored(target, seen):
        if broken:
            raise broken.pop()
        restore(target, seen)

    return restored


@pytest.mark.parametrize("times", [1, 2, 3, 4])
@pytest.mark.parametrize("stays", [False, True])
def test_a_switch_that_cannot_be_looked_at_is_checked_by_this_run_or_a_later_one(station, times, stays):
    broken = [GmError("GM-R302", "Input/output error")] if stays else []
    with unseen(station, times), mock.patch.object(DirectoryTarget, "restore", restoring(broken)):
        run(station)
    for _ in range(3):
        station.clock.tick(minutes=5)
        assert run(station).error.code == "GM-R521"
    assert station.served() == "1.2.0"
    assert asked(station)[-1] == "1.3.0"
    assert ended(station)[-1] == BAD[-1]
    assert "1.3.0" not in [version for version, result, _ in ended(station) if result != "failed"]


def killed_before_the_checks(station, *, lose):
    with mock.patch.object(Switching, "_validate", side_effect=Killed), pytest.raises(Killed):
        station.run()
    assert (station.served(), told(station.root)[0]["validated"]) == ("1.3.0", None)
    if lose:
        shutil.rmtree(station.root / "state")


@pytest.mark.parametrize("lose", [False, True])
def test_a_kill_before_the_checks_skips_none_also_where_the_state_is_lost(station, lose):
    killed_before_the_checks(station, lose=lose)
    result = run(station)
    assert (result.state, result.error.code, result.live) == (State.VALIDATION_FAILED, "GM-R521", "1.2.0")
    taken_back(station)


def test_what_is_served_again_keeps_what_is_said_of_it(station):
    before = told(station.root)[0]
    station.clock.tick(minutes=5)
    assert run(station).error.code == "GM-R521"
    after = told(station.root)[0]
    assert (after["version"], after["validated"]) == ("1.2.0", before["validated"])
    rolled_back(station.registry)
    assert (run(station).state, asked(station)) == (State.HELD, ["1.2.0", "1.3.0"])


def test_a_version_that_is_not_taken_back_counts_as_invalid_until_it_passes(station):
    policy = "gitops_models.delivery.waysback.restores_itself"
    killed_before_the_checks(station, lose=True)
    with mock.patch(policy, return_value=False):
        for _ in range(2):
            result = run(station)
            assert (result.state, result.error.code, result.live) == (State.VALIDATION_FAILED, "GM-R521", "1.3.0")
            station.clock.tick(hours=7)
        assert asked(station) == ["1.2.0", "1.3.0"], "one attempt until an input changes"
        (station.root / "check.sh").write_text(f'#!/bin/sh\necho "$1" >> {station.root / "asked"}\n')
        Memos(station.root / "state/places").forget("eu")
        passed = run(station)
    assert (passed.state, passed.error, [one.id for one in passed.checks]) == (State.LIVE, None, ["answers"])
    assert {one.type: one.status for one in passed.conditions}["Healthy"] is True
    assert ended(station)[1:] == [("1.3.0", "failed", ["answers"]), ("1.3.0", "succeeded", ["answers"])]
    station.clock.tick(hours=7)
    assert (run(station).done, asked(station)) == (Done.NOTHING, ["1.2.0", "1.3.0", "1.3.0"])


@pytest.mark.parametrize("said", [None, "", 1, "no such key", "unreadable", "a list"])
def test_a_place_that_does_not_say_that_it_was_validated_is_checked_once(station, said):
    (station.root / "check.sh").write_text(f'#!/bin/sh\necho "$1" >> {station.root / "asked"}\n')
    assert run(station).live == "1.3.0"
    note = station.root / PLACE / "deployed.json"
    body = json.loads(note.read_text())
    assert body.pop("validated") == format_time(station.now())
    text = {"unreadable": "{", "a list": "[]", "no such key": json.dumps(body)}
    note.write_text(text.get(said, json.dumps(body | {"validated": said})))
    for _ in range(3):
        station.clock.tick(hours=7)
        result = run(station)
        assert (result.state, result.done, result.live) == (State.LIVE, Done.NOTHING, "1.3.0")
    assert asked(station) == ["1.2.0", "1.3.0", "1.3.0"]
    assert ended(station)[1:] == [("1.3.0", "succeeded", ["answers"])] * 2


def test_what_needs_no_check_is_not_checked_again(station):
    station.configure(checks=[])
    assert run(station).live == "1.3.0"
    station.clock.tick(hours=7)
    assert (run(station).state, told(station.root)[0]["validated"]) == (State.LIVE, None)
    assert (asked(station), len(ended(station))) == (["1.2.0"], 2)


def test_a_killed_switch_to_what_is_not_wanted_any_more_is_recorded_as_not_validated(station):
    killed_before_the_checks(station, lose=False)
    rolled_back(station.registry)
    assert run(station).live == "1.2.0"
    assert sorted(ended(station)[1:]) == [("1.2.0", "succeeded", ["answers"]), ("1.3.0", "failed", [])]
    reasons = [record.body.reason for record in station.records()]
    assert "seen after an interrupted run, and not validated: something else is wanted by now" in reasons
