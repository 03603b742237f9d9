"""What judging costs as a history grows, in things done and not in seconds: the same for every step."""

from collections import Counter

import pytest

from gitops_models.registry import yamls
from gitops_models.store.repository import Store
from gitops_models.verification import commits
from gitops_models.verification import fold as folding
from gitops_models.verification.fold import fold
from tests.support import policy as documents
from tests.support import stories

MODEL = "models/fraud/model.yaml"


@pytest.fixture(scope="module")
def registry(tmp_path_factory):
    story = stories.registry(tmp_path_factory.mktemp("growth") / "r")
    for minor in range(9):
        story.version("fraud", f"1.{minor}.0")
    return story


@pytest.fixture
def done(monkeypatch):
    """How often each costly thing was done since the counter was last cleared."""
    counted = Counter()

    def count(owner, name, what):
        real = getattr(owner, name)

        def counting(*given, **named):
            counted[what] += 1
            return real(*given, **named)

        monkeypatch.setattr(owner, name, counting)

    count(yamls, "_check_bytes", "documents parsed")
    count(Store, "_read", "objects read")
    count(folding, "judge_step", "steps judged")
    return counted


def test_each_further_step_costs_what_the_one_before_cost(registry, done):
    tips = [step.oid for step in registry.history().steps]
    costs = []
    for count in (3, 6, 9):
        done.clear()
        fold(Store.open(registry.path), pin=registry.pin, tip=tips[count - 1], ledger=registry.ledger, now=None)
        costs.append(Counter(done))
    first, second = costs[1] - costs[0], costs[2] - costs[1]
    assert first["steps judged"] == second["steps judged"] == 3
    assert first["documents parsed"] == second["documents parsed"]
    assert second["objects read"] <= first["objects read"] + 3


def test_a_document_is_parsed_once_for_all_rules(registry, done):
    tips = [step.oid for step in registry.history().steps]
    known = fold(registry.store, pin=registry.pin, tip=tips[-2], ledger=registry.ledger, now=None)
    done.clear()
    fold(Store.open(registry.path), pin=registry.pin, tip=tips[-1], ledger=registry.ledger, known=known, now=None)
    # A lineage and a pointer are new.
    assert done["steps judged"] == 1
    assert done["documents parsed"] <= 4


def test_many_refused_steps_in_a_row_check_each_signature_once(registry, monkeypatch):
    checked = []
    real = commits.verify_many
    monkeypatch.setattr(commits, "verify_many", lambda items, people: checked.extend(items) or real(items, people))
    tips = [registry.commit({MODEL: documents.model_yaml(description=f"{number}")}, land=True) for number in range(6)]
    history = fold(registry.store, pin=registry.pin, tip=tips[0], ledger=registry.ledger, now=None)
    for tip in tips[1:]:
        checked.clear()
        history = fold(registry.store, pin=registry.pin, tip=tip, ledger=registry.ledger, known=history, now=None)
        assert (history.steps[-1].status, len(checked)) == ("denied", 1)
    waiting = history.pending["model:fraud"]
    assert [fact.oid for fact in waiting.facts.commits] == tips
