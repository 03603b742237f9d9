"""The monitor whole: signals, the accepted state, a target that serves, restorations, proposals by its own key."""

import json
import os
from dataclasses import replace

import pytest

from gitops_models.delivery.results import State
from gitops_models.errors import GmError
from gitops_models.registry.times import format_time
from tests.support.keys import ed25519_key
from tests.support.watchtower import DROP, Watchtower, land, watched

GOOD = {"1.2.0": 0.95, "1.1.0": 0.95, "1.0.0": 0.95}
BAD = {**GOOD, "1.2.0": 0.89}


@pytest.fixture(scope="module")
def story(tmp_path_factory):
    return watched(tmp_path_factory.mktemp("watched") / "registry.git")


@pytest.fixture(scope="module")
def severe(tmp_path_factory):
    at_once = {**DROP, "for": "0s", "grace": "0s", "severity": "critical", "quarantine": True}
    return watched(tmp_path_factory.mktemp("severe") / "registry.git", at_once, risk="high")


def served(story, tmp_path, home, **fields):
    tower = Watchtower(story.copy(tmp_path / "registry.git"), tmp_path, home, **fields)
    tower.run()
    tower.says(**GOOD)
    return tower


@pytest.fixture
def tower(story, tmp_path, home):
    return served(story, tmp_path, home)


@pytest.fixture(scope="module")
def once(story, tmp_path_factory):
    """The trigger has fired and the last known good is served."""
    root = tmp_path_factory.mktemp("once")
    tower = served(story, root, root / "home")
    tower.look()
    tower.says(**BAD)
    tower.look(minutes=1)
    (tower.fired,) = tower.look(minutes=1).rows
    return tower


@pytest.fixture
def fallen(once, tmp_path, home):
    return once.copy(tmp_path / "copy", home)


@pytest.mark.clause("A-triggers-4", "A-testing-3", "B-6.2-2")
def test_a_drop_restores_the_last_known_good_at_once_and_proposes_the_rollback(tower):
    assert tower.standing() == ["ok"]
    tower.says(**{**GOOD, "1.2.0": 0.90})
    assert tower.standing(minutes=2) == ["ok"]
    tower.says(**BAD)
    assert tower.standing() == ["pending"]
    assert (tower.served(), tower.proposals()) == ("1.2.0", ())
    (row,) = tower.look(minutes=1).rows
    assert (row.decision.standing.value, row.acted.problems) == ("fired", ())
    assert row.decision.reason == "0.89 is 0.06 below 0.95, more than 0.05"
    assert tower.served() == "1.1.0"
    (proposal,) = tower.proposals()
    assert (proposal.event, proposal.version, proposal.stage) == ("rollback", "1.1.0", "production")
    evaluation = tower.registry.check(proposal)
    assert row.acted.proposal == evaluation.change_id
    commit = tower.registry.store.commit(proposal.head)
    assert commit.author.name == "gm monitor"
    assert "Gm-Reason: accuracy-drop: 0.89 is 0.06 below 0.95, more than 0.05" in commit.message
    assert "  source: accuracy" in commit.message
    (cause,) = evaluation.change.after.causes("fraud")
    assert (cause.cause, cause.severity, cause.by) == ("regression", "high", "monitor")


def test_right_after_a_deployment_nothing_counts(tower):
    tower.says(**BAD)
    assert tower.standing() == ["grace"]
    assert tower.standing(seconds=59) == ["grace"]
    assert tower.standing() == ["pending"]


def test_the_restoration_is_on_record_and_stands_until_its_rollback_lands(fallen):
    assert fallen.fired.decision.act == "restore"
    result = fallen.run().results[0]
    assert (result.state, result.live, result.ok) == (State.HELD, "1.1.0", True)
    assert result.hold.startswith("restored by trigger accuracy-drop: accuracy-drop: 0.89 is 0.06 below")
    (kept,) = (fallen.root / "state/restorations").iterdir()
    record = fallen.records()[-1]
    assert record.fingerprint == ed25519_key("monitor").fingerprint
    assert (record.body.version, record.body.result) == ("1.1.0", "succeeded")
    assert record.body.override == result.override
    assert record.body.reason.startswith("restored by trigger accuracy-drop: accuracy-drop: 0.89 is 0.06 below 0.95")
    clock = ("deployed", "detected", "restored", "validated")
    assert [getattr(record.body, name) for name in clock] == sorted(getattr(record.body, name) for name in clock)
    assert json.loads(kept.read_text())["proposal"] == fallen.fired.acted.proposal
    assert fallen.standing() == ["ok"]
    (proposal,) = fallen.proposals()
    land(fallen, proposal)
    report = fallen.look()
    assert report.notes == ("fraud#production: Git has moved on, the restoration is over",)
    assert not kept.exists()
    result = fallen.run().results[0]
    assert (result.live, result.override) == ("1.1.0", None)


def test_a_second_trigger_and_a_second_monitor_open_no_second_rollback(fallen):
    (fallen.root / "state/monitor/triggers.json").unlink()
    (fallen.root / "state/restorations/fraud#production.json").unlink()
    fallen.run()
    assert fallen.served() == "1.2.0"
    fallen.look(minutes=2)
    fallen.look(minutes=2)
    (row,) = fallen.look(minutes=2).rows
    assert (row.decision.standing.value, len(fallen.proposals())) == ("fired", 1)
    assert (row.acted.proposal, fallen.served()) == (fallen.fired.acted.proposal, "1.1.0")


@pytest.mark.clause("A-triggers-2")
@pytest.mark.clause("A-triggers-2")
def test_two_triggers_that_fire_together_are_both_told_and_make_one_rollback(tmp_path, home):
    second = {**DROP, "name": "floor", "baseline": None, "fail": {"below": 0.9}, "for": "0s", "grace": "0s"}
    first = {**DROP, "for": "0s", "grace": "0s"}
    del second["baseline"]
    tower = served(watched(tmp_path / "story.git", first, second), tmp_path, home)
    tower.says(**BAD)
    rows = tower.look().rows
    assert [row.decision.standing.value for row in rows] == ["fired", "in-progress"]
    assert len(tower.proposals()) == 1


def test_a_rollback_that_people_close_ends_the_restoration_and_the_trigger_rests(fallen):
    (proposal,) = fallen.proposals()
    fallen.registry.force(None, proposal.ref)
    report = fallen.look()
    assert report.notes[0].endswith("was closed, 1.2.0 is served again")
    assert (fallen.served(), fallen.run().results[0].override) == ("1.2.0", None)
    fallen.look(minutes=2)
    (row,) = fallen.look(minutes=2).rows
    assert (row.decision.standing.value, fallen.proposals()) == ("cooldown", ())
    assert fallen.standing(minutes=40) == ["fired"]


def test_there_is_no_rollback_of_a_rollback(fallen):
    (proposal,) = fallen.proposals()
    land(fallen, proposal)
    fallen.run()
    fallen.look()
    fallen.says(**{**BAD, "1.1.0": 0.5})
    fallen.look(minutes=40)
    (row,) = fallen.look(minutes=2).rows
    assert (row.decision.standing.value, row.decision.alert) == ("blocked", True)
    assert row.decision.reason.endswith("a rollback led to it")
    assert (fallen.served(), fallen.proposals()) == ("1.1.0", ())


def test_what_is_restored_already_is_not_left_again(fallen):
    fallen.look()
    fallen.says(**{**BAD, "1.1.0": 0.5})
    fallen.look(minutes=40)
    (row,) = fallen.look(minutes=2).rows
    assert (row.decision.standing.value, row.decision.alert) == ("blocked", True)
    assert "it stands in already: restored by trigger accuracy-drop" in row.decision.reason


def test_automation_that_acts_too_often_only_alerts(tmp_path, story, home):
    monitor = {"key": "monitor-key", "email": "monitor@example.org", "at_most": {"count": 1, "per_hours": 24}}
    tower = served(story, tmp_path, home, monitor=monitor)
    tower.look()
    tower.says(**BAD)
    tower.look(minutes=2)
    assert tower.standing(minutes=2) == ["fired"]
    (proposal,) = tower.proposals()
    tower.registry.force(None, proposal.ref)
    tower.look()
    tower.look(minutes=40)
    (row,) = tower.look(minutes=2).rows
    assert row.decision.reason.endswith("automation acted 1 times in 24 h")
    assert (row.decision.standing.value, tower.served(), tower.proposals()) == ("blocked", "1.2.0", ())


def test_from_high_risk_on_automation_only_proposes(severe, tmp_path, home):
    tower = served(severe, tmp_path, home)
    tower.says(**BAD)
    (row,) = tower.look().rows
    assert (row.decision.act, row.acted.restored, row.acted.problems) == ("propose", None, ())
    assert tower.served() == "1.2.0"
    (proposal,) = tower.proposals()
    evaluation = tower.registry.check(proposal)
    assert evaluation.verdict.missing_only
    assert evaluation.change.after.quarantined("fraud", "1.2.0")
    assert evaluation.change.after.causes("fraud")[0].severity == "critical"
    assert not (tower.root / "state/restorations").exists()
    assert tower.standing() == ["in-progress"]


@pytest.mark.clause("A-triggers-3", "A-triggers-5")
def test_a_source_that_is_away_stops_nobody_else_and_is_told_in_the_end(tmp_path, home):
    broken = {**DROP, "name": "broken", "use": "nobody", "interval": "10s", "on_error": {"tolerate": 1}}
    stray = {**DROP, "name": "stray", "stages": ["nowhere"]}
    tower = served(watched(tmp_path / "story.git", broken, DROP, stray), tmp_path, home)
    tower.look()
    report = tower.look()
    rows = report.rows
    assert [(where, error.code) for where, error in report.problems] == [("fraud", "GM-R607")]
    assert [(row.decision.standing.value, row.decision.alert) for row in rows] == [("error", True), ("ok", False)]
    assert rows[0].decision.reason == "GM-R601: there is no source nobody (2 in a row)"
    tower.says(**{"1.1.0": 0.95})
    assert [row.decision.standing.value for row in tower.look().rows] == ["error", "no-data"]
    assert tower.served() == "1.2.0"


def test_without_network_the_last_known_good_is_served_and_the_rollback_is_proposed_later(tower):
    tower.look()
    tower.says(**BAD)
    tower.look(minutes=1)
    with tower.down():
        (row,) = tower.look(minutes=1).rows
        assert (row.decision.standing.value, tower.served()) == ("fired", "1.1.0")
        assert [error.code for error in row.acted.problems] == ["GM-S201"]
        assert tower.run().results[0].live == "1.1.0"
    tower.look()
    (proposal,) = tower.proposals()
    (kept,) = (tower.root / "state/restorations").iterdir()
    assert json.loads(kept.read_text())["proposal"].startswith(proposal.id)


def test_what_is_not_settled_is_not_judged(tower):
    tower.says(**BAD)
    note = tower.root / "srv/fraud/production/deployed.json"
    note.unlink()
    (row,) = tower.look(minutes=5).rows
    assert (row.decision.standing.value, row.decision.reason) == ("unsettled", "1.2.0 is not served by eu yet")
    tower.run()
    (tower.root / "srv/fraud/production/store").rename(tower.root / "away")
    (tower.root / "srv/fraud/production/store").write_bytes(b"no directory")
    (row,) = tower.look(minutes=5).rows
    assert row.decision.standing.value == "unsettled"
    assert row.decision.reason.startswith("eu cannot be looked at")


def test_a_workload_without_the_right_does_not_act(tmp_path, home):
    tower = served(watched(tmp_path / "story.git", may=["deployment"]), tmp_path, home)
    tower.look()
    tower.says(**BAD)
    tower.look(minutes=2)
    (row,) = tower.look(minutes=2).rows
    assert (row.decision.standing.value, row.decision.alert) == ("blocked", True)
    assert "GM-P403" in row.decision.reason
    assert (tower.served(), tower.proposals()) == ("1.2.0", ())


def test_the_key_of_a_person_is_no_monitors(tower):
    ed25519_key("operator").write(tower.root / "monitor-key")
    tower.look()
    tower.says(**BAD)
    tower.look(minutes=2)
    (row,) = tower.look(minutes=2).rows
    assert row.decision.standing.value == "blocked"
    assert "GM-R622: the key" in row.decision.reason
    assert (tower.served(), tower.proposals()) == ("1.2.0", ())


def test_a_file_without_a_monitor_is_refused(tower):
    tower.configure()
    with pytest.raises(GmError) as caught:
        tower.look()
    assert caught.value.code == "GM-R621"


FORGED = [
    ({"version": "1.0.0"}, "GM-R611"),
    ({"lineage_sha256": "0" * 64}, "GM-R611"),
    ({"stage": "staging"}, "GM-R610"),
    ({"trigger": 1}, "GM-R610"),
    ({"proposal": 1}, "GM-R610"),
    ({"strange": "field"}, "GM-R610"),
]


@pytest.mark.parametrize(("changes", "code"), FORGED)
def test_a_restoration_to_anything_but_the_last_known_good_changes_nothing(fallen, changes, code):
    (kept,) = (fallen.root / "state/restorations").iterdir()
    kept.write_text(json.dumps({**json.loads(kept.read_text()), **changes}))
    report = fallen.run()
    assert [(name, error.code) for name, error in report.problems] == [(kept.name, code)]
    assert fallen.served() == "1.2.0"


@pytest.mark.parametrize("changes", [{"anchor": "0" * 40}, {"replaces": "1.0.0"}, {"repository": "x"}, {"line": "x"}])
def test_a_restoration_of_another_state_is_over(fallen, changes):
    (kept,) = (fallen.root / "state/restorations").iterdir()
    kept.write_text(json.dumps({**json.loads(kept.read_text()), **changes}))
    report = fallen.run()
    assert (report.problems, fallen.served()) == ((), "1.2.0")
    fallen.look()
    assert not kept.exists()


def test_a_restoration_that_was_put_by_a_link_or_a_pipe_is_not_read(fallen):
    (kept,) = (fallen.root / "state/restorations").iterdir()
    kept.rename(fallen.root / "elsewhere.json")
    kept.symlink_to(fallen.root / "elsewhere.json")
    assert [error.code for _, error in fallen.run().problems] == ["GM-R610"]
    kept.unlink()
    os.mkfifo(kept)
    assert [error.code for _, error in fallen.run().problems] == ["GM-R610"]
    assert fallen.served() == "1.2.0"


def test_at_high_risk_no_restoration_holds(severe, tmp_path, home):
    tower = served(severe, tmp_path, home)
    history = tower.registry.history()
    good = history.state.stack("fraud", "production").versions[-2]
    state = history.state.snapshot.stage_state("fraud", "production")
    fields = {
        "repository": "test-registry", "line": "main", "model": "fraud", "stage": "production",
        "replaces": state.version, "replaces_sha256": state.lineage_sha256, "version": good.version,
        "lineage_sha256": good.lineage_sha256, "trigger": "t", "cause": "regression", "reason": "r",
        "anchor": history.state.touched["models/fraud/stages/production.yaml"].step,
        "created": format_time(tower.now()),
    }  # fmt: skip
    folder = tower.root / "state/restorations"
    folder.mkdir()
    (folder / "fraud#production.json").write_text(json.dumps(fields))
    assert [error.code for _, error in tower.run().problems] == ["GM-R612"]
    assert tower.served() == "1.2.0"


def test_git_that_asks_for_another_version_is_not_rolled_back(tower):
    with tower.watching() as opened:
        hands = opened.monitor._kit.actor.hands
        opened.monitor.run()
        from tests.support.delivery import deployment  # noqa: PLC0415

        bad = deployment("9.9.9")
        with pytest.raises(GmError) as caught:
            hands.propose(bad.at, bad, cause="regression", reason="it fails", evidence={})
    assert caught.value.code == "GM-R620"
    assert tower.proposals() == ()


def test_where_nothing_good_is_left_automation_does_nothing(fallen):
    registry = fallen.registry
    for version in ("1.0.0", "1.1.0"):
        proposal = registry.draft("fraud", quarantine(registry, version), event="quarantine", by="operator")
        registry.approve(proposal, "lead")
        registry.merge(proposal, by="operator")
    assert [error.code for _, error in fallen.run().problems] == ["GM-R611"]
    with fallen.watching() as opened:
        opened.monitor.run()
        hands, wanted = opened.monitor._kit.actor.hands, _served(fallen)
        assert hands.propose(wanted.at, wanted, cause="regression", reason="it fails", evidence={}) is None


def _served(tower):
    from gitops_models.delivery.desired import desired_state  # noqa: PLC0415
    from gitops_models.delivery.values import ModelStage  # noqa: PLC0415

    return desired_state(tower.registry.history(), ModelStage("fraud", "production")).deployment


def quarantine(registry, version):
    from gitops_models.workflows.barring import quarantine_document  # noqa: PLC0415

    session = registry.session("operator")
    return dict([quarantine_document(session, "fraud", version, reason="bad", cause=None, incident=None)])


def test_a_loop_waits_for_what_is_due_and_a_bell_has_everything_looked_at(tower):
    from threading import Event  # noqa: PLC0415

    from gitops_models.delivery.monitor import watch_on  # noqa: PLC0415

    stop, seen = Event(), []
    with tower.watching() as opened:

        def tell(report):
            seen.append(report)
            if len(seen) == 1:
                assert opened.monitor.pause() == 15.0
                tower.clock.tick(seconds=15)
                assert opened.monitor.pause() == 0.0
                opened.wake.set()
            if len(seen) == 2:
                stop.set()

        watch_on(opened.monitor, wake=opened.wake, stop=stop, tell=tell)
        assert [row.decision.standing.value for report in seen for row in report.rows] == ["ok", "ok"]
        assert seen[0].rows[0].decision.state == seen[1].rows[0].decision.state


def test_people_are_told_that_it_fired_and_that_a_rollback_begins(tmp_path, story, home):
    """Each condition once, however often it is looked at."""
    told = tmp_path / "told"
    told.mkdir()
    program = tmp_path / "tell"
    program.write_text(f'#!/bin/sh\ncat > "{told}/$(date +%s%N)"\n')
    program.chmod(0o755)
    tower = served(story, tmp_path, home, notifications=[{"id": "us", "command": ["./tell"]}])
    tower.look()
    tower.says(**BAD)
    tower.look(minutes=1)
    tower.look(minutes=1)
    tower.look()
    tower.look()
    events = [json.loads(path.read_text())["data"] for path in sorted(told.iterdir())]
    mine = [event for event in events if event["event"].startswith(("trigger", "rollback"))]
    assert [event["event"] for event in mine] == ["rollback-initiated", "trigger-fired"]
    assert (mine[0]["actor"], mine[0]["details"]["way"]) == ("monitor", "automation")
    assert (mine[1]["severity"], mine[1]["details"]["act"]) == ("critical", "restore")
    assert mine[1]["reason"] == "0.89 is 0.06 below 0.95, more than 0.05"


def test_bytes_that_others_changed_are_counted_by_an_integrity_trigger(tmp_path, home):
    damaged = {"name": "bytes", "use": "integrity", "fail": {"above": 0}, "cause": "tampering"}
    sources = [{"id": "integrity", "kind": "integrity"}]
    tower = served(watched(tmp_path / "story.git", damaged), tmp_path, home, sources=sources)
    assert tower.standing() == ["ok"]
    (folder,) = (tower.root / "srv/fraud/production/store").glob("*/")
    (folder / "model.onnx").chmod(0o644)
    (folder / "model.onnx").write_bytes(b"others")
    (row,) = tower.look().rows
    assert (row.decision.standing.value, row.decision.reason) == ("fired", "1 is above 0")
    assert tower.served() == "1.1.0"


def test_reconciler_and_monitor_write_one_chain_of_records(fallen):
    """What one of them did is followed by what the other does, and nothing is lost or waits."""
    (fallen.root / "srv/fraud/production/current").unlink()
    report = fallen.run()
    assert (report.results[0].done, report.records.waiting, report.records.problem) == ("healed", 0, None)
    (proposal,) = fallen.proposals()
    fallen.registry.force(None, proposal.ref)
    fallen.look()
    bodies = [(record.fingerprint, record.body.version, record.body.result) for record in fallen.records()]
    reconciler, monitor = (ed25519_key(name).fingerprint for name in ("reconciler", "monitor"))
    assert bodies == [
        (reconciler, "1.2.0", "succeeded"),
        (monitor, "1.1.0", "succeeded"),
        (reconciler, "1.1.0", "healed"),
        (monitor, "1.2.0", "succeeded"),
    ]


@pytest.mark.parametrize("where", ["bring", "propose"])
def test_a_monitor_that_dies_while_it_acts_goes_on_from_there(tower, where):
    """Before the switch and before the proposal: the next one serves the same and opens one rollback."""

    class Killed(BaseException):
        pass

    def die(*_args):
        raise Killed

    tower.look()
    tower.says(**BAD)
    tower.look(minutes=1)
    tower.clock.tick(minutes=1)
    with tower.watching() as opened:
        kit = opened.monitor._kit
        dying = {"bring": die} if where == "bring" else {"hands": _Dying(kit.actor.hands, die)}
        actor = replace(kit.actor, **dying)
        opened.monitor._kit = replace(kit, actor=actor)
        with pytest.raises(Killed):
            opened.monitor.run()
    assert tower.served() == ("1.2.0" if where == "bring" else "1.1.0")
    assert tower.run().results[0].live == "1.1.0"
    assert tower.standing() == ["ok"]
    (proposal,) = tower.proposals()
    assert (proposal.version, tower.look().problems) == ("1.1.0", ())


class _Dying:
    """Hands that die when they are to propose."""

    def __init__(self, hands, die):
        self.rehearse, self.standing, self.propose_order = hands.rehearse, hands.standing, die
