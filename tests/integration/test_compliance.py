"""gm compliance: what enforces each clause in this repository, and what history shows of it."""

import json
from datetime import timedelta

import pytest

from gitops_models.audit.compliance import compliance
from gitops_models.cli.run import run
from gitops_models.policy.clauses import CLAUSES
from gitops_models.registry.paths import POLICY_YAML
from tests.support import policy as documents
from tests.support import stories
from tests.support.registry import BEGIN, Registry


def rows(registry, now=BEGIN):
    return {row.clause.id: row for row in compliance(registry.history(), POLICY_YAML, now).rows}


def test_every_clause_has_a_state_and_says_what_would_enforce_it(tmp_path):
    found = rows(Registry(tmp_path / "r", changes={**documents.LENIENT}))
    assert list(found) == [clause.id for clause in CLAUSES]
    assert found["B-4.1-3"].standing.state == "not enforced"
    assert found["B-4.1-3"].standing.lacking == ("lineage.require: data",)
    assert (found["B-1-1"].standing.state, found["A-triggers-1"].standing.state) == ("enforced", "enforced")


@pytest.mark.clause("B-11-4")
def test_sanctions_are_said_to_be_outside_of_software(tmp_path):
    assert rows(Registry(tmp_path / "r"))["B-11-4"].standing.state == "outside"


@pytest.mark.clause("B-3-3", "B-7-2")
def test_steps_at_which_the_rules_held_or_denied_are_counted(tmp_path):
    registry = stories.registry(tmp_path / "r")
    registry.version("fraud", "1.0.0")
    registered = registry.history().steps[-1]
    proposal = registry.promote("fraud", "1.0.0", "staging")
    before = rows(registry)
    assert before["B-4.1-7"].held.count == 1
    assert (before["B-4.1-7"].held.step, before["B-4.1-7"].held.at) == (registered.oid, registered.at)
    assert before["B-5.2-1"].held.count == 0
    registry.merge_by_hand(proposal.head)
    after = rows(registry)
    assert after["B-5.1-1"].denied.count == 0, "it waits for approvals"
    forced = registry.history().steps[-1]
    assert forced.status == "pending"


def test_a_step_that_the_rules_denied_is_evidence_too(tmp_path):
    registry = stories.registry(tmp_path / "r")
    registry.version("fraud", "1.0.0")
    registry.force(registry.commit(documents.version_files("1.0.0", features={"schema": "v8"})))
    found = rows(registry)["B-9-1"]
    assert (found.denied.count, found.denied.step, found.denied.at) == (1, registry.tip, None)


@pytest.mark.clause("B-10-2", "B-12-1")
def test_training_and_review_are_told_at_the_readers_clock(tmp_path):
    day = BEGIN.date().isoformat()
    rules = {
        "training": {"topics": ["rollback"], "valid_days": 10},
        "review": {"every_days": 30, "last": day},
    }
    persons = {"lead": {"training": {"rollback": day}}, "raio": {"suspended": True}, "domain": {"until": "2020-01-01"}}
    registry = Registry(tmp_path / "r", changes={**documents.LENIENT, **rules}, persons=persons)
    history = registry.history()
    now = compliance(history, POLICY_YAML, BEGIN)
    assert (now.training.trained, now.training.people) == (1, len(history.people.people) - 2)
    assert (now.review.due - now.review.last, now.review.overdue) == (timedelta(days=30), False)
    later = compliance(history, POLICY_YAML, BEGIN + timedelta(days=31))
    assert (later.training.trained, later.review.overdue) == (0, True)
    assert [item.split(" was ")[0] for item in later.review.items] == ["the review of the policy"]
    plain = compliance(
        Registry(tmp_path / "s", changes={"training": None, "review": None}).history(), POLICY_YAML, BEGIN
    )
    assert (plain.training, plain.review) == (None, None)


@pytest.fixture(scope="module")
def repo(tmp_path_factory, _isolated_session):
    made = tmp_path_factory.mktemp("compliance") / "reg"
    made.mkdir()
    assert run(["-C", str(made), "--no-input", "init", "--name", "Ada", "--email", "ada@example.org"]) == 0
    return made


def gm(repo, capsys, *words, status=0):
    capsys.readouterr()
    assert run(["-C", str(repo), "--no-input", "compliance", *words]) == status
    return capsys.readouterr()


def test_the_command_answers_in_text_markdown_and_json(repo, capsys):
    text = gm(repo, capsys).out
    assert "  B-4.1-3         not enforced  A version names its data snapshots." in text
    assert "the policy would enforce it by lineage.require: data" in text
    page = gm(repo, capsys, "--format", "markdown", "--document", "B").out
    assert page.startswith("# Compliance\n")
    assert "| B-11-4 | " in page
    assert "A-summary-1" not in page
    for words in (["--format", "json"], ["--json"]):
        answer = json.loads(gm(repo, capsys, *words).out)
        assert (answer["kind"], len(answer["clauses"])) == ("Compliance", len(CLAUSES))
        assert answer["policy"]["path"] == POLICY_YAML
        assert sum(answer["states"].values()) == len(CLAUSES)


def test_the_exit_status_says_on_request_that_a_clause_is_open(repo, capsys):
    assert "next: gm -C" in gm(repo, capsys, "--exit-code", status=3).err
    gm(repo, capsys)


def test_an_unknown_format_or_document_is_a_usage_error(repo, capsys):
    assert "GM-C002" in gm(repo, capsys, "--format", "pdf", status=2).err
    assert "GM-C002" in gm(repo, capsys, "--document", "C", status=2).err
