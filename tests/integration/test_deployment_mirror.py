"""What reconcilers serve, shown as deployments on the fake of GitHub; a forge in trouble changes nothing."""

import json
import os
from dataclasses import replace
from datetime import timedelta

import pytest

from gitops_models.cli.run import run as run_gm
from gitops_models.delivery.assemble import open_reconciler
from gitops_models.delivery.config import read_config
from gitops_models.delivery.mirroring import Mirroring
from gitops_models.errors import GmError
from gitops_models.forge.github.mirror import GitHubDeployments
from tests.support.github import FakeGitHub, Fault
from tests.support.shown import Place
from tests.support.station import rolled_back


@pytest.fixture
def fake(shared_data, tmp_path):  # noqa: ARG001 - skips where it is absent
    with FakeGitHub(tmp_path / "github") as fake:
        fake.account("site", 200)
        yield fake


@pytest.fixture
def place(tmp_path, home, fake):
    return Place(tmp_path, home, fake)


def test_what_is_served_is_shown_once_with_change_and_digest(place):
    report = place.run()
    assert (report.ok, place.said) == (True, [])
    assert place.shown() == [("1.2.0", ["success"])]
    (made,) = place.repo.deployments.values()
    history = place.registry.history()
    step = next(one for one in reversed(history.steps) if one.oid == made.sha)
    payload = made.given["payload"]
    assert (payload["change_id"], payload["digest"]) == (step.change_id, report.results[0].digest)
    assert [each.given["description"] for each in made.statuses] == ["eu: 1.2.0 is live"]
    asked = len(place.fake.requests)
    place.run()
    assert len(place.fake.requests) == asked  # nothing is new, so nobody is asked
    place.again()
    assert place.shown() == [("1.2.0", ["success"])]


def test_a_rollback_takes_over_and_the_former_deployment_goes_inactive(place):
    place.run()
    rolled_back(place.registry)
    place.repo.scan()
    assert place.run().ok
    assert place.shown() == [("1.2.0", ["success", "inactive"]), ("1.1.0", ["success"])]


def test_a_second_target_shares_the_deployment(place):
    targets = [{"id": name, "path": f"srv-{name}", "stages": ["production"]} for name in ("eu", "us")]
    place.station.configure(mirror="github", targets=targets)
    place.run()
    (made,) = place.repo.deployments.values()
    said = [each.given["description"] for each in made.statuses]
    assert said == ["eu: 1.2.0 is live", "us: 1.2.0 is live"]
    place.again()
    assert len(made.statuses) == 2


def test_a_failure_is_shown_by_its_code_and_no_path_of_the_site(place):
    shutter = place.station.root / "dvc"
    shutter.rename(shutter.with_name("elsewhere"))
    report = place.run()
    assert report.first_error is not None
    ((version, states),) = place.shown()
    assert (version, states) == ("1.2.0", ["in_progress"])
    for file in (shutter.with_name("elsewhere")).rglob("*"):
        if file.is_file():
            file.write_bytes(b"other bytes")
    shutter.with_name("elsewhere").rename(shutter)
    error = place.run().first_error
    (made,) = place.repo.deployments.values()
    assert [each.given["state"] for each in made.statuses] == ["in_progress", "failure"]
    description = made.statuses[-1].given["description"]
    assert (error.code in description, str(place.station.root) in description) == (True, False)


FAULTS = {
    "GM-F401": Fault(status=401),
    "GM-F402": Fault(status=403),
    "GM-F405": Fault(status=422),
    "GM-F406": Fault(status=429, headers={"retry-after": "60"}),
    "GM-F407": Fault(drop=True),
    "GM-F408": Fault(body="<html>"),
    "GM-F409": Fault(redirect="https://elsewhere.example/"),
}


@pytest.mark.parametrize("code", FAULTS)
def test_a_forge_in_trouble_changes_no_result_and_is_said_once(place, fake, code):
    fake.fail("*", "/deployments", FAULTS[code], times=None)
    reports = [place.run() for _ in range(3)]
    assert [(report.ok, report.first_error, report.problems) for report in reports] == [(True, None, ())] * 3
    assert (place.station.served(), place.said, place.shown()) == ("1.2.0", [code], [])
    fake.faults.clear()
    place.run()
    assert (place.said, place.shown()) == ([code], [("1.2.0", ["success"])])
    rolled_back(place.registry)
    place.repo.scan()
    fake.fail("*", "/deployments", FAULTS[code], times=None)
    place.run()
    assert (place.said, place.station.served()) == ([code, code], "1.1.0")


def test_an_answer_that_was_lost_makes_no_second_deployment(place, fake):
    fake.fail("POST", "/deployments$", Fault(drop=True, applied=True))
    place.run()
    assert (place.said, place.shown()) == (["GM-F407"], [("1.2.0", [])])
    place.run()
    assert place.shown() == [("1.2.0", ["success"])]


def test_a_forge_that_failed_is_left_alone_for_a_while(place, fake):
    fake.fail("*", "/deployments", Fault(status=503), times=None)
    config = read_config(place.station.config)
    connected = []

    def show(address):
        connected.append(address)
        return GitHubDeployments(place.client())

    with open_reconciler(config, clock=place.station.now, lock_wait=0.1, show=show) as reconciler:
        reconciler.run()
        asked = len(fake.requests)
        reconciler.run()
        assert len(fake.requests) == asked
        place.station.clock.tick(minutes=6)
        fake.faults.clear()
        reconciler.run()
    assert (place.shown(), connected) == ([("1.2.0", ["success"])], [str(place.station.forge)])


def broken(_address):
    raise RuntimeError("a bug")


def no_token(_address):
    raise GmError("GM-F410", "no token")


@pytest.mark.parametrize(("show", "code"), [(broken, "GM-C001"), (no_token, "GM-F410")])
def test_not_even_a_bug_stops_a_reconcile(place, show, code):
    assert place.run(show=show).ok
    assert (place.said, place.station.served()) == ([code], "1.2.0")


@pytest.mark.parametrize("kept", [b"", b"[]", b'{"shown": {"a": {}}, "said": []}', b'{"shown": {"a": 1}, "said": 2}'])
def test_what_is_remembered_can_be_lost(place, kept):
    place.run()
    (place.station.root / "state/shown.json").write_bytes(kept)
    assert place.run().ok
    assert (place.said, place.shown()) == ([], [("1.2.0", ["success"])])


def test_memory_that_cannot_be_written_stops_nothing(place):
    (place.station.root / "state").mkdir()
    (place.station.root / "state/shown.json").mkdir()
    assert place.run().ok
    assert place.said == ["GM-C001"]


def test_gm_reconcile_shows_it_with_the_token_of_its_environment_and_ends_well_without(place, capsys, monkeypatch):
    place.station.configure([place.repo.remote_url], mirror="github")
    for name, value in place.fake.environ("site").items():
        monkeypatch.setenv(name, value)
    words = ["-C", str(place.station.root), "--json", "reconcile", "--once", "--config", "reconciler.yaml"]
    monkeypatch.setenv("GH_TOKEN", "")
    monkeypatch.setenv("PATH", os.environ["PATH"])
    assert run_gm(words) == 0
    shown = capsys.readouterr()
    assert (json.loads(shown.out)["ok"], "GM-F410" in shown.err, place.shown()) == (True, True, [])
    monkeypatch.setenv("GH_TOKEN", place.fake.accounts["site"].token)
    assert run_gm(words) == 0
    assert (capsys.readouterr().err.count("GM-F"), place.shown()) == (0, [("1.2.0", ["success"])])


def test_without_the_field_no_forge_is_asked(place):
    place.station.configure()
    with open_reconciler(read_config(place.station.config), clock=place.station.now, show=broken) as reconciler:
        assert (reconciler.mirror, reconciler.run().ok) == (None, True)


def test_a_model_that_is_served_no_more_is_shown_as_over(place):
    report = place.run()
    history = place.registry.history()
    over = replace(report, results=(replace(report.results[0], desired=None, live=None),))
    clock = lambda: place.station.now() + timedelta(hours=1)  # noqa: E731 - a clock
    path = place.station.root / "state/shown.json"
    Mirroring(lambda: GitHubDeployments(place.client()), path, clock).saw(over, history)
    assert place.shown() == [("1.2.0", ["success", "inactive"])]
    place.repo.deployments.clear()
    path.write_text(path.read_text().replace("inactive", "success"))
    Mirroring(lambda: GitHubDeployments(place.client()), path, clock).saw(over, history)
    assert place.shown() == []  # nothing is made only to be ended
