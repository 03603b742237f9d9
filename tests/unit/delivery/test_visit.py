"""Runs of one reconciler after another: who is looked at, who waits, who is healed, and what is remembered of it."""

import os
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from threading import Event

import pytest

from gitops_models.delivery.attention import OCCUPIED, REHASH
from gitops_models.delivery.checks.base import CheckResult, NoChecks
from gitops_models.delivery.memos import Memos
from gitops_models.delivery.resolve import resolve
from gitops_models.delivery.results import Done, State, Sync
from gitops_models.delivery.shards import Shard
from gitops_models.delivery.targets.directory import DirectoryTarget
from gitops_models.delivery.values import ModelStage
from gitops_models.delivery.visit import Manner
from gitops_models.errors import Exit, GmError
from gitops_models.policy.document import load_policy
from tests.support.delivery import Accepted, Bytes, Ledger, chosen, content_of, reconciler
from tests.support.policy import policy_yaml

AT = ModelStage("fraud", "production")
AWAY = GmError("GM-A321", "away")
SWAPPED = GmError("GM-A314", "swapped")


class Counting(DirectoryTarget):
    """A directory that counts how often each place is hashed."""

    def __init__(self, root, **options):
        super().__init__(root, **options)
        self.observed = []

    def observe(self, at):
        self.observed.append(str(at))
        return super().observe(at)


class Site:
    """A directory, its state and a clock that is moved by hand; a new process is a new reconciler."""

    def __init__(self, root):
        self.root = root
        self.now = datetime.now(UTC) + timedelta(minutes=1)  # file times are the machine's: seconds ago by then
        self.source = Bytes()
        self.recorder = Ledger()
        self.target = Counting(root / "srv", id="local", lock_wait=0.2)
        self.options = {}
        self.start(chosen("1.0.0"))

    def start(self, accepted, **options):
        self.options |= options
        made = reconciler(self.root / "srv", accepted, state=self.root, source=self.source, recorder=self.recorder)
        memos = Memos(self.root / "places")
        self.made = replace(made, targets=[self.target], clock=lambda: self.now, memos=memos, **self.options)
        return self

    def accept(self, accepted):
        """Another history in the same process."""
        history = accepted.history() if isinstance(accepted, Accepted) else accepted
        self.made = replace(self.made, load_history=lambda: type("Followed", (), _followed(history)))
        return self

    def run(self, after=15):
        self.now += timedelta(seconds=after)
        self.target.observed.clear()
        return self.made.run()

    def only(self, after=15):
        (result,) = self.run(after).results
        return result

    def weights(self):
        return (resolve(self.root / "srv" / "fraud" / "production") / "model.onnx").read_bytes()

    def spoil(self, name="model.onnx"):
        file = resolve(self.root / "srv" / "fraud" / "production") / name
        file.chmod(0o644)
        file.write_bytes(b"spoiled")


def _followed(history):
    return {"history": history, "problem": None, "notes": (), "troubles": ()}


@pytest.fixture
def site(tmp_path):
    return Site(tmp_path)


def settle(site):
    """Two runs: one deploys, the next one hashes what has been left alone since, and then it is only glimpsed at."""
    site.run()
    site.run()
    return site


def test_what_nobody_touched_is_not_hashed_again_and_its_results_are_the_very_same(site):
    settle(site)
    first = site.run()
    assert site.target.observed == []
    second = site.run()
    assert second.results is first.results
    assert (second.results[0].state, second.results[0].done, second.ok) == (State.LIVE, Done.NOTHING, True)


@pytest.mark.parametrize("moment", [15, 3600])
def test_a_spoiled_file_is_seen_in_the_next_run_although_its_size_and_mtime_are_as_before(site, moment):
    settle(site)
    file = resolve(site.root / "srv/fraud/production") / "model.onnx"
    before, data = file.stat(), file.read_bytes()
    file.chmod(0o644)
    file.write_bytes(data[::-1])
    os.utime(file, ns=(before.st_atime_ns, before.st_mtime_ns))
    healed = site.only(moment)
    assert (healed.done, [found.kind for found in healed.drift]) == (Done.HEALED, ["changed-bytes"])
    assert site.weights() == content_of("1.0.0")["model.onnx"]


def test_another_link_is_seen_in_the_next_run(site):
    settle(site)
    current = site.root / "srv/fraud/production/current"
    current.unlink()
    assert site.only().done is Done.HEALED


def test_everything_is_hashed_again_after_a_while_even_where_no_file_shows_a_change(site):
    settle(site)
    site.run(REHASH.total_seconds() * 0.7)
    assert site.target.observed == []
    site.run(REHASH.total_seconds() * 0.6)
    assert site.target.observed == ["fraud#production"]


def test_a_change_in_the_moment_of_hashing_is_not_believed_to_be_none(site):
    site.now = datetime.now(UTC) - timedelta(hours=1)  # every file is younger than the hashing
    settle(site)
    site.run()
    assert site.target.observed == ["fraud#production"]


def test_a_place_that_somebody_else_put_there_is_found_after_a_while(site):
    settle(site)
    place = site.root / "srv/fraud/forgotten"
    place.mkdir()
    (place / "deployed.json").write_text("{}")
    assert len(site.run().results) == 1
    found = site.run(OCCUPIED.total_seconds()).results
    assert [(str(one.at), one.done) for one in found] == [
        ("fraud#forgotten", Done.RETIRED),
        ("fraud#production", Done.NOTHING),
    ]


@pytest.mark.clause("A-execution-3")
def test_a_version_that_is_refused_has_one_attempt_and_another_process_remembers_it(site):
    settle(site)
    site.source.fails = {"fraud": SWAPPED}
    site.accept(chosen("1.1.0"))
    refused = site.only()
    assert (refused.state, refused.done, refused.live) == (State.VERIFY_FAILED, Done.FAILED, "1.0.0")
    asked = len(site.source.asked)
    for _ in range(3):
        waiting = site.only(3600)
        assert (waiting.state, waiting.done, waiting.error.code) == (State.VERIFY_FAILED, Done.WAITING, "GM-A314")
    site.start(chosen("1.1.0"))
    again = site.only()
    assert (again.done, again.error.code, again.error.message) == (Done.WAITING, "GM-A314", "swapped")
    assert len(site.source.asked) == asked
    condition = {one.type: one for one in again.conditions}["Stalled"]
    assert (condition.status, condition.reason) == (True, "GM-A314")


def test_another_input_or_the_operators_word_brings_another_attempt(site):
    settle(site)
    site.source.fails = {"fraud": SWAPPED}
    site.accept(chosen("1.1.0")).run()
    asked = len(site.source.asked)
    site.accept(chosen("1.1.0").model("other")).run()
    assert len(site.source.asked) == asked, "an unrelated commit is no input"
    site.start(chosen("1.1.0"), manner=Manner(site="another file of the reconciler")).run()
    assert len(site.source.asked) == asked + 1
    Memos(site.root / "places").forget("local")
    site.source.fails = {}
    assert site.start(chosen("1.1.0")).only().live == "1.1.0"


def test_what_is_live_is_healed_while_the_version_that_is_wanted_waits(site):
    settle(site)
    site.source.fails = {"fraud": SWAPPED}
    site.accept(_staged("1.1.0", before="1.0.0"))
    site.run()
    site.source.fails = {}
    site.spoil()
    held = site.only()
    assert (held.state, held.done, held.error.code) == (State.VERIFY_FAILED, Done.HEALED, "GM-A314")
    assert site.weights() == content_of("1.0.0")["model.onnx"]


def _staged(version, *, before):
    """The history in which ``before`` was live and ``version`` is wanted now."""
    history = chosen(version).history()
    staged = {("fraud", "production"): dict.fromkeys((before, version))}
    return replace(history, state=replace(history.state, ever_staged=staged))


def test_a_remote_that_is_away_is_asked_with_a_back_off_of_each_place(site):
    site.source.fails = {"fraud": AWAY}
    accepted = chosen("1.0.0").model("risk").version("risk", "1.0.0").stage("risk", "1.0.0")
    site.start(accepted)
    report = site.run()
    assert [one.state for one in report.results] == [State.FETCHING, State.LIVE]
    assert (report.again, report.exit_status) == (timedelta(seconds=5), Exit.EXTERNAL)
    asked = len(site.source.asked)
    early = site.run(4)
    assert (len(site.source.asked), early.results[0].done) == (asked, Done.WAITING)
    site.run(1)
    assert len(site.source.asked) == asked + 1
    site.source.fails = {}
    assert site.run(9).results[0].live is None
    assert site.run(1).ok


def test_what_drifts_again_and_again_is_healed_more_and_more_slowly(site):
    settle(site)
    site.spoil()
    assert site.only().done is Done.HEALED
    site.spoil("labels.txt")
    waits = site.only(1)
    assert (waits.state, waits.sync, waits.done) == (State.DEGRADED, Sync.DRIFTED, Done.NOTHING)
    report = site.run(0)
    assert (report.exit_status, report.again) == (Exit.DRIFT, timedelta(seconds=1))
    assert site.only(1).done is Done.HEALED
    site.spoil()
    assert [site.only(1).done for _ in range(6)][-1] is Done.HEALED


def test_wrong_bytes_are_not_left_alone_because_the_right_ones_were_refused_once(site):
    settle(site)
    site.source.fails = {"fraud": SWAPPED}
    site.spoil()
    assert (site.only().error.code, site.run(1).results[0].error.code) == ("GM-A314", "GM-A314")
    site.source.fails = {}
    assert site.only(2).done is Done.HEALED


def test_one_place_that_nobody_foresaw_stops_no_other(site):
    class Odd(Counting):
        def stage(self, deployment, source):
            if deployment.model == "fraud":
                raise ZeroDivisionError("odd")
            return super().stage(deployment, source)

    site.target = Odd(site.root / "srv", id="local")
    accepted = chosen("1.0.0").model("risk").version("risk", "1.0.0").stage("risk", "1.0.0")
    fraud, risk = site.start(accepted).run().results
    assert (fraud.error.code, fraud.done, risk.state) == ("GM-C001", Done.FAILED, State.LIVE)


def test_a_target_whose_lock_cannot_be_had_stops_no_other_target(site):
    class Broken(Counting):
        def exclusive(self):
            raise OSError(5, "Input/output error", "lock")

    broken = Broken(site.root / "broken", id="broken")
    site.made = replace(site.made, targets=[broken, site.target])
    report = site.run()
    assert [(name, error.code, error.where) for name, error in report.problems] == [("broken", "GM-R302", "lock")]
    assert [one.live for one in report.results] == ["1.0.0"]


def test_several_places_are_worked_on_at_once(site):
    met = [Event(), Event()]

    class Meeting(Bytes):
        def __call__(self, wanted, destination):
            mine = int(wanted.model == "risk")
            met[mine].set()
            assert met[1 - mine].wait(30)
            super().__call__(wanted, destination)

    site.source = Meeting()
    accepted = chosen("1.0.0").model("risk").version("risk", "1.0.0").stage("risk", "1.0.0")
    assert site.start(accepted, manner=Manner(workers=2)).run().ok


def test_a_shard_leaves_the_models_of_the_others_alone_also_those_that_are_gone(site):
    settle(site)
    mine = next(index for index in (1, 2) if Shard(index, 2).has("fraud"))
    site.start(Accepted(), manner=Manner(shard=Shard(3 - mine, 2)))
    assert site.run().results == ()
    assert site.weights() == content_of("1.0.0")["model.onnx"]
    site.start(Accepted(), manner=Manner(shard=Shard(mine, 2)))
    assert [one.done for one in site.run().results] == [Done.RETIRED]


def test_conditions_say_since_when_and_by_which_commit_and_another_process_goes_on_with_them(site):
    began = site.only()
    times = {one.type: one.time for one in began.conditions}
    assert {one.commit for one in began.conditions} == {"c" * 40}
    later = site.start(chosen("1.0.0")).only(3600)
    assert {one.type: one.time for one in later.conditions}.items() >= {"Ready": times["Ready"]}.items()
    assert [one.type for one in later.conditions] == [
        "SourceVerified",
        "PolicySatisfied",
        "ArtifactFetched",
        "ArtifactScanned",
        "InterfaceCompatible",
        "Applied",
        "Healthy",
        "DriftFree",
        "Ready",
        "Stalled",
    ]


def test_a_history_that_is_not_believed_is_said_of_every_place(site):
    settle(site)
    history = chosen("1.0.0").history()
    problem = GmError("GM-T600", "rewritten")
    followed = _followed(history) | {"problem": problem}
    site.made = replace(site.made, load_history=lambda: type("Followed", (), followed))
    source = next(one for one in site.run().results[0].conditions if one.type == "SourceVerified")
    assert (source.status, source.reason) == (False, "GM-T600")


class Looking(NoChecks):
    """Checks that find what they are told to."""

    def __init__(self, *, before=(), after=()):
        self.found = {"before": tuple(before), "after": tuple(after)}
        self.asked = []

    def before(self, wanted, folder, live):
        self.asked.append(("before", wanted.version, folder.is_dir(), live.version if live else None))
        return self.found["before"]

    def after(self, wanted, seen):
        self.asked.append(("after", wanted.version, seen.digest == wanted.digest))
        return self.found["after"]


class Proposing:
    """Notes what is proposed."""

    def __init__(self, *answers):
        self.answers = list(answers)
        self.asked = []

    def propose(self, at, bad, *, cause, reason, evidence):
        assert reason
        self.asked.append((str(at), bad.version, cause, dict(evidence)))
        answer = self.answers.pop(0) if self.answers else "e" * 64
        if isinstance(answer, GmError):
            raise answer
        return answer


BAD_SCAN = CheckResult("scan", "scan", passed=False, message="os.system")
BAD_GOLDEN = CheckResult("golden", "golden", passed=False, message="0.5 is not 0.9")


def checked(site, version, looking, *, automation="restore", proposer=None, back=False):
    """The history in which 1.0.0 was live and ``version`` is wanted, with a policy and checks."""
    history = _staged(version, before="1.0.0")
    history = replace(history, policy=_policy(automation))
    if back:
        history = _rolled_back(history)
    site.start(history, checks=lambda _target, _history: looking, proposer=proposer)
    return site


def _policy(automation):
    policy = load_policy(policy_yaml("solo"), "policy.yaml")
    low = policy.risks.of("low")
    rollback = low.rollback.model_copy(update={"automation": automation})
    rule = low.model_copy(update={"rollback": rollback})
    return policy.model_copy(update={"risks": policy.risks.model_copy(update={"low": rule})})


def _rolled_back(history):
    from gitops_models.registry.chronicle import Happening  # noqa: PLC0415 - beside its only use
    from gitops_models.registry.state import Touch  # noqa: PLC0415 - as above

    path = history.layout.stage_path("fraud", "production")
    told = (Happening("rollback", "f" * 40, None, "production"),)
    state = replace(history.state, touched={path: Touch(1, "f" * 40)}, chronicle={"fraud": told})
    return replace(history, state=state)


def test_a_check_before_the_switch_that_fails_switches_nothing_and_is_not_run_again(site):
    settle(site)
    looking, proposer = Looking(before=[BAD_SCAN]), Proposing()
    refused = checked(site, "1.1.0", looking, proposer=proposer).only()
    assert (refused.state, refused.live, refused.error.code) == (State.VERIFY_FAILED, "1.0.0", "GM-R520")
    assert (refused.checks, {one.type: one.status for one in refused.conditions}["ArtifactScanned"]) == (
        (BAD_SCAN,),
        False,
    )
    assert looking.asked == [("before", "1.1.0", True, "1.0.0")]
    assert site.only().done is Done.WAITING
    assert (len(looking.asked), proposer.asked) == (1, [])
    assert site.weights() == content_of("1.0.0")["model.onnx"]


def test_a_check_that_could_not_be_run_is_run_again(site):
    settle(site)
    looking = Looking(before=[replace(BAD_SCAN, passed=None)])
    waiting = checked(site, "1.1.0", looking).only()
    assert (waiting.state, waiting.error.code) == (State.VERIFYING, "GM-R522")
    looking.found["before"] = ()
    assert site.only().live == "1.1.0"


@pytest.mark.clause("A-execution-6")
def test_what_is_served_and_does_not_pass_is_taken_back_where_the_risk_lets_and_proposed_away_from_once(site):
    settle(site)
    site.recorder.records.clear()
    looking, proposer = Looking(after=[BAD_GOLDEN]), Proposing()
    failed = checked(site, "1.1.0", looking, proposer=proposer).only()
    assert (failed.state, failed.sync, failed.live, failed.error.code, failed.proposal) == (
        State.VALIDATION_FAILED,
        Sync.BEHIND,
        "1.0.0",
        "GM-R521",
        "e" * 64,
    )
    assert site.weights() == content_of("1.0.0")["model.onnx"]
    assert proposer.asked == [("fraud#production", "1.1.0", "regression", {"golden": "golden: failed: 0.5 is not 0.9"})]
    (record,) = site.recorder.records
    assert (record.result, record.version, record.checks) == ("failed", "1.1.0", (BAD_GOLDEN,))
    for _ in range(2):
        again = site.only()
        assert (again.state, again.done, again.proposal, again.drift) == (
            State.VALIDATION_FAILED,
            Done.WAITING,
            "e" * 64,
            (),
        )
    remembered = checked(site, "1.1.0", looking, proposer=proposer).only()
    assert (remembered.state, remembered.proposal) == (State.VALIDATION_FAILED, "e" * 64)
    assert ([one[0] for one in looking.asked], len(proposer.asked)) == (["before", "after"], 1)


def test_where_the_policy_lets_automation_only_propose_the_version_stays_and_a_rollback_is_proposed(site):
    settle(site)
    looking, proposer = Looking(after=[BAD_GOLDEN]), Proposing()
    failed = checked(site, "1.1.0", looking, automation="propose", proposer=proposer).only()
    assert (failed.state, failed.live, failed.error.code) == (State.VALIDATION_FAILED, "1.1.0", "GM-R521")
    assert len(proposer.asked) == 1
    assert site.only().live == "1.1.0"
    assert len(proposer.asked) == 1


def test_a_way_back_that_does_not_pass_leads_nowhere_by_itself(site):
    settle(site)
    looking, proposer = Looking(after=[BAD_GOLDEN]), Proposing()
    failed = checked(site, "1.1.0", looking, proposer=proposer, back=True).only()
    assert (failed.state, failed.live, failed.proposal) == (State.VALIDATION_FAILED, "1.1.0", None)
    assert proposer.asked == []


def test_a_rollback_that_cannot_be_proposed_now_is_proposed_later(site):
    settle(site)
    looking, proposer = Looking(after=[BAD_GOLDEN]), Proposing(GmError("GM-S201", "away"))
    failed = checked(site, "1.1.0", looking, proposer=proposer).run()
    assert (failed.results[0].proposal, failed.again) == (None, timedelta(seconds=5))
    assert failed.notes == ("fraud#production: GM-R502: the rollback cannot be proposed: GM-S201: away",)
    assert site.only(4).proposal is None
    assert site.only(1).proposal == "e" * 64
    assert len(proposer.asked) == 2


def test_a_switch_that_a_killed_run_had_made_is_checked_by_the_next_one(site):
    settle(site)
    looking = Looking()

    class Dying(Counting):
        def apply(self, action, source, stamp):
            super().apply(action, source, stamp)
            raise SystemExit

    dying = checked(site, "1.1.0", looking)
    dying.made = replace(dying.made, targets=[Dying(site.root / "srv", id="local")])
    with pytest.raises(SystemExit):
        dying.made.run()
    looking.asked.clear()
    looking.found["after"] = (BAD_GOLDEN,)
    failed = checked(site, "1.1.0", looking).only()
    assert [one[0] for one in looking.asked] == ["after"]
    assert (failed.state, failed.live, failed.error.code) == (State.VALIDATION_FAILED, "1.0.0", "GM-R521")
    assert site.weights() == content_of("1.0.0")["model.onnx"]
