import pytest

from gitops_models.policy.document import Policy, load_policy
from gitops_models.policy.profiles import PROFILES, profile, unmet
from gitops_models.registry import yamls
from gitops_models.registry.schema import document_schema
from tests.support.policy import document, policy_yaml
from tests.support.recorded import refused as a_refusal


def refused(data):
    with a_refusal() as caught:
        load_policy(data, "policies/policy.yaml")
    assert caught.value.where == "policies/policy.yaml"
    return caught.value.code, caught.value.message


@pytest.mark.parametrize("name", PROFILES)
def test_every_profile_is_a_valid_policy_that_says_what_it_leaves_open(name):
    policy = load_policy(profile(name), name)
    assert policy.version == 1
    assert all(text.startswith("B-") for text in unmet(name))


def test_a_stricter_profile_leaves_fewer_clauses_open():
    solo, minimal, regulated = ({text.split()[0] for text in unmet(name)} for name in PROFILES)
    assert regulated < minimal < solo
    assert "B-5.1-4" in solo - minimal
    assert {"B-4.1-3", "B-5.2-2"} <= minimal - regulated
    assert regulated == set()


def test_an_unknown_profile_is_refused():
    with a_refusal() as caught:
        profile("relaxed")
    assert caught.value.code == "GM-P707"


def test_the_solo_profile_lets_one_person_promote_low_risk():
    policy = load_policy(profile("solo"), "solo")
    assert policy.stages == ("staging", "production")
    assert policy.approvals.self_approval == ("low",)
    assert policy.lineage.require == ("artifacts", "code", "environment")
    assert policy.lineage.coverage == ("weights",)


@pytest.mark.clause("B-5.1-1", "B-5.1-2", "B-5.1-3", "B-5.1-4")
def test_the_regulated_profile_has_the_risk_table_of_the_seed():
    risks = load_policy(profile("regulated"), "regulated").risks
    assert risks.low.approve == ("technical-lead",)
    assert risks.medium.approve == ("raio",)
    assert risks.high.approve == ("raio", "domain-lead")
    assert [risks.of(risk).evidence for risk in ("low", "medium", "high", "critical")] == [
        "forge",
        "forge",
        "signed",
        "signed",
    ]


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"soak_hours": 4}, "soak_hours"),
        ({"stages": ["a", "a"]}, "a stage is listed twice"),
        ({"stage_rules": {"nowhere": {}}}, "unknown stages: nowhere"),
        ({"roles": ["raio"]}, "used but not listed"),
        ({"rules": 2}, "rules"),
        ({"version": "1"}, "version"),
        ({"status": "draft"}, "status"),
        ({"policy_changes": {"approve": []}}, "none"),
        ({"promotion": {"may": []}}, "promotion.may"),
        ({"approvals": {"distinct_persons": False}}, "distinct_persons"),
    ],
)
def test_a_clause_that_is_unknown_or_does_not_fit_is_refused(changes, message):
    code, text = refused(policy_yaml(**changes))
    assert code == "GM-D021"
    assert message in text


def test_a_risk_without_anybody_to_roll_back_is_refused():
    risks = yamls.load(profile("regulated"), "p")["risks"]
    risks["low"]["rollback"] = {}
    code, text = refused(policy_yaml(risks=risks))
    assert code == "GM-D021"
    assert "initiate or authorize" in text


def test_another_kind_or_api_version_is_no_policy():
    assert refused(document("Model", name="fraud"))[0] == "GM-D022"
    assert refused(yamls.dump({"apiVersion": "gitops-models/v9", "kind": "Policy"}))[0] == "GM-D020"


def test_a_quorum_of_nobody_is_written_in_words():
    policy = load_policy(policy_yaml(policy_changes={"approve": "none"}), "p")
    assert policy.policy_changes.approve == ()


def test_roles_that_approve_or_operate_may_act_for_safety():
    roles = load_policy(profile("regulated"), "p").safety_roles
    assert {"raio", "operator", "incident-commander", "emergency-committee"} <= roles
    assert "ml-engineer" not in roles


def test_an_owner_is_optional_and_a_stage_has_its_place():
    raw = yamls.load(profile("minimal"), "p")
    del raw["owner"]
    policy = load_policy(yamls.dump(raw), "p")
    assert policy.owner is None
    assert policy.stage_index("validation") == 1
    assert policy.stage_index("nowhere") is None


def test_every_field_of_the_schema_is_described_with_an_example():
    schema = document_schema(Policy)
    for part in (schema, *schema["$defs"].values()):
        for name, field in part.get("properties", {}).items():
            assert field.get("description"), name
            assert field.get("examples"), name
