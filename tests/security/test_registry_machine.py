"""Random stories of honest people and attackers over one registry, held against an oracle of its own.

The oracle knows nothing of the fold: it keeps lists of what ought to be live, reads the ledger's files as plain JSON,
and compares trees as git has them.
"""

import base64
import itertools
import json
import os

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule, run_state_machine_as_test

from gitops_models.policy.denied import Denied
from gitops_models.verification.fold import fold
from gitops_models.workflows import late
from gitops_models.workflows.restore import restore
from tests.support import stories
from tests.support.stories import POLICY, STAGES, stage_file, weak_policy

VERSIONS = ("1.0.0", "1.1.0", "1.2.0")
LEADS = {"lead", "lead2"}
SWEEP = bool(os.environ.get("GM_SWEEP"))
FEW = settings(
    max_examples=40 if SWEEP else 6,
    stateful_step_count=20 if SWEEP else 8,
    deadline=None,
    database=None,
    phases=[Phase.generate],  # a story takes seconds, so a failing one is shown as it was found
    suppress_health_check=list(HealthCheck),
)


def base(path):
    """``fraud`` with three versions, 1.0.0 in production, and ``spam`` that goes on whatever happens to it."""
    story = stories.registry(path)
    for version in VERSIONS:
        story.version("fraud", version)
    story.version("spam", "1.0.0")
    story.live("fraud", "1.0.0", *STAGES)
    return story


class Machine(RuleBasedStateMachine):
    """``stacks`` is what ought to be live per stage, ``blocked`` what ought to be blocked, and by which step."""

    begin = None

    def __init__(self):
        super().__init__()
        self.registry = self.begin()
        self.known = self.registry.history()
        self.stacks = {stage: ["1.0.0"] for stage in STAGES}
        self.blocked = {}
        self.kept = {}
        self.others = itertools.count(1)
        self.heads = []

    # -- honest people

    @precondition(lambda self: not self.blocked)
    @rule(version=st.sampled_from(VERSIONS), stage=st.sampled_from(STAGES), approver=st.sampled_from(sorted(LEADS)))
    def promote(self, version, stage, approver):
        stack = self.stacks[stage]
        if version in stack:
            return
        allowed = stage == "staging" or version in self.stacks["staging"]
        try:
            proposal = self.registry.promote("fraud", version, stage)
        except Denied:
            assert not allowed
            return
        assert allowed
        self.registry.approve(proposal, approver)
        self.registry.merge(proposal)
        self.heads.append(proposal.head)
        stack.append(version)

    @precondition(lambda self: "model:fraud" not in self.blocked)
    @rule(stage=st.sampled_from(STAGES))
    def roll_back(self, stage):
        stack = self.stacks[stage]
        if len(stack) == 1:
            return
        proposal = self.registry.rollback("fraud", stage=stage, hold=False)
        self.registry.merge(proposal, by="operator")
        stack.pop()

    @rule()
    def go_on_elsewhere(self):
        step = self.registry.version("spam", f"2.{next(self.others)}.0")
        assert (self.registry.tip, self.registry.statuses()[-1]) == (step, "accepted")

    @precondition(lambda self: self.blocked)
    @rule(person=st.sampled_from(["engineer2", "domain", "operator"]), data=st.data())
    def give_back(self, person, data):
        scope = data.draw(st.sampled_from(sorted(self.blocked)))
        self.registry.clock.tick()
        opened = restore(self.registry.session(person), scope.removeprefix("model:"), reason="not accepted")
        self.registry.merge(opened.proposal, by=person)
        del self.blocked[scope]

    @precondition(lambda self: self.blocked.get("model:fraud"))
    @rule(person=st.sampled_from(["lead", "engineer", "operator"]))
    def approve_late(self, person):
        """Only a lead who had no part in it completes the quorum, and only where nothing else is wrong."""
        step, stage, version = self.blocked["model:fraud"]
        session = self.registry.session(person)
        waiting = late.find_waiting(session, step)
        done = late.approve_late(session, waiting)
        allowed = (
            person == "lead"
            and "policy" not in self.blocked
            and (stage == "staging" or version in self.stacks["staging"])
        )
        assert done.released == allowed
        if allowed:
            self.stacks[stage].append(version)
            del self.blocked["model:fraud"]

    # -- attackers

    @precondition(lambda self: "model:fraud" not in self.blocked)
    @rule(version=st.sampled_from(VERSIONS), stage=st.sampled_from(STAGES), merged=st.booleans())
    def push_unapproved(self, version, stage, merged):
        if version in self.stacks[stage]:
            return
        self.registry.clock.tick()
        head = self.registry.commit(stage_file(self.registry, version, stage), land=not merged)
        if merged:
            head = self.registry.merge_by_hand(head)
        self.blocked["model:fraud"] = (head, stage, version)

    @precondition(lambda self: "policy" not in self.blocked)
    @rule()
    def weaken(self):
        self.registry.commit({POLICY: weak_policy(self.registry)}, by="owner", land=True)
        self.blocked["policy"] = None

    @precondition(lambda self: self.heads and not self.blocked)
    @rule(data=st.data())
    def merge_an_old_proposal_again(self, data):
        self.registry.merge_by_hand(data.draw(st.sampled_from(self.heads)), by="engineer2")

    @precondition(lambda self: not self.blocked)
    @rule(version=st.sampled_from(VERSIONS), stage=st.sampled_from(STAGES))
    def try_with_own_approval_and_a_rejection(self, version, stage):
        if version in self.stacks[stage]:
            return
        try:
            proposal = self.registry.promote("fraud", version, stage)
        except Denied:
            return
        self.registry.approve(proposal, "engineer")
        self.registry.approve(proposal, "lead2", decision="reject")
        self.registry.approve(proposal, "lead")
        with pytest.raises(Denied):
            self.registry.merge(proposal)
        self.registry.force(None, proposal.ref)

    # -- what must always hold

    @invariant()
    def all_holds(self):
        self.history = self.registry.history()
        self.what_ought_to_be_live_is_accepted(self.history)
        self.each_accepted_promotion_had_its_approval()
        self.blocked_scopes_keep_their_files()
        self.the_fold_goes_on_from_anywhere_and_says_the_same()

    def what_ought_to_be_live_is_accepted(self, history):
        live = {stage: self.registry.live_version("fraud", stage) for stage in STAGES}
        assert live == {stage: stack[-1] for stage, stack in self.stacks.items()}
        assert history.blocked == set(self.blocked)
        assert history.policy.version == 1

    def each_accepted_promotion_had_its_approval(self):
        for step in self.history.steps:
            moves = [event for event in step.events if event.name == "promoted"]
            if step.status == "accepted" and moves:
                assert LEADS & self._approvers(step.change_id) - set(step.proposers)

    def blocked_scopes_keep_their_files(self):
        for scope in ("policy", "model:fraud"):
            entries = dict(self.history.state.snapshot.scope(scope))
            if scope in self.blocked:
                assert entries == self.kept[scope]
            else:
                assert entries == self._files(scope)
            self.kept[scope] = entries

    def the_fold_goes_on_from_anywhere_and_says_the_same(self):
        registry, whole = self.registry, self.history
        store, ledger = registry.store, registry.ledger
        more = fold(store, pin=registry.pin, tip=registry.tip, ledger=ledger, known=self.known, now=None)
        again = registry.history()
        for other in (more, again):
            assert _decided(other) == _decided(whole)
            assert other.state.stacks == whole.state.stacks
            assert (other.state.at, other.blocked) == (whole.state.at, whole.blocked)
            assert all(
                dict(other.state.snapshot.scope(scope)) == dict(whole.state.snapshot.scope(scope))
                for scope in whole.state.snapshot.scope_names()
            )
        self.known = whole

    def _approvers(self, change_id):
        """Who approved, from the JSON files on the change's ref."""
        repository = self.registry.store.libgit2
        tree = repository[self.registry.store.ref(f"refs/gm/changes/{change_id}")].tree
        said = [self._statement(entry) for entry in tree]
        return {one["predicate"]["person"] for one in said if one["predicate"].get("decision") == "approve"}

    @staticmethod
    def _statement(blob):
        return json.loads(base64.b64decode(json.loads(blob.data)["payload"]))

    def _files(self, scope):
        """The files of a scope in the tip's tree, as git has them."""
        repository = self.registry.store.libgit2
        root = repository[self.registry.tip].tree
        wanted = ("models/fraud/",) if scope != "policy" else ("policies/", "gm.yaml", "models/.gitignore")
        return {path: entry for path, entry in _walk(root, "") if path.startswith(wanted)}


def _decided(history):
    """What was decided of each step.

    Whether one that is not accepted counts as pending or denied may change: a rejection that came later is shown.
    """
    return [(step.oid, _out(step.status), step.at, step.released, step.proposers) for step in history.steps]


def _out(status):
    return "not accepted" if status in ("pending", "denied") else status


def _walk(tree, prefix):
    for entry in tree:
        path = f"{prefix}{entry.name}"
        if entry.type_str == "tree":
            yield from _walk(entry, f"{path}/")
        else:
            yield path, (int(entry.filemode), str(entry.id))


@pytest.mark.clause("B-6.2-1")
@pytest.mark.sweep
def test_no_story_makes_an_unapproved_version_live(told, tmp_path):
    begun, numbers = told(base), itertools.count()

    class Here(Machine):
        @staticmethod
        def begin():
            return begun.copy(tmp_path / str(next(numbers)))

    run_state_machine_as_test(Here, settings=FEW)
