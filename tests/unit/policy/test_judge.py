import ast
from pathlib import Path

import pytest

import gitops_models.policy.rules as rules_package
from gitops_models.errors.codes import all_codes
from gitops_models.policy.authority import demand, proposers
from gitops_models.policy.context import Context
from gitops_models.policy.judge import judge
from gitops_models.policy.pointers import load_pointer
from gitops_models.policy.rule import Kind, Problem, Rule
from gitops_models.policy.rules import RULES
from gitops_models.policy.verdict import Severity
from gitops_models.policy.wording import phrase
from gitops_models.registry import yamls
from gitops_models.registry.events import VersionEvent
from tests.support.policy import World, quarantine_file, version_files
from tests.support.recorded import refused


def test_every_rule_has_a_code_of_its_own_an_explanation_and_a_remedy():
    codes = [rule.code for rule in RULES]
    assert len(set(codes)) == len(codes)
    assert all(rule.explanation and rule.title and rule.remedy for rule in RULES)
    assert codes == sorted(codes)


def test_every_code_of_the_table_is_a_rule_or_raised_as_an_error():
    raised = {"GM-P109", "GM-P510", "GM-P511", "GM-P512", "GM-P701", "GM-P707"}
    raised |= {f"GM-P{number}" for number in range(720, 739)}  # lint and policy tests
    assert {code for code in all_codes() if code.startswith("GM-P")} == {rule.code for rule in RULES} | raised


def test_only_facts_that_may_change_later_are_judged_at_admission_only():
    admission = {rule.code for rule in RULES if rule.kind is Kind.ADMISSION}
    present = {"GM-P107", "GM-P108", "GM-P206", "GM-P210"}
    time = {"GM-P316", "GM-P317", "GM-P318", "GM-P322", "GM-P410", "GM-P508", "GM-P509", "GM-P528", "GM-P606"}
    assert admission == present | time


def test_every_rule_is_a_small_function():
    for path in Path(rules_package.__file__).parent.glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.FunctionDef):
                assert node.end_lineno - node.lineno < 25, f"{path.name} {node.name}"


def test_findings_stand_in_the_order_of_codes_and_paths():
    edits = {"models/fraud/model.yaml": None, **version_files("1.1.0", author="raio", base="fraud@9.9.9")}
    verdict = World().registered("1.0.0").judge(edits, by="visitor")
    keys = [(finding.code, finding.where or "") for finding in verdict.findings]
    assert keys == sorted(keys)
    assert len(keys) > 3


def test_equal_input_gives_an_equal_verdict():
    here = World().registered("1.0.0")
    change = here.change(here.stage("1.0.0", "development"))
    facts = here.facts(change, approvals=("lead", "visitor"))
    assert judge(change, facts, here.policy) == judge(change, facts, here.policy)


def test_an_accepted_document_that_cannot_be_read_denies():
    here = World(files={"models/fraud/stages/production.yaml": b"apiVersion: x\n"})
    here.registered("1.0.0")
    verdict = here.judge(quarantine_file("1.0.0"), by="operator")
    assert verdict.codes == ("GM-P001",)


def test_a_rule_newer_than_the_policys_rule_set_does_not_judge(monkeypatch):
    here = World().registered("1.0.0")
    newer = Rule("GM-P203", lambda _: [Problem("always")], "newer", since=2)
    assert newer.since > here.policy.rules
    monkeypatch.setattr("gitops_models.policy.judge.CONTENT", (newer,))
    assert here.judge(version_files("1.1.0")).allowed
    monkeypatch.setattr("gitops_models.policy.judge.CONTENT", (Rule("GM-P203", newer.check, "old"),))
    assert here.codes(version_files("1.1.0")) == ("GM-P203",)


def test_what_only_warns_on_replay_denies_where_the_step_is_seen_live(monkeypatch):
    here = World().registered("1.0.0")
    problems = (Problem("late"), Problem("known", warns=True))
    monkeypatch.setattr(
        "gitops_models.policy.judge.CONTENT", (Rule("GM-P203", lambda _: problems, "x", Kind.ADMISSION),)
    )
    replayed = here.judge(version_files("1.1.0"), live=False)
    assert replayed.allowed
    seen = replayed.seen_live()
    assert [(one.message, one.severity) for one in seen.findings] == [("late", Severity.DENY), ("known", Severity.WARN)]
    assert (seen.allowed, seen.codes) == (False, ("GM-P203",))
    live = here.judge(version_files("1.1.0"))
    assert (live.codes, live.seen_live()) == (("GM-P203",), live)


def test_a_warning_does_not_deny(monkeypatch):
    here = World().registered("1.0.0")
    rule = Rule("GM-P203", lambda _: [Problem("note")], "warns", severity=Severity.WARN)
    monkeypatch.setattr("gitops_models.policy.judge.CONTENT", (rule,))
    assert here.judge(version_files("1.1.0")).allowed


class Teleported(VersionEvent):
    """An event that no table knows."""


def test_an_event_that_the_policy_gives_to_nobody_is_refused():
    here = World().registered("1.0.0")
    change = here.change(version_files("1.1.0"))
    event = Teleported(paths=("models/fraud/versions/1.0.0/lineage.yaml",), model="fraud", version="1.0.0")
    object.__setattr__(change, "events", (event,))
    context = Context(change, here.facts(change), here.policy)
    assert proposers(context, event) is None
    assert demand(context, event) is None
    assert phrase(event) == "teleported"
    assert "GM-P403" in judge(change, here.facts(change), here.policy).codes


PLAIN = {"md5": "0", "size": 1, "path": "a", "hash": "md5"}


@pytest.mark.parametrize(
    "value",
    [
        {"outs": []},
        {"outs": [PLAIN], "wdir": ".."},
        {"outs": PLAIN},
        {"outs": ["a"]},
        {"outs": [{**PLAIN, "isexec": True}]},
        {"outs": [{**PLAIN, "hash": "sha256"}]},
        {"outs": [{**PLAIN, "size": True}]},
        {"outs": [{**PLAIN, "nfiles": 1}]},
        {"outs": [{**PLAIN, "md5": "0.dir"}]},
        {"outs": [{**PLAIN, "md5": "0.dir", "nfiles": "2"}]},
        {"outs": [{**PLAIN, "md5": "0.dir", "nfiles": -1}]},
        *({"outs": [{key: value for key, value in PLAIN.items() if key != left_out}]} for left_out in PLAIN),
    ],
)
def test_a_pointer_that_is_not_plain_is_refused(value):
    with refused() as caught:
        load_pointer(yamls.dump(value), "a.dvc")
    assert caught.value.code == "GM-P109"


def test_a_plain_pointer_of_a_directory_is_read():
    value = {"outs": [{"md5": "0.dir", "size": 7, "nfiles": 2, "hash": "md5", "path": "data"}]}
    assert load_pointer(yamls.dump(value), "data.dvc").md5 == "0.dir"
