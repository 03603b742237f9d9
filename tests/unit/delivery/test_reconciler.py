from dataclasses import replace

import pytest

from gitops_models.delivery.journal import Journal
from gitops_models.delivery.reconciler import Reconciler, survey
from gitops_models.delivery.records import Circumstances, Outcome, intend
from gitops_models.delivery.resolve import resolve
from gitops_models.delivery.results import Done, State, Sync
from gitops_models.delivery.targets.directory import DirectoryTarget
from gitops_models.delivery.values import DriftKind, LinkState, ModelStage
from gitops_models.errors import GmError
from gitops_models.registry.state import Blocked
from tests.support.delivery import NOW, Accepted, Bytes, Ledger, Unchanged, chosen, content_of, deployment, reconciler

AT = ModelStage("fraud", "production")


def go(tmp_path, accepted, **options):
    return reconciler(tmp_path / "srv", accepted, state=tmp_path / "state", **options).run()


def weights(tmp_path, model="fraud"):
    return (resolve(tmp_path / "srv" / model / "production") / "model.onnx").read_bytes()


def two_models():
    accepted = chosen("1.0.0").model("risk").version("risk", "1.0.0").version("risk", "1.1.0")
    return accepted.stage("risk", "1.0.0")


@pytest.mark.clause("A-execution-4", "A-execution-7")
def test_a_first_run_makes_live_and_records_and_a_second_says_already_there(tmp_path):
    recorder = Ledger()
    (first,) = go(tmp_path, chosen("1.0.0"), recorder=recorder).results
    assert (first.state, first.sync, first.done, first.live) == (State.LIVE, Sync.SYNCED, Done.SWITCHED, "1.0.0")
    (record,) = recorder.records
    assert (record.result, record.version, record.observed) == (Outcome.SUCCEEDED, "1.0.0", first.digest)
    assert (record.commit, record.started, record.finished) == ("c" * 40, "2026-11-21T10:00:00Z", record.started)
    (second,) = go(tmp_path, chosen("1.0.0"), recorder=recorder).results
    assert (second.state, second.done) == (State.LIVE, Done.NOTHING)
    assert second.done.value == "already there"
    assert len(recorder.records) == 1


def test_drift_is_healed_and_told(tmp_path):
    go(tmp_path, chosen("1.0.0"))
    file = resolve(tmp_path / "srv/fraud/production") / "model.onnx"
    file.chmod(0o644)
    file.write_bytes(b"spoiled")
    recorder = Ledger()
    (healed,) = go(tmp_path, chosen("1.0.0"), recorder=recorder).results
    assert (healed.state, healed.done) == (State.LIVE, Done.HEALED)
    assert [found.kind for found in healed.drift] == [DriftKind.CHANGED_BYTES]
    assert (recorder.records[0].result, recorder.records[0].reason) == ("healed", "changed-bytes: model.onnx")
    assert weights(tmp_path) == content_of("1.0.0")["model.onnx"]


@pytest.mark.clause("A-execution-3")
def test_a_version_whose_bytes_are_wrong_leaves_the_last_good_one_and_the_other_models_go_on(tmp_path):
    go(tmp_path, two_models())
    both = two_models().stage("fraud", "1.1.0").stage("risk", "1.1.0")
    swapped = Bytes(fails={"fraud": GmError("GM-R202", "swapped")})
    report = go(tmp_path, both, source=swapped)
    fraud, risk = report.results
    assert (fraud.state, fraud.sync, fraud.live, fraud.error.code) == (
        State.VERIFY_FAILED,
        Sync.BEHIND,
        "1.0.0",
        "GM-R202",
    )
    assert (risk.state, risk.done, risk.live) == (State.LIVE, Done.SWITCHED, "1.1.0")
    assert weights(tmp_path) == content_of("1.0.0")["model.onnx"]
    assert not report.ok
    assert report.first_error.code == "GM-R202"
    assert not report.retryable


def test_a_remote_that_is_away_is_waited_for(tmp_path):
    away = Bytes(fails={"fraud": GmError("GM-A321", "away")})
    report = go(tmp_path, chosen("1.0.0"), source=away)
    assert report.results[0].state is State.FETCHING
    assert report.retryable


def test_an_unreadable_document_and_an_unsafe_directory_bar_only_their_model(tmp_path):
    accepted = two_models().model("third").version("third", "1.0.0").stage("third", "1.0.0", pins="0" * 64)
    (tmp_path / "srv").mkdir()
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "srv" / "fraud").symlink_to(tmp_path / "elsewhere")
    fraud, risk, third = go(tmp_path, accepted).results
    assert (fraud.state, fraud.error.code) == (State.VERIFY_FAILED, "GM-R301")
    assert (third.state, third.error.code, third.sync) == (State.VERIFY_FAILED, "GM-R201", Sync.BEHIND)
    assert risk.state is State.LIVE


@pytest.mark.parametrize(
    ("accepted", "state"),
    [
        (chosen("1.0.0").hold("fraud"), State.HELD),
        (chosen("1.1.0", barred="1.1.0"), State.QUARANTINED),
        (chosen("1.1.0").status("fraud", "suspend"), State.SUSPENDED),
    ],
)
def test_held_quarantined_and_suspended_keep_what_is_live(tmp_path, accepted, state):
    go(tmp_path, chosen("1.0.0"))
    (result,) = go(tmp_path, accepted).results
    assert (result.state, result.live) == (state, "1.0.0")
    assert weights(tmp_path) == content_of("1.0.0")["model.onnx"]


@pytest.mark.parametrize(("status", "state"), [("pending", State.AWAITING_RECEIPT), ("denied", State.VERIFY_FAILED)])
def test_a_step_that_is_not_accepted_leaves_the_accepted_version_live_and_healed(tmp_path, status, state):
    history = chosen("1.0.0").history()
    blocked = {"model:fraud": Blocked("e" * 40, "d" * 64, ("GM-P401",))}
    step = type("Step", (), {"status": status})
    pending = {"model:fraud": type("Pending", (), {"step": step, "change": Unchanged()})}
    history = replace(history, state=replace(history.state, blocked=blocked), pending=pending)
    (result,) = go(tmp_path, history).results
    assert (result.state, result.live, result.error) == (state, "1.0.0", None)
    condition = next(found for found in result.conditions if found.type == "PolicySatisfied")
    assert (condition.status, condition.message) == (False, "GM-P401")


def test_undeploying_takes_the_model_away_and_records_it(tmp_path):
    go(tmp_path, chosen("1.0.0"))
    recorder = Ledger()
    retired = chosen("1.0.0").status("fraud", "retire")
    (result,) = go(tmp_path, retired, recorder=recorder).results
    assert (result.state, result.done, result.live) == (State.IDLE, Done.RETIRED, None)
    assert (recorder.records[0].result, recorder.records[0].version, recorder.records[0].observed) == (
        Outcome.REMOVED,
        None,
        None,
    )
    (again,) = go(tmp_path, retired).results
    assert again.done is Done.NOTHING


def test_a_model_that_the_repository_does_not_know_is_undeployed_but_never_another_repositorys(tmp_path):
    go(tmp_path, two_models())
    report = go(tmp_path, chosen("1.0.0"))
    assert [(result.at.model, result.done) for result in report.results] == [
        ("fraud", Done.NOTHING),
        ("risk", Done.RETIRED),
    ]
    stranger = replace(Accepted().history(), repository=type("Repository", (), {"id": "other"}))
    report = go(tmp_path, stranger)
    assert [error.code for _, error in report.problems] == ["GM-R105"]
    assert weights(tmp_path) == content_of("1.0.0")["model.onnx"]


def test_a_second_reconciler_is_refused_and_nothing_is_done(tmp_path):
    with DirectoryTarget(tmp_path / "srv").exclusive():
        report = go(tmp_path, chosen("1.0.0"))
    assert report.first_error.code == "GM-R101"
    assert report.results == ()
    assert report.retryable


class Overwritten(DirectoryTarget):
    """A directory into which another process writes at once after every switch."""

    def apply(self, action, source, stamp):
        super().apply(action, source, stamp)
        link = self.root / "fraud" / "production" / "current"
        link.unlink()
        link.symlink_to("store/elsewhere")


@pytest.mark.clause("A-execution-6")
def test_a_switch_that_does_not_show_the_version_is_taken_back_and_recorded_as_failed(tmp_path):
    go(tmp_path, chosen("1.0.0"))
    recorder = Ledger()
    made = reconciler(tmp_path / "srv", chosen("1.1.0"), state=tmp_path / "state", recorder=recorder)
    (result,) = replace(made, targets=[Overwritten(tmp_path / "srv", id="local")]).run().results
    assert (result.state, result.done, result.error.code) == (State.SWITCH_FAILED, Done.FAILED, "GM-R303")
    assert recorder.records[0].result == "failed"
    assert weights(tmp_path) == content_of("1.0.0")["model.onnx"]
    assert Journal(tmp_path / "state" / "journal").pending("local", AT) is None


class Full(DirectoryTarget):
    """A directory whose disk is full right after the switch."""

    def apply(self, action, source, stamp):
        super().apply(action, source, stamp)
        raise GmError("GM-R302", "no space left on device")


def test_a_failure_after_the_switch_keeps_the_new_version_and_says_so(tmp_path):
    recorder = Ledger()
    made = reconciler(tmp_path / "srv", chosen("1.1.0"), state=tmp_path / "state", recorder=recorder)
    (result,) = replace(made, targets=[Full(tmp_path / "srv", id="local")]).run().results
    assert (result.state, result.live, result.error.code) == (State.LIVE, "1.1.0", "GM-R302")
    assert (recorder.records[0].result, recorder.records[0].reason) == ("succeeded", "no space left on device")


def test_an_intent_that_was_not_carried_out_is_given_up_without_a_record(tmp_path):
    journal = Journal(tmp_path / "state" / "journal")
    why = Circumstances("c" * 40, None, NOW)
    journal.begin(intend("local", AT, deployment("9.0.0"), replaced=None, why=why, reason=""))
    recorder = Ledger()
    go(tmp_path, chosen("1.0.0"), recorder=recorder)
    assert [record.version for record in recorder.records] == ["1.0.0"]
    assert journal.pending("local", AT) is None


def test_an_interrupted_retirement_is_recorded(tmp_path):
    journal = Journal(tmp_path / "state" / "journal")
    why = Circumstances("c" * 40, None, NOW)
    journal.begin(intend("local", AT, None, replaced="0" * 64, why=why, reason=""))
    recorder = Ledger()
    go(tmp_path, chosen("1.0.0"), recorder=recorder)
    assert [record.result for record in recorder.records] == [Outcome.REMOVED, Outcome.SUCCEEDED]


def test_a_survey_tells_the_same_and_changes_nothing(tmp_path):
    target = DirectoryTarget(tmp_path / "srv", id="local")
    behind = survey([target], chosen("1.0.0").history(), at=NOW)
    assert (behind.results[0].sync, behind.results[0].state) == (Sync.BEHIND, State.IDLE)
    assert not (tmp_path / "srv").exists()
    go(tmp_path, chosen("1.0.0"))
    assert survey([target], chosen("1.0.0").history(), at=NOW).ok
    (tmp_path / "srv/fraud/production/current").unlink()
    report = survey([target], chosen("1.0.0").history(), at=NOW)
    assert (report.results[0].sync, report.ok, report.results[0].done) == (Sync.DRIFTED, False, Done.NOTHING)
    assert target.observe(AT).link_state is LinkState.MISSING
    (tmp_path / "srv/fraud/production/store").rename(tmp_path / "store")
    (tmp_path / "srv/fraud/production/store").symlink_to(tmp_path / "store")
    assert survey([target], chosen("1.0.0").history(), at=NOW).results[0].error.code == "GM-R301"
    stranger = replace(chosen("1.0.0").history(), repository=type("Repository", (), {"id": "other"}))
    assert survey([target], stranger, at=NOW).first_error.code == "GM-R105"


def test_two_targets_stand_alone_and_serve_what_they_select(tmp_path):
    accepted = chosen("1.1.0").stage("fraud", "1.0.0", "staging")
    made = reconciler(tmp_path / "a", accepted, state=tmp_path / "state")
    (tmp_path / "b").write_bytes(b"")
    targets = [
        DirectoryTarget(tmp_path / "b", id="broken"),
        DirectoryTarget(tmp_path / "a", id="a", stages=["staging"]),
    ]
    report = replace(made, targets=targets).run()
    assert [name for name, _ in report.problems] == ["broken"]
    assert [(result.target, str(result.at), result.live) for result in report.results] == [
        ("a", "fraud#staging", "1.0.0")
    ]
    assert isinstance(made, Reconciler)


def test_a_result_renders_as_plain_values(tmp_path):
    (result,) = go(tmp_path, chosen("1.0.0"), source=Bytes(fails={"fraud": GmError("GM-R202", "swapped")})).results
    said = result.to_json()
    assert (said["state"], said["error"]) == ("VerifyFailed", {"code": "GM-R202", "message": "swapped"})
    assert {condition["type"] for condition in said["conditions"]} >= {"PolicySatisfied", "Ready", "Stalled"}
