"""What a forge says of deployments is read by nobody: a lie about them changes neither bytes nor the end of a run."""

import pytest

from tests.support.github import FakeGitHub, Fault
from tests.support.shown import Place


@pytest.fixture
def place(shared_data, tmp_path, home):  # noqa: ARG001 - skips where it is absent
    with FakeGitHub(tmp_path / "github") as fake:
        fake.account("site", 200)
        yield Place(tmp_path, home, fake)


LIES = [
    pytest.param("GET", "/deployments$", Fault(body=[{"id": 1}]), id="no deployments"),
    pytest.param("GET", "/deployments$", Fault(body={"message": "fine"}), id="no list"),
    pytest.param("GET", "/deployments$", Fault(body="[" * 100_000), id="depth"),
    pytest.param("POST", "/deployments$", Fault(body={"id": "1; rm -rf /"}), id="no number"),
    pytest.param("POST", "/deployments$", Fault(redirect="https://elsewhere.example/"), id="elsewhere"),
    pytest.param("POST", "/statuses$", Fault(truncate=10), id="cut short"),
]


@pytest.mark.attack("a forge that lies about deployments to who shows them", "ignored", by="forge")
@pytest.mark.parametrize(("method", "path", "lie"), LIES)
def test_a_lie_about_deployments_changes_nothing_that_is_served(place, method, path, lie):
    place.fake.fail(method, path, lie, times=None)
    report = place.run()
    assert (report.ok, report.first_error, place.station.served()) == (True, None, "1.2.0")
    assert place.said in (["GM-F408"], ["GM-F409"])
    assert [record.body.version for record in place.station.records()] == ["1.2.0"]


@pytest.mark.attack("a deployment that somebody with a token made up", "ignored", by="ci")
def test_a_deployment_that_was_made_up_is_served_by_nobody(place):
    place.run()
    wanted = {"ref": "main", "environment": "production/fraud", "auto_merge": False, "required_contexts": []}
    payload = {"version": "1.0.0", "digest": "0" * 64, "change_id": "0" * 64}
    home = f"/repos/{place.repo.full_name}/deployments"
    made = place.fake.ask("site", "POST", home, {**wanted, "payload": payload})
    assert made.status == 201
    assert place.fake.ask("site", "POST", f"{home}/{made.data['id']}/statuses", {"state": "success"}).status == 201
    report = place.again()
    assert (report.ok, report.results[0].live, place.station.served()) == (True, "1.2.0", "1.2.0")
