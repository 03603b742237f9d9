"""What is counted, what is shown, and who may wake the poll: without a socket."""

import base64
import hashlib
import hmac
from dataclasses import replace
from threading import Event
from types import SimpleNamespace

import pytest
from prometheus_client.parser import text_string_to_metric_families

from gitops_models.delivery.recorder import Delivered
from gitops_models.delivery.results import Condition, Done, Report, Result, State, Sync
from gitops_models.delivery.serving.bell import Bell
from gitops_models.delivery.serving.figures import Figures
from gitops_models.delivery.serving.metrics import Gauges
from gitops_models.delivery.serving.tally import BUCKETS, Durations, health_of
from gitops_models.delivery.serving.triggers import TriggerFigures
from gitops_models.delivery.serving.wake import MOST_SIGNATURES, claims, is_signed, read_secret
from gitops_models.delivery.triggers.acting import Acted
from gitops_models.delivery.triggers.decide import Decision, Standing
from gitops_models.delivery.triggers.reports import MonitorReport, Row
from gitops_models.delivery.values import Drift, DriftKind, ModelStage
from gitops_models.errors import GmError
from tests.support.delivery import NOW, chosen

SECRET = b"a secret of more than 24 bytes"
BODY = b'{"ref": "refs/heads/main"}'
AT = ModelStage("fraud", "production")
LIVE = Result("eu", AT, State.LIVE, Sync.SYNCED, "1.0.0", "1.0.0", "d" * 64)
HISTORY = chosen("1.0.0").history()
MISSING = Drift(DriftKind.MISSING_FILE, "model.onnx")
REFUSED = GmError("GM-R201", "the pinned lineage is another one")


def report(*results, **rest):
    return Report("c" * 40, NOW, results, **rest)


def samples(gauges):
    """Every sample by its name and labels, as Prometheus reads the page."""
    return {
        (sample.name, *sample.labels.values()): sample.value
        for family in text_string_to_metric_families(gauges.show().decode())
        for sample in family.samples
    }


def after(*reports):
    gauges = Gauges()
    for one in reports:
        gauges.saw(one, HISTORY)
    return gauges


def hub(body=BODY, secret=SECRET):
    return {"x-hub-signature-256": "sha256=" + hmac.new(secret, body, hashlib.sha256).hexdigest()}


def standard(body=BODY, secret=SECRET, *, at="1000", name="msg"):
    digest = hmac.new(secret, f"{name}.{at}.".encode() + body, hashlib.sha256).digest()
    signed = "v1," + base64.b64encode(digest).decode()
    return {"webhook-id": name, "webhook-timestamp": at, "webhook-signature": signed}


def signed(headers, body=BODY, now=1000.0):
    return is_signed(SECRET, headers, iter([body[:5], body[5:]]), now=now)


def test_what_is_served_is_one_series_a_place_and_leaves_with_it():
    gauges = after(report(LIVE))
    # The parser sorts nothing: labels stand in the order of their names.
    row = ("gm_deployment_info", "d" * 64, "healthy", "fraud", "production", "synced", "eu", "1.0.0")
    assert samples(gauges)[row] == 1
    gauges.saw(report(replace(LIVE, live="1.1.0", done=Done.SWITCHED)), HISTORY)
    assert row not in samples(gauges)
    assert [key for key in samples(gauges) if key[0] == "gm_deployment_info"] == [(*row[:-1], "1.1.0")]


def test_runs_deployments_and_their_duration_are_counted():
    ticks = iter([0.0, 1.0, 3.0, 4.0, 4.2, 10.0, 410.0])
    gauges = Gauges(lambda: next(ticks))
    gauges.began()
    gauges.saw(report(replace(LIVE, done=Done.SWITCHED)), HISTORY)
    gauges.began()
    failing = replace(LIVE, done=Done.FAILED, error=REFUSED, state=State.VERIFY_FAILED)
    gauges.saw(report(failing, replace(LIVE, done=Done.RETIRED), replace(LIVE, done=Done.HEALED)), HISTORY)
    gauges.began()
    gauges.failed(GmError("GM-S101", "no answer"))
    found = samples(gauges)
    assert [found["gm_reconcile_total", word] for word in ("ok", "failed", "error")] == [1, 1, 1]
    assert [found["gm_deploy_total", w] for w in ("succeeded", "failed", "removed", "healed")] == [1, 1, 1, 1]
    assert found["gm_reconcile_duration_seconds_count",] == 3
    assert found["gm_reconcile_duration_seconds_sum",] == pytest.approx(402.2)
    assert [found["gm_reconcile_duration_seconds_bucket", le] for le in ("0.1", "0.5", "5.0", "1800.0")] == [0, 1, 2, 3]


def test_a_duration_falls_into_the_first_bucket_that_holds_it():
    assert Durations().plus(BUCKETS[0]).counts[0] == 1
    assert Durations().plus(BUCKETS[0] + 0.001).counts[1] == 1
    assert Durations().plus(10_000).counts[-1] == 1


def test_drift_that_lasts_is_counted_once_and_again_after_it_was_healed():
    drifted = replace(LIVE, sync=Sync.DRIFTED, drift=(MISSING,))
    assert samples(after(report(drifted), report(drifted)))["gm_drift_total", "missing-file"] == 1
    healed = replace(LIVE, drift=(MISSING,), done=Done.HEALED)
    assert samples(after(report(healed), report(replace(healed))))["gm_drift_total", "missing-file"] == 2


def test_a_refusal_is_counted_when_it_is_first_seen_and_an_outage_is_none():
    refused = replace(LIVE, error=REFUSED, state=State.VERIFY_FAILED)
    away = replace(LIVE, error=GmError("GM-A603", "away"), state=State.FETCHING)
    found = samples(after(report(refused), report(refused), report(away), report(refused)))
    assert {key: value for key, value in found.items() if key[0] == "gm_verification_failures_total"} == {
        ("gm_verification_failures_total", "GM-R201"): 2
    }
    denied = replace(LIVE, conditions=(Condition("PolicySatisfied", status=False, reason="Denied"),))
    assert samples(after(report(denied), report(denied)))["gm_verification_failures_total", "denied"] == 1


def test_history_that_is_refused_is_counted_once_while_it_lasts():
    gauges = Gauges()
    for code in ("GM-T501", "GM-T501", "GM-S101"):
        gauges.failed(GmError(code, "no"))
    assert samples(gauges)["gm_verification_failures_total", "GM-T501"] == 1
    assert gauges.reasons() == ("GM-S101",)


def test_the_last_success_is_the_last_run_that_reached_everything():
    gauges = after(report(LIVE, records=Delivered(waiting=3)))
    assert samples(gauges)["gm_last_success_timestamp_seconds",] == NOW.timestamp()
    gauges.saw(replace(report(), at=NOW.replace(year=2027), problems=(("eu", GmError("GM-R301", "gone")),)), HISTORY)
    found = samples(gauges)
    assert found["gm_last_success_timestamp_seconds",] == NOW.timestamp()
    assert gauges.reasons() == ("eu: GM-R301",)
    assert found["gm_verified_commit_info", "c" * 40, "registry-a"] == 1


def test_before_the_first_run_nothing_is_claimed():
    gauges = Gauges()
    names = {key[0] for key in samples(gauges)}
    assert not names & {"gm_deployment_info", "gm_last_success_timestamp_seconds", "gm_verified_commit_info"}
    assert gauges.reasons() == ("no run has ended yet",)


def test_a_rollback_that_was_proposed_is_counted_once():
    proposed = replace(LIVE, proposal="c" * 64, error=GmError("GM-R521", "p95: failed"), done=Done.FAILED)
    gauges = after(report(proposed), report(replace(proposed, done=Done.WAITING)), report(LIVE))
    found = samples(gauges)
    assert found["gm_rollback_proposals_total", "regression"] == 1
    assert found["gm_deploy_total", "failed"] == 1
    gauges.saw(report(replace(proposed, proposal="d" * 64)), HISTORY)
    assert samples(gauges)["gm_rollback_proposals_total", "regression"] == 2


def test_a_run_that_found_nothing_new_counts_nothing_again():
    switched = replace(LIVE, done=Done.SWITCHED, drift=(MISSING,))
    found = samples(after(report(switched), report(switched)))
    assert (found["gm_deploy_total", "succeeded"], found["gm_reconcile_total", "ok"]) == (1, 2)


def row(standing=Standing.OK, proposal=None, name="accuracy-drop"):
    trigger = SimpleNamespace(name=name, cause="degradation")
    return Row(name, AT, trigger, "1.0.0", Decision(standing, "", None), Acted(proposal))


def test_figures_that_cannot_say_why_a_process_is_not_ready_are_none():
    class Mute(Figures):
        pass

    with pytest.raises(TypeError, match="reasons"):
        Mute()


def test_a_monitor_shows_how_each_trigger_stands_and_counts_what_it_had_proposed():
    figures = TriggerFigures()
    assert figures.reasons() == ("no run has ended yet",)
    for one in (row(Standing.FIRED, "c" * 64), row(Standing.IN_PROGRESS, "c" * 64), row()):
        figures.looked(MonitorReport(NOW, "c" * 40, (one, row(name="drift"))))
    found = samples(figures)
    states = {key[1:]: value for key, value in found.items() if key[0] == "gm_trigger_state" and key[-1] == "drift"}
    assert states[("fraud", "production", "ok", "drift")] == 1
    assert sum(states.values()) == 1
    assert len(states) == len(Standing)
    assert found["gm_rollback_proposals_total", "degradation"] == 1
    assert found["gm_last_success_timestamp_seconds",] == NOW.timestamp()
    assert figures.reasons() == ()


def test_a_monitor_without_history_is_not_ready_and_is_alive():
    clock = [0.0]
    figures = TriggerFigures(lambda: clock[0])
    clock[0] = 9.0
    figures.failed(GmError("GM-S101", "away"))
    assert (figures.silence(), figures.reasons()) == (0, ("GM-S101",))
    figures.woken("refused")
    assert samples(figures)["gm_wake_total", "refused"] == 1
    figures.looked(MonitorReport(NOW, "c" * 40, problems=(("repository", GmError("GM-S101", "away")),)))
    assert figures.reasons() == ("repository: GM-S101",)
    assert ("gm_last_success_timestamp_seconds",) not in samples(figures)


@pytest.mark.parametrize(
    ("changes", "health"),
    [
        ({}, "healthy"),
        ({"state": State.HELD}, "healthy"),
        ({"state": State.SUSPENDED}, "suspended"),
        ({"state": State.DEGRADED}, "degraded"),
        ({"error": REFUSED}, "degraded"),
        ({"error": REFUSED, "live": None}, "missing"),
        ({"sync": Sync.BEHIND, "state": State.IDLE}, "progressing"),
    ],
)
def test_health_is_said_in_one_word(changes, health):
    assert health_of(replace(LIVE, **changes)) == health


@pytest.mark.parametrize("headers", [hub(), standard(), standard(at="1300"), standard(at="700")])
def test_who_knows_the_secret_is_known_in_either_way_to_sign(headers):
    assert claims(headers)
    assert signed(headers)


@pytest.mark.parametrize(
    "headers",
    [
        {},
        hub(secret=b"another secret of 24 bytes or more"),
        hub(b"another body"),
        {"x-hub-signature-256": "sha256="},
        {"x-hub-signature-256": hub()["x-hub-signature-256"].upper()},
        {"x-hub-signature-256": "sha256=ä"},
        standard(secret=b"another secret of 24 bytes or more"),
        standard(b"another body"),
        standard(at="1301"),
        standard(at="699"),
        standard(at="-1000"),
        standard(at="soon"),
        standard(name=""),
        {**standard(), "webhook-id": "other"},
        {**standard(), "webhook-signature": "v1,ä"},
        {**standard(), "webhook-signature": " ".join([*["v1,x"] * MOST_SIGNATURES, standard()["webhook-signature"]])},
        # A signature of one way is no help beside a wrong one of the other.
        {**standard(), **hub(b"another body")},
    ],
)
def test_nobody_else_is(headers):
    assert not signed(headers)


def test_while_a_secret_is_changed_one_of_two_signatures_is_enough():
    both = f"v1,x {standard()['webhook-signature']}"
    assert signed({**standard(), "webhook-signature": both})


@pytest.mark.parametrize("data", [None, b"short", b"\xff" * 30, b"whsec_!!!", b"whsec_" + base64.b64encode(b"short")])
def test_a_secret_that_is_none_is_refused(tmp_path, data):
    path = tmp_path / "wake"
    if data is not None:
        path.write_bytes(data)
    with pytest.raises(GmError) as error:
        read_secret(path)
    assert error.value.code == "GM-R121"


def test_a_secret_is_a_text_or_base64(tmp_path):
    path = tmp_path / "wake"
    path.write_bytes(SECRET + b"\n")
    assert read_secret(path) == SECRET
    path.write_bytes(b"whsec_" + base64.b64encode(SECRET))
    assert read_secret(path) == SECRET


def test_a_bell_rings_at_once_and_then_no_more_often_than_it_may():
    rings, ticks = [], iter([100.0, 103.0, 105.0, 105.0, 106.0])
    bell = Bell(lambda: rings.append(1), least=5, tick=lambda: next(ticks))
    bell()
    assert len(rings) == 1
    bell()
    waiting = bell._pending
    assert (len(rings), waiting.interval, waiting.daemon) == (1, 2, True)
    bell()
    assert bell._pending is waiting
    waiting.cancel()
    waiting.function()
    assert len(rings) == 2
    bell()
    assert len(rings) == 2
    bell.close()
    assert bell._pending is None
    bell.close()


def test_a_ring_that_has_to_wait_rings_by_itself():
    rung = Event()
    bell = Bell(rung.set, least=0.01)
    bell()
    rung.clear()
    bell()
    assert rung.wait(60)


def test_a_state_on_the_way_is_a_sign_of_life():
    clock = [0.0]
    gauges = Gauges(lambda: clock[0])
    clock[0] = 50.0
    assert gauges.silence() == 50
    gauges.entered("eu", AT, State.FETCHING)
    assert gauges.silence() == 0
