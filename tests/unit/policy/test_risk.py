import pytest

from gitops_models.policy.document import RISKS, Floor
from gitops_models.policy.risk import effective_risk, highest, model_risk, rank
from gitops_models.registry.documents import Model

CLINICAL = Floor(use=("clinical-decision-support",), risk="high")
NAMED = Floor(models="fraud*", risk="medium")


def model(risk, name="fraud", use=()):
    return Model(name=name, risk=risk, use=use)


@pytest.mark.parametrize("risk", RISKS)
def test_an_unknown_risk_ranks_as_the_highest(risk):
    assert rank("mystery") >= rank(risk)


def test_no_model_at_all_is_the_highest_risk():
    assert effective_risk(None, None, ()) == "critical"
    assert highest([]) == "critical"


def test_the_higher_of_old_and_new_decides():
    assert effective_risk(model("high"), model("low"), ()) == "high"
    assert effective_risk(model("low"), model("medium"), ()) == "medium"
    assert effective_risk(None, model("low"), ()) == "low"


@pytest.mark.clause("B-2-2")
def test_a_floor_by_use_holds_for_that_use_only():
    assert model_risk(model("low", use=("clinical-decision-support",)), [CLINICAL]) == "high"
    assert model_risk(model("low", use=("research",)), [CLINICAL]) == "low"
    assert model_risk(model("critical", use=("clinical-decision-support",)), [CLINICAL]) == "critical"


def test_a_floor_by_name_holds_for_matching_names_only():
    assert model_risk(model("low"), [NAMED]) == "medium"
    assert model_risk(model("low", name="churn"), [NAMED]) == "low"
