"""A sample of what ``make fuzz`` does a million times: no input crashes a parser, keeps it busy or fools its oracle."""

import os

import pytest

from gitops_models.registry import yamls
from tests.fuzz.engine import Hang, Target, run
from tests.fuzz.targets import targets

EACH = 20_000 if os.environ.get("GM_SWEEP") else 600

pytestmark = [pytest.mark.sweep]


@pytest.mark.parametrize("target", targets(), ids=lambda target: target.name)
def test_no_input_crashes_a_parser_or_keeps_it_busy(target):
    outcome = run(target, EACH, seed=7)
    assert outcome.executions == EACH
    assert outcome.slowest < 1.0


def test_the_same_number_gives_the_same_run():
    first, second = (run(targets()[3], 200, seed=3) for _ in range(2))
    assert (first.kept, first.refused) == (second.kept, second.refused)


def target(call):
    return Target("x", call, (yamls,), [b"a"], [b"b"], (ValueError,))


def test_what_is_no_refusal_comes_out_with_the_input_that_did_it():
    def fails(data):
        raise KeyError(len(data))

    with pytest.raises(KeyError) as caught:
        run(target(fails), 10)
    assert caught.value.__notes__ == ["x was given b'a'"]


def test_an_endless_loop_is_noticed(monkeypatch):
    monkeypatch.setattr("tests.fuzz.engine.WATCHED", 0.2)

    def hangs(_data):
        while True:
            pass

    with pytest.raises(Hang):
        run(target(hangs), 10)
