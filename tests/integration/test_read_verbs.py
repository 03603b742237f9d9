"""The verbs that only read, over a real registry: two versions, a rollback with its hold, an open proposal."""

import csv
import io
import json
import os
import shutil
import subprocess
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from gitops_models.cli.run import run
from gitops_models.registry.documents import StageState, render
from gitops_models.registry.times import format_time
from gitops_models.trust.ledger import Ledger, Scribe
from gitops_models.trust.records import Acceptance, ChangeSummary, Decision, make_acceptance, make_decision
from gitops_models.workflows.merging import merge
from gitops_models.workflows.propose import Draft, propose
from gitops_models.workflows.session import open_session
from tests.support.keys import ed25519_key
from tests.support.models import write_linear

LINEAGE = "models/bc/versions/1.0.0/lineage.yaml"


class Registry:
    """A repository with its artifact remote beside it, and `gm` run in this process."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.repo = root / "reg"

    def gm(self, *words: str) -> int:
        return run(["-C", str(self.repo), "--no-input", *words])

    def git(self, *words: str) -> str:
        command = ["git", "-C", str(self.repo), *words]
        return subprocess.run(command, capture_output=True, text=True, check=True, timeout=60).stdout.strip()

    def commit(self, files: dict[str, bytes], message: str, *, signed: bool) -> str:
        for name, content in files.items():
            (self.repo / name).write_bytes(content)
        self.git("add", "-A")
        self.git("commit", "--quiet", "--gpg-sign" if signed else "--no-gpg-sign", "-m", message)
        return self.git("rev-parse", "HEAD")


def measured(path: Path) -> tuple[str, str]:
    return ("--metrics", str(path.parent / "metrics.json"))


@pytest.fixture(scope="module")
def built(_isolated_session, tmp_path_factory):
    registry = Registry(tmp_path_factory.mktemp("read"))
    registry.repo.mkdir()
    first = write_linear(registry.root / "first" / "model.onnx")
    second = write_linear(registry.root / "second" / "model.onnx", (0.75, -0.25))
    third = write_linear(registry.root / "third" / "model.onnx", (0.9, 0.9))
    tokens = registry.root / "tokens"
    tokens.mkdir()
    (tokens / "vocab.txt").write_text("one two three\n")
    (tokens / "merges.txt").write_text("o n\n")
    for number, path in enumerate((first, second, third)):
        (path.parent / "metrics.json").write_text(json.dumps({"auc": 0.9 + 0.012 * number}))
    why = ("-m", "because", "--merge")
    steps = (
        ("init", "--profile", "solo", "--name", "Ada L", "--email", "ada@example.org"),
        ("register", "bc", str(first), f"preprocessing={tokens}", *measured(first), "--risk", "low", *why),
        ("promote", "bc", "--through", "production", *why),
        ("register", "bc", str(second), *measured(second), *why),
        ("promote", "bc", "--through", "production", *why),
        ("rollback", "bc", "--cause", "regression", "--incident", "INC-1", "-m", "it got worse", "--merge"),
        ("register", "bc", str(third), *measured(third), "-m", "=HYPERLINK(1)"),
    )
    before = Path.cwd()
    os.chdir(registry.repo)
    try:
        for words in steps:
            assert registry.gm(*words) == 0, words
    finally:
        os.chdir(before)
    return registry


@pytest.fixture
def registry(built, tmp_path):
    """A copy that a test may spoil."""
    shutil.copytree(built.root, tmp_path / "copy")
    return Registry(tmp_path / "copy")


@pytest.fixture
def read(capsys):
    """What a verb prints as JSON, and its exit status."""

    def ask(registry, *words):
        capsys.readouterr()
        status = registry.gm("--json", *words)
        said = capsys.readouterr()
        return status, json.loads(said.out) if said.out else json.loads(said.err)["error"]

    return ask


def events(answer):
    return [(row["event"], row["stage"], row["from"], row["to"]) for row in answer["rows"]]


@pytest.mark.clause("B-7-1", "B-7-3")
def test_log_shows_every_event_newest_first(built, read):
    status, answer = read(built, "log")
    assert (status, answer["apiVersion"], answer["kind"]) == (0, "gitops-models/v1", "Log")
    assert events(answer) == [
        ("hold-placed", "production", None, None),
        ("rolled-back", "production", "1.1.0", "1.0.0"),
        ("cause-opened", None, None, None),
        ("promoted", "production", "1.0.0", "1.1.0"),
        ("promoted", "staging", "1.0.0", "1.1.0"),
        ("version-registered", None, None, None),
        ("promoted", "production", None, "1.0.0"),
        ("promoted", "staging", None, "1.0.0"),
        ("version-registered", None, None, None),
        ("model-added", None, None, None),
    ]


@pytest.mark.clause("B-7-1")
def test_log_takes_cause_and_incident_from_the_documents_of_a_rollback(built, read):
    _, answer = read(built, "log", "--event", "rollback")
    (row,) = answer["rows"]
    assert (row["cause"], row["incident"], row["reason"], row["risk"]) == ("regression", "INC-1", "it got worse", "low")
    assert (row["actor"], row["proposers"], row["lies"]) == ("ada-l", ["ada-l"], [])


@pytest.mark.clause("B-7-2", "B-4.1-8")
def test_log_says_how_somebody_approved(built, read):
    _, answer = read(built, "log", "bc", "--event", "promoted", "--stage", "production", "--limit", "1")
    (row,) = answer["rows"]
    assert [(one["person"], one["how"]) for one in row["approvers"]] == [("ada-l", "self")]


def test_log_as_a_table_has_one_line_per_event(built, capsys):
    assert built.gm("log") == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].split() == ["TIME", "STEP", "EVENT", "MODEL", "WHAT", "BY", "APPROVED", "BY", "REASON"]
    (clock,) = (line for line in lines if line.startswith("    clock: deployed "))
    lines.remove(clock)  # of the rollback
    assert len(lines) == 11
    assert "production: 1.1.0 -> 1.0.0" in lines[2]
    assert "ada-l (self-approved)" in lines[4]


def test_log_as_csv_is_read_by_a_csv_reader(built, capsys):
    assert built.gm("log", "--csv") == 0
    rows = list(csv.DictReader(io.StringIO(capsys.readouterr().out)))
    assert [row["event"] for row in rows][:2] == ["hold-placed", "rolled-back"]
    assert {row["status"] for row in rows} == {"accepted"}


def test_log_in_a_csv_quotes_a_reason_that_would_run_as_a_formula(registry, capsys):
    _, proposal = read_proposal(registry, capsys)
    assert registry.gm("merge", proposal) == 0
    capsys.readouterr()
    assert registry.gm("log", "--csv", "--limit", "1") == 0
    (row,) = csv.DictReader(io.StringIO(capsys.readouterr().out))
    assert row["reason"] == "'=HYPERLINK(1)"


def read_proposal(registry, capsys):
    capsys.readouterr()
    status = registry.gm("--json", "proposals")
    return status, json.loads(capsys.readouterr().out)["proposals"][0]["id"]


def test_log_of_an_unknown_model_is_refused(built, read):
    status, error = read(built, "log", "nope")
    assert (status, error["code"]) == (6, "GM-C140")


def test_log_with_something_that_is_no_time_is_refused(built, read):
    status, error = read(built, "log", "--since", "yesterday")
    assert (status, error["code"]) == (2, "GM-C154")


def test_log_before_the_first_acceptance_is_empty(built, read):
    assert read(built, "log", "--until", "1999-01-01")[1]["rows"] == []


def test_log_reports_a_claim_that_lies(registry, read, capsys):
    session = open_session(registry.repo)
    digest = session.accepted.lineage_sha256("bc", "1.0.0")
    state = StageState(model="bc", stage="staging", version="1.0.0", lineage_sha256=digest)
    path = session.accepted.layout.stage_path("bc", "staging")
    claims = (("Gm-Event", "promotion"), ("Gm-Model", "bc"), ("Gm-To", "7.7.7"), ("Gm-Risk", "critical"))
    draft = Draft("change", "bc", "back", "tidy", {path: render(state)}, "1.0.0", "staging", trailers=claims)
    merge(session, propose(session, draft).proposal)
    _, answer = read(registry, "log", "--limit", "1")
    (row,) = answer["rows"]
    assert (row["event"], row["to"]) == ("rolled-back", "1.0.0")
    assert row["lies"] == [
        "Gm-Event: promotion (is rolled-back)",
        f"Gm-To: 7.7.7 (is 1.0.0 or 1.0.0@sha256:{digest})",
        "Gm-Risk: critical (is low)",
    ]
    assert registry.gm("log", "--limit", "1") == 0
    assert "    claims Gm-To: 7.7.7 (is 1.0.0" in capsys.readouterr().out
    assert row["step"] in read(registry, "verify")[1]["lies"]


def test_log_works_in_a_clone_whose_remote_is_gone(registry, tmp_path, capsys):
    clone = Registry(tmp_path / "elsewhere")
    clone.root.mkdir()
    registry.git("clone", "--quiet", str(registry.repo), str(clone.repo))
    registry.repo.rename(tmp_path / "gone")
    assert clone.gm("log", "--event", "rollback") == 0
    said = capsys.readouterr()
    assert "rolled-back" in said.out
    assert "working offline" in said.err


@pytest.mark.clause("B-3-3")
def test_at_a_step_answers_what_was_accepted_there(built, read):
    _, log = read(built, "log")
    promoted = next(row for row in log["rows"] if row["to"] == "1.1.0")
    for point in (promoted["step"], promoted["step"][:12]):
        status, answer = read(built, "at", point)
        assert (status, answer["kind"], answer["step"]) == (0, "StateAt", promoted["step"])
        assert [(one["stage"], one["version"]) for one in answer["live"]] == [
            ("staging", "1.1.0"),
            ("production", "1.1.0"),
        ]
        assert answer["holds"] == []


@pytest.mark.clause("B-3-3", "B-7-3")
def test_at_the_time_of_an_acceptance_it_counts(built, read):
    rows = read(built, "log")[1]["rows"]
    for row in rows:
        newest = next(other for other in rows if other["time"] == row["time"])  # seconds are the finest there is
        assert read(built, "at", row["time"])[1]["step"] == newest["step"]


def test_at_a_later_time_names_the_hold_and_the_step_of_the_rollback(built, read):
    _, log = read(built, "log", "--event", "rollback")
    _, answer = read(built, "at", "2999-01-01")
    production = answer["live"][1]
    assert (production["version"], production["step"]) == ("1.0.0", log["rows"][0]["step"])
    assert [(hold["stage"], hold["reason"]) for hold in answer["holds"]] == [("production", "it got worse")]


def test_at_a_time_before_everything_the_pin_answers(built, read, capsys):
    _, answer = read(built, "at", "1999-01-01")
    assert (answer["time"], answer["live"], answer["step"]) == (None, [], read(built, "log")[1]["pin"])
    assert built.gm("at", answer["step"]) == 0
    assert "the pin" in capsys.readouterr().out


def test_at_asks_acceptances_and_never_commit_dates(registry, read):
    """A commit that lands nothing governed may carry any date."""
    registry.git("-c", "commit.gpgsign=false", "commit", "--quiet", "--allow-empty", "-m", "x", "--date", "1999-01-01")
    assert read(registry, "at", "1999-06-01")[1]["live"] == []


@pytest.mark.parametrize(("point", "code", "status"), [("nonsense", "GM-C154", 2), ("2026-99-01", "GM-C154", 2)])
def test_at_something_else_is_refused(built, read, point, code, status):
    got, error = read(built, "at", point)
    assert (got, error["code"]) == (status, code)


def test_at_a_commit_off_the_line_is_refused(built, read):
    status, error = read(built, "at", built.git("rev-parse", "HEAD^2"))
    assert (status, error["code"]) == (6, "GM-C151")


def test_verify_says_that_history_holds(built, read):
    status, answer = read(built, "verify")
    assert (status, answer["kind"], answer["holds"]) == (0, "Verification", True)
    assert (answer["steps"], answer["faults"], answer["lies"]) == ({"accepted": 5}, [], {})


def test_verify_from_another_pin_replays_less(built, read):
    assert read(built, "verify", "--pin", "HEAD~2")[1]["steps"] == {"accepted": 2}
    assert read(built, "verify", "--pin", "nonsense")[1]["code"] == "GM-C154"


@pytest.mark.clause("B-9-1", "A-testing-5")
def test_verify_finds_an_edited_release_that_was_landed_by_force(registry, read, capsys):
    broken = registry.commit({LINEAGE: b"kind: Lineage\n"}, "edit", signed=False)
    status, answer = read(registry, "verify")
    assert (status, answer["holds"]) == (5, False)
    (found,) = answer["unaccepted"]
    assert (found["step"], found["standing"], found["scopes"]) == (broken, "blocking", ["model:bc"])
    assert found["codes"] == ["GM-P001", "GM-P801"]
    assert answer["blocked"]["model:bc"]["step"] == broken
    capsys.readouterr()
    assert registry.gm("verify") == 5
    said = capsys.readouterr()
    assert "error[GM-T601]" in said.err
    assert f"{broken[:12]}  denied" in said.out
    assert read(registry, "log")[1]["rows"][0]["status"] == "accepted"
    denied = read(registry, "log", "--all")[1]["rows"][0]
    assert (denied["status"], denied["codes"], denied["time"]) == ("denied", found["codes"], None)
    assert read(registry, "list")[1]["models"][0]["blocked"] is True


def test_verify_holds_again_once_a_denied_step_is_restored(registry, read):
    original = (registry.repo / LINEAGE).read_bytes()
    registry.commit({LINEAGE: b"kind: Lineage\n"}, "edit", signed=False)
    registry.commit({LINEAGE: original}, "restore\n\nGm-Event: restoration\nGm-Reason: bring it back", signed=True)
    status, answer = read(registry, "verify")
    assert (status, answer["steps"]) == (0, {"accepted": 5, "denied": 1, "restored": 1})
    assert [found["standing"] for found in answer["unaccepted"]] == ["settled"]
    assert read(registry, "log", "--all")[1]["rows"][0]["event"] == "restored"


@pytest.mark.parametrize("how", ["missing", "moved", "unsigned"])
def test_verify_finds_a_version_tag_that_does_not_hold(registry, read, how):
    registry.git("tag", "-d", "bc@v1.0.0")
    if how == "moved":
        registry.git("tag", "--sign", "-m", "moved", "bc@v1.0.0", "HEAD")
    if how == "unsigned":
        registry.git("-c", "tag.gpgsign=false", "tag", "--no-sign", "-m", "plain", "bc@v1.0.0", "HEAD~4")
    status, answer = read(registry, "verify")
    assert status == 5
    code = {"missing": "GM-T620", "moved": "GM-T621", "unsigned": "GM-T624"}[how]
    assert [(fault["code"], fault["where"]) for fault in answer["faults"]] == [(code, "refs/tags/bc@v1.0.0")]
    assert read(registry, "show", "bc@1.0.0")[1]["tagged"] is (how == "moved")


def test_verify_explains_a_step(built, read, capsys):
    status, answer = read(built, "verify", "--explain", "HEAD~1")
    assert (status, answer["kind"], answer["status"], answer["acceptedByMerge"]) == (0, "Explanation", "accepted", True)
    assert [(one["what"], one["signature"], one["actor"]) for one in answer["signers"]] == [
        ("proposal", "good", "ada-l"),
        ("step", "good", "ada-l"),
    ]
    assert answer["verdict"]["quorums"][0]["counted"][0]["person"] == "ada-l"
    assert built.gm("verify", "--explain", "HEAD~1") == 0
    assert "promotion of bc@1.1.0 to production" in capsys.readouterr().out


def test_verify_explains_why_an_unsigned_step_is_denied(registry, read):
    broken = registry.commit({LINEAGE: b"kind: Lineage\n"}, "edit", signed=False)
    _, answer = read(registry, "verify", "--explain", broken)
    assert (answer["status"], answer["signers"][-1]["signature"], answer["time"]) == ("denied", "unsigned", None)
    assert answer["signers"][-1]["touched"] == [LINEAGE]


def test_verify_explains_steps_only(built, read):
    status, error = read(built, "verify", "--explain", "HEAD^2")
    assert (status, error["code"]) == (6, "GM-C151")


def test_list_shows_models_with_their_stages(built, read, capsys):
    status, answer = read(built, "list")
    assert (status, answer["stages"]) == (0, ["staging", "production"])
    assert answer["models"] == [
        {
            "model": "bc",
            "versions": 2,
            "latest": "1.1.0",
            "live": {"staging": "1.1.0", "production": "1.0.0"},
            "held": ["production"],
            "blocked": False,
        }
    ]
    assert built.gm("list") == 0
    assert capsys.readouterr().out.splitlines()[1].split() == ["bc", "1.1.0", "1.0.0", "(held)", "1.1.0", "2"]


def test_list_of_a_model_shows_versions_newest_first(built, read):
    _, answer = read(built, "list", "bc")
    found = [(one["version"], one["live"], one["quarantined"], one["registeredBy"]) for one in answer["versions"]]
    assert found == [("1.1.0", ["staging"], False, ["ada-l"]), ("1.0.0", ["production"], False, ["ada-l"])]


def test_list_parses_no_version_document(built, monkeypatch):
    from gitops_models.registry.snapshot import Snapshot  # noqa: PLC0415 - patched here only

    session = open_session(built.repo)
    session = open_session(built.repo)
    monkeypatch.setattr(Snapshot, "lineage", lambda *_: pytest.fail("a lineage was read"))
    from gitops_models.workflows.listing import models, versions  # noqa: PLC0415 - beside the patch

    assert [line.model for line in models(session)] == ["bc"]
    assert len(versions(session, "bc")) == 2


def test_diff_compares_metrics_in_decimals_and_artifacts_by_digest(built, read):
    status, answer = read(built, "diff", "bc@1.0.0", "1.1.0")
    assert (status, answer["kind"], answer["model"]) == (0, "Comparison", "bc")
    (metric,) = answer["metrics"]
    assert (metric["before"], metric["after"], metric["difference"]) == ("0.9", "0.912", "0.012")
    changes = {one["path"]: one["change"] for one in answer["artifacts"]}
    assert (changes["model.onnx"], changes["tokens"]) == ("changed", "removed")
    assert answer["interface"] == {"compatible": True, "problems": []}
    assert {"field": "base", "before": None, "after": "bc@1.0.0"} in answer["lineage"]


def test_diff_is_shown_to_people(built, capsys):
    assert built.gm("diff", "bc#production", "bc#staging") == 0
    out = capsys.readouterr().out
    assert "bc: 1.0.0 -> 1.1.0" in out
    assert "auc: 0.9 -> 0.912 (+0.012" in out
    assert "interface: compatible" in out


def test_diff_needs_versions_of_one_model(registry, read, tmp_path):
    other = write_linear(tmp_path / "other.onnx", (3.0, 3.0))
    assert (
        registry.gm(
            "register", "other", str(other), "--code", str(registry.repo), "--risk", "low", "-m", "x", "--merge"
        )
        == 0
    )
    status, error = read(registry, "diff", "bc@1.0.0", "other@1.0.0")
    assert (status, error["code"]) == (2, "GM-C153")


@pytest.mark.clause("B-3-1")
def test_identify_names_the_one_version_that_weights_belong_to(built, read):
    status, answer = read(built, "identify", str(built.root / "second" / "model.onnx"))
    (found,) = answer["files"]
    assert status == 0
    assert [(one["model"], one["version"], one["artifact"], one["live"]) for one in found["matches"]] == [
        ("bc", "1.1.0", "model.onnx", ["staging"])
    ]


def test_identify_knows_directories_and_the_files_inside(built, read):
    _, answer = read(built, "identify", str(built.root / "tokens"), str(built.root / "tokens" / "vocab.txt"))
    whole, inner = ([(one["artifact"], one["inside"]) for one in file["matches"]] for file in answer["files"])
    assert (whole, inner) == ([("tokens", None)], [("tokens", "vocab.txt")])


def test_identify_believes_no_listing_whose_bytes_were_swapped(registry, read):
    for path in (registry.root / "reg.artifacts").rglob("*"):
        if path.is_file() and path.read_bytes() == b"o n\n":
            path.chmod(0o644)
            path.write_bytes(b"n o\n")
    status, _ = read(registry, "identify", str(registry.root / "tokens" / "vocab.txt"))
    assert status == 6


def test_identify_without_the_artifact_remote_still_knows_whole_artifacts(registry, read):
    shutil.rmtree(registry.root / "reg.artifacts")
    assert read(registry, "identify", str(registry.root / "tokens"))[0] == 0
    assert read(registry, "identify", str(registry.root / "tokens" / "vocab.txt"))[0] == 6


@pytest.mark.clause("B-3-1")
def test_identify_refuses_unknown_bytes_after_naming_the_known_ones(built, tmp_path, capsys):
    (tmp_path / "stranger").write_text("nobody knows me")
    known = built.root / "first" / "model.onnx"
    assert built.gm("identify", str(known), str(tmp_path / "stranger")) == 6
    said = capsys.readouterr()
    assert "bc@1.0.0  model.onnx  weights  live in production" in said.out
    assert "error[GM-C150]" in said.err


def test_show_a_model(built, read, capsys):
    status, answer = read(built, "show", "bc")
    assert (status, answer["kind"], answer["risk"], answer["states"]) == (0, "ModelView", "low", [])
    assert [(one["stage"], one["version"]) for one in answer["live"]] == [("staging", "1.1.0"), ("production", "1.0.0")]
    assert [hold["stage"] for hold in answer["holds"]] == ["production"]
    assert len(answer["proposals"]) == 1
    assert built.gm("show", "bc") == 0
    assert "held: production  it got worse" in capsys.readouterr().out


def test_show_a_version(built, read, capsys):
    status, answer = read(built, "show", "bc#production")
    assert (status, answer["kind"], answer["version"], answer["tagged"]) == (0, "VersionView", "1.0.0", True)
    assert (answer["live"], answer["wasLive"], answer["quarantined"]) == (["production"], ["staging"], False)
    assert built.gm("show", "bc@1.0.0") == 0
    assert "was live in: staging" in capsys.readouterr().out


def test_show_a_quarantined_version(registry, read, capsys):
    assert registry.gm("rollback", "bc", "--stage", "staging", "--no-hold", "-m", "back", "--merge") == 0
    assert registry.gm("quarantine", "bc@1.1.0", "-m", "poisoned", "--merge") == 0
    assert read(registry, "show", "bc@1.1.0")[1]["quarantined"] is True
    assert read(registry, "list", "bc")[1]["versions"][0]["quarantined"] is True
    assert read(registry, "at", "2999-01-01")[1]["quarantined"] == [{"model": "bc", "version": "1.1.0"}]
    assert registry.gm("show", "bc@1.1.0") == 0
    assert "QUARANTINED" in capsys.readouterr().out


def test_show_a_proposal_by_id_branch_and_version(built, read, capsys):
    _, proposal = read_proposal(built, capsys)
    _, by_id = read(built, "show", proposal)
    assert (by_id["kind"], by_id["proposal"], by_id["risk"]) == ("ProposalView", proposal, "low")
    assert [one["event"] for one in by_id["events"]] == ["version-registered"]
    assert by_id["comparisons"][0]["metrics"][0]["difference"] == "0.024"
    assert by_id["verdict"]["allowed"] is True
    assert read(built, "show", by_id["branch"])[1] == by_id
    assert read(built, "show", "bc@1.2.0")[1] == by_id


def test_show_a_proposal_to_people(built, capsys):
    assert built.gm("show", "bc@1.2.0") == 0
    said = capsys.readouterr()
    assert "registration of bc@1.2.0" in said.out
    assert "auc: 0.9 -> 0.924 (+0.024" in said.out
    assert " merge " in said.err


@pytest.mark.parametrize(
    ("name", "code"),
    [("nope", "GM-C140"), ("bc@9.9.9", "GM-C141"), ("bc#nowhere", "GM-C142"), ("gm/promotion/x", "GM-F101")],
)
def test_show_what_is_not_there_is_refused(built, read, name, code):
    status, error = read(built, "show", name)
    assert (status, error["code"]) == (6, code)


def test_schema_prints_the_schema_of_a_kind(capsys):
    assert run(["schema", "lineage"]) == 0
    assert json.loads(capsys.readouterr().out)["title"] == "Lineage"
    assert run(["schema", "Policy", "--json"]) == 0
    answer = json.loads(capsys.readouterr().out)
    assert (answer["kind"], answer["of"], answer["schema"]["title"]) == ("Schema", "Policy", "Policy")


def test_schema_lists_the_kinds_and_refuses_others(capsys):
    assert run(["schema"]) == 0
    assert {"Lineage", "Policy", "Hold"} <= set(capsys.readouterr().out.split())
    assert run(["schema", "Nonsense"]) == 6
    assert "error[GM-C152]" in capsys.readouterr().err


PEOPLE = """\
apiVersion: gitops-models/v1
kind: People
people:
  - id: ada
    emails: [ada@example.org]
    keys: [{{type: ssh, key: "{ada}"}}]
    roles: [ml-engineer, policy-owner]
  - id: ben
    emails: [ben@example.org]
    keys: [{{type: ssh, key: "{ben}"}}]
    roles: [technical-lead, domain-lead]
  - id: cy
    emails: [cy@example.org]
    keys: [{{type: ssh, key: "{cy}"}}]
    roles: [raio]
"""


class Late:
    """A promotion that Ada landed without asking, and that Ben approved when another step had landed."""

    def __init__(self, root: Path) -> None:
        self.registry = Registry(root)
        self.registry.repo.mkdir(parents=True)
        self.keys = {name: ed25519_key(name) for name in ("ada", "ben", "cy")}
        for name, key in self.keys.items():
            key.write(root / "keys" / name)
        (root / "people.yaml").write_text(PEOPLE.format(**{name: key.public_key for name, key in self.keys.items()}))
        self.registry.git("init", "--quiet", "--initial-branch=main")
        self.registry.git("config", "gpg.format", "ssh")
        self.become("ada")
        self.gm("init", "--profile", "minimal", "--people", str(root / "people.yaml"))
        self.register()
        self.gm("promote", "bc", "--to", "development", "-m", "try it")
        branch = self.registry.git("for-each-ref", "--format=%(refname:short)", "refs/heads/gm/promotion")
        words = ("--quiet", "--no-ff", "--gpg-sign", "-m", "by force\n\nGm-Reason: no time to ask", branch)
        self.registry.git("merge", *words)
        self.forced = self.registry.git("rev-parse", "HEAD")
        self.other = self.registry.commit({"README.md": b"of no concern\n"}, "say what this is", signed=False)

    def become(self, name: str) -> None:
        self.registry.git("config", "user.signingkey", str(self.registry.root / "keys" / name))
        self.registry.git("config", "user.name", name.title())
        self.registry.git("config", "user.email", f"{name}@example.org")

    def gm(self, *words: str) -> None:
        assert self.registry.gm(*words) == 0, words

    def register(self) -> None:
        path = write_linear(self.registry.root / "model.onnx")
        self.gm("register", "bc", str(path), "--code", str(self.registry.repo), "--risk", "low", "-m", "new")
        for name in ("ben", "cy", "ada"):
            self.become(name)
            self.gm(*(("merge", "bc@1.0.0") if name == "ada" else ("approve", "bc@1.0.0")))

    def approve(self, at: datetime) -> None:
        session = open_session(self.registry.repo)
        (pending,) = {waiting.step.change_id for waiting in session.history.pending.values()}
        scribe = Scribe(self.keys["ben"], "Ben", "ben@example.org", now=at.timestamp)
        ledger = Ledger(session.store, None, scribe=scribe)
        decision = Decision(
            main=self.other,
            decision="approve",
            person="ben",
            roles=("technical-lead",),
            change=ChangeSummary(events=("promoted",)),
            policy_sha256=session.accepted.sha256("policies/policy.yaml"),
            repository=session.history.repository.id,
            remote=None,
            created=format_time(at),
            expires=None,
            reason="fine after all",
            previous=None,
        )
        head = session.store.commit(self.forced).parents[-1]
        body = {"main": self.other, "merge": self.forced, "head": head, "change_id": pending, "at": format_time(at)}
        acceptance = Acceptance.model_validate(body | {"checkpoint": None})
        ledger.append(pending, make_decision(decision, pending, self.keys["ben"]))
        ledger.append(pending, make_acceptance(acceptance, self.keys["ben"]))


@pytest.fixture
def late(tmp_path):
    return Late(tmp_path / "late")


def test_verify_warns_of_a_step_that_only_waits_for_approvals(late, read, capsys):
    status, answer = read(late.registry, "verify")
    assert (status, answer["holds"]) == (0, True)
    (found,) = answer["unaccepted"]
    assert (found["step"], found["status"], found["standing"]) == (late.forced, "pending", "waiting")
    assert found["codes"] == ["GM-P401", "GM-P404"]
    assert late.registry.gm("verify") == 0
    assert "waits for approvals" in capsys.readouterr().err


def test_a_late_approval_counts_from_its_own_time_and_step_on(late, read):
    now = datetime.now(UTC).replace(microsecond=0)
    at = now + timedelta(minutes=2)
    late.approve(at)
    status, answer = read(late.registry, "verify")
    assert (status, answer["steps"]) == (0, {"accepted": 2, "untouched": 1})
    row = read(late.registry, "log")[1]["rows"][0]
    assert (row["step"], row["released"], row["time"]) == (late.forced, late.other, format_time(at))
    assert [(one["person"], one["how"]) for one in row["approvers"]] == [("ben", "signed")]
    before, after = (read(late.registry, "at", format_time(moment))[1] for moment in (now, at))
    assert [one["version"] for one in before["live"]] == []
    assert [(one["stage"], one["version"], one["since"]) for one in after["live"]] == [
        ("development", "1.0.0", format_time(at))
    ]
    assert read(late.registry, "at", late.forced)[1]["live"] == []
    assert [one["version"] for one in read(late.registry, "at", late.other)[1]["live"]] == ["1.0.0"]


def test_verify_explains_a_late_approval(late, read):
    late.approve(datetime.now(UTC).replace(microsecond=0) + timedelta(minutes=2))
    _, answer = read(late.registry, "verify", "--explain", late.forced)
    assert (answer["released"], answer["acceptedByMerge"]) == (late.other, False)
    assert [(one["person"], one["decision"], one["ignored"]) for one in answer["decisions"]] == [
        ("ben", "approve", None)
    ]
    assert [(one["by"], one["decided"]) for one in answer["acceptances"]] == [("ben", True)]
    assert answer["decisions"][0]["roles"] == ["technical-lead", "domain-lead"]


def test_verify_finds_a_ledger_that_lost_records(late, read):
    """What this clone remembers of a ref is under refs/gm-seen; the ref itself goes back to before."""
    late.approve(datetime.now(UTC).replace(microsecond=0))
    open_session(late.registry.repo).ledger.remember_seen()
    for ref in late.registry.git("for-each-ref", "--format=%(refname)", "refs/gm/changes").splitlines():
        late.registry.git("update-ref", "-d", ref)
    status, answer = read(late.registry, "verify")
    assert status == 5
    assert {fault["code"] for fault in answer["faults"]} == {"GM-T400"}
