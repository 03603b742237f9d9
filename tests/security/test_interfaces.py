"""A version that does not say what it gives is not taken for one that gives what the model promises."""

import pytest

from gitops_models.policy.denied import Denied
from tests.support import policy as documents
from tests.support import stories
from tests.support.stories import last

SCORE = {"outputs": [{"name": "score", "dtype": "float32", "shape": [-1]}]}
CONSUMED = {"consumers": [{"name": "checkout", "requires": {"outputs": ["score"]}}], "interface": SCORE}


@pytest.fixture
def consumed(tmp_path):
    registry = stories.registry(tmp_path / "r")
    files = {"models/fraud/model.yaml": documents.model_yaml("fraud", **CONSUMED)}
    proposal = registry.draft("fraud", files, event="change")
    registry.approve(proposal, "lead", "raio")
    registry.merge(proposal)
    assert last(registry).status == "accepted"
    return registry


@pytest.mark.clause("B-8-1")
@pytest.mark.attack("a version without an interface borrows the model's", "GM-P314", by="operator")
def test_a_version_without_an_interface_does_not_borrow_the_models(consumed):
    consumed.version("fraud", "1.0.0")
    with consumed.untouched(), pytest.raises(Denied) as caught:
        consumed.promote("fraud", "1.0.0", "staging")
    assert caught.value.code == "GM-P314"


@pytest.mark.lookalike("a version that says what it gives")
def test_a_version_that_says_what_it_gives_is_promoted(consumed):
    consumed.version("fraud", "1.0.0", interface=SCORE)
    consumed.live("fraud", "1.0.0", "staging")
    assert consumed.live_version("fraud", "staging") == "1.0.0"
