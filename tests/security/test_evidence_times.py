"""Attacks with the time that evidence names: far futures that outlast honest results, and orders of text."""

from datetime import UTC, datetime, timedelta

import pytest

from gitops_models.policy.denied import Denied
from tests.support import policy as documents
from tests.support import stories
from tests.support.stories import last

FAR = datetime(2099, 1, 1, tzinfo=UTC)
RULES = {"stage_rules": {"staging": {"evidence": ["evaluation"]}}}


def demanding(path):
    """A registered version of a model whose first stage demands an evaluation."""
    registry = stories.registry(path, changes=RULES)
    registry.version("fraud", "1.0.0")
    return registry


@pytest.fixture
def registry(story):
    return story(demanding)


def add(registry, name, created, *, by="ci", result="passed"):
    """Land evidence by hand; how the step was judged."""
    time = created.strftime("%Y-%m-%dT%H:%M:%SZ")
    files = documents.evidence_file("1.0.0", "evaluation", name=name, by=by, result=result, created=time)
    registry.merge_by_hand(registry.commit(files, by=by), by=by)
    return last(registry).verdict.codes


@pytest.mark.attack("evidence dated into the future", "GM-P312", by="ci")
def test_evidence_of_the_far_future_is_refused_at_the_time_of_its_merge(registry):
    assert add(registry, "far", FAR, by="engineer") == ("GM-P312",)


@pytest.mark.lookalike("evidence a moment ahead of the clock")
def test_evidence_a_moment_ahead_of_the_clock_is_taken(registry):
    assert add(registry, "soon", registry.clock.now() + timedelta(minutes=5), by="engineer") == ()


def test_a_merge_that_dates_itself_into_the_future_holds_up_no_honest_result(registry):
    now = registry.clock.now()
    registry.clock.time = FAR
    add(registry, "far", FAR, by="engineer")
    registry.clock.time = now
    assert add(registry, "honest", now, result="failed") == ()
    with pytest.raises(Denied) as caught:
        registry.promote("fraud", "1.0.0", "staging")
    assert caught.value.code == "GM-P308"


def test_a_failure_of_the_far_future_is_superseded_by_another_signer(registry):
    now = registry.clock.now()
    registry.clock.time = FAR
    add(registry, "far", FAR, by="engineer", result="failed")
    registry.clock.time = now
    assert add(registry, "honest", now) == ()
    proposal = registry.promote("fraud", "1.0.0", "staging")
    registry.approve(proposal, "lead")
    registry.merge(proposal)
    assert registry.live_version("fraud", "staging") == "1.0.0"


def test_a_backdated_result_is_refused(registry):
    now = registry.clock.now()
    assert add(registry, "honest", now, result="failed") == ()
    assert add(registry, "old", now - timedelta(seconds=1), by="engineer") == ("GM-P312",)
