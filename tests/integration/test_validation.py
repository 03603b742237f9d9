"""What is served is validated after a switch: restored where the risk lets, and never from a way back."""

import pytest

from gitops_models.delivery.results import Done, State
from tests.support.inference import case, cases_file, inference
from tests.support.receiver import SECRET, receiver
from tests.support.station import Station, emergency, one_version, rolled_back

GOOD = {"1.0.0": 2.0, "1.1.0": 2.0, "1.2.0": 2.0}


@pytest.fixture(scope="module")
def told(tmp_path_factory):
    return emergency(tmp_path_factory.mktemp("told") / "forge.git")


class Site:
    """A station with a server that serves what lies in its directory, and golden cases of every version."""

    def __init__(self, registry, root, home, server):
        self.station, self.server = Station(registry, root, home), server
        server.place = root / "srv/fraud/production"
        parts = {"url": server.address, "pause": 0, "retries": 0}
        cases = cases_file(root / "cases.json", case(1.0), case(2.0))
        self.checks = [
            {"id": "seen", "use": "served-version", **parts},
            {"id": "answers", "use": "golden", "cases": cases, **parts},
            {"id": "speed", "use": "latency", "cases": cases, "p95_below_ms": 5000.0, "requests": 8, **parts},
            {"id": "inert", "use": "scan"},
        ]
        self.station.configure(checks=self.checks)

    def run(self):
        (result,) = self.station.run().results
        return result

    def record(self):
        return self.station.records()[-1].body


@pytest.fixture
def site(told, tmp_path, home):
    with inference(factors=dict(GOOD)) as server:
        yield Site(told.copy(tmp_path / "forge.git"), tmp_path, home, server)


@pytest.mark.clause("A-validation-1", "A-validation-2", "A-validation-3", "A-testing-4")
def test_what_is_served_is_asked_and_what_it_answered_is_recorded(site):
    result = site.run()
    assert (result.state, result.done, result.live) == (State.LIVE, Done.SWITCHED, "1.2.0")
    body = site.record()
    assert body.result == "succeeded"
    checks = {one.id: one for one in body.checks}
    assert [one for one in checks if checks[one].passed is not True] == []
    assert list(checks)[-4:] == ["seen", "answers", "speed", "inert"]
    assert checks["answers"].values == {"cases": 2, "matched": 2, "accuracy": 1.0, "worst": 0.0}
    assert checks["speed"].values["p95_below_ms"] == 5000.0


def test_a_version_that_does_not_pass_is_taken_back_where_the_risk_lets(site):
    assert site.run().live == "1.2.0"
    one_version(site.station.registry, "1.3.0")
    site.station.upload("1.3.0")
    site.server.factors["1.3.0"] = 2.5
    result = site.run()
    assert (result.state, result.error.code, result.live) == (State.VALIDATION_FAILED, "GM-R521", "1.2.0")
    assert site.station.served() == "1.2.0"
    body = site.record()
    assert (body.result, body.version) == ("failed", "1.3.0")
    assert next(one for one in body.checks if one.id == "answers").values["worst"] == 1.0


@pytest.mark.clause("A-validation-4", "A-testing-4")
def test_a_rollback_that_does_not_pass_is_told_and_is_not_rolled_back(site, tmp_path):
    (tmp_path / "secret").write_text(SECRET)
    assert site.run().live == "1.2.0"
    rolled_back(site.station.registry)
    site.server.factors["1.1.0"] = 2.5
    with receiver() as hook:
        place = {"id": "hook", "webhook": {"url": hook.url, "secret_file": "secret"}}
        site.station.configure(checks=site.checks, notifications=[place])
        result = site.run()
    assert (result.state, result.error.code, result.live) == (State.VALIDATION_FAILED, "GM-R521", "1.1.0")
    assert site.station.served() == "1.1.0"
    assert site.record().result == "failed"
    (event,) = hook.events
    assert (event["data"]["event"], event["data"]["severity"]) == ("rollback-failed", "critical")
    assert event["data"]["reason"].startswith("answers: failed: 2 of 2 cases")
