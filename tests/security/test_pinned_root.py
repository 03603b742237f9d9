"""Keyless signatures count by the root that the accepted policy pins, whatever the installed sigstore carries."""

import json

import pytest

from gitops_models.errors import GmError
from gitops_models.policy.denied import Denied
from gitops_models.registry.documents import People
from gitops_models.trust.keyless import roots
from gitops_models.trust.verify import people_trusted, verify_commit
from gitops_models.workflows.attest import Attest, Seal, attest
from gitops_models.workflows.plumbing import Against, Selection, verify_objects
from tests.support.git import init_repository
from tests.support.gitsign import KeylessCommits
from tests.support.provenance import asking, attach, sign, statement
from tests.support.signed import commit_bytes, person, put_signature
from tests.support.sigstore_loopback import loopback

ANN = "ann@example.org"


@pytest.fixture(scope="module", name="other")
def _other():
    with loopback() as stack:
        yield stack


@pytest.fixture(name="carry")
def _carry(monkeypatch, tmp_path):
    """Make the installed sigstore carry the root of an instance, as another release of it would."""

    def carry(stack):
        path = tmp_path / "carried.json"
        path.write_text(json.dumps(stack.root))
        monkeypatch.setattr(roots, "packaged", lambda *_, **__: path)

    return carry


def commit_of_ann(stack):
    raw = commit_bytes("ann")
    return put_signature(raw, KeylessCommits(stack, ANN).sign(raw, "git"))


def people_of(stack):
    keys = [{"type": "sigstore", "identity": ANN, "issuer": stack.url}]
    return People.model_validate({"people": [person("ann", keys=keys)]})


@pytest.mark.attack("have readers with another sigstore judge a keyless commit otherwise", "GM-T708", by="author")
def test_what_sigstore_carries_makes_no_commit_good(stack, other, carry):
    raw, people = commit_of_ann(stack), people_of(stack)
    for carried in (stack, other):
        carry(carried)
        found = verify_commit(raw, people_trusted(people, lambda: None)).signature
        assert (found.verdict, found.code) == ("untrusted", "GM-T708")
        pinned = verify_commit(raw, people_trusted(people, lambda: json.dumps(stack.root).encode())).signature
        assert (pinned.verdict, pinned.code) == ("good", None)


@pytest.mark.attack("provenance by the instance that one reader's sigstore carries", "GM-T708", by="author")
def test_what_sigstore_carries_makes_no_provenance_good(stack, carry, tmp_path):
    carry(stack)
    story = asking(tmp_path / "r", stack, root=False)
    attach(story, sign(stack, tmp_path, statement(story)))
    with story.untouched(), pytest.raises(Denied) as refusal:
        story.promote("fraud", "1.0.0", "production")
    (found, _) = refusal.value.verdict.denials
    assert (found.code, found.details[0].split(": ")[1]) == ("GM-P331", "GM-T708")
    assert story.live_version("fraud", "production") is None


@pytest.mark.lookalike("provenance by the pinned root, whatever sigstore carries")
def test_the_pinned_root_counts_whatever_sigstore_carries(stack, other, carry, tmp_path):
    carry(other)
    story = asking(tmp_path / "r", stack)
    attach(story, sign(stack, tmp_path, statement(story)))
    proposal = story.promote("fraud", "1.0.0", "production")
    story.approve(proposal, "lead")
    story.merge(proposal)
    assert story.live_version("fraud", "production") == "1.0.0"


def test_nothing_is_signed_keyless_before_a_root_is_pinned(stack, tmp_path, monkeypatch):
    for name, value in stack.environment.items():
        monkeypatch.setenv(name, value)
    story = asking(tmp_path / "r", stack, root=False)
    config = tmp_path / "config.json"
    config.write_text(json.dumps(stack.config()))
    with story.untouched(), pytest.raises(GmError) as refusal:
        attest(story.session("engineer"), Attest("fraud@1.0.0", "why", seal=Seal(provenance=True, config=config)))
    assert refusal.value.code == "GM-T708"
    assert "policies/sigstore-trusted-root.json" in refusal.value.message + refusal.value.hint


@pytest.mark.attack("outlive a root that sigstore withdrew by a kept verdict", "GM-T702", by="thief")
def test_a_kept_verdict_is_bound_to_the_root_that_sigstore_carries(home, stack, other, carry, tmp_path):
    made = init_repository(tmp_path / "r", home)
    made.git("hash-object", "-w", "-t", "tree", "--stdin")
    oid = made.git("hash-object", "-w", "-t", "commit", "--literally", "--stdin", stdin=commit_of_ann(stack))
    made.git("update-ref", "refs/heads/main", oid)

    def judged():
        (found,) = verify_objects(made.path, Selection(everything=True), Against(identity=ANN, issuer=stack.url))
        return found.judged.verdict, found.judged.code

    carry(stack)
    assert [judged(), judged()] == [("good", None), ("good", None)]
    carry(other)
    assert judged() == ("untrusted", "GM-T702")
