"""What it costs to open a registry and to judge one change grows with the change, not with the versions there are."""

import sys

import pytest

from benchmarks.generate import generate, named, propose
from gitops_models.registry.values import OFTEN
from gitops_models.verification import fold as folding
from gitops_models.verification.table import KeptFiles, KeptMap
from gitops_models.workflows.checking import check_range
from gitops_models.workflows.clock import SystemClock
from gitops_models.workflows.review import check, find_proposal
from gitops_models.workflows.session import open_session

STEPS = 6


def calls(work):
    """How many functions ``work`` calls: what a machine does, whatever it does beside it."""
    counted = 0

    def count(_frame, event, _argument):
        nonlocal counted
        counted += event == "call"

    sys.setprofile(count)
    try:
        work()
    finally:
        sys.setprofile(None)
    return counted


@pytest.fixture(scope="module")
def judged(tmp_path_factory):
    """A function that makes a registry of so many versions in so many models, and judges a promotion in it."""
    folder = tmp_path_factory.mktemp("opening")

    def make(versions, models):
        made = generate(folder / f"{versions}-{models}", versions=versions, models=models, at_pin=versions - STEPS)
        name = propose(made, *named(versions - 1, models))

        def judge():
            session = open_session(made.path)
            assert check(session, find_proposal(session, name)).verdict.allowed

        judge()  # what was never verified is verified once
        return made, judge

    return make


@pytest.mark.parametrize("models", [1, 4])
def test_twice_the_versions_cost_no_more(judged, models):
    judges = [judged(versions, models)[1] for versions in (40, 80, 160)]
    for judge in judges * OFTEN:  # what is called often is compiled, and calls less then
        judge()
    counted = [calls(judge) for judge in judges]
    assert max(counted) <= 1.1 * min(counted), counted


def test_twice_the_models_cost_at_most_twice(judged):
    few, many = (judged(80, models)[1] for models in (10, 20))
    few(), many()
    assert calls(many) <= 2.3 * calls(few)


def test_no_file_of_another_model_is_looked_up(judged, monkeypatch):
    _, judge = judged(44, 4)
    asked = []
    real = KeptFiles.__getitem__
    monkeypatch.setattr(KeptFiles, "__getitem__", lambda self, path: asked.append(path) or real(self, path))
    monkeypatch.setattr(KeptMap, "__iter__", None)
    judge()
    assert {path.split("/")[1] for path in asked if path.startswith("models/")} == {"model-003"}
    assert len(asked) < 20


def test_two_commits_are_judged_on_what_was_verified_before(judged, monkeypatch):
    made, _ = judged(48, 2)
    steps = []
    real = folding.judge_step
    monkeypatch.setattr(folding, "judge_step", lambda *given, **named: steps.append(given) or real(*given, **named))
    base, clock = made.commits[-1], SystemClock()
    assert check_range(made.path, base, base, clock).pinned
    assert steps == []
    assert check_range(made.path, base, base, clock, pin=made.pin).pinned
    assert len(steps) == len(made.commits)  # who names a pin believes nothing that the repository says of itself
