"""What attackers do to the registry of ``machine.py``, and what its readers must find whatever was done."""

from hypothesis import strategies as st
from hypothesis.stateful import invariant, precondition, rule

from gitops_models.delivery.resolve import resolve
from gitops_models.errors import GmError
from gitops_models.verification.cache import cache_path
from gitops_models.workflows import late
from gitops_models.workflows.restore import restore
from gitops_models.workflows.session import open_session
from tests.support import policy as documents
from tests.support.machine import PLACES, Machine, anybody, approvers, stages, versions
from tests.support.stories import POLICY, append, decision, stage_file, weak_policy
from tests.support.whole import AS_GIT_LISTS, YEARS, claim, listed, plain

SELDOM = 16
"""So many steps lie between two of a kind of what reads the whole line: replays, deliveries, lines that go back."""


class Later:
    """A clock that goes years ahead of another."""

    def __init__(self, clock):
        self.clock = clock

    def now(self):
        return self.clock.now() + YEARS


class Attacked(Machine):
    """The same registry among attackers, and its readers. ``known`` is what was seen after the last step."""

    known = None

    def is_new(self, tip, steps):
        """Whether much has happened since ``tip`` was looked at, after so many steps."""
        return self.registry.tip != tip and self.steps - steps >= SELDOM

    # -- attackers

    @precondition(lambda self: self.open)
    @rule(data=st.data(), by=st.sampled_from(["engineer2", "lead"]))
    def force_a_proposal(self, data, by):
        proposal = data.draw(st.sampled_from(self.open))

        def forced_merge():
            return self.registry.merge_by_hand(proposal.head, by=by)

        if self.attempt(forced_merge):
            self.open.remove(proposal)
            self.old.append(proposal.head)

    @rule(version=versions, stage=stages, by=st.sampled_from(["engineer", "lead", "operator", "stranger"]))
    def push_a_stage(self, version, stage, by):
        def forced_push():
            return self.registry.commit(stage_file(self.registry, version, stage), by=by, land=True)

        self.attempt(forced_push)

    @rule(version=versions, what=st.sampled_from(["lineage.yaml", "model.onnx.dvc"]), by=anybody)
    def tamper(self, version, what, by):
        def tampered():
            folder = f"models/fraud/versions/{version}"
            weights = documents.artifact(version, size=len(f"fraud {version} model.onnx"))
            better = [{"name": "auc", "value": 0.99, "dataset": "holdout", "higher_is_better": True}]
            lineage = documents.lineage_yaml(version, author=by, artifacts=[weights], metrics=better)
            files = {f"{folder}/lineage.yaml": lineage, f"{folder}/model.onnx.dvc": b"other: bytes\n"}
            return self.registry.commit({path: files[path] for path in files if path.endswith(what)}, by=by, land=True)

        self.attempt(tampered)

    @precondition(lambda self: "policy" not in self.known.blocked)
    @rule()
    def weaken(self):
        def weakened():
            return self.registry.commit({POLICY: weak_policy(self.registry)}, by="owner", land=True)

        self.attempt(weakened)

    @precondition(lambda self: self.old)
    @rule(data=st.data())
    def replay(self, data):
        head = data.draw(st.sampled_from(self.old))

        def replayed():
            return self.registry.merge_by_hand(head, by="engineer2")

        self.attempt(replayed)

    @precondition(lambda self: self.open)
    @rule(data=st.data(), person=approvers, by=st.sampled_from(["engineer", "visitor", "old"]))
    def forge_a_decision(self, data, person, by):
        """Somebody says in another's name that they approve."""
        proposal = data.draw(st.sampled_from(self.open))

        def forged():
            (mine,) = self.registry.approve(proposal, "engineer2")
            record = decision(by=person if by == "old" else by, change_id=mine.change_id, like=mine, person=person)
            if by != "old" or self.registry.keys.get(person):
                append(self.registry, mine.change_id, record, by="engineer2")

        self.attempt(forged)

    @precondition(lambda self: self.is_new(*self.rewound))
    @rule(steps=st.integers(1, 4))
    def rewind(self, steps):
        """The line goes back to what it was; whoever saw it forward notices."""
        self.did.update(["rewind"])
        tip = self.registry.tip
        self.rewound = tip, self.steps
        commit = self.registry.store.libgit2[tip]
        for _ in range(steps):
            commit = commit.parents[0]
        self.registry.force(str(commit.id))
        noticed = None
        try:
            open_session(self.registry.path, clock=self.registry.clock)
        except GmError as error:
            noticed = error.code
        self.registry.force(tip)
        assert noticed in {"GM-T600", "GM-T602"}, "nobody noticed that the line went back"

    # -- those who repair

    @precondition(lambda self: self.known.blocked)
    @rule(data=st.data(), by=anybody)
    def give_back(self, data, by):
        scope = data.draw(st.sampled_from(sorted(self.registry.history().blocked)))

        def restored():
            return restore(self.registry.session(by), scope.removeprefix("model:"), reason="not accepted").proposal

        if proposal := self.opened(restored):
            assert self.land(proposal, by), f"{scope} cannot be given back"

    @precondition(lambda self: self.known.pending)
    @rule(person=approvers)
    def approve_late(self, person):
        def approved_late():
            session = self.registry.session(person)
            for pending in late.waiting_steps(session)[:1]:
                evaluation = late.check_waiting(session, pending)
                self.oracle.show(person, evaluation.change_id, session.history.tip)
                late.approve_late(session, pending)
            return session

        self.attempt(approved_late)

    # -- those who read

    @precondition(lambda self: self.is_new(*self.read))
    @rule()
    def replay_years_later(self):
        """Nothing is kept, the clock stands ten years on: the same history."""
        self.did.update(["replay_years_later"])
        self.read = self.registry.tip, self.steps
        self.same_to_a_newcomer()

    def same_to_a_newcomer(self):
        kept = cache_path(self.registry.store.common_dir).parent
        for path in (*kept.glob("prefix*"), *kept.glob("steps*")):
            path.unlink()
        cold = open_session(self.registry.path, clock=Later(self.registry.clock))
        warm = open_session(self.registry.path, clock=self.registry.clock)
        whole = plain(self.registry.history())
        assert plain(cold.history) == whole, "a newcomer sees another history"
        assert {**plain(warm.history), "statuses": whole["statuses"]} == whole

    @precondition(lambda self: self.station and self.is_new(*self.delivered))
    @rule()
    def serve(self):
        """A reconciler delivers; what it serves are the released bytes."""
        self.did.update(["serve"])
        self.delivered = self.registry.tip, self.steps
        self.station.run()
        model, stage = PLACES[-1]
        self.oracle.served(resolve(self.station.root / "srv" / model / stage), (model, stage))

    @invariant()
    def all_holds(self):
        self.steps += 1
        self.known = self.registry.look()
        self.oracle.see(claim(self.known))

    def teardown(self):
        """Whatever was seen on the way, the end of a story is replayed, and each story is served once."""
        self.did.update({"steps": self.steps - 1})  # one look was before the first step
        assert listed(self.registry.store) == AS_GIT_LISTS(self.registry.store)
        self.same_to_a_newcomer()
        if self.station and self.delivered[0] is None:
            self.serve()
