"""What landing a proposal would mean."""

import pytest

from gitops_models.errors import GmError
from gitops_models.verification.proposal import evaluate
from tests.support import policy as documents
from tests.support import stories

ENTRY = "models/fraud/stages/staging.yaml"


@pytest.fixture(scope="module")
def registry(tmp_path_factory):
    return stories.two_models(tmp_path_factory.mktemp("proposal") / "r")


def judged(registry, head, **fields):
    """The evaluation of a commit at the registry's clock."""
    at = registry.clock.now()
    return evaluate(registry.store, registry.history(), head, registry.ledger, at=at, **fields)


def test_a_conflict_with_the_line_is_no_verdict(registry):
    head = registry.commit(stories.stage_file(registry, "1.1.0", "staging"), parents=[registry.pin])
    with pytest.raises(GmError) as caught:
        judged(registry, head)
    assert (caught.value.code, caught.value.where) == ("GM-F201", ENTRY)


def test_a_merged_branch_is_an_empty_change(registry):
    merged = next(step for step in registry.history().steps if step.events[0].name == "promoted")
    head = registry.store.commit(merged.oid).parents[1]
    evaluation = judged(registry, head)
    assert (evaluation.verdict.codes, dict(evaluation.updates)) == (("GM-P000",), {})


@pytest.mark.parametrize(("there", "codes"), [(True, ("GM-P401",)), (False, ("GM-P206", "GM-P401"))])
def test_bytes_are_asked_for_where_somebody_can_answer(registry, there, codes):
    head = registry.commit(stories.stage_file(registry, "1.1.0", "staging"))
    asked = []
    evaluation = judged(registry, head, has_bytes=lambda md5, size: bool(asked.append((md5, size))) or there)
    assert (evaluation.verdict.codes, len(asked)) == (codes, 1)
    assert judged(registry, head).verdict.codes == ("GM-P401",)


def test_content_on_a_blocked_scope_is_judged_with_the_commits_behind_it(registry, tmp_path):
    copy = registry.copy(tmp_path / "r")
    blocked = copy.commit(stories.stage_file(copy, "1.1.0", "staging"), by="engineer2", land=True)
    head = copy.commit({"models/fraud/model.yaml": documents.model_yaml(risk="medium")})
    evaluation = judged(copy, head)
    assert {fact.oid for fact in evaluation.facts.commits} == {blocked, head}
    assert set(evaluation.facts.proposers) == {"engineer", "engineer2"}
