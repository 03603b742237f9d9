"""What the functions that rules share say by themselves: reasons in words, boundaries, and who may propose what."""

from dataclasses import replace
from datetime import timedelta

import pytest

from gitops_models.policy.authority import demand, proposers
from gitops_models.policy.clauses import needs
from gitops_models.policy.context import Context
from gitops_models.policy.document import load_policy
from gitops_models.policy.lkg import barred, good_below, last_live_at, misfits, unfit
from gitops_models.policy.render.words import listed, standing, unblockers
from gitops_models.policy.rules import CONTENT
from gitops_models.policy.rules.waivers import rules
from gitops_models.policy.verdict import QuorumResult
from tests.support.policy import (
    AT,
    LENIENT,
    World,
    cause_file,
    evidence_file,
    hold_file,
    model_yaml,
    people_yaml,
    policy_yaml,
    quarantine_file,
    status_file,
    version_files,
    waiver_file,
)
from tests.support.recorded import tell
from tests.unit.policy.rules.test_retention import deletion

APP = {"name": "app", "requires": {"outputs": ["score"]}}


# Last known good


def test_why_a_version_is_no_last_known_good_one():
    here = World(policy_yaml(**LENIENT)).registered("1.0.0", "1.1.0", "1.2.0", "1.3.0", consumers=[APP])
    here.accept(status_file("retire", version="1.1.0")).accept(deletion("1.2.0")).accept(quarantine_file("1.3.0"))
    snapshot, document = here.state.snapshot, here.state.snapshot.model("fraud")

    def why(version, known=None, suspect=()):
        return unfit(snapshot, "fraud", version, known, suspect=suspect)

    assert why("1.0.0") is None
    assert why("1.0.0", document) == "it does not fit its consumers: app needs an interface and none is recorded"
    assert why("1.0.0", suspect={("fraud", "1.0.0")}) == "a compromised key had a hand in it"
    assert why("1.0.0", suspect={("fraud", "1.1.0"), ("churn", "1.0.0")}) is None
    assert why("1.1.0") == "it is retired"
    assert why("1.2.0") == "its bytes were deleted"
    assert why("1.3.0") == "fraud@1.3.0 is quarantined"


def test_quarantined_bytes_bar_every_version_that_holds_them():
    here = World(policy_yaml(**LENIENT)).registered("1.0.0", "1.1.0")
    digests = sorted(here.state.snapshot.lineage("fraud", "1.1.0").digests())
    snapshot = here.accept(quarantine_file("1.0.0", digests=["f" * 64, *digests])).state.snapshot
    assert barred(snapshot, "fraud", "1.1.0") == f"fraud@1.1.0 holds quarantined bytes {digests[0][:12]}"
    assert barred(snapshot, "fraud", "9.0.0") is None
    assert barred(snapshot, "fraud", "1.0.0") == "fraud@1.0.0 is quarantined"


@pytest.mark.parametrize("kind", ["model", "pipeline", "prompt", "configuration"])
@pytest.mark.parametrize("promised", [True, False])
def test_only_what_has_no_interface_of_its_own_is_taken_at_the_models_word(kind, promised):
    outputs = [{"name": "score", "dtype": "float32", "shape": [-1]}]
    promise = {"interface": {"outputs": outputs}} if promised else {}
    here = World(policy_yaml(**LENIENT)).registered("1.0.0", type=kind, consumers=[APP], **promise)
    found = misfits(here.state.snapshot.model("fraud"), here.state.snapshot.lineage("fraud", "1.0.0"))
    believed = kind in {"prompt", "configuration"}
    assert (found == ()) == (believed and promised)
    tell(str(found))
    assert misfits(None, here.state.snapshot.lineage("fraud", "1.0.0")) == ()


def test_what_lies_below_is_asked_the_nearest_first():
    here = World(policy_yaml(**LENIENT)).registered("1.0.0", "1.1.0", "1.2.0", "1.3.0")
    for version in ("1.0.0", "1.1.0", "1.2.0", "1.3.0"):
        here.promoted(version, "development")
    stack, snapshot = here.state.stack("fraud", "development"), here.state.snapshot

    def below(**fields):
        return [entry.version for entry in good_below(snapshot, "fraud", stack, **fields)]

    assert below() == ["1.2.0", "1.1.0", "1.0.0"]
    assert below(spoilt=("1.2.0",), suspect={("fraud", "1.0.0")}) == ["1.1.0"]


def test_until_when_a_version_was_live():
    here = World(policy_yaml(**LENIENT)).registered("1.0.0", "1.1.0", "1.2.0")
    for hours, version in ((9, "1.0.0"), (7, "1.1.0"), (5, "1.2.0")):
        here.accept(here.stage(version, "development"), at=AT - timedelta(hours=hours))
    stack = here.state.stack("fraud", "development")

    def until(version, stack=stack, state=here.state):
        return last_live_at(state, here.state.snapshot, "fraud", stack, version)

    assert (until("1.0.0"), until("1.1.0")) == (AT - timedelta(hours=7), AT - timedelta(hours=5))
    undated = replace(stack, versions=tuple(replace(entry, at=None) for entry in stack.versions))
    assert until("1.0.0", undated) == here.state.registered[("fraud", "1.0.0")].at
    assert until("1.0.0", undated, replace(here.state, registered={})) == AT - timedelta(hours=1)


def test_a_model_that_the_change_removes_is_still_the_accepted_one():
    here = World(policy_yaml(**LENIENT)).registered("1.0.0", "1.1.0", consumers=[APP])
    change = here.change({"models/fraud/model.yaml": None})
    context = Context(change, here.facts(change), here.policy)
    assert context.model("fraud") == here.state.snapshot.model("fraud")
    assert context.model("churn") is None
    assert context.misfits("fraud", "1.0.0") == ("app needs an interface and none is recorded",)
    changed = here.change({"models/fraud/model.yaml": model_yaml()})
    assert Context(changed, here.facts(changed), here.policy).misfits("fraud", "1.0.0") == ()


def test_what_lies_below_fits_the_model_that_is_given_else_the_accepted_one():
    here = World(policy_yaml(**LENIENT)).registered("1.0.0", "1.1.0", consumers=[APP])
    for version in ("1.0.0", "1.1.0"):
        here.promoted(version, "development")
    stack, snapshot = here.state.stack("fraud", "development"), here.state.snapshot
    plain = World(policy_yaml(**LENIENT)).registered().state.snapshot.model("fraud")
    assert list(good_below(snapshot, "fraud", stack)) == []
    assert [entry.version for entry in good_below(snapshot, "fraud", stack, plain)] == ["1.0.0"]
    bare = snapshot.with_entries({"models/fraud/model.yaml": None})
    assert [entry.version for entry in good_below(bare, "fraud", stack)] == ["1.0.0"]


# Who may propose and who has to agree


def edits_of_every_kind(here):
    """One change for each thing that can be proposed."""
    return {
        "model added": {"models/spam/model.yaml": model_yaml("spam", "high")},
        "model changed": {"models/fraud/model.yaml": model_yaml("fraud", "medium", owners=["x"])},
        "risk lowered": {"models/fraud/model.yaml": model_yaml("fraud", "low")},
        "version": version_files("3.0.0"),
        "evidence": evidence_file("1.0.0", "bias"),
        "evidence revoked": evidence_file("1.0.0", "bias", result="revoked"),
        "promotion": here.stage("1.1.0", "production"),
        "rollback": here.stage("1.0.0", "development"),
        "deeper rollback": here.stage("0.9.0", "development"),
        "undeployed": dict.fromkeys(here.stage("1.1.0", "development")),
        "hold": hold_file(1, stage="validation"),
        "emergency": here.stage("1.0.0", "development")
        | hold_file(1, stage="development", emergency={"skipped": ["approval"]}, incident="INC-1"),
        "lift": hold_file(2, action="lift", root_cause="https://incidents.example/1"),
        "quarantine": quarantine_file("1.1.0"),
        "release": quarantine_file("2.0.0", 2, action="release"),
        "cause": cause_file("c2"),
        "suspension": status_file("suspend"),
        "retirement": status_file("retire", version="1.0.0"),
        "deletion": deletion("1.0.0"),
        "policy": {"policies/policy.yaml": policy_yaml(**LENIENT, version=2)},
        "people": {"policies/people.yaml": people_yaml(raio={"suspended": True})},
        "waiver": waiver_file(),
        "targets": {"policies/targets.yaml": b"kind: Targets\n"},
        "other": {"policies/notes.txt": b"x\n"},
    }


EMERGENCY = {"role": ["operator"], "skips": ["approval"], "at_most": {"count": 1, "per_hours": 24}}
RETENTION = {"keep_days": 30, "delete": ["raio", "oversight-committee"]}


@pytest.mark.parametrize("risk", ["low", "medium", "high", "critical"])
@pytest.mark.parametrize("name", edits_of_every_kind(World().registered("0.9.0", "1.0.0", "1.1.0")))
def test_who_may_propose_and_who_has_to_agree(name, risk):
    policy = policy_yaml(**LENIENT, emergency=EMERGENCY, retention=RETENTION)
    here = World(policy).registered("0.9.0", "1.0.0", "1.1.0", "2.0.0", risk=risk)
    for version in ("0.9.0", "1.0.0", "1.1.0"):
        here.promoted(version, "development")
    here.accept(hold_file()).accept(quarantine_file("2.0.0"))
    change = here.change(edits_of_every_kind(here)[name])
    context = Context(change, here.facts(change), here.policy)
    for event in change.events:
        may, wanted = proposers(context, event), demand(context, event)
        roles = may and (sorted(may.roles) if may.roles is not None else None, may.workloads)
        tell(f"{event.name}: {roles}")
        tell(repr(wanted and replace(wanted, excluded=frozenset(sorted(wanted.excluded)[:1]))))


# What is built once, when gm starts


def test_the_rules_on_waivers_are_built_as_they_are():
    here = World().registered("1.0.0")
    change = here.change(waiver_file(code="GM-P401", by="lead"))
    context = Context(change, here.facts(change, "lead"), here.policy)
    made = rules(frozenset(("GM-P316", "GM-P102")))
    known = {rule.code: rule for rule in CONTENT}
    for rule in made:
        was = known[rule.code]
        assert (rule.explanation, rule.kind, rule.severity) == (was.explanation, was.kind, was.severity)
        tell(repr(rule.findings(context)))
    assert [rule.code for rule in made] == ["GM-P708", "GM-P709"]
    (refusal,) = made[0].findings(context)
    assert (refusal.message, refusal.details) == ("GM-P401 cannot be waived", ("what can: GM-P102, GM-P316",))


STAGED = {"staging": {"evidence": ["bias", "security"]}, "production": {"evidence": ["bias"]}}


NEEDS = [
    ("given emergency", True),
    ("given stage_rules.*.evidence", True),
    ("given stage_rules.*.max_age_days", False),
    ("lists stage_rules.*.evidence bias security", True),
    ("lists stage_rules.*.evidence bias drift", False),
    ("lists approvals.self_approval", True),
    ("lacks approvals.self_approval", True),
    ("lacks stage_rules.*.evidence", False),
    ("evidence_at_every_stage", False),
    ("quorum high raio domain-lead", True),
    ("quorum high raio owner", False),
    ("quorum low raio", False),
    ("rollback_by high authorize raio nobody", True),
    ("rollback_by high authorize nobody", False),
    ("rollback_by low initiate operator", True),
    ("rollback_by low authorize operator", False),
]


@pytest.mark.parametrize(("said", "met"), NEEDS)
def test_what_a_clause_needs_of_a_policy(said, met):
    policy = load_policy(policy_yaml(**{**LENIENT, "stage_rules": STAGED}), "policies/policy.yaml")
    kind, *words = said.split()
    need = getattr(needs, kind)(*words)
    assert bool(need.met(policy)) == met
    tell(f"{need.field} | {need.shown}")


@pytest.mark.parametrize("stages", [("staging",), ("development", "validation", "staging", "production"), ()])
def test_evidence_is_wanted_in_each_stage(stages):
    rules_of = {stage: {"evidence": ["bias"]} for stage in stages}
    policy = load_policy(policy_yaml(**{**LENIENT, "stage_rules": rules_of}), "policies/policy.yaml")
    assert needs.evidence_at_every_stage().met(policy) == (len(stages) == 4)


# Words


def test_a_quorum_of_nobody_says_so():
    nobody = QuorumResult("x", "risk is low", None, ())
    assert standing(nobody) == "risk is low: needs nobody; has none"
    open_ = replace(nobody, required=("raio", "raio"), missing=("raio",), touch=True)
    assert standing(open_) == "risk is low: needs raio and raio, each with the touch of a hardware key; has none"
    assert list(unblockers(open_)) == ["raio: nobody can"]
    assert list(unblockers(replace(open_, candidates={"lead": ("a", "b"), "raio": ("c",)}))) == [
        "raio: c",
        "lead: a, b",
    ]
    assert (listed([]), listed(["a"]), listed(["a", "b"]), listed("abc")) == ("", "a", "a and b", "a, b and c")
