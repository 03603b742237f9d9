"""``gm check`` in every form, and with decisions that are supposed: what is printed, the exit status, what stays."""

import json
from datetime import UTC, datetime, timedelta
from unittest import mock

import pytest

from gitops_models.cli.run import run
from tests.support import stories
from tests.support.sarif import faults

FORMS = ("text", "json", "sarif", "github", "markdown")


@pytest.fixture(scope="module")
def story(tmp_path_factory):
    """A promotion at high risk that the raio approved and a domain lead has not."""
    begin = datetime.now(UTC).replace(microsecond=0) - timedelta(hours=2)
    with mock.patch("tests.support.registry.BEGIN", begin):
        registry = stories.registry(tmp_path_factory.mktemp("forms") / "server.git")
    registry.version("fraud", "1.0.0", risk="high")
    proposal = registry.promote("fraud", "1.0.0", "staging")
    registry.approve(proposal, "raio", "engineer")
    return registry, proposal


@pytest.fixture
def gm(story, capsys):
    registry, _ = story

    def call(*words):
        with registry.untouched():
            status = run(["-C", str(registry.path), "--no-input", *words])
        return status, *capsys.readouterr()

    return call


@pytest.fixture
def both(tmp_path):
    path = tmp_path / "what-if.yaml"
    path.write_text("- {person: domain, decision: approve}\n")
    return str(path)


def asking(proposal, way):
    return [proposal.id] if way == "proposal" else ["--base", "main", "--head", proposal.head]


@pytest.mark.parametrize("way", ["proposal", "commits"])
@pytest.mark.parametrize("form", FORMS)
def test_a_denial_is_status_3_in_every_form_and_tells_of_every_approval(form, way, story, gm):
    status, out, _ = gm("check", *asking(story[1], way), "--format", form)
    assert status == 3
    for said in ("raio", "author of the change", "domain2"):
        assert said in out.replace("&#61;", "=")


@pytest.mark.parametrize("form", FORMS)
def test_supposed_approvals_are_status_0_loud_and_leave_everything_as_it_was(form, story, gm, both):
    status, out, err = gm("check", story[1].id, "--format", form, "--simulate", both)
    assert status == 0
    assert "simulat" in out.lower()
    assert "gm merge" not in err
    status, out, _ = gm("check", *asking(story[1], "commits"), "--format", form, "--simulate", both)
    assert (status, "simulat" in out.lower()) == (0, True)


def test_a_merge_after_a_simulation_is_as_pending_as_before(story, gm, both):
    assert gm("check", story[1].id, "--simulate", both)[0] == 0
    assert gm("check", story[1].id)[0] == 3
    registry, proposal = story
    with registry.untouched(), pytest.raises(Exception, match="GM-P401"):
        registry.merge(proposal)


def test_a_simulation_is_not_what_an_approval_is_held_to(story, gm, both):
    registry, proposal = story
    shown = registry.path / "gm" / "shown.json"
    before = shown.read_bytes() if shown.exists() else None
    gm("check", proposal.id, "--simulate", both)
    assert (shown.read_bytes() if shown.exists() else None) == before


def test_sarif_is_one_well_formed_log_placed_at_the_governed_file(story, gm):
    log = json.loads(gm("check", story[1].id, "--format", "sarif")[1])
    assert faults(log) == []
    first = log["runs"][0]
    assert [rule["id"] for rule in first["tool"]["driver"]["rules"]] == ["GM-P401"]
    place = first["results"][0]["locations"][0]["physicalLocation"]["artifactLocation"]
    assert place["uri"] == "models/fraud/stages/staging.yaml"
    assert first["properties"]["quorums"][0]["candidates"] == {"domain-lead": ["both", "domain", "domain2"]}


def test_json_says_what_was_supposed(story, gm, both):
    body = json.loads(gm("--json", "check", story[1].id, "--simulate", both)[1])
    assert (body["kind"], body["simulated"], body["allowed"]) == ("Verdict", ["domain (approve)"], True)
    assert "simulated" not in json.loads(gm("check", story[1].id, "--format", "json")[1])


def test_an_unknown_form_is_a_usage_error(story, gm):
    status, _, err = gm("check", story[1].id, "--format", "xml")
    assert (status, "GM-C002" in err) == (2, True)


def test_there_is_nothing_to_suppose_on_documents_alone(gm, both):
    for words in (["--documents"], []):
        status, _, err = gm("check", *words, "--simulate", both)
        assert (status, "GM-C002" in err) == (2, True)


@pytest.mark.parametrize("form", ["sarif", "github", "markdown"])
def test_what_cannot_be_judged_is_shown_in_the_form_too(form, gm):
    status, out, err = gm("check", "3fa9c1d2", "--format", form)
    assert status == 6
    assert "GM-F101" in out
    assert "GM-F101" in err


def test_a_file_of_suppositions_that_is_wrong_is_refused(story, gm, tmp_path):
    (tmp_path / "bad.yaml").write_text("- {person: domain, approves: true}\n")
    status, _, err = gm("check", story[1].id, "--simulate", str(tmp_path / "bad.yaml"))
    assert (status, "GM-D021" in err) == (2, True)
