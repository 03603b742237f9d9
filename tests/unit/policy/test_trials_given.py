"""What a policy test stands for, word for word: the documents, times and people that it gives, and what is proposed."""

from dataclasses import replace

import pytest

from gitops_models.policy.trials import run, running
from gitops_models.policy.trials.world import World
from gitops_models.registry import yamls
from gitops_models.registry.documents import parse_document
from gitops_models.registry.times import format_time
from tests.support.policy import LENIENT, policy_yaml
from tests.support.recorded import tell

CONDITIONS = [
    {"id": "auc", "require": {"metric": "auc", "at_least": 0.8}},
    {"id": "better-auc", "require": {"metric": "auc", "at_least": 0.9, "at_most": 0.95}},
    {"id": "latency", "require": {"metric": "latency", "at_most": 20, "dataset": "load"}},
]
RULES = {
    "staging": {"evidence": ["evaluation", "bias"]},
    "production": {"evidence": ["evaluation", "security"], "provenance": ["ci"]},
}
TRAINING = {"topics": ["versioning", "rollback"], "valid_days": 365}
EMERGENCY = {"role": ["operator"], "skips": ["approval", "soak"]}
COVERAGE = {"require": ["code"], "coverage": ["weights", "evaluation", "environment"]}
POLICY = policy_yaml(
    **{**LENIENT, "conditions": CONDITIONS, "training": TRAINING, "stage_rules": RULES, "lineage": COVERAGE}
)
FIGURE = {"name": "auc", "value": 0.97, "higher_is_better": True}
FRAUD = {
    "name": "fraud",
    "risk": "high",
    "use": ["payments"],
    "requires": ["score"],
    "versions": [
        {"version": "1.0.0", "by": "ml-engineer-2", "attested": ["ci", "monitor"], "weights": "shared"},
        {
            "version": "1.1.0",
            "hours_ago": 890,
            "lacks": ["data", "environment"],
            "format": "pickle",
            "quarantined": True,
        },
        {"version": "1.2.0", "hours_ago": 30, "metrics": [FIGURE], "outputs": ["score", "why"], "base": "fraud@1.0.0"},
        {"version": "1.3.0", "evidence": ["bias", {"type": "security", "result": "failed", "metrics": [FIGURE]}]},
        {"version": "1.4.0", "evidence": [{"type": "bias", "by": "raio-1", "hours_ago": 3}], "weights": "shared"},
    ],
    "live": {
        "development": ["1.0.0", "1.1.0", "1.0.0"],
        "staging": ["1.0.0", {"version": "1.1.0", "hours_ago": 5}],
        "production": ["1.0.0"],
    },
    "held": ["production", "staging"],
    "suspended": True,
}
OTHERS = [
    {"name": kind, "type": kind, "versions": [{"version": "1.0.0"}], "live": {"development": ["1.0.0"]}}
    for kind in ("pipeline", "prompt", "configuration")
]
LONG = {"name": "long", "versions": [{"version": "1.0.0", "hours_ago": 3000}], "live": {"staging": ["1.0.0"] * 2}}
MANY = {"name": "many", "versions": [{"version": f"1.{n}.0"} for n in range(13)]}
MANY["live"] = {"staging": [one["version"] for one in MANY["versions"]]}
PEOPLE = [
    {"id": "raio-1", "roles": ["raio"], "until": "2026-12-01"},
    {"id": "visitor", "roles": [{"role": "domain-lead", "models": ["other*"]}], "suspended": True},
    {"id": "fresh", "roles": ["raio"], "training": {"rollback": "2024-01-01"}},
]


def document(*cases, **fields):
    """A PolicyTest of these cases; nobody asks here how they come out."""
    named = [{"name": f"case {number}", "expect": "allowed", **case} for number, case in enumerate(cases)]
    head = {"apiVersion": "gitops-models/v1", "kind": "PolicyTest", "name": "t", "people": PEOPLE}
    return parse_document(yamls.dump({**head, "tests": named, **fields}), "t.yaml")


SOMETHING = {"propose": [{"event": "suspended"}]}


def tell_files(snapshot, paths):
    """The content of files, or that they are gone."""
    for path in paths:
        entry = snapshot.entry(path)
        tell(f"{path}: {snapshot.data(path).decode() if entry else 'removed'}")


@pytest.mark.parametrize("model", [FRAUD, *OTHERS, LONG], ids=lambda one: one["name"])
def test_what_a_model_is_given(model):
    world = World(document(SOMETHING, models=[model]), POLICY)
    tell_files(world.state.snapshot, [path for path in _paths(world) if path.startswith("models/")])


def test_who_and_what_is_there_beside_models():
    files = {"policies/waivers/w.yaml": "kind: Waiver\n", "README.md": "read me\n"}
    world = World(document(SOMETHING, models=[], files=files), POLICY)
    tell_files(world.state.snapshot, [path for path in _paths(world) if path != "policies/policy.yaml"])


def _paths(world):
    snapshot = world.state.snapshot
    return [path for scope in snapshot.scope_names() for path in snapshot.scope(scope)]


@pytest.mark.parametrize("model", [FRAUD, LONG, MANY], ids=lambda one: one["name"])
def test_when_and_by_whom_it_was_accepted(model):
    state = World(document(SOMETHING, models=[model]), POLICY).state
    for key, one in sorted(state.registered.items()):
        tell(f"{key} by {sorted(one.persons)} at {one.at} in {one.step}")
    for key, stack in sorted(state.stacks.items()):
        tell(f"{key}: {[(entry.version, str(entry.at)) for entry in stack.versions]}")
    for path, one in sorted(state.evidence.items()):
        tell(f"{path} at {one.at}")
    for name, happened in sorted(state.chronicle.items()):
        tell(f"{name}: {[(one.kind, one.subject, str(one.at)) for one in happened]}")


PROPOSED = [
    {"event": "model-added", "model": "spam"},
    {"event": "model-added", "model": "spam", "risk": "high", "use": ["mail"]},
    {"event": "model-changed", "risk": "low", "use": []},
    {"event": "version-registered", "version": "2.0.0"},
    {"event": "version-registered", "version": {"version": "2.0.0", "lacks": ["code"], "hours_ago": 7}},
    {"event": "evidence-added", "version": "1.3.0"},
    {"event": "evidence-added", "version": "1.0.0", "evidence": {"type": "drift", "result": "revoked", "by": "ci"}},
    {"event": "promoted", "version": "1.4.0", "stage": "validation"},
    {"event": "rolled-back", "version": "1.0.0", "stage": "staging"},
    {"event": "promoted", "version": "9.0.0", "stage": "validation"},
    {"event": "undeployed"},
    {"event": "undeployed", "stage": "staging"},
    {"event": "hold-placed", "stage": "validation", "cause": "drift", "incident": "INC-1"},
    {"event": "hold-placed", "emergency": True},
    {"event": "hold-lifted"},
    {"event": "hold-lifted", "stage": "staging", "root_cause": False},
    {"event": "quarantined", "version": "1.2.0", "cause": "poisoning"},
    {"event": "quarantine-released", "version": "1.1.0"},
    {"event": "bytes-deleted", "version": "1.2.0"},
    {"event": "cause-opened", "cause": "drift", "incident": "INC-2"},
    {"event": "cause-opened"},
    {"event": "resumed"},
    {"event": "retired", "version": "1.2.0"},
    {"event": "retired"},
    {"event": "policy-changed", "policy": {"floors": []}},
    {"event": "people-changed", "people": [{"id": "raio-9", "roles": ["raio"]}], "without": ["raio-2", "nobody"]},
    {"event": "files", "files": {"models/fraud/stages/production.yaml": None, "a.txt": "a\n"}},
]


@pytest.fixture
def judged(monkeypatch):
    """What the judge was asked, beside its answer."""
    asked = []
    judge = running.judge

    def listening(change, facts, policy):
        asked.append((change, facts))
        return judge(change, facts, policy)

    monkeypatch.setattr(running, "judge", listening)
    return asked


@pytest.mark.parametrize("said", PROPOSED, ids=lambda one: "-".join(str(value) for value in one.values())[:60])
def test_what_is_proposed(said, judged):
    (found,) = run(document({"propose": [said]}, models=[FRAUD], policy={"emergency": EMERGENCY}), POLICY)
    assert found.fault is None
    ((change, _),) = judged
    tell(str([event.name for event in change.events]))
    tell_files(change.after, [one.path for one in change.paths])


def test_a_second_record_takes_the_next_number_and_without_a_clause_an_emergency_skips_approval(judged):
    of_version = ["quarantined", "quarantine-released", "bytes-deleted", "bytes-deleted"]
    parts = [{"event": event, "version": "1.0.0"} for event in (*of_version, "evidence-added", "evidence-added")]
    others = ["suspended", "resumed", "cause-opened", "cause-resolved"]
    parts += [
        {"event": "hold-placed", "emergency": True},
        {"event": "hold-lifted"},
        *({"event": one} for one in others),
    ]
    model = {"name": "fraud", "versions": [{"version": "1.0.0"}]}
    (found,) = run(document({"propose": parts}, models=[model], policy={"emergency": None}), POLICY)
    tell(str(found.fault or found.verdict.codes))
    for change, _ in judged:
        tell_files(change.after, [one.path for one in change.paths])


def test_what_the_judge_is_asked(judged):
    approvals = [
        "raio-1",
        {"person": "raio-2", "hours_ago": 7, "touch": False},
        {"person": "domain-lead-1", "source": "forge", "decision": "reject"},
        {"person": "domain-lead-2", "earlier_change": True, "decision": "withdraw"},
    ]
    parts = [{"event": "promoted", "version": "1.4.0", "stage": "validation"}, {"event": "undeployed", "by": "ci"}]
    parts = [{"model": "fraud", **one} for one in parts]
    cases = [
        {"propose": parts, "approvals": approvals},
        {"propose": parts, "by": "visitor", "touch": False, "at": "2026-11-26T13:00:00Z"},
        {"propose": [{"event": "files", "files": {"gm.yaml": None}, "by": "stranger"}], "approvals": approvals},
    ]
    found = run(document(*cases, models=[FRAUD, LONG]), POLICY)
    assert [one.fault for one in found] == [None] * 3
    for _, facts in judged:
        tell(f"{facts.change_id} at {format_time(facts.at)}")
        for one in facts.commits:
            may = one.actor.may if one.actor.may is None else sorted(one.actor.may)
            tell(f"{replace(one, actor=None)} by {replace(one.actor, may=None)} may {may}")
        tell("\n".join(map(repr, facts.opinions)))
        tell(repr(dict(facts.provenance)))
    for one in found:
        tell(f"{one.test} {one.case.name} {one.passed}: {one.differences}")
