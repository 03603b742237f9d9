"""Attacks on the touch that a risk asks for: keys that lie on a disk, and hardware keys that nobody touched."""

from dataclasses import dataclass

import pytest

from gitops_models.errors import GmError
from tests.support.keys import Authenticator, ed25519_key, hardware_key
from tests.support.registry import NO_EVIDENCE, Acting, Registry

REVIEWERS = ("raio", "domain")
TOUCHED, UNTOUCHED = 0x01, 0x00
RISKS = {
    risk: {"approve": list(roles), "evidence": "signed", "touch": True, "rollback": {"authorize": ["raio"]}}
    for risk, roles in dict.fromkeys(("low", "medium", "high", "critical"), ("raio", "domain-lead")).items()
}


@dataclass
class Seated(Acting):
    """A session of somebody who signs with ``key``."""

    key: object = None

    def signer(self):
        return self.key or super().signer()


class Guarded(Registry):
    """A registry in which reviewers hold a plain key and a hardware key; ``hands`` says which one they use."""

    hands = {}  # noqa: RUF012 - a dataclass's field would become an argument

    def session(self, person):
        acting = super().session(person)
        return Seated(**vars(acting), key=self.hands.get(person))


def both_keys(name):
    keys = [ed25519_key(name), hardware_key(name)]
    return {"keys": [{"type": "ssh", "key": key.public_key} for key in keys]}


def guarded(path):
    persons = {name: both_keys(name) for name in (*REVIEWERS, "both", "raio2")}
    registry = Guarded(path, changes={**NO_EVIDENCE, "risks": RISKS}, persons=persons)
    registry.hands = {name: hardware_key(name) for name in persons}
    registry.version("fraud", "1.0.0", risk="high")
    return registry


@pytest.fixture
def registry(story):
    return story(guarded)


def refused(registry, proposal):
    with registry.untouched(), pytest.raises(GmError) as caught:
        registry.merge(proposal)
    assert caught.value.verdict.codes == ("GM-P401",)
    return {one.person: one.why for quorum in caught.value.verdict.quorums for one in quorum.ignored}


@pytest.mark.lookalike("a promotion whose reviewers touched their hardware keys")
def test_decisions_by_touched_hardware_keys_count_for_ever(registry):
    proposal = registry.promote("fraud", "1.0.0", "development")
    registry.approve(proposal, *REVIEWERS)
    registry.merge(proposal)
    assert registry.statuses()[-1] == "accepted"
    assert registry.live_version("fraud", "development") == "1.0.0"


@pytest.mark.attack("a decision with a stolen key file where a touch is asked for", "GM-P401", by="thief")
def test_a_plain_key_of_a_reviewer_does_not_stand_in_for_the_hardware_key(registry):
    proposal = registry.promote("fraud", "1.0.0", "development")
    registry.approve(proposal, "domain")
    registry.hands = {**registry.hands, "raio": ed25519_key("raio")}
    registry.approve(proposal, "raio")
    assert refused(registry, proposal) == {"raio": "no touch of a hardware key, which this risk asks for"}
    registry.hands["raio"] = hardware_key("raio")
    registry.approve(proposal, "raio")
    registry.merge(proposal)
    assert registry.statuses()[-1] == "accepted"


@pytest.mark.attack("a decision by a plugged-in hardware key that nobody touched", "GM-P401", by="thief")
def test_a_hardware_key_that_nobody_touched_counts_for_nothing(registry):
    proposal = registry.promote("fraud", "1.0.0", "development")
    registry.hands = {**registry.hands, "raio": hardware_key("raio", flags=UNTOUCHED)}
    registry.approve(proposal, *REVIEWERS)
    assert refused(registry, proposal) == {"raio": "no touch of a hardware key, which this risk asks for"}


@dataclass(frozen=True)
class Liar(Authenticator):
    """Signs without a touch and writes into the signature that there was one."""

    def field(self, data):
        honest = super().field(data)
        return honest[:-5] + bytes([TOUCHED]) + honest[-4:]


@pytest.mark.attack("the touch flag set in a signature afterwards", "GM-T003", by="thief")
def test_a_touch_that_was_not_signed_does_not_fit(registry):
    proposal = registry.promote("fraud", "1.0.0", "development")
    registry.hands = {**registry.hands, "raio": Liar(ed25519_key("raio"), flags=UNTOUCHED)}
    with registry.untouched(), pytest.raises(GmError) as caught:
        registry.approve(proposal, "raio")
    assert caught.value.code == "GM-T003"


def serving(registry):
    """1.1.0 took the place of 1.0.0."""
    registry.version("fraud", "1.1.0", risk="high")
    for version in ("1.0.0", "1.1.0"):
        proposal = registry.promote("fraud", version, "development")
        registry.approve(proposal, *REVIEWERS)
        registry.merge(proposal)


@pytest.mark.lookalike("a rollback whose proposer touched the key, which fills the slot")
def test_a_proposer_who_touched_authorizes_the_rollback(registry):
    serving(registry)
    registry.merge(registry.rollback("fraud", by="raio", stage="development"), by="raio")
    assert registry.live_version("fraud", "development") == "1.0.0"


@pytest.mark.attack("a rollback proposed with a stolen key file where a touch is asked for", "GM-P401", by="thief")
def test_a_proposer_without_a_touch_authorizes_no_rollback(registry):
    serving(registry)
    registry.hands = {}
    proposal = registry.rollback("fraud", by="raio", stage="development")
    assert refused(registry, proposal) == {"raio": "no touch of a hardware key, which this risk asks for"}


@pytest.mark.attack("a merge by hand of what was approved without a touch", "pending", by="author")
def test_a_step_whose_approvals_lack_the_touch_blocks_only_its_model(registry):
    proposal = registry.promote("fraud", "1.0.0", "development")
    registry.hands = {}
    registry.approve(proposal, *REVIEWERS)
    registry.merge_by_hand(proposal.head)
    assert registry.statuses()[-1] == "pending"
    assert registry.live_version("fraud", "development") is None
