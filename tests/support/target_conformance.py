"""What every target has to do, as tests: who adds one subclasses ``TargetConformance`` and gives it a ``site``.

See docs/how-to/add-a-target.md. Nothing here knows what kind of target it is: a real reconciler reconciles it, and a
client of the site says what it gets.
"""

import hashlib
from contextlib import AbstractContextManager
from dataclasses import replace
from typing import Protocol

import pytest

from gitops_models.delivery.follow import Followed
from gitops_models.delivery.journal import Journal
from gitops_models.delivery.plan import drift
from gitops_models.delivery.reconciler import Reconciler
from gitops_models.delivery.records import Outcome
from gitops_models.delivery.results import Done, State
from gitops_models.delivery.targets.base import Target
from gitops_models.delivery.values import ModelStage
from gitops_models.errors import Exit, GmError
from gitops_models.registry.canonical import tree_digest
from gitops_models.registry.stack import LiveStack, StackEntry
from tests.support.delivery import NOW, Accepted, Bytes, Ledger, artifacts_of, desired
from tests.support.models import linear_onnx

AT = ModelStage("fraud", "production")
OTHER = ModelStage("risk", "production")
ONE, TWO, BAD, STAND_IN = "1.0.0", "1.1.0", "1.2.0", "2.0.0"
WEIGHTS = {ONE: (1.0, 0.0), TWO: (0.0, 1.0), STAND_IN: (2.0, 2.0)}


def good_content(version):
    """Small ONNX models that any engine loads: ``score`` is the first value, the second, or twice their sum."""
    return {"model.onnx": linear_onnx(WEIGHTS.get(version, (3.0, 3.0))), "labels.txt": b"benign\nmalignant\n"}


def digest_of(version, content=good_content):
    return tree_digest(artifacts_of(version, content(version)))


class Site(Protocol):
    """One target, what stands around it, and a client."""

    target: Target

    def content(self, version) -> dict[str, bytes]:
        """What the lineage of ``version`` says; that of ``BAD`` is such that it cannot be served."""

    def source(self) -> Bytes:
        """What brings the bytes."""

    def answers(self, model="fraud") -> str | None:
        """The digest of what a client gets now, found out as a client does."""

    def meddle(self) -> None:
        """Somebody else changes what is served."""

    def restart(self) -> None:
        """What serves comes back and knows nothing of what it served."""

    def down(self) -> AbstractContextManager[None]:
        """It cannot be reached; afterwards it is there again, with what it served or with nothing."""


class TargetConformance:
    """The suite. A subclass has a fixture ``site``."""

    @pytest.fixture
    def ledger(self):
        return Ledger()

    @pytest.fixture
    def follow(self, site, ledger, tmp_path):
        """Reconcile the site's target once with what is accepted, as a new process would; give the whole report."""

        def run(accepted, *, source=None):
            history = accepted.history() if isinstance(accepted, Accepted) else accepted
            return Reconciler(
                targets=[site.target],
                load_history=lambda: Followed(history),
                source_for=lambda _history: source or site.source(),
                journal=Journal(tmp_path / "journal"),
                recorder=ledger,
                clock=lambda: NOW,
            ).run()

        return run

    def accepted(self, site, version, *, barred=None, **rest):
        """``fraud`` with four versions of which ``version`` is to be live; ``rest`` names other models' versions."""
        made = Accepted(site.content).model("fraud")
        for known in (ONE, TWO, BAD):
            made.version("fraud", known)
        if version:
            made.stage("fraud", version)
        if barred:
            made.quarantine("fraud", barred)
        for model, other in rest.items():
            made.model(model).version(model, other).stage(model, other)
        return made

    def taken_out(self, accepted):
        """The same with nothing live of ``fraud``."""
        history = accepted.history()
        stack = LiveStack().push(StackEntry(ONE, "0" * 64, None)).undeploy()
        return replace(history, state=replace(history.state, stacks={tuple(AT): stack}))

    def one(self, report):
        (result,) = report.results
        return result

    def test_a_version_is_deployed_and_the_target_says_what_a_client_gets(self, site, follow, ledger):
        report = follow(self.accepted(site, ONE))
        assert (report.ok, self.one(report).done) == (True, Done.SWITCHED), report.first_error
        assert site.answers() == site.target.observe(AT).digest == digest_of(ONE)
        assert [(one.result, one.observed) for one in ledger.records] == [(Outcome.SUCCEEDED, digest_of(ONE))]
        assert site.target.occupied() == (AT,)

    def test_a_second_run_finds_everything_there(self, site, follow):
        follow(self.accepted(site, ONE))
        source = site.source()
        assert self.one(follow(self.accepted(site, ONE), source=source)).done is Done.NOTHING
        assert (source.asked, site.answers()) == ([], digest_of(ONE))

    def test_it_switches_and_goes_back_without_bytes_from_afar(self, site, follow):
        follow(self.accepted(site, ONE))
        assert follow(self.accepted(site, TWO)).ok
        assert site.answers() == digest_of(TWO)
        source = site.source()
        assert follow(self.accepted(site, ONE, barred=TWO), source=source).ok
        assert (source.asked, site.answers()) == ([], digest_of(ONE))

    def test_a_bad_model_leaves_the_old_one_and_the_next_good_one_gets_through(self, site, follow, ledger):
        follow(self.accepted(site, ONE))
        before = site.target.observe(AT)
        report = follow(self.accepted(site, BAD))
        assert (report.first_error.exit_status, self.one(report).done) == (Exit.INTEGRITY, Done.FAILED)
        assert (site.answers(), site.target.observe(AT).link) == (digest_of(ONE), before.link)
        assert {one.observed for one in ledger.records} == {digest_of(ONE)}
        assert follow(self.accepted(site, TWO)).ok
        assert site.answers() == digest_of(TWO)

    def test_a_bad_first_model_leaves_nothing(self, site, follow):
        assert follow(self.accepted(site, BAD)).first_error.exit_status is Exit.INTEGRITY
        assert (site.answers(), site.target.observe(AT).digest) == (None, None)
        assert follow(self.accepted(site, ONE)).ok
        assert site.answers() == digest_of(ONE)

    def test_a_bad_model_does_not_stop_another_one(self, site, follow):
        report = follow(self.accepted(site, BAD, risk=TWO))
        assert [result.ok for result in report.results] == [False, True]
        assert (site.answers(), site.answers("risk")) == (None, digest_of(TWO))

    def test_what_was_seen_live_can_be_restored(self, site, follow):
        follow(self.accepted(site, ONE))
        seen = site.target.observe(AT)
        follow(self.accepted(site, TWO))
        with site.target.exclusive():
            site.target.restore(seen)
        assert site.answers() == site.target.observe(AT).digest == digest_of(ONE)

    def test_nothing_can_be_restored_where_nothing_was(self, site, follow):
        nothing = site.target.observe(AT)
        follow(self.accepted(site, ONE))
        with site.target.exclusive():
            site.target.restore(nothing)
        assert (site.answers(), site.target.observe(AT).digest) == (None, None)

    def test_drift_by_other_hands_is_seen_for_what_it_is_and_healed(self, site, follow, ledger):
        follow(self.accepted(site, TWO))
        follow(self.accepted(site, ONE))
        site.meddle()
        seen = site.target.observe(AT)
        assert site.answers() == seen.digest != digest_of(ONE)
        (wanted,) = self.desired(site, ONE)
        assert drift(wanted, seen) != ()
        report = follow(self.accepted(site, ONE))
        assert (report.ok, self.one(report).done, self.one(report).drift != ()) == (True, Done.HEALED, True)
        assert site.answers() == digest_of(ONE)
        assert ledger.records[-1].result is Outcome.HEALED

    def test_a_restart_that_comes_back_empty_is_healed(self, site, follow):
        follow(self.accepted(site, ONE, risk=TWO))
        site.restart()
        assert (site.answers(), site.target.observe(AT).serves(digest_of(ONE))) == (None, False)
        assert follow(self.accepted(site, ONE, risk=TWO)).ok
        assert (site.answers(), site.answers("risk")) == (digest_of(ONE), digest_of(TWO))

    def test_while_it_is_down_nothing_is_changed_and_trying_again_helps(self, site, follow):
        follow(self.accepted(site, ONE))
        with site.down():
            report = follow(self.accepted(site, TWO))
            assert (report.ok, report.retryable) == (False, True)
            (looked,) = report.results or (None,)
            assert looked is None or looked.sync.value != "synced"
        assert site.answers() in (digest_of(ONE), None)
        assert follow(self.accepted(site, TWO)).ok
        assert site.answers() == digest_of(TWO)

    def test_undeployed_it_serves_nothing_and_can_be_deployed_again(self, site, follow):
        follow(self.accepted(site, ONE))
        report = follow(self.taken_out(self.accepted(site, None)))
        assert (report.ok, self.one(report).done, site.answers()) == (True, Done.RETIRED, None)
        seen = site.target.observe(AT)
        assert (seen.empty, seen.digest) == (True, None)
        assert follow(self.taken_out(self.accepted(site, None))).ok
        source = site.source()
        assert follow(self.accepted(site, ONE), source=source).ok
        assert (source.asked, site.answers()) == ([], digest_of(ONE))

    def test_a_fallback_stands_in_degraded_until_the_model_returns(self, site, follow):
        follow(self.accepted(site, ONE))
        report = follow(self.taken_out(self.fallback(site)))
        result = self.one(report)
        assert (report.ok, result.state, result.live) == (True, State.DEGRADED, f"rules@{STAND_IN}")
        assert any(one.type == "Degraded" and one.status for one in result.conditions)
        assert site.answers() == digest_of(STAND_IN)
        assert self.one(follow(self.taken_out(self.fallback(site)))).done is Done.NOTHING
        assert follow(self.accepted(site, ONE)).ok
        assert site.answers() == digest_of(ONE)

    def test_where_the_policy_refuses_to_degrade_the_live_version_stays(self, site, follow):
        follow(self.accepted(site, TWO))
        report = follow(self.accepted(site, TWO, barred=TWO))
        assert (self.one(report).state, site.answers()) == (State.QUARANTINED, digest_of(TWO))

    def test_a_barred_version_is_never_installed(self, site, follow):
        follow(self.accepted(site, ONE))
        assert self.one(follow(self.accepted(site, TWO, barred=TWO))).state is State.QUARANTINED
        assert site.answers() == digest_of(ONE)

    def test_its_bytes_can_be_looked_at_where_they_lie(self, site, follow):
        assert site.target.place_of(AT) is None
        follow(self.accepted(site, ONE))
        live = site.target.place_of(AT)
        assert (live / "model.onnx").read_bytes() == good_content(ONE)["model.onnx"]
        with site.target.exclusive():
            entry = site.target.stage(self.desired(site, TWO)[0].deployment, site.source())
        staged = site.target.folder(AT, entry)
        assert (staged / "model.onnx").read_bytes() == good_content(TWO)["model.onnx"]
        assert site.answers() == digest_of(ONE)

    def test_it_has_one_writer_and_one_repository(self, site, follow):
        follow(self.accepted(site, ONE))
        site.target._lock_wait = 0.1
        with site.target.exclusive():
            busy = follow(self.accepted(site, TWO))
        assert [error.code for _, error in busy.problems] == ["GM-R101"]
        with site.target.exclusive(), pytest.raises(GmError) as other:
            site.target.claim("another")
        assert (other.value.code, site.answers()) == ("GM-R105", digest_of(ONE))

    def desired(self, site, version):
        """What is wanted at ``AT``, without a reconciler."""
        from gitops_models.delivery.desired import desired_states  # noqa: PLC0415 - used by few

        return desired_states(self.accepted(site, version).history())

    def fallback(self, site):
        """``fraud`` held, with a version of ``rules`` that stands in for it."""
        made = self.accepted(site, None).model("rules").version("rules", STAND_IN)
        lineage = hashlib.sha256(made.files[f"models/rules/versions/{STAND_IN}/lineage.yaml"]).hexdigest()
        named = f"{{model: rules, version: {STAND_IN}, lineage_sha256: '{lineage}'}}"
        return made._note("holds/production/1", "Hold", "fraud", f"stage: production\naction: hold\nfallback: {named}")


__all__ = ["AT", "BAD", "ONE", "STAND_IN", "TWO", "Site", "TargetConformance", "desired", "digest_of", "good_content"]
