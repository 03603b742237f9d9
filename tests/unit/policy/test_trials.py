"""Policy tests: the reference ones, what fails one, and what cannot be set up."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gitops_models.policy.profiles import profile
from gitops_models.policy.render.text import to_text
from gitops_models.policy.trials import run
from gitops_models.registry import yamls
from gitops_models.registry.documents import parse_document
from tests.support.policy import LENIENT, policy_yaml
from tests.support.recorded import refused, tell

ROOT = Path(__file__).resolve().parents[3]
REFERENCE = sorted((ROOT / "policies" / "tests").glob("*.yaml"))
REGULATED = profile("regulated")
FRAUD = {"name": "fraud", "versions": [{"version": "1.0.0"}, {"version": "1.1.0"}], "live": {"production": ["1.0.0"]}}

POLICY = policy_yaml(**{**LENIENT, "training": None, "conditions": []})


def document(*cases, models=(FRAUD,), **fields):
    """A PolicyTest of these cases."""
    named = [{"name": f"case {number}", "expect": "allowed", **case} for number, case in enumerate(cases)]
    head = {"apiVersion": "gitops-models/v1", "kind": "PolicyTest", "name": "t"}
    return parse_document(yamls.dump({**head, "models": list(models), "tests": named, **fields}), "t.yaml")


def tried(case, *, policy=None, **fields):
    """One case, run under the lenient policy with four stages."""
    (one,) = run(document(case, **fields), policy or POLICY)
    return one


def proposing(event, **fields):
    return {"propose": [{"event": event, **fields}]}


# The tests of the reference registry


@pytest.mark.parametrize("path", REFERENCE, ids=lambda path: path.stem)
@pytest.mark.parametrize("policy", ["policies/policy.yaml", "gitops_models/policy/profiles/regulated.yaml"])
def test_the_tests_of_the_reference_registry_pass(path, policy):
    test = parse_document(path.read_bytes(), str(path), "PolicyTest")
    assert test.name == path.stem
    found = run(test, (ROOT / policy).read_bytes())
    for trial in found:
        tell(f"{trial.case.name}: {to_text(trial.verdict) if trial.verdict else trial.fault}")
    assert {trial.case.name: trial.differences for trial in found if not trial.passed} == {}


def test_there_are_at_least_25_of_them():
    tests = [parse_document(path.read_bytes(), str(path)) for path in REFERENCE]
    assert sum(len(test.tests) for test in tests) >= 25


def test_each_of_them_can_fail():
    """Under a policy that asks nobody, what waits for approvals does not wait any more."""
    value = yamls.load(REGULATED, "policy.yaml")
    value["risks"] = {name: {**row, "approve": "none"} for name, row in value["risks"].items()}
    test = parse_document((ROOT / "policies/tests/risk-table.yaml").read_bytes(), "risk-table.yaml")
    failed = [trial for trial in run(test, yamls.dump(value)) if not trial.passed]
    assert {trial.case.name for trial in failed} >= {"low: nobody agreed", "critical: one is missing"}
    assert failed[0].differences == ("expected pending, it is allowed", "expected GM-P401, it gives no code")


# What comes out


def test_an_outcome_codes_and_what_is_told_are_held_against_the_verdict():
    promoted = proposing("promoted", version="1.1.0", stage="development")
    assert tried({**promoted, "approvals": ["technical-lead-1"]}).passed
    late = tried({**promoted, "expect": "denied", "codes": ["GM-P301"]})
    assert late.differences == ("expected denied, it is pending", "expected GM-P301, it gives GM-P401")
    told = tried({**promoted, "approvals": ["technical-lead-1"], "tells": ["GM-P319"]})
    assert told.differences == ("does not tell GM-P319",)
    assert told.verdict.allowed


def test_a_warning_that_is_told_is_seen():
    conditions = [{"id": "auc", "when": {"event": "rolled-back"}, "require": {"metric": "auc", "at_least": 0.9}}]
    model = {
        "name": "fraud",
        "versions": [
            {"version": "1.0.0", "metrics": [{"name": "auc", "value": 0.5}], "evidence": []},
            {"version": "1.1.0"},
        ],
        "live": {"production": ["1.0.0", "1.1.0"]},
    }
    back = {**proposing("rolled-back", version="1.0.0", stage="production"), "by": "operator-1"}
    found = run(document({**back, "tells": ["GM-P319"]}, models=[model], policy={"conditions": conditions}), POLICY)
    assert found[0].differences == ()


def test_an_allowed_change_has_no_codes_and_every_other_has():
    for case in (
        {**proposing("suspended"), "expect": "allowed", "codes": ["GM-P401"]},
        {**proposing("suspended"), "expect": "denied"},
        {**proposing("suspended"), "expect": "pending", "codes": []},
    ):
        with refused() as caught:
            document(case)
        assert caught.value.code == "GM-D021"


def test_a_case_is_named_once():
    with refused(match="a case is named twice"):
        document({**proposing("suspended"), "name": "x"}, {**proposing("suspended"), "name": "x"})


# What cannot be set up fails, and says why


@pytest.mark.parametrize(
    ("case", "why"),
    [
        (proposing("promoted", stage="production"), "propose: promoted needs a version"),
        (proposing("model-added"), "propose: model-added needs a model"),
        (proposing("exploded"), "propose: exploded is none of bytes-deleted, cause-opened"),
        (proposing("promoted", model="spam", version="1.0.0"), "models: there is no spam"),
        (proposing("rolled-back", version="1.1.0"), "propose: rolled-back is, on what is given, promoted"),
        (proposing("promoted", version="1.0.0"), "propose: promoted is, on what is given, nothing"),
    ],
)
def test_a_case_that_cannot_be_set_up_fails(case, why):
    found = tried(case)
    assert (found.passed, found.verdict, found.fault.code) == (False, None, "GM-P733")
    assert why in found.differences[0]


def test_which_model_is_meant_must_be_clear():
    two = [FRAUD, {**FRAUD, "name": "spam"}]
    assert "there is no single model to mean" in tried(proposing("suspended"), models=two).differences[0]
    assert tried({**proposing("suspended", model="spam"), "by": "operator-1"}, models=two).passed


def test_a_test_that_cannot_be_set_up_fails_in_every_case():
    broken = {"name": "fraud", "live": {"production": ["1.0.0"]}}
    found = run(document(proposing("suspended"), proposing("suspended"), models=[broken]), POLICY)
    assert [trial.fault.message for trial in found] == ["live: fraud@1.0.0 is not given"] * 2
    other = run(document(proposing("suspended"), policy={"stages": []}), POLICY)
    assert other[0].fault.code == "GM-D021"


def test_a_broken_policy_of_its_own_fails_the_test_and_raises_nothing():
    assert run(document(proposing("suspended")), policy_yaml(kind="People"))[0].fault.code == "GM-D022"


@pytest.mark.parametrize("at", ["0001-01-01T00:00:00Z", "1999-12-31T23:59:59Z", "9001-01-01T00:00:00Z"])
def test_a_time_that_cannot_be_counted_from_is_refused(at):
    for fields in ({"at": at}, {"tests": [{"name": "x", "at": at, "expect": "allowed", **proposing("suspended")}]}):
        with refused() as caught:
            document(proposing("suspended"), **fields)
        assert caught.value.code == "GM-D021"


NAMES = st.sampled_from(["fraud", "spam", "1.0.0", "production", "canary", "x" * 64, "ci", "raio-1"])
VERSIONS = st.sampled_from(["1.0.0", "1.1.0", "9.9.9"])
STAGES = st.sampled_from(["staging", "production", "canary"])
EVENTS = st.sampled_from(
    ["bytes-deleted", "model-added", "model-changed", "version-registered", "evidence-added", "promoted", "rolled-back",
     "undeployed",
     "hold-placed", "hold-lifted", "quarantined", "quarantine-released", "cause-opened", "cause-resolved", "suspended",
     "resumed", "retired", "policy-changed", "people-changed", "files", "exploded"]
)  # fmt: skip
JSON = st.recursive(st.none() | st.booleans() | st.integers(0, 9) | NAMES, lambda one: st.lists(one, max_size=2))
PARTS = st.fixed_dictionaries(
    {"event": EVENTS},
    optional={
        "model": NAMES.filter(lambda name: name != "1.0.0"),
        "version": VERSIONS,
        "stage": STAGES,
        "by": NAMES,
        "risk": st.sampled_from(["low", "critical"]),
        "evidence": st.fixed_dictionaries({"type": NAMES}),
        "policy": st.dictionaries(st.sampled_from(["version", "stages", "risks", "roles", "x"]), JSON, max_size=2),
        "without": st.lists(NAMES, max_size=2),
        "emergency": st.booleans(),
        "files": st.dictionaries(
            st.sampled_from(["models/fraud/model.yaml", "gm.yaml", "policies/policy.yaml", "../x", "models", "a"]),
            st.none() | st.sampled_from(["", "kind: Model\n", "["]),
            max_size=2,
        ),
    },
)
MODELS = st.fixed_dictionaries(
    {"name": st.sampled_from(["fraud", "spam"])},
    optional={
        "versions": st.lists(st.fixed_dictionaries({"version": VERSIONS}, optional={
            "hours_ago": st.integers(0, 2000), "quarantined": st.booleans(), "by": NAMES,
            "lacks": st.lists(st.sampled_from(["artifacts", "weights", "code"]), max_size=2),
            "evidence": st.lists(NAMES, max_size=2), "weights": st.just("same"),
        }), max_size=3),
        "live": st.dictionaries(STAGES, st.lists(VERSIONS, max_size=3), max_size=2),
        "held": st.lists(STAGES, max_size=2),
        "suspended": st.booleans(),
    },
)  # fmt: skip


@given(st.lists(MODELS, max_size=2), st.lists(PARTS, min_size=1, max_size=3), st.lists(NAMES, max_size=2))
def test_whatever_a_test_says_it_comes_out_or_fails_and_never_breaks_the_run(models, parts, approvals):
    case = {"propose": parts, "approvals": approvals}
    (found,) = run(document(case, models=models), POLICY)
    assert (found.verdict is None) == (found.fault is not None)
    assert isinstance(found.passed, bool)
    (again,) = run(document(case, models=models), POLICY)
    assert again.verdict == found.verdict


# What can be proposed


@pytest.mark.parametrize(
    ("case", "outcome"),
    [
        ({**proposing("model-added", model="spam"), "approvals": ["technical-lead-1", "raio-1"]}, "allowed"),
        ({**proposing("model-changed", use=["research"]), "approvals": ["technical-lead-1"]}, "allowed"),
        ({**proposing("model-changed", risk="high"), "approvals": ["raio-1", "domain-lead-1"]}, "allowed"),
        (proposing("version-registered", version={"version": "2.0.0", "base": "fraud@1.0.0"}), "allowed"),
        (proposing("evidence-added", version="1.1.0", by="ci"), "allowed"),
        ({**proposing("undeployed", stage="production"), "approvals": ["technical-lead-1"]}, "allowed"),
        ({**proposing("hold-placed", stage="production", incident="INC-1"), "by": "operator-1"}, "allowed"),
        ({**proposing("quarantined", version="1.1.0"), "by": "operator-1"}, "allowed"),
        ({**proposing("cause-opened", cause="drift"), "by": "operator-1"}, "allowed"),
        (
            {
                "propose": [{"event": "cause-opened"}, {"event": "cause-resolved"}],
                "by": "operator-1",
            },
            "allowed",
        ),
        ({**proposing("suspended"), "by": "operator-1"}, "allowed"),
        ({**proposing("retired", version="1.1.0"), "approvals": ["technical-lead-1"]}, "allowed"),
        (
            {
                **proposing("people-changed", people=[{"id": "raio-9", "roles": ["raio"]}]),
                "approvals": ["raio-1", "policy-owner-1"],
            },
            "allowed",
        ),
        ({**proposing("files", files={"models/fraud/model.yaml": None}), "codes": ["GM-P706"]}, "denied"),
        (
            {
                **proposing("promoted", version="9.0.0", stage="development"),
                "approvals": ["technical-lead-1"],
                "codes": ["GM-P303"],
            },
            "denied",
        ),
        (
            {
                **proposing("promoted", version="1.1.0", stage="development"),
                "by": "stranger",
                "approvals": ["technical-lead-1"],
                "codes": ["GM-P403"],
            },
            "denied",
        ),
    ],
    ids=lambda value: value["propose"][0]["event"] if isinstance(value, dict) else value,
)
def test_every_event_can_be_proposed(case, outcome):
    found = tried({**case, "expect": outcome})
    if outcome == "allowed":
        assert found.differences == ()
    else:
        assert found.verdict is not None
        assert not found.verdict.allowed


def test_an_emergency_says_what_the_policy_lets_it_skip():
    model = {**FRAUD, "live": {"production": ["1.0.0", "1.1.0"]}}
    case = {
        "by": "operator-1",
        "propose": [
            {"event": "rolled-back", "version": "1.0.0", "stage": "production"},
            {"event": "hold-placed", "stage": "production", "emergency": True, "incident": "INC-1"},
            {"event": "quarantined", "version": "1.1.0", "incident": "INC-1"},
        ],
    }
    emergency = {"role": ["operator"], "skips": ["approval", "soak"]}
    assert run(document(case, models=[model], policy={"emergency": emergency}), POLICY)[0].differences == ()
    unknown = run(document(case, models=[model], policy={"emergency": None}), POLICY)[0]
    assert (unknown.passed, unknown.verdict.allowed) == (False, False)


def test_what_is_held_barred_or_suspended_is_given():
    given = {
        "name": "fraud",
        "requires": ["score"],
        "versions": [{"version": "1.0.0"}, {"version": "1.1.0", "quarantined": True, "outputs": ["other"]}],
        "live": {"staging": ["1.1.0", {"version": "1.0.0", "hours_ago": 5}]},
        "held": ["production"],
        "suspended": True,
    }
    up = proposing("promoted", version="1.0.0", stage="production")
    found = tried(
        {**up, "approvals": ["technical-lead-1"], "expect": "denied", "codes": ["GM-P305", "GM-P306"]}, models=[given]
    )
    assert found.differences == ()
    up = proposing("promoted", version="1.1.0", stage="production")
    assert {"GM-P304", "GM-P314"} <= set(tried(up, models=[given]).verdict.codes)
    lifted = {
        **proposing("hold-lifted", stage="production"),
        "approvals": ["technical-lead-1"],
    }
    assert tried(lifted, models=[given]).differences == ()
    freed = {**proposing("quarantine-released", version="1.1.0"), "approvals": ["technical-lead-1"]}
    assert tried(freed, models=[given]).differences == ()
    assert tried({**proposing("resumed"), "approvals": ["technical-lead-1"]}, models=[given]).differences == ()


def test_a_version_is_complete_under_any_policy_but_for_what_it_lacks():
    for kind in ("model", "pipeline", "prompt", "configuration"):
        model = {"name": "fraud", "type": kind}
        whole = proposing("version-registered", version={"version": "1.0.0"})
        assert run(document(whole, models=[model]), REGULATED)[0].differences == (), kind
        for field, code in (("code", "GM-P201"), ("evaluation", "GM-P202")):
            part = proposing("version-registered", version={"version": "1.0.0", "lacks": [field]})
            case = {**part, "expect": "denied", "codes": [code]}
            assert run(document(case, models=[model]), REGULATED)[0].differences == ()


def test_figures_meet_every_condition_of_the_policy():
    conditions = [
        {"id": "a", "require": {"metric": "auc", "at_least": 0.8}},
        {"id": "b", "require": {"metric": "auc", "at_least": 0.9}},
        {"id": "c", "require": {"metric": "latency", "at_most": 20}},
        {"id": "d", "require": {"metric": "f1", "dataset": "holdout", "not_worse_than": "live"}},
    ]
    up = {**proposing("promoted", version="1.1.0", stage="development"), "approvals": ["technical-lead-1"]}
    found = run(document(up, policy={"conditions": conditions}), POLICY)
    assert found[0].differences == ()


def test_times_are_counted_back_from_the_time_of_the_test():
    rules = {"staging": {"soak_hours": {"low": 4}}}
    model = {
        "name": "fraud",
        "versions": [{"version": "1.0.0", "hours_ago": 3}],
        "live": {"validation": [{"version": "1.0.0", "hours_ago": 3}]},
    }
    up = {**proposing("promoted", version="1.0.0", stage="staging"), "approvals": ["technical-lead-1"]}
    early = {**up, "name": "early", "expect": "pending", "codes": ["GM-P316"]}
    later = {**up, "name": "later", "at": "2026-11-25T13:00:00Z"}
    found = run(document(early, later, models=[model], policy={"stage_rules": rules}), POLICY)
    assert [trial.differences for trial in found] == [(), ()]


def test_decisions_and_hands_are_as_the_case_says():
    risks = yamls.load(POLICY, "p")["risks"]
    risks = {"risks": {**risks, "high": {**risks["high"], "touch": True}}}
    model = {**FRAUD, "risk": "high", "versions": [{"version": "1.0.0", "by": "raio-2"}, {"version": "1.1.0"}]}
    up = proposing("promoted", version="1.0.0", stage="development")
    cases = [
        {**up, "name": "touched", "approvals": ["raio-1", "domain-lead-1"]},
        {
            **up,
            "name": "untouched",
            "approvals": [{"person": "raio-1", "touch": False}, "domain-lead-1"],
            "expect": "pending",
            "codes": ["GM-P401"],
        },
        {
            **up,
            "name": "who registered it",
            "approvals": ["raio-2", "domain-lead-1"],
            "expect": "pending",
            "codes": ["GM-P401"],
        },
        {
            **proposing("rolled-back", version="1.0.0", stage="production"),
            "name": "an untouched proposal fills no slot",
            "by": "raio-1",
            "touch": False,
            "expect": "pending",
            "codes": ["GM-P401"],
        },
    ]
    model["live"] = {"production": ["1.0.0", "1.1.0"]}
    found = run(document(*cases, models=[model], policy=risks), POLICY)
    assert {trial.case.name: trial.differences for trial in found if not trial.passed} == {}


def test_everybody_is_trained_but_who_is_not():
    training = {"training": {"topics": ["rollback"], "valid_days": 365}}
    people = [{"id": "technical-lead-9", "roles": ["technical-lead"], "training": {"rollback": "2020-01-01"}}]
    up = proposing("promoted", version="1.1.0", stage="development")
    cases = [{**up, "name": "fresh", "approvals": ["technical-lead-1"]}]
    found = run(document(*cases, people=people, policy=training), POLICY)
    assert [trial.differences for trial in found] == [()]


def test_provenance_is_attested_where_it_is_given():
    rules = {"stage_rules": {"development": {"provenance": ["ci"]}}}
    model = {"name": "fraud", "versions": [{"version": "1.0.0", "attested": ["ci"]}, {"version": "1.1.0"}]}
    cases = [
        {**proposing("promoted", version="1.0.0", stage="development"), "approvals": ["technical-lead-1"]},
        {
            **proposing("promoted", version="1.1.0", stage="development"),
            "approvals": ["technical-lead-1"],
            "expect": "denied",
            "codes": ["GM-P330"],
        },
    ]
    found = run(document(*cases, models=[model], policy=rules), POLICY)
    assert [trial.differences for trial in found] == [(), ()]


def test_evidence_is_all_or_what_is_listed():
    rules = {"stage_rules": {"development": {"evidence": ["evaluation"]}}}
    model = {
        "name": "fraud",
        "versions": [
            {"version": "1.0.0"},
            {"version": "1.1.0", "evidence": []},
            {"version": "1.2.0", "evidence": [{"type": "evaluation", "by": "ml-engineer-2", "hours_ago": 3}]},
        ],
    }
    up = {"approvals": ["technical-lead-1"]}
    cases = [
        {**proposing("promoted", version="1.0.0", stage="development"), **up},
        {
            **proposing("promoted", version="1.1.0", stage="development"),
            **up,
            "expect": "denied",
            "codes": ["GM-P307"],
        },
        {**proposing("promoted", version="1.2.0", stage="development"), **up},
    ]
    found = run(document(*cases, models=[model], policy=rules), POLICY)
    assert [trial.differences for trial in found] == [(), (), ()]
