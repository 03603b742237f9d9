"""An alert is as old as the last time that it was heard, and no older word stands for what is so now."""

import json
from datetime import UTC, datetime, timedelta

import pytest

from gitops_models.delivery.triggers.decide import Around, Standing, State, decide
from gitops_models.delivery.triggers.reduce import signal_of
from gitops_models.delivery.triggers.settings import AlertmanagerSource
from gitops_models.delivery.triggers.sources.alerts import Alerts, HeardAlerts
from gitops_models.delivery.triggers.sources.base import Subject
from gitops_models.delivery.triggers.values import Answer, Kind, Sample
from gitops_models.errors import GmError
from gitops_models.registry.documents.triggers import Trigger

NOW = datetime(2026, 11, 21, 10, 0, tzinfo=UTC)
LOW = {"alertname": "Low", "model": "fraud"}
BEAT = {"alertname": "Watchdog"}
TRIGGER = Trigger.model_validate(
    {
        "name": "low",
        "use": "s",
        "query": 'alertname="Low",model="{{model}}"',
        "fail": {"equals": True},
        "for": "1m",
        "interval": "30s",
        "max_age": "10m",
    }
)


@pytest.fixture
def alerts(tmp_path):
    return Alerts(tmp_path / "alerts.json")


def hear(alerts, status, labels=LOW, *, at=NOW, **fields):
    alerts.hear(json.dumps({"alerts": [{"status": status, "labels": labels, **fields}]}).encode(), at)


def read(alerts, at=NOW, heartbeat=None):
    place = AlertmanagerSource(id="s", kind="alertmanager", heartbeat=heartbeat)
    return HeardAlerts(place, alerts).read(TRIGGER.query, Subject("fraud", "production", "1.2.0", "d" * 64, at))


@pytest.mark.parametrize("status", ["firing", "resolved"])
@pytest.mark.parametrize(("age", "kind"), [(600, Kind.VALUE), (601, Kind.STALE), (30 * 86_400, Kind.STALE)])
def test_what_was_heard_longer_ago_than_max_age_is_no_data(alerts, status, age, kind):
    hear(alerts, status)
    later = NOW + timedelta(seconds=age)
    signal = signal_of(TRIGGER, read(alerts, later), later)
    assert signal.kind is kind
    failing = State("d" * 64, failing=later - timedelta(minutes=5))
    around = Around("d" * 64, "1.2.0", NOW - timedelta(days=1), good="1.1.0", restores=True)
    made = decide(TRIGGER, failing, signal, around, later)
    fired = kind is Kind.VALUE and status == "firing"
    assert (made.act is not None) == fired
    assert (made.standing is Standing.NO_DATA) == (kind is Kind.STALE)


def test_an_alert_that_is_heard_again_is_fresh_again(alerts):
    hear(alerts, "firing")
    hear(alerts, "firing", at=NOW + timedelta(minutes=9))
    assert read(alerts, NOW + timedelta(minutes=18)).samples == (Sample(value=True, at=NOW + timedelta(minutes=9)),)


def test_a_heartbeat_renews_silence_and_no_alert_that_fired(alerts):
    later = NOW + timedelta(minutes=30)
    hear(alerts, "resolved")
    hear(alerts, "firing", BEAT, at=later)
    assert read(alerts, later, "Watchdog").samples == (Sample(value=False, at=later),)
    hear(alerts, "firing")
    assert read(alerts, later, "Watchdog").samples == (Sample(value=True, at=NOW),)


@pytest.mark.parametrize(
    ("ends", "after", "expected"),
    [
        ("0001-01-01T00:00:00Z", 300, Answer((Sample(value=True, at=NOW),))),
        ("2026-11-21T10:05:00Z", 299, Answer((Sample(value=True, at=NOW),))),
        ("2026-11-21T10:05:00Z", 300, Answer((Sample(value=False, at=NOW + timedelta(minutes=5)),))),
        ("2026-11-21T11:05:00.123456789+01:00", 300, Answer((Sample(value=False, at=NOW + timedelta(minutes=5)),))),
    ],
)
def test_an_alert_fires_no_longer_than_it_says(alerts, tmp_path, ends, after, expected):
    hear(alerts, "firing", endsAt=ends)
    for known in (alerts, Alerts(tmp_path / "alerts.json")):
        assert read(known, NOW + timedelta(seconds=after)) == expected


def test_an_end_that_is_ahead_when_it_is_resolved_is_now(alerts):
    hear(alerts, "resolved", endsAt="2026-11-21T11:00:00Z")
    assert read(alerts).samples == (Sample(value=False, at=NOW),)


@pytest.mark.parametrize(
    "ends", [1, "noon", "2026-11-21T10:05:00", "x" * 100, "9999-12-31T23:59:59-14:00", "9998-12-31T23:59:59-14:00"]
)
def test_an_end_that_is_no_time_is_refused_and_nothing_is_kept(alerts, tmp_path, ends):
    with pytest.raises(GmError) as caught:
        hear(alerts, "firing", endsAt=ends)
    assert (caught.value.code, read(alerts)) == ("GM-R603", Answer())
    assert not (tmp_path / "alerts.json").exists()


def test_alerts_that_were_kept_without_an_end_are_known_still(tmp_path):
    file = tmp_path / "alerts.json"
    file.write_text(json.dumps([{"labels": LOW, "firing": True, "heard": "2026-11-21T10:00:00Z"}]))
    assert read(Alerts(file)).samples == (Sample(value=True, at=NOW),)
    file.write_text(json.dumps([{"labels": LOW, "firing": True, "heard": "2026-11-21T10:00:00Z", "ends": "noon"}]))
    assert read(Alerts(file)) == Answer()
