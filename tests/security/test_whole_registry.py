"""Everything that people and attackers can do to one registry, in random order, against an oracle of its own.

The oracle (``tests/support/oracle.py``) reads Git objects and knows nothing of rules, fold and documents.
"""

import itertools
import os
from collections import Counter

import pytest
from hypothesis import HealthCheck, Phase, seed, settings
from hypothesis.stateful import run_state_machine_as_test

from tests.support.attackers import Attacked
from tests.support.station import Station
from tests.support.whole import VERSIONS, begin

SWEEP = bool(os.environ.get("GM_SWEEP"))
STEPS = 50
STORIES = 200 if SWEEP else 11
"""For each seed and risk; the first of them is always the simplest there is, and so is worth little."""
WANTED = (STORIES - 1) * STEPS
SEEDS = (1, 2)
"""Each is a test of its own, so that several workers share them."""
USUAL = {
    *("promote", "merge", "approve", "rollback", "bar", "declare", "removed", "rotated", "register", "serve"),
    *("forced_push", "tampered", "weakened", "rewind", "restored", "replay_years_later"),
}
DONE = USUAL | {"lift", "ratified", "forced_merge", "forged", "replayed", "approved_late", "put", "force_newest"}
"""Each of these has to have happened, of the rare ones each in a sweep."""


def machine(told, tmp_path, home, did, risk, *, serves=True):
    """A machine of which every story begins in a registry of its own."""
    begun, numbers = told(begin, risk), itertools.count()

    class Here(Attacked):
        @staticmethod
        def begin():
            return begun.copy(tmp_path / str(next(numbers)))

        @staticmethod
        def serving(registry):
            root = tmp_path / f"{registry.path.name}-site"
            root.mkdir()
            station = Station(registry, root, home)
            station.upload(VERSIONS[-1])
            return station

    Here.did, Here.serves = did, serves
    return Here


def stories():
    """So many stories, the same ones in every run but for sweeps."""
    return settings(
        max_examples=STORIES,
        stateful_step_count=STEPS,
        deadline=None,
        database=None,
        derandomize=not SWEEP,
        phases=[Phase.generate],
        report_multiple_bugs=False,
        suppress_health_check=list(HealthCheck),
    )


@pytest.mark.clause("B-6.2-1")
@pytest.mark.sweep
@pytest.mark.timeout(24 * 3600 if SWEEP else 1800)
@pytest.mark.usefixtures("hurry")
@pytest.mark.parametrize("number", SEEDS)
@pytest.mark.parametrize("risk", ["low", "high"])
def test_no_story_breaks_what_must_hold(told, tmp_path, home, risk, number):
    did = Counter()
    here = machine(told, tmp_path, home, did, risk)
    run_state_machine_as_test(here if SWEEP else seed(number)(here), settings=stories())
    assert did["steps"] >= WANTED, did
    wanted = DONE if SWEEP else USUAL
    assert set(did) >= wanted, wanted - set(did)
