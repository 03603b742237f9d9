"""A rollback to what lacks something for a consumer: refused, or with the words that tell them."""

import pytest

from gitops_models.errors import Exit
from gitops_models.policy.denied import Denied
from tests.support import policy as documents
from tests.support import stories
from tests.support.team import gm

SCORE = {"outputs": [{"name": "score", "dtype": "float32", "shape": [-1]}]}
CHECKOUT = [{"name": "checkout", "requires": {"outputs": ["score"]}}]


@pytest.fixture
def story(tmp_path):
    """1.0.0 says nothing of its outputs; 1.1.0 has the score that the checkout reads since."""
    told = stories.registry(tmp_path / "registry.git")
    for version, fields in (("1.0.0", {}), ("1.1.0", {"interface": SCORE})):
        told.version("fraud", version, **fields)
        told.live("fraud", version, *stories.STAGES)
    change = told.draft("fraud", {"models/fraud/model.yaml": documents.model_yaml(consumers=CHECKOUT)})
    told.approve(change, "lead")
    told.merge(change)
    return told


@pytest.mark.clause("B-8-2", "B-8-3")
def test_what_a_consumer_lacks_is_said_in_the_hold_or_the_rollback_is_refused(story):
    with story.untouched(), pytest.raises(Denied) as refused:
        story.rollback("fraud", to="1.0.0")
    assert refused.value.verdict.codes == ("GM-P401", "GM-P902")
    said = refused.value.verdict.denials[-1]
    assert said.details == ("checkout needs an interface and none is recorded",)
    told = story.rollback("fraud", to="1.0.0", degraded="the checkout shows no score")
    story.approve(told, "lead")  # it lies below what counts as good
    story.merge(told, by="operator")
    assert story.live_version("fraud", "production") == "1.0.0"
    assert story.history().state.snapshot.held("fraud", "production").degraded == "the checkout shows no score"
    assert story.statuses()[-1] == "accepted"


@pytest.mark.parametrize("other", ["--no-hold", "--emergency", "--override=hold.json"])
def test_words_for_a_hold_that_is_not_placed_are_refused_before_anything_is_done(tmp_path, other):
    words = ("rollback", "fraud", "--degraded", "no score", "--incident", "INC-1", "-m", "x")
    assert gm(tmp_path, *words, other).status == Exit.USAGE
