"""What a rollback or the next promotion needs is fetched ahead, and nothing else."""

from dataclasses import replace
from datetime import timedelta
from threading import Event

import pytest

from gitops_models.delivery.desired import desired_state
from gitops_models.delivery.prefetch import Prefetch
from gitops_models.delivery.values import ModelStage
from gitops_models.errors import GmError
from gitops_models.registry.stack import LiveStack, StackEntry
from tests.support.delivery import NOW, Bytes, chosen, deployment, reconciler

AT = ModelStage("fraud", "production")


class Source:
    """Gathers by name; fails or waits as it is told."""

    def __init__(self):
        self.gathered, self.fails, self.gate = [], {}, None

    def gathering(self, wanted):
        if wanted.version == "unreadable":
            raise GmError("GM-A201", "malformed")

        def bring():
            if self.gate:
                self.gate.wait(30)
            if wanted.version in self.fails:
                raise self.fails[wanted.version]
            self.gathered.append(wanted.version)

        return bring


def test_what_is_wanted_is_fetched_once_and_what_fails_is_tried_again_with_a_back_off():
    now, source = [NOW], Source()
    prefetch = Prefetch(lambda: now[0])
    wanted = [deployment("1.0.0"), deployment("1.1.0"), deployment("unreadable")]
    source.fails = {"1.1.0": GmError("GM-A321", "away")}
    prefetch.want(wanted, source)
    prefetch.work()
    assert source.gathered == ["1.0.0"]
    assert prefetch.notes() == (
        "fraud@1.1.0 is not at hand for a rollback or promotion: GM-A321: away",
        "fraud@unreadable is not at hand for a rollback or promotion: GM-A201: malformed",
    )
    source.fails = {}
    prefetch.want(wanted, source)
    prefetch.work()
    assert source.gathered == ["1.0.0"]
    now[0] += timedelta(seconds=5)
    prefetch.want(wanted, source)
    prefetch.work()
    assert source.gathered == ["1.0.0", "1.1.0"]


def test_what_nobody_wants_any_more_is_forgotten_and_a_source_that_cannot_is_left_alone():
    prefetch, source = Prefetch(lambda: NOW), Source()
    prefetch.want([deployment("unreadable")], source)
    prefetch.want([], source)
    assert prefetch.notes() == ()
    prefetch.want([deployment("1.0.0")], Bytes())
    prefetch.work()
    assert source.gathered == []


def test_the_loop_does_not_wait_for_it_and_it_ends_with_the_loop():
    prefetch, source = Prefetch(lambda: NOW), Source()
    source.gate, done = Event(), Event()
    source.fails = {"1.1.0": RuntimeError("odd")}
    first = source.gathering

    def gathering(wanted):
        bring = first(wanted)

        def run():
            try:
                bring()
            finally:
                done.set()

        return run

    source.gathering = gathering
    with prefetch.background():
        prefetch.want([deployment("1.1.0")], source)
        assert prefetch.notes() == ()
        source.gate.set()
        assert done.wait(30)
    assert prefetch.notes() == ("fraud@1.1.0 is not at hand for a rollback or promotion: odd",)


def _history(**changes):
    """1.0.0 was live below 1.1.0, which is live."""
    history = chosen("1.1.0").history()
    lineages = {version: history.state.snapshot.lineage_sha256("fraud", version) for version in ("1.0.0", "1.1.0")}
    stack = LiveStack(tuple(StackEntry(*pair, "a" * 40) for pair in lineages.items()), live=True)
    return replace(history, state=replace(history.state, stacks={tuple(AT): stack}), **changes)


def test_the_last_known_good_version_is_a_spare_and_lies_in_the_store_or_is_fetched(tmp_path):
    desired = desired_state(_history(), AT)
    assert [one.version for one in desired.spares] == ["1.0.0"]
    assert desired.keep == {desired.spares[0].digest}
    made = reconciler(tmp_path / "srv", _history(), state=tmp_path)
    prefetch, source = Prefetch(lambda: NOW), Source()
    source.__class__ = type("Both", (Source, Bytes), {})
    source.content, source.asked = {}, []
    made = replace(made, prefetch=prefetch, source_for=lambda _history: source)
    assert made.run().ok
    prefetch.work()
    assert source.gathered == ["1.0.0"]


def test_a_version_that_was_live_here_needs_no_fetching(tmp_path):
    reconciler(tmp_path / "srv", chosen("1.0.0"), state=tmp_path).run()
    made = reconciler(tmp_path / "srv", _history(), state=tmp_path)
    prefetch, source = Prefetch(lambda: NOW), Source()
    made = replace(made, prefetch=prefetch)
    made.run()
    prefetch.want([one for known in made.attentions.values() for one in known.missing()], source)
    prefetch.work()
    assert source.gathered == []


class Step:
    status = "pending"


@pytest.mark.parametrize(
    ("lineage", "spares"),
    [("its own", ["1.0.0", "1.2.0"]), ("another", ["1.0.0"])],
)
def test_what_a_step_that_waits_would_serve_is_a_spare_if_it_is_an_accepted_version(lineage, spares):
    accepted = chosen("1.1.0").version("fraud", "1.2.0")
    history = accepted.history()
    own = history.state.snapshot.lineage_sha256("fraud", "1.2.0")
    stack = _history().state.stacks
    change = type("Change", (), {"of": lambda _self, _kind: (_moved(own if lineage == "its own" else "0" * 64),)})()
    pending = {"model:fraud": type("Pending", (), {"step": Step(), "change": change})}
    history = replace(history, state=replace(history.state, stacks=stack), pending=pending)
    assert [one.version for one in desired_state(history, AT).spares] == spares


def _moved(lineage):
    fields = {"model": "fraud", "stage": "production", "to_version": "1.2.0", "lineage_sha256": lineage}
    return type("Move", (), fields)()


def test_what_the_stage_before_serves_is_a_spare_unless_it_is_barred():
    accepted = chosen("1.0.0").stage("fraud", "1.1.0", "staging")
    assert [one.version for one in desired_state(accepted.history(), AT).spares] == ["1.1.0"]
    barred = chosen("1.0.0").stage("fraud", "1.1.0", "staging").quarantine("fraud", "1.1.0")
    assert desired_state(barred.history(), AT).spares == ()
    assert desired_state(accepted.history(), ModelStage("fraud", "staging")).spares == ()
