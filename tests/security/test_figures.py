"""Attacks on figures: the direction turned, the author's own word in place of what was measured, the bar lowered."""

import pytest

from tests.support.policy import finding
from tests.unit.policy.rules.test_conditions import codes, metric
from tests.unit.policy.rules.test_figures import OTHERS, WORSE, compared, entering, measured


@pytest.mark.attack(
    "not worse than what is live, turned round by the direction that the author states", "GM-P320", by="author"
)
def test_the_author_does_not_turn_the_direction():
    here = compared(metric(0.1, higher_is_better=False), metric(0.95))
    verdict = here.judge(here.stage("1.1.0", "development"), approvals=["lead"])
    assert verdict.codes == ("GM-P320",)
    said = "floor: fraud@1.1.0 states another direction for auc than the policy, which calls more better"
    assert finding(verdict, "GM-P320").message == said


@pytest.mark.attack(
    "figures of the author's own evidence of another type, in place of what was measured", "GM-P319", by="author"
)
@pytest.mark.parametrize("risk", ["low", "high"])
def test_evidence_of_another_type_does_not_overrule_what_the_stage_demands(risk):
    here = entering(risk).accept(measured(0.5), "ci")
    mine = measured(0.99, "my-notes", by="engineer")
    assert here.judge(mine).allowed
    here.accept(mine)
    assert here.codes(here.stage("1.1.0"), approvals=OTHERS[risk]) == ("GM-P319",)


@pytest.mark.attack("figures of nobody but the author, at high risk", "GM-P320", by="author")
def test_at_high_risk_the_author_measures_nothing():
    here = entering(demanded=()).accept(measured(0.99, "my-notes", by="engineer"))
    verdict = here.judge(here.stage("1.1.0"), approvals=OTHERS["high"])
    assert verdict.codes == ("GM-P320",)
    assert finding(verdict, "GM-P320").message == "floor: fraud@1.1.0 has no figure for auc from somebody independent"


@pytest.mark.attack("the bar lowered by the author's late evidence about the live version", "GM-P319", by="author")
def test_late_evidence_of_the_author_does_not_lower_the_bar():
    here = entering(require=WORSE, live=0.9).accept(measured(0.5), "ci")
    here.accept(measured(0.1, version="1.0.0", name="late", by="engineer"))
    assert here.codes(here.stage("1.1.0"), approvals=OTHERS["high"]) == ("GM-P319",)


@pytest.mark.lookalike("a figure of which less is better, where the policy says so too")
def test_less_is_better_where_the_policy_says_so():
    here = compared(metric(0.1, higher_is_better=False), metric(0.95), higher_is_better=False)
    assert codes(here, "1.1.0") == ()


@pytest.mark.lookalike("figures of another type by somebody independent, where the demanded type has none")
def test_another_type_of_somebody_independent_counts():
    here = entering().accept(measured(None), "ci").accept(measured(0.9, "drift"), "ci")
    assert here.codes(here.stage("1.1.0"), approvals=OTHERS["high"]) == ()
