"""What every verb prints: one object with --json, nothing beside the data with -q, the next command otherwise."""

import json

import pytest

from gitops_models.cli.run import run
from gitops_models.cli.verbs import VERBS
from tests.support.models import write_linear

WHO = ["--name", "Ada", "--email", "ada@example.org"]
REASON = ["-m", "why"]


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """A registry with three versions, two of them live, and what the verbs need beside it."""
    root = tmp_path_factory.mktemp("output")
    write_linear(root / "v1" / "model.onnx")
    write_linear(root / "v2" / "model.onnx", (0.1, 0.2))
    write_linear(root / "v3" / "model.onnx", (0.3, 0.4))
    write_linear(root / "v4" / "model.onnx", (0.5, 0.6))
    repo = root / "reg"
    steps = [
        ["init", *WHO],
        ["register", "fraud", str(root / "v1" / "model.onnx"), "--risk", "low", "--merge", *REASON],
        ["register", "fraud", str(root / "v2" / "model.onnx"), "--merge", *REASON],
        ["register", "fraud", str(root / "v3" / "model.onnx"), "--merge", *REASON],
        ["promote", "fraud@1.0.0", "--through", "production", "--merge", *REASON],
        ["promote", "fraud@1.1.0", "--to", "staging", "--merge", *REASON],
        ["reconcile", "--dir", str(root / "serving"), "--once"],
    ]
    for words in steps:
        code = ["--code", str(repo)] if words[0] == "register" else []
        assert run(["-C", str(repo), "--no-input", *words, *code]) == 0, words
    return root


# Every verb; where it writes, as a dry run or on a throw-away proposal. {root} is the site.
COMMANDS = {
    "init": ["-C", "{root}/{fresh}", "init", *WHO],
    "doctor": ["doctor"],
    "register": ["register", "fraud", "{root}/v4/model.onnx", "--code", "{root}/reg", "--dry-run", *REASON],
    "evidence": ["evidence", "fraud@1.0.0", "--type", "evaluation", "--dry-run", *REASON],
    "attest": ["attest", "fraud@1.0.0", "--oms", "--dry-run", *REASON],
    "promote": ["promote", "fraud@1.1.0", "--dry-run", *REASON],
    "proposals": ["proposals"],
    "show": ["show", "fraud@1.0.0"],
    "check": ["check", "--documents"],
    "reconcile": ["reconcile", "--dir", "{root}/serving", "--once"],
    "status": ["status"],
    "rollback": ["rollback", "fraud", "--stage", "staging", "--dry-run", *REASON],
    "quarantine": ["quarantine", "fraud@1.2.0", "--dry-run", *REASON],
    "suspend": ["suspend", "fraud", "--dry-run", *REASON],
    "resume": ["resume", "fraud", *REASON],
    "retire": ["retire", "fraud@1.2.0", "--dry-run", *REASON],
    "cause": ["cause", "open", "fraud", "inc-1", "--cause", "regression", "--dry-run", *REASON],
    "log": ["log"],
    "at": ["at", "HEAD"],
    "verify": ["verify"],
    "compliance": ["compliance"],
    "list": ["list"],
    "diff": ["diff", "fraud@1.0.0", "1.1.0"],
    "identify": ["identify", "{root}/v1/model.onnx"],
    "fetch": ["fetch", "fraud#production", "-o", "{root}/{fresh}"],
    "gc": ["gc", "--dry-run"],
    "scan": ["scan", "fraud@1.0.0"],
    "tag": ["tag"],
    "policy": ["policy", "show"],
    "trust": ["trust", "pin"],
    "schema": ["schema", "Lineage"],
}
ELSEWHERE = {"demo", "approve", "merge", "lift", "restore", "hook", "receipt", "serve", "drill", "monitor"}
PLANS = {"register", "attest", "evidence", "promote", "rollback", "quarantine", "cause", "suspend", "retire"}


def words_of(verb, site, fresh):
    words = [word.format(root=site, fresh=f"{verb}-{fresh}") for word in COMMANDS[verb]]
    return words if words[0] == "-C" else ["-C", str(site / "reg"), *words]


def test_every_verb_is_tried_here_or_elsewhere():
    assert set(COMMANDS) | ELSEWHERE == set(VERBS)


@pytest.mark.parametrize("verb", COMMANDS)
def test_json_is_one_object_that_says_what_it_is(verb, site, capsys):
    assert run(["--json", "--no-input", *words_of(verb, site, "json")]) == 0
    document = json.loads(capsys.readouterr().out)
    assert document["apiVersion"] == "gitops-models/v1"
    assert document["kind"].isalpha()


@pytest.mark.parametrize("verb", COMMANDS)
def test_quiet_prints_data_and_nothing_else(verb, site, capsys):
    assert run(["-q", "--no-input", *words_of(verb, site, "quiet")]) == 0
    shown = capsys.readouterr()
    assert shown.err == ""
    assert shown.out


@pytest.mark.parametrize("verb", COMMANDS)
def test_a_success_ends_with_the_next_command(verb, site, capsys):
    assert run(["--no-input", *words_of(verb, site, "text")]) == 0
    last = capsys.readouterr().err.splitlines()[-1]
    assert last.startswith("next: the same without --dry-run" if verb in PLANS else "next: gm ")


def test_a_proposal_that_may_not_land_yet_is_named(site, capsys):
    words = ["register", "churn", str(site / "v1" / "model.onnx"), "--risk", "high", "--code", str(site / "reg")]
    assert run(["-C", str(site / "reg"), *words, "--merge", *REASON]) == 3
    err = capsys.readouterr().err
    proposal = err.split("proposal ")[1].split(" ")[0]
    assert "is open and waits" in err
    assert run(["-C", str(site / "reg"), "show", proposal]) == 0


def test_landing_and_keeping_here_exclude_each_other(site, capsys):
    before = list((site / "reg" / ".git" / "refs").rglob("*"))
    assert run(["-C", str(site / "reg"), "promote", "fraud@1.1.0", "--merge", "--no-push", *REASON]) == 2
    assert "exclude each other" in capsys.readouterr().err
    assert list((site / "reg" / ".git" / "refs").rglob("*")) == before
