"""One judge: whoever looks at a step says the same, in the pull request, at the door, in the reconciler, in the audit.

*The same* means: allowed or not, and the same codes. Rules of integrity deny everywhere. Rules of admission (soak,
training) deny whoever sees the step for the first time, ``gm check`` and the door; the reconciler and ``gm verify``
replay what has landed, take it, and give the same codes as warnings. A missing acceptance (GM-P404) is said of what has
landed only, and never is the only difference here: each step comes with an acceptance.
"""

import itertools
import json
import random
import subprocess
import sys
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from unittest import mock

import pytest

from gitops_models.delivery.follow import Follower
from gitops_models.errors import GmError
from gitops_models.policy.denied import Denied
from gitops_models.policy.verdict import Severity
from gitops_models.trust.memory import memory_path
from gitops_models.verification.proposal import evaluate
from gitops_models.workflows.checking import check_range
from gitops_models.workflows.hook import ZERO, Moved, pre_receive
from gitops_models.workflows.review import add, decide
from gitops_models.workflows.session import open_session
from gitops_models.workflows.verifying import verify
from tests.support import policy as documents
from tests.support.registry import NO_EVIDENCE, SHORT
from tests.support.stories import CROWD, POLICY, STAGES, acceptance, better_policy, ledger_ref, stage_file, weak_policy
from tests.support.whole import Whole

MAIN = "refs/heads/main"
TRANSITIONS = 200
ABSENT = frozenset({"GM-P404"})
NOTHING = {"GM-P000"}
ADMISSION = frozenset({"GM-P316", "GM-P410"})
LAX = {"versioning": "2020-01-01", "rollback": "2020-01-01", "incident": "2020-01-01"}
PROPOSERS = ["engineer", "engineer", "engineer", "engineer2", "operator", "lead", "owner", "untrained", "visitor"]


def begun(path):
    """``fraud`` of low and ``bank`` of high risk, two versions live; production asks for an hour in staging."""
    soak = {"production": {"soak_hours": {"low": 1, "high": 1}}}
    training = {"topics": ["rollback"], "valid_days": 365}
    changes = {**NO_EVIDENCE, **SHORT, "stage_rules": soak, "training": training}
    people = {**CROWD, "untrained": ["ml-engineer"]}
    story = Whole(path, changes=changes, people=people, persons={"untrained": {"training": LAX}})
    for model, risk in (("fraud", "low"), ("bank", "high")):
        for version in ("1.0.0", "1.1.0", "1.2.0"):
            story.version(model, version, risk=risk)
        for version, stage in itertools.product(("1.0.0", "1.1.0"), STAGES):
            story.live(model, version, stage, risk=risk)
            story.clock.tick(hours=2)
        story.live(model, "1.2.0", "staging", risk=risk)
    return story


class Here:
    """The place that a reconciler reads is the store itself: there is nothing to fetch."""

    shown, notes, troubles = (), (), ()

    def __init__(self, store):
        self.store = store

    def newest(self, *_):
        return self.store.ref(MAIN)


class Readers:
    """One registry and the four who judge what happens to it."""

    def __init__(self, story):
        self.story = story

    def checked(self, head):
        """The codes of ``gm check --base --head``."""
        try:
            verdict = check_range(self.story.path, "main", head, self.story.clock).verdict
        except GmError as error:
            return {error.code}
        return set(verdict.codes)

    def door(self, moves):
        """The codes of ``gm hook pre-receive``."""
        moved = [Moved(name, self.story.store.ref(name), new) for name, new in moves.items()]
        refused = pre_receive(self.story.path, moved, self.story.clock).refusals
        said = (one.verdict.codes if isinstance(one, Denied) else (one.code,) for one in refused)
        return set(itertools.chain(*said))

    def reconciler(self, step):
        """What the reconciler's fold says of the landed step: the codes that deny, and those that only warn."""
        follower = Follower(
            self.story.store,
            self.story.ledger,
            line="main",
            pin=None,
            clock=self.story.clock.now,
            upstreams=Here(self.story.store),
        )
        followed = follower()
        assert followed.problem is None
        judged = followed.history.steps[-1]
        assert judged.oid == step
        findings = judged.verdict.findings if judged.verdict else ()
        warned = {one.code for one in findings if one.severity is Severity.WARN}
        if judged.status == "untouched":
            return NOTHING, set()
        denied = set() if judged.status == "accepted" else set(judged.verdict.codes)
        return denied, warned & ADMISSION

    def audit(self, step):
        """What ``gm verify`` says of the landed step."""
        found = verify(open_session(self.story.path, clock=self.story.clock))
        return next((set(one.codes) for one in found.unaccepted if one.step.oid == step), set())

    @contextmanager
    def landed(self, moves, *, stays):
        """Push past the door; ``stays`` says whether it is still there afterwards."""
        memory = memory_path(self.story.store.common_dir)
        remembered, before = memory.read_bytes(), {name: self.story.store.ref(name) for name in moves}
        for name, new in moves.items():
            self.story.force(new, name)
        yield
        if not stays:
            for name, old in before.items():
                self.story.force(old, name)
            memory.write_bytes(remembered)


def edits(chance, story):
    """What somebody may ask for: sound, half-way, or an attack."""
    model, version, stage = (
        chance.choice(["fraud", "fraud", "bank"]),
        chance.choice(["1.0.0", "1.2.0"]),
        chance.choice(STAGES),
    )
    number = len(list(story.history().steps))
    move = stage_file(story, version, stage, model)
    hold = documents.hold_file(1, stage=stage, model=model, by="operator")
    folder = f"models/{model}/versions/1.0.0"
    return chance.choice(
        [
            move,
            move,
            move,
            {**move, **hold},
            hold,
            documents.cause_file(f"c{number}", model=model),
            documents.quarantine_file(
                "1.2.0", model=model, digests=[documents.artifact("1.2.0", model=model)["sha256"]]
            ),
            documents.version_files(f"2.{number}.0", model=model),
            documents.version_files(f"2.{number}.0", model=model, author="engineer2"),
            {f"models/{model}/model.yaml": documents.model_yaml(model, chance.choice(["low", "high"]), owners=["new"])},
            {f"{folder}/lineage.yaml": documents.lineage_yaml("1.0.0", model=model, author="lead")},
            {f"{folder}/model.onnx.dvc": None},
            {f"models/{model}/stages/{stage}.yaml": None},
            {f"models/{model}/stages/{stage}.yaml": b"a: [1\n"},
            {POLICY: weak_policy(story)},
            {POLICY: better_policy(story)},
            {POLICY: better_policy(story), **move},
        ]
    )


def transition(chance, story):
    """A proposal with decisions of some people: the head, and the refs that a push of its merge would move."""
    by = chance.choice(PROPOSERS)
    story.clock.tick(minutes=chance.choice([1, 20, 90]))
    head = story.commit(edits(chance, story), by=by)
    asked = evaluate(story.store, story.history(), head, story.ledger, at=story.clock.now())
    crowd = ["lead", "lead2", "raio", "domain", "domain2", "engineer", "owner"]
    for person in chance.sample(crowd, chance.choice([0, 2, 5, 7])):
        session = story.session(person)
        said = chance.choice(["approve"] * 9 + ["reject"])
        add(
            session,
            asked.change_id,
            decide(session, asked, session.actor(session.signer()), session.signer(), decision=said, reason=""),
        )
    story.clock.tick()
    step = story.merge_by_hand(head, by="engineer", land=False)
    record = acceptance(story, by="engineer", merge=step, head=head, change_id=asked.change_id, main=story.tip)
    return head, {
        MAIN: step,
        ledger_ref(asked.change_id): story.session("engineer").writer().prepare(asked.change_id, record).new,
    }


@pytest.mark.clause("B-1-1")
@pytest.mark.sweep
@pytest.mark.timeout(1800)
def test_two_hundred_transitions_are_judged_alike_by_all_who_judge(told, tmp_path):
    story, chance, seen = told(begun).copy(tmp_path / "r"), random.Random(4), []
    readers = Readers(story)
    for _ in range(TRANSITIONS):
        head, moves = transition(chance, story)
        checked, door = readers.checked(head), readers.door(moves)
        with readers.landed(moves, stays=not checked and chance.random() < 0.3):
            denied, warned = readers.reconciler(moves[MAIN])
            audited = readers.audit(moves[MAIN])
        seen.append(checked)
        if denied == NOTHING:  # an empty merge is nothing to approve, and nothing to refuse
            assert (checked, door, audited) == (NOTHING, set(), set())
            continue
        assert door - ABSENT == checked
        assert denied - ABSENT == checked - ADMISSION
        assert audited == denied
        assert warned == checked & ADMISSION or denied
    told_apart = set(itertools.chain(*seen))
    assert sum(not codes for codes in seen) > TRANSITIONS // 10
    assert told_apart >= {"GM-P401", "GM-P402", "GM-P316", "GM-P410", "GM-P101", "GM-P004", "GM-P403"}


def gm(story, *words, stdin=""):
    """What a ``gm`` process of its own says."""
    command = [sys.executable, "-m", "gitops_models", "-C", str(story.path), "--json", "--no-input", *words]
    return subprocess.run(command, input=stdin, capture_output=True, text=True, check=False, timeout=240)


@pytest.mark.usefixtures("home")
@pytest.mark.timeout(900)
def test_some_of_them_through_the_command_line(tmp_path):
    """The same transitions by the machine's own clock, each asked of three processes."""
    now = datetime.now(UTC).replace(microsecond=0)
    with mock.patch("tests.support.registry.BEGIN", now - timedelta(days=1)):
        story = begun(tmp_path / "r")
    story.clock.time, chance, readers = now, random.Random(8), Readers(story)
    for _ in range(3):
        head, moves = transition(chance, story)
        story.clock.time = now
        checked = readers.checked(head)
        body = json.loads(gm(story, "check", "--base", "main", "--head", head).stdout)
        assert {one["code"] for one in body["findings"] if one["severity"] == "deny"} == checked
        pushed = [f"{story.store.ref(name) or ZERO} {new} {name}" for name, new in moves.items()]
        door = gm(story, "hook", "pre-receive", stdin="\n".join(pushed) + "\n")
        assert (door.returncode == 0) == (not checked), door.stderr
        with readers.landed(moves, stays=False):
            audited = json.loads(gm(story, "verify").stdout)
            denied, _ = readers.reconciler(moves[MAIN])
        assert {code for one in audited["unaccepted"] for code in one["codes"]} == denied
