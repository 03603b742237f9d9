"""All that people and attackers do with one registry, in any order, each time held against the oracle.

``did`` counts what was really done; what the registry refuses has to leave every ref and the accepted state alone.
"""

import itertools

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, precondition, rule

from gitops_models.errors import GmError
from gitops_models.forge.base import Proposal
from gitops_models.workflows import barring, people
from gitops_models.workflows.emergency import emergency
from gitops_models.workflows.emergency_plan import Emergency
from gitops_models.workflows.emergency_ratify import emergencies, ratify
from gitops_models.workflows.people import Given, Publishing
from tests.support import policy as documents
from tests.support.keys import ed25519_key
from tests.support.oracle import Oracle
from tests.support.stories import STAGES, stage_file
from tests.support.whole import FOLK, FULL, VERSIONS, claim

WAITING = frozenset({"GM-P401", "GM-P402", "GM-P404"})
SPENT = ("refs/heads/gm/", "refs/tags/", "refs/gm-seen/")
FEW = 2
"""So many people of one story leave, and so many get another key: then other things happen."""
PLACES = [("fraud", stage) for stage in STAGES]
anybody = st.sampled_from(sorted(FOLK))
approvers = st.sampled_from(["lead", "lead2", "raio", "raio2", "raio3", "domain", "domain2", "engineer", "board1"])
proposers = st.sampled_from(["engineer", "engineer", "engineer2", "lead", "raio"])
versions, stages = st.sampled_from(VERSIONS), st.sampled_from(STAGES)


class Silent:
    """Nobody to tell."""

    def notify(self, notice):
        return notice


class Machine(RuleBasedStateMachine):
    """``begin`` gives a registry, ``serving`` the station that serves it."""

    begin = None
    did = None
    serves = True

    def __init__(self):
        super().__init__()
        self.registry = self.begin()
        first = claim(self.registry.look())
        self.oracle = Oracle(self.registry.path, first, {place: ["1.0.0", "1.1.0"] for place in PLACES})
        self.open, self.old, self.numbers = [], [], itertools.count(1)
        self.steps, self.gone, self.declared = 0, 0, False
        self.read = self.delivered = self.rewound = (None, 0)
        self.station = self.serving(self.registry) if self.serves else None

    # -- how things are done

    def attempt(self, act, *wanted):
        """What ``act`` gives, or None where it is refused: then nothing has changed."""
        self.did.update([act.__name__])
        self.registry.clock.tick()
        refs, before = self.registry.refs(), self.registry.history()
        try:
            return act(*wanted)
        except GmError as error:
            code = error.code
        self.did.update([code])
        known = self.registry.refs()
        if code == "GM-F203":  # landed by other means: what a merge does last, its tags and its branch, is made up for,
            # and whoever looks again remembers what there was to see
            refs, known = ({name: one[name] for name in one if not name.startswith(SPENT)} for one in (refs, known))
        assert known == refs, f"{code} changed something"
        assert claim(self.registry.history()) == claim(before)
        return None

    def opened(self, act, *wanted):
        """The proposal that ``act`` opened, if it did."""
        found = self.attempt(act, *wanted)
        proposal = getattr(found, "proposal", found)
        if isinstance(proposal, Proposal):
            self.open = [one for one in self.open if one.ref != proposal.ref] + [proposal]
            return proposal
        return None

    def agree(self, proposal, person, said="approve"):
        """Let somebody look at a proposal and sign a decision on it."""

        def approve():
            (record,) = self.registry.approve(proposal, person, decision=said)
            self.oracle.show(person, record.change_id, proposal.head)
            return record

        return self.attempt(approve)

    def land(self, proposal, by):
        """Merge; what is refused for want of approvals lacks them."""

        def merge():
            return self.registry.merge(proposal, by=by)

        if step := self.attempt(merge):
            self.open = [one for one in self.open if one.ref != proposal.ref]
            self.old.append(proposal.head)
        return step

    def agreed(self, proposal, by="engineer", *, leaving_out=None):
        """Land what whoever is needed agrees to."""
        if proposal is not None:
            for person in FULL[self.registry.risk]:
                if person == leaving_out or not self.agree(proposal, person):
                    self.agree(proposal, f"{person}2")
            self.land(proposal, by)

    # -- proposals

    @rule(version=versions, stage=stages, by=proposers)
    def propose(self, version, stage, by):
        def promote():
            return self.registry.promote("fraud", version, stage, by=by)

        self.opened(promote)

    @rule(version=versions, stage=stages, by=proposers, against=st.sampled_from([None, None, None, "lead", "domain2"]))
    def promote_with_all(self, version, stage, by, against):
        def promote():
            return self.registry.promote("fraud", version, stage, by=by)

        if (proposal := self.opened(promote)) and against:
            self.agree(proposal, against, "reject")
        self.agreed(proposal, by, leaving_out=against)

    @rule(version=versions, stage=stages, by=st.sampled_from(["lead", "engineer"]))
    def promote_alone(self, version, stage, by):
        """Nobody but the author agrees."""

        def promote():
            return self.registry.promote("fraud", version, stage, by=by)

        if proposal := self.opened(promote):
            self.agree(proposal, by)
            self.land(proposal, by)

    @rule(pair=st.permutations(VERSIONS[-2:]), by=st.sampled_from(["engineer", "engineer2"]))
    def swap_what_was_approved(self, pair, by):
        """Another version lands on the approvals of the one that was shown, past the judge and with an acceptance."""
        version, other = pair

        def promote():
            return self.registry.promote("fraud", version, STAGES[0], by=by)

        proposal = self.opened(promote)
        if proposal is not None:
            for person in FULL[self.registry.risk]:
                self.agree(proposal, person)
            self.swap(proposal, other, by)
            self.attempt(self.force_newest)

    def force_newest(self):
        """Push the newest proposal past the judge, with an acceptance of its change as it was approved."""
        proposal = self.open[-1]
        return self.registry.accept_by_force(proposal)

    @precondition(lambda self: self.open)
    @rule(
        data=st.data(), person=approvers, said=st.sampled_from(["approve", "approve", "approve", "reject", "withdraw"])
    )
    def decide(self, data, person, said):
        self.agree(data.draw(st.sampled_from(self.open)), person, said)

    @precondition(lambda self: self.open)
    @rule(data=st.data(), by=proposers, other=versions)
    def edit(self, data, by, other):
        """Another version takes the place of the approved one on the same branch."""
        self.swap(data.draw(st.sampled_from(self.open)), other, by)

    def swap(self, proposal, other, by):
        def put():
            files = stage_file(self.registry, other, proposal.stage if proposal.stage in STAGES else STAGES[0])
            head = self.registry.commit(files, by=by, parents=[proposal.head], signer=self.registry.key(by))
            self.registry.force(head, proposal.ref)
            return head

        head = self.attempt(put)
        self.open = [one for one in self.open if one.ref != proposal.ref]
        self.open.append(Proposal(**{**vars(proposal), "head": head}))

    @precondition(lambda self: self.open)
    @rule(data=st.data(), by=st.sampled_from(["engineer", "lead", "operator"]))
    def merge(self, data, by):
        self.land(data.draw(st.sampled_from(self.open)), by)

    @rule(by=st.sampled_from(["engineer", "engineer2"]))
    def go_on_elsewhere(self, by):
        def register():
            files = documents.version_files(f"2.{next(self.numbers)}.0", model="spam", author=by)
            return self.registry.commit(files, by=by, signer=self.registry.key(by), land=True)

        self.attempt(register)

    # -- ways back

    @rule(
        stage=stages,
        by=st.sampled_from(["operator", "operator2", "raio", "engineer"]),
        barred=st.booleans(),
        held=st.booleans(),
    )
    def roll_back(self, stage, by, barred, held):
        def rollback():
            return self.registry.rollback("fraud", by=by, stage=stage, hold=held, quarantine=barred)

        if (proposal := self.opened(rollback)) and self.registry.risk == "high":
            self.agree(proposal, "raio2")
        if proposal:
            self.land(proposal, by)

    @rule(version=versions, by=st.sampled_from(["operator", "lead", "raio", "visitor"]))
    def quarantine(self, version, by):
        def bar():
            return barring.quarantine(
                self.registry.session(by), f"fraud@{version}", reason="odd weights", cause="backdoor"
            )

        if proposal := self.opened(bar):
            self.land(proposal, by)

    @rule(stage=stages)
    def lift(self, stage):
        def lift():
            session = self.registry.session("engineer")
            return barring.lift_hold(session, "fraud", stage, reason="found", root_cause="https://example.org/1")

        self.agreed(self.opened(lift))

    @rule(stage=stages, by=st.sampled_from(["operator", "operator2", "lead"]))
    def declare_emergency(self, stage, by):
        def declare():
            wanted = Emergency("fraud", "scores are wrong", f"INC-{next(self.numbers)}", stage=stage)
            return emergency(self.registry.session(by), wanted, Silent())

        found = self.attempt(declare)
        self.declared |= found is not None
        if found is not None and found.state == "waits":
            self.open.append(found.proposal)

    @precondition(lambda self: self.declared)
    @rule(person=approvers)
    def agree_afterwards(self, person):
        def ratified():
            session = self.registry.session(person)
            return [ratify(session, one) for one in emergencies(session)[-1:]]

        self.attempt(ratified)

    # -- people

    @precondition(lambda self: self.gone < FEW)
    @rule(person=st.sampled_from(["lead", "lead2", "raio", "raio2", "raio3", "domain", "operator2", "engineer2"]))
    def remove(self, person):
        def removed():
            how = Publishing("left the house")
            return people.remove(self.registry.session("owner"), person, Given(), how, whole_person=True).opened

        self.gone += self.settle(self.opened(removed)) is not None

    @precondition(lambda self: len(self.registry.keys) < FEW)
    @rule(person=st.sampled_from(["lead", "raio", "domain", "engineer", "operator"]))
    def rotate(self, person):
        key = f"{person}-{next(self.numbers)}"

        def rotated():
            session, old = self.registry.session("owner"), self.registry.key(person).fingerprint
            given = Given(keys=[ed25519_key(key).public_key])
            return people.rotate(session, person, old, given, Publishing("lost a laptop"), since=None).opened

        if self.settle(self.opened(rotated)):
            self.registry.keys[person] = key

    def settle(self, proposal):
        """Land a change of the policy files, with whoever rules them."""
        if proposal is None:
            return None
        for person in ("raio", "raio2", "raio3"):
            if self.agree(proposal, person):
                break
        return self.land(proposal, "owner")
