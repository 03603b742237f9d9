"""gm's verbs where proposals are pull requests: the real gm, Git over HTTPS, GitHub as its own description has it."""

import pytest

from gitops_models.registry.trailers import parse_trailers
from tests.support.colleagues import Colleagues
from tests.support.github import FakeGitHub


@pytest.fixture
def fake(shared_data, tmp_path):  # noqa: ARG001 - skips where it is absent
    with FakeGitHub(tmp_path / "github") as fake:
        yield fake


def people(tmp_path, home, fake, **fields):
    return Colleagues(tmp_path / "team", home, fake, **fields)


def test_a_promotion_goes_from_the_pull_request_to_the_accepted_step(tmp_path, home, fake):
    team = people(tmp_path, home, fake)
    opened = team.gm("engineer", "--json", "promote", "fraud@1.0.0", "--to", "staging", "-m", "@acme/all closes #7")
    assert opened.status == 0, opened.err
    pull = team.pull(opened.json["number"])
    assert opened.json["url"].endswith(f"/pull/{pull.number}")
    assert pull.title == "promote(fraud/staging): nothing to 1.0.0"
    assert {"gm", "gm:promotion", "risk:medium"} <= set(pull.labels)
    assert parse_trailers(f"t\n\n{pull.body}").get("Gm-Reason") == "@acme/all closes #7"
    again = team.gm("engineer", "--json", "promote", "fraud@1.0.0", "--to", "staging", "-m", "@acme/all closes #7")
    assert (again.status, again.json["number"], len(team.pulls())) == (0, pull.number, 1)
    listed = team.gm("raio", "--json", "proposals")
    assert listed.json["proposals"][0]["unblock"] == ["raio"]
    signed = team.gm("raio", "--json", "approve", str(pull.number), "-m", "fine")
    assert signed.status == 0, signed.err
    assert "warning" not in signed.err
    merged = team.gm("engineer", "--json", "merge", f"#{pull.number}")
    assert merged.status == 0, merged.err
    assert pull.merged
    assert team.judged().state.snapshot.stage_state("fraud", "staging").version == "1.0.0"
