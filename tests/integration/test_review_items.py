"""What is to be reviewed stands where people look: `gm status`."""

import pytest

from gitops_models.cli.status_ import _body, _lines
from gitops_models.workflows.standing import standing
from tests.support.registry import BEGIN, NO_EVIDENCE, Registry

REVIEW = {"every_days": 365, "last": str(BEGIN.date())}


@pytest.mark.clause("B-12-1", "B-12-2")
def test_status_names_a_new_model_of_high_risk_and_an_overdue_review(tmp_path):
    registry = Registry(tmp_path / "repo", changes={**NO_EVIDENCE, "review": REVIEW})
    registry.version("fraud", "1.0.0", risk="high")
    found = standing(registry.session("lead"))
    assert [item["why"] for item in _body(found)["reviews"]] == ["new-model"]
    assert "to review: new model of high risk: fraud" in _lines(found)
    registry.clock.tick(days=400)
    assert [item.why for item in standing(registry.session("lead")).reviews] == ["overdue", "new-model"]


def test_status_of_a_policy_without_reviews_names_none(tmp_path):
    registry = Registry(tmp_path / "repo", changes={**NO_EVIDENCE, "review": None})
    registry.version("fraud", "1.0.0", risk="high")
    assert standing(registry.session("lead")).reviews == ()
