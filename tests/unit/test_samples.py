"""How many kills and disk errors of a reconcile each run of the tests tries; ``make sweep`` tries all of them."""

import math

import pytest

from tests.integration import (
    test_delivery_faults,
    test_delivery_kills,
    test_reconcile_faults,
    test_reconcile_kills,
)
from tests.support.killing import Point, sample

ENOUGH = 60


def tried(module):
    """The points that the tests of a module try: its samples, for each scenario."""
    tests = [
        value for name, value in vars(module).items() if name.startswith("test_a_") and hasattr(value, "pytestmark")
    ]
    return sum(scenarios(test) * size_of(module, test) for test in tests)


def scenarios(test):
    """How often pytest runs a test."""
    return math.prod(len(mark.args[1]) for mark in test.pytestmark if mark.name == "parametrize")


def size_of(module, test):
    """The size of the sample that the code of a test names."""
    (name,) = [name for name in test.__code__.co_names if name.startswith("SAMPLE")]
    return getattr(module, name)


@pytest.mark.parametrize(
    "modules", [(test_delivery_kills, test_reconcile_kills), (test_delivery_faults, test_reconcile_faults)]
)
def test_enough_kills_and_enough_disk_errors_are_tried_in_every_run(modules):
    assert sum(map(tried, modules)) >= ENOUGH
    assert all(tried(module) > 0 for module in modules)


@pytest.mark.parametrize("size", [1, 7, 60, 100])
def test_a_sample_has_its_size_and_is_the_same_in_every_run(size, monkeypatch):
    monkeypatch.delenv("GM_SWEEP", raising=False)
    points = [Point(call, when) for call in ("rename", "fsync", "write") for when in range(1, 21)]
    chosen = sample(points, size)
    assert len(set(chosen)) == len(chosen) == min(size, len(points))
    assert chosen == sample(points, size)
    monkeypatch.setenv("GM_SWEEP", "1")
    monkeypatch.delenv("GM_SWEEP_MOST", raising=False)
    assert sample(points, size) == points
