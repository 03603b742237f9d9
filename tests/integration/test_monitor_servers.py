"""The monitor with a real Prometheus and a real Alertmanager, at the machine's own clock."""

import time
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from threading import Event, Thread
from unittest import mock

import pytest

from gitops_models.delivery.monitor import watch_on
from gitops_models.workflows.clock import SystemClock
from gitops_models.workflows.watching import monitor_from_file
from tests.support.servers import start_alertmanager
from tests.support.watchtower import Watchtower, watched

TOKEN = "a-token-for-alerts-of-this-test"
LIVELY = {"interval": "1s", "for": "0s", "grace": "0s", "severity": "high", "cause": "regression"}
DROP = {
    "name": "accuracy-drop",
    "use": "main",
    "query": 'model_accuracy{model="{{model}}",version="{{version}}"}',
    "samples": 'model_predictions{model="{{model}}",version="{{version}}"}',
    "min_samples": 200,
    "baseline": {"of": "previous-version", "max_drop": 0.05},
    **LIVELY,
}
ALERT = {
    "name": "low-accuracy",
    "use": "alerts",
    "query": 'alertname="LowAccuracy",model="{{model}}",version="{{version}}"',
    "fail": {"equals": True},
    "on_no_data": "ok",
    **LIVELY,
}
SECONDS = 120


@pytest.fixture(scope="module")
def story(tmp_path_factory):
    begin = datetime.now(UTC).replace(microsecond=0) - timedelta(days=1)
    with mock.patch("tests.support.registry.BEGIN", begin):
        return watched(tmp_path_factory.mktemp("watched") / "registry.git", DROP, ALERT)


@pytest.fixture
def tower(story, tmp_path, home):
    tower = Watchtower(story.copy(tmp_path / "registry.git"), tmp_path, home)
    tower.run()
    (tmp_path / "token").write_text(TOKEN)
    return tower


def sources(tower, url="http://127.0.0.1:9"):
    found = [{"id": "main", "kind": "prometheus", "url": url}, {"id": "alerts", "kind": "alertmanager"}]
    receive = {"port": 0, "token_file": "token"}
    tower.configure(sources=found, monitor={**tower.fields["monitor"], "receive": receive})


class Watching:
    """The reports of a monitor that runs in a thread, and waiting for one of them."""

    def __init__(self, opened):
        self.opened, self.stop = opened, Event()
        self.seen, self._news = [], Event()

    def tell(self, report):
        self.seen.append((time.monotonic(), report))
        self._news.set()

    def until(self, standing, name):
        """The time at which the trigger stood so first."""
        deadline = time.monotonic() + SECONDS
        while time.monotonic() < deadline:
            for at, report in self.seen:
                rows = {row.trigger.name: row.decision.standing.value for row in getattr(report, "rows", ())}
                if rows.get(name) == standing:
                    return at
            self._news.wait(1)
            self._news.clear()
        raise AssertionError(f"{name} was never {standing}: {self.seen[-3:]}")


@contextmanager
def running(tower):
    with monitor_from_file(tower.config, SystemClock()) as opened:
        watching = Watching(opened)
        named = {"wake": opened.wake, "stop": watching.stop, "tell": watching.tell, "rest": 0.02}
        thread = Thread(target=watch_on, args=(opened.monitor,), kwargs=named)
        thread.start()
        try:
            yield watching
        finally:
            watching.stop.set()
            opened.wake.set()
            thread.join()


def switched(tower):
    """When what is served was switched."""
    return (tower.root / "srv/fraud/production/current").lstat().st_mtime


def shown(accuracy, *, count=400, version="1.2.0"):
    labels = f'{{model="fraud",version="{version}"}}'
    return f"model_accuracy{labels} {accuracy}\nmodel_predictions{labels} {count}\n"


def test_from_the_fall_of_a_metric_to_the_served_last_known_good(tower, prometheus, metrics, capsys):
    sources(tower, prometheus.url)
    before = shown(0.95, version="1.1.0")
    metrics.show(before + shown(0.90))
    with running(tower) as watching:
        watching.until("ok", "accuracy-drop")
        assert tower.served() == "1.2.0"
        fell = time.time()
        metrics.text = before + shown(0.89)
        watching.until("fired", "accuracy-drop")
        assert tower.served() == "1.1.0"
    (proposal,) = tower.proposals()
    assert (proposal.event, proposal.version) == ("rollback", "1.1.0")
    with capsys.disabled():
        print(f"\nfrom metric fall to served last known good: {switched(tower) - fell:.2f} s")  # noqa: T201 - the figure
    assert 0 < switched(tower) - fell < SECONDS


@pytest.mark.clause("A-triggers-5")
def test_what_prometheus_says_when_it_has_no_number(tower, prometheus, metrics):
    sources(tower, prometheus.url)
    before = shown(0.95, version="1.1.0")

    def stands(text):
        metrics.show(text)
        with monitor_from_file(tower.config, SystemClock()) as opened:
            decision = opened.monitor.run(wake=True).rows[0].decision
        return decision.standing.value, decision.reason

    assert stands(before) == ("no-data", "the source has no value")
    assert stands(before + shown("NaN")) == ("no-data", "the value is no number (NaN)")
    assert stands(before + shown(0.1, count=199)) == ("no-data", "199 of 200 samples")
    assert stands(shown(0.1)) == ("no-data", "baseline: the source has no value")
    assert stands(before + shown(0.95)) == ("ok", "0.95 is 0 below 0.95, not more than 0.05")
    assert tower.served() == "1.2.0"
    prometheus.stop()
    with monitor_from_file(tower.config, SystemClock()) as opened:
        decision = opened.monitor.run(wake=True).rows[0].decision
    assert (decision.standing.value, decision.reason[:10]) == ("error", "GM-R602: m")


def test_a_query_that_prometheus_cannot_read_is_an_error_with_its_words(tmp_path, home, prometheus):
    begin = datetime.now(UTC).replace(microsecond=0) - timedelta(days=1)
    with mock.patch("tests.support.registry.BEGIN", begin):
        broken = {**DROP, "query": 'model_accuracy{version="{{version}}"'}
        tower = Watchtower(watched(tmp_path / "registry.git", broken), tmp_path, home)
    tower.run()
    (tmp_path / "token").write_text(TOKEN)
    sources(tower, prometheus.url)
    with monitor_from_file(tower.config, SystemClock()) as opened:
        decision = opened.monitor.run(wake=True).rows[0].decision
    assert decision.standing.value == "error"
    assert decision.reason.startswith("GM-R606: main: ")
    assert "parse error" in decision.reason


@pytest.mark.server("alertmanager")
def test_an_alert_of_a_real_alertmanager_restores_the_last_known_good(tower, tmp_path, capsys):
    sources(tower)
    with running(tower) as watching:
        webhook = f"http://127.0.0.1:{watching.opened.port}/alerts"
        with start_alertmanager(tmp_path / "alertmanager", webhook=webhook, bearer=TOKEN) as alertmanager:
            fell = time.time()
            alertmanager.fire({"alertname": "LowAccuracy", "model": "fraud", "version": "1.2.0"})
            watching.until("fired", "low-accuracy")
        assert tower.served() == "1.1.0"
    with capsys.disabled():
        print(f"\nfrom alert to served last known good: {switched(tower) - fell:.2f} s")  # noqa: T201 - the figure
