"""Attacks with keyless commits (gitsign) on governed history: by listed identities, offline, by the pinned root."""

import json

import pytest

from gitops_models.verification.suspicion import touches
from tests.support import policy as documents
from tests.support import stories
from tests.support.gitsign import KeylessCommits
from tests.support.registry import people_document
from tests.support.signed import key_entry
from tests.support.sigstore_loopback import loopback
from tests.support.stories import last

ROOT = "policies/sigstore-trusted-root.json"
OPERATOR = "operator@example.org"


@pytest.fixture(scope="module")
def other():
    with loopback() as running:
        yield running


@pytest.fixture(scope="module")
def told(stack, tmp_path_factory):
    """An operator with a Sigstore identity, and the root of the instance in the policy."""
    keys = [key_entry("operator"), {"type": "sigstore", "identity": OPERATOR, "issuer": stack.url}]
    story = stories.registry(tmp_path_factory.mktemp("story") / "r", persons={"operator": {"keys": keys}})
    story.version("fraud", "1.0.0")
    story.live("fraud", "1.0.0", "staging", "production")
    pinned = story.draft("-", {ROOT: json.dumps(stack.root).encode()}, by="owner", event="policy")
    story.approve(pinned, "raio")
    story.merge(pinned, by="owner")
    return story


@pytest.fixture
def registry(told, tmp_path):
    return told.copy(tmp_path / "r")


def hold(story, signer, *, by="operator", number=1):
    """Push a hold by force; status, and what was said of the signature."""
    story.commit(documents.hold_file(number, by="operator"), by=by, signer=signer, land=True)
    step = last(story)
    assert story.live_version("fraud", "production") == "1.0.0"
    return step.status, [finding.details[0] for finding in step.verdict.findings if finding.code == "GM-P801"]


@pytest.mark.lookalike("a keyless commit by a listed identity with its log entry")
def test_a_listed_identity_makes_steps_offline(registry, stack):
    assert hold(registry, KeylessCommits(stack, OPERATOR)) == ("accepted", [])
    step = last(registry)
    assert (step.actor.id, step.proposers) == ("operator", ("operator",))


@pytest.mark.attack("a keyless commit without its log entry", "GM-P801", by="thief")
def test_without_the_log_entry_nobody_can_say_when_it_was_signed(registry, stack):
    assert hold(registry, KeylessCommits(stack, OPERATOR, offline=False)) == ("denied", ["GM-T052"])


@pytest.mark.attack("a keyless commit by an identity that nobody lists", "GM-P801", by="author")
def test_another_identity_of_the_same_issuer_is_nobody(registry, stack):
    assert hold(registry, KeylessCommits(stack, "eve@example.org")) == ("denied", ["GM-T002"])
    assert hold(registry, KeylessCommits(stack, f"x{OPERATOR}"), number=2)[1][-1] == "GM-T703"


@pytest.mark.attack("a keyless commit vouched for by another Sigstore", "GM-P801", by="forge")
def test_another_instance_that_calls_itself_the_same_is_not_believed(registry, stack, other):
    real = other.url
    other.url = stack.url
    try:
        forged = KeylessCommits(_Certified(other, stack.url, real), OPERATOR)
        assert hold(registry, forged) == ("denied", ["GM-T702"])
    finally:
        other.url = real


class _Certified:
    """An instance whose certificates name an issuer that is not its own."""

    def __init__(self, stack, issuer, address):
        self._stack, self._issuer, self._address = stack, issuer, address

    def config(self, **how):
        self._stack.url = self._address
        return self._stack.config(**how)

    def token(self):
        return self._stack.token(iss=self._issuer)

    def __setattr__(self, name, value):
        if name == "claims":
            self._stack.claims = value
            return
        super().__setattr__(name, value)


@pytest.mark.attack("a keyless commit under another person's address", "GM-P802", by="author")
def test_the_committer_must_be_whom_the_identity_belongs_to(registry, stack):
    story, signer = registry, KeylessCommits(stack, OPERATOR)
    story.commit(documents.hold_file(by="operator"), by="lead", signer=signer, land=True)
    assert (last(story).status, last(story).verdict.codes) == ("denied", ("GM-P802",))


@pytest.mark.attack("a keyless signature lifted from another commit", "GM-P801", by="forge")
def test_a_signature_of_another_commit_does_not_fit(registry, stack):
    class Lifted:
        def sign(self, _data, namespace):
            return KeylessCommits(stack, OPERATOR).sign(b"another commit", namespace)

    assert hold(registry, Lifted()) == ("denied", ["GM-T051"])


@pytest.mark.attack("a lost keyless identity that was taken out of the people file", "ignored", by="thief")
@pytest.mark.parametrize("stays", [True, False])
def test_what_an_identity_signed_is_found_by_its_name_when_it_is_declared_lost(registry, stack, stays):
    since = registry.tip
    assert hold(registry, KeylessCommits(stack, OPERATOR)) == ("accepted", [])
    step, name = registry.tip, f"sigstore:{stack.url}#{OPERATOR}"
    others = (f"sigstore:{stack.url}#lead@example.org", f"sigstore:https://example.org#{OPERATOR}")
    lost = [{"fingerprint": one, "since": since} for one in (name, *others)]
    identity = {"type": "sigstore", "identity": OPERATOR, "issuer": stack.url}
    keys = [key_entry("operator"), *([identity] if stays else [])]
    document = people_document(stories.CROWD, operator={"keys": keys}).decode() + f"compromised: {json.dumps(lost)}\n"
    change = registry.draft("-", {"policies/people.yaml": document.encode()}, by="owner", event="policy")
    registry.approve(change, "raio")
    registry.merge(change, by="owner")
    (touch,) = touches(registry.store, registry.history())
    assert (touch.fingerprint, touch.step, touch.how) == (name, step, ("signed",))
    assert registry.live_version("fraud", "production") == "1.0.0"
