"""Running policy tests: each case becomes a change and facts, and the judge's answer is held against what is expected.

The judge is the one that judges proposals; nothing here decides anything.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from gitops_models.errors import GmError
from gitops_models.policy.facts import Attestation, CommitFact, Facts, Opinion, Signature
from gitops_models.policy.judge import judge
from gitops_models.policy.render.words import outcome
from gitops_models.policy.trials.cast import actor, first
from gitops_models.policy.trials.files import LAYOUT
from gitops_models.policy.trials.proposing import FILES, Part, edits
from gitops_models.policy.trials.world import BROKEN, World
from gitops_models.policy.verdict import Severity
from gitops_models.registry.change import change_id
from gitops_models.registry.documents.policytest import GivenDecision
from gitops_models.registry.times import format_time, parse_time
from gitops_models.registry.values import dataclass

if TYPE_CHECKING:
    from datetime import datetime

    from gitops_models.policy.verdict import Verdict
    from gitops_models.registry.change import Change
    from gitops_models.registry.documents.policytest import Case, PolicyTest
    from gitops_models.registry.snapshot import Snapshot

OTHER_CHANGE = "e" * 64


@dataclass(frozen=True)
class Trial:
    """One case and how it came out. ``fault`` says why it could not be judged at all; then there is no verdict."""

    test: str
    case: Case
    verdict: Verdict | None = None
    fault: GmError | None = None

    @property
    def passed(self) -> bool:
        """Whether outcome, refusing codes and told codes are what is expected."""
        return not self.differences

    @property
    def differences(self) -> tuple[str, ...]:
        """What is other than expected, in words."""
        if self.verdict is None:
            return (str(self.fault),)
        expected, found = sorted(set(self.case.codes)), sorted(self.verdict.codes)
        told = {one.code for one in self.verdict.findings if one.severity is not Severity.DENY}
        untold = sorted(set(self.case.tells) - told)
        came = outcome(self.verdict)
        return (
            *([f"expected {self.case.expect}, it is {came}"] if came != self.case.expect else []),
            *([f"expected {_listed(expected)}, it gives {_listed(found)}"] if expected != found else []),
            *([f"does not tell {_listed(untold)}"] if untold else []),
        )


def _listed(codes: list[str]) -> str:
    return ", ".join(codes) or "no code"


def run(test: PolicyTest, policy_data: bytes) -> tuple[Trial, ...]:
    """Judge every case of ``test`` under the policy in ``policy_data``.

    A case, or a whole test, that cannot be set up fails with what is wrong; nothing is raised for it. Raises the codes
    of documents for a policy that is not valid by itself.
    """
    try:
        world = World(test, policy_data)
    except GmError as error:
        return tuple(Trial(test.name, case, fault=error) for case in test.tests)
    return tuple(_tried(world, case) for case in test.tests)


def _tried(world: World, case: Case) -> Trial:
    try:
        return Trial(world.test.name, case, verdict=_verdict(world, case))
    except GmError as error:
        return Trial(world.test.name, case, fault=error)


def _verdict(world: World, case: Case) -> Verdict:
    at = parse_time(case.at) if case.at else world.at
    head, commits = _proposal(world, case, at)
    change = world.change(head)
    _refuse_other(world, case, change)
    identity = change_id("policy-test", "main", change, world.state.anchor(change))
    people = world.state.snapshot.people()
    facts = Facts(
        change_id=identity,
        at=at,
        people=people,
        state=world.state,
        commits=commits,
        opinions=tuple(_opinion(one, identity, at) for one in case.approvals),
        provenance=_attested(world),
    )
    return judge(change, facts, world.policy)


def _proposal(world: World, case: Case, at: datetime) -> tuple[Snapshot, tuple[CommitFact, ...]]:
    """The documents that the case leaves, and one signed commit for each of its parts."""
    people, head, commits = world.state.snapshot.people(), world.state.snapshot, []
    proposer = case.by or first(world.policy.promotion.may[0])
    for number, said in enumerate(case.propose, 1):
        by = said.by or proposer
        found = edits(Part(world, said, by, format_time(at), head))
        head = world.edited(head, found)
        left = tuple((path, entry.oid if (entry := head.entry(path)) else None) for path in found)
        signature = Signature("good", touch=case.touch)
        commits.append(CommitFact(f"{number:040x}", left, signature, actor(people, by), True, case.name))  # noqa: FBT003 - the fact's own field
    return head, tuple(commits)


def _refuse_other(world: World, case: Case, change: Change) -> None:
    """A case that does not do what it says tests nothing: GM-P733."""
    done = {event.name for event in change.events}
    for said in case.propose:
        if said.event != FILES and said.event not in done:
            found = ", ".join(sorted(done)) or "nothing"
            raise GmError(BROKEN, f"propose: {said.event} is, on what is given, {found}", where=world.test.name)


def _opinion(said: str | GivenDecision, identity: str, at: datetime) -> Opinion:
    one = GivenDecision(person=said) if isinstance(said, str) else said
    return Opinion(
        person=one.person,
        fingerprint=None,
        decision=one.decision,
        sha256=None,
        change_id=OTHER_CHANGE if one.earlier_change else identity,
        created=at - timedelta(hours=one.hours_ago),
        source=one.source,
        touch=one.touch and one.source == "signed",
    )


def _attested(world: World) -> dict[tuple[str, str], tuple[Attestation, ...]]:
    return {
        (model.name, version.version): tuple(
            Attestation(LAYOUT.signature_path(model.name, version.version, f"{name}.sigstore.json"), name)
            for name in version.attested
        )
        for model in world.test.models
        for version in model.versions
        if version.attested
    }
