"""Decisions without a key: only those count that an identity of the very person signed, in the form that gm reads."""

import base64
import json
from datetime import UTC, datetime

import pytest

from gitops_models.cli.run import run
from gitops_models.errors import GmError
from gitops_models.policy.denied import Denied
from gitops_models.registry import yamls
from gitops_models.registry.canonical import jcs
from gitops_models.trust.keyless import bundle as bundles
from gitops_models.trust.keyless.bundle import verify_statement
from gitops_models.trust.keyless.sign import keyless_signer
from gitops_models.trust.memory import Memory, Pin, memory_path, save_memory
from gitops_models.trust.records import Decision, decision_payload, verify_record
from gitops_models.verification import decisions
from gitops_models.verification.decisions import standing_of
from gitops_models.verification.suspicion import touches
from gitops_models.workflows import review
from gitops_models.workflows.carry import carry
from tests.support import stories
from tests.support.keys import ed25519_key
from tests.support.provenance import ROOT
from tests.support.registry import people_document
from tests.support.sigstore_loopback import loopback

PEOPLE = "policies/people.yaml"


def identity(stack, name, **limits):
    return {"type": "sigstore", "identity": f"{name}@example.org", "issuer": stack.url, **limits}


def people(stack, **limits):
    """``raio`` and ``lead`` sign with a key and keyless, ``guest`` keyless only."""
    found = yamls.load(people_document({**stories.CROWD, "guest": ["technical-lead"]}), PEOPLE)
    for person in found["people"]:
        if person["id"] in ("guest", "lead", "raio"):
            person["keys"].append(identity(stack, person["id"], **limits))
        if person["id"] == "guest":
            person["keys"] = person["keys"][1:]
    return yamls.dump(found)


@pytest.fixture(name="story")
def _story(stack, tmp_path):
    story = stories.registry(tmp_path / "r")
    story.pin = story.commit({PEOPLE: people(stack), ROOT: json.dumps(stack.root).encode()}, land=True)
    pin = Memory(repository="test-registry", line=story.line, pin=Pin(commit=story.pin))
    save_memory(memory_path(story.store.common_dir), pin.advanced(story.pin))
    story.version("fraud", "1.0.0", risk="medium")
    return story


@pytest.fixture(name="proposal")
def _proposal(story):
    return story.promote("fraud", "1.0.0", "staging")


def signer(stack, folder, name="raio", **claims):
    """Somebody who has just logged in as ``name``."""
    config = folder / "config.json"
    config.write_text(json.dumps(stack.config()))
    stack.claims = {"email": f"{name}@example.org", "email_verified": True, "sub": f"{name}@example.org", **claims}
    return keyless_signer(config, token=stack.token())


def approve(story, stack, folder, proposal, name="raio", *, to="raio", decision="approve", keep_local=False):
    """Approve as ``name`` without a key; the ledger's own commit is signed by the key of ``to``."""
    story.clock.tick()
    who = signer(stack, folder, name)
    return review.approve(story.session(to), proposal, decision=decision, keep_local=keep_local, keyless=who).record


def crafted(story, stack, folder, proposal, *, name, **changes):
    """A keyless decision that says what the attacker likes."""
    like = approve(story, stack, folder, proposal, keep_local=True)
    body = Decision.model_validate({**like.body.model_dump(by_alias=True), **changes})
    bundle = signer(stack, folder, name).sign_statement(decision_payload(body, like.change_id))
    return verify_record(jcs(json.loads(bundle)))


def put(story, record):
    """Write a record to the ledger past every check, as whoever can push there could."""
    story.session("engineer").writer().append(record.change_id, record)


def ignored(story, proposal):
    return {one.person: one.why for quorum in story.check(proposal).verdict.quorums for one in quorum.ignored}


def refused(story, proposal):
    with story.untouched(), pytest.raises(Denied) as caught:
        story.merge(proposal)
    assert caught.value.verdict.codes == ("GM-P401",)


@pytest.mark.lookalike("a promotion approved keyless by the person whom the certificate names")
def test_a_keyless_decision_counts_for_ever(story, stack, tmp_path, proposal):
    record = approve(story, stack, tmp_path, proposal)
    assert (record.keyless, record.body.person, record.touch) == (True, "raio", False)
    story.merge(proposal)
    assert story.statuses()[-1] == "accepted"
    assert story.live_version("fraud", "staging") == "1.0.0"


@pytest.mark.attack("decide keyless where the policy pins no root", "GM-T708", by="thief")
def test_without_a_pinned_root_no_keyless_decision_counts(story, stack, tmp_path, proposal):
    record = approve(story, stack, tmp_path, proposal)
    accepted = story.history().state.snapshot
    assert standing_of(record, story.history().people, accepted).verdict == "good"
    for _ in range(2):
        standing = standing_of(record, story.history().people, accepted.with_entries({ROOT: None}))
        assert (standing.verdict, standing.code) == ("untrusted", "GM-T708")


def test_keyless_decisions_and_those_by_key_are_one_chain(story, stack, tmp_path, proposal):
    first = approve(story, stack, tmp_path, proposal)
    (second,) = story.approve(proposal, "raio", decision="withdraw")
    assert second.body.previous == first.sha256
    refused(story, proposal)
    third = approve(story, stack, tmp_path, proposal)
    assert third.body.previous == second.sha256
    story.merge(proposal)
    assert story.live_version("fraud", "staging") == "1.0.0"


def test_a_keyless_rejection_blocks(story, stack, tmp_path, proposal):
    story.approve(proposal, "raio2")
    approve(story, stack, tmp_path, proposal, decision="reject")
    with story.untouched(), pytest.raises(Denied) as caught:
        story.merge(proposal)
    assert "GM-P402" in caught.value.verdict.codes


@pytest.mark.lookalike("a keyless decision of a reviewer without any key, carried in by somebody else")
def test_a_reviewer_without_a_key_writes_to_a_file_and_anybody_carries_it(story, stack, tmp_path):
    story.version("card", "1.0.0")
    proposal = story.promote("card", "1.0.0", "staging")
    with story.untouched():
        record = approve(story, stack, tmp_path, proposal, "guest", to="guest", keep_local=True)
    path = tmp_path / "decision.json"
    path.write_bytes(record.envelope)
    carry(story.session("engineer"), [path])
    story.merge(proposal)
    assert story.live_version("card", "staging") == "1.0.0"


@pytest.mark.attack("a keyless decision in the name of another person", "GM-P401", by="reviewer")
def test_an_identity_does_not_speak_for_another_person(story, stack, tmp_path, proposal):
    record = crafted(story, stack, tmp_path, proposal, name="lead", person="raio")
    path = tmp_path / "decision.json"
    path.write_bytes(record.envelope)
    with story.untouched(), pytest.raises(GmError) as caught:
        carry(story.session("engineer"), [path])
    assert caught.value.code == "GM-T703"
    put(story, record)
    refused(story, proposal)


@pytest.mark.attack(
    "junk keyless decisions in somebody's name, each to be verified by every reader", "ignored", by="thief"
)
def test_junk_costs_no_verification(story, stack, tmp_path, proposal, monkeypatch):
    good = approve(story, stack, tmp_path, proposal)
    for number in range(3):
        put(story, crafted(story, stack, tmp_path, proposal, name="mallory", person="lead", reason=f"junk {number}"))
    decisions._verified.cache_clear()
    seen = []
    monkeypatch.setattr(bundles, "verify_statement", lambda data, **k: seen.append(data) or verify_statement(data, **k))
    (quorum,) = story.check(proposal).verdict.quorums
    assert [one.person for one in quorum.counted] == ["raio"]
    assert [one.why for one in quorum.ignored] == ["the certificate does not name lead@example.org"] * 3
    assert set(seen) == {good.envelope}
    assert decisions._verified.cache_info().misses == len(seen) == 1


@pytest.mark.attack("a keyless decision by somebody whom the people file does not list", "GM-C121", by="thief")
def test_a_stranger_signs_nothing_and_counts_for_nothing(story, stack, tmp_path, proposal):
    with story.untouched(), pytest.raises(GmError) as caught:
        approve(story, stack, tmp_path, proposal, "stranger")
    assert caught.value.code == "GM-C121"
    for person in ("raio", "raio2", "nobody"):
        put(story, crafted(story, stack, tmp_path, proposal, name="stranger", person=person))
    refused(story, proposal)


@pytest.mark.attack("a keyless decision of another Sigstore instance", "GM-P401", by="thief")
def test_another_instance_counts_for_nothing(story, tmp_path, proposal, stack):
    with loopback() as other:
        record = crafted(story, stack, tmp_path, proposal, name="raio", reason="looks right")
        config = tmp_path / "other.json"
        config.write_text(json.dumps(other.config()))
        other.claims = {"email": "raio@example.org", "email_verified": True, "sub": "raio@example.org"}
        payload = decision_payload(record.body, record.change_id)
        bundle = keyless_signer(config, token=other.token()).sign_statement(payload)
    put(story, verify_record(jcs(json.loads(bundle))))
    refused(story, proposal)


@pytest.mark.attack("a keyless decision edited after it was signed", "GM-P401", by="forge")
def test_an_edited_keyless_decision_counts_for_nothing(story, stack, tmp_path, proposal):
    record = approve(story, stack, tmp_path, proposal, decision="reject", keep_local=True)
    fields = json.loads(record.envelope)
    body = record.body.model_copy(update={"decision": "approve"})
    fields["dsseEnvelope"]["payload"] = base64.b64encode(decision_payload(body, record.change_id)).decode()
    put(story, verify_record(jcs(fields)))
    refused(story, proposal)


@pytest.mark.attack("an identity that was removed, or limited to commits, decides", "GM-P401", by="thief")
@pytest.mark.parametrize("limits", [{"namespaces": ["git"]}, None])
def test_an_identity_counts_only_while_and_for_what_it_is_listed(story, stack, tmp_path, proposal, limits):
    approve(story, stack, tmp_path, proposal)
    files = people(stack, **limits) if limits else people_document(stories.CROWD)
    change = story.draft("-", {PEOPLE: files}, by="owner", event="people")
    story.approve(change, "raio2")
    story.merge(change, by="owner")
    refused(story, proposal)


@pytest.mark.attack("a keyless decision by an identity that was declared compromised", "GM-P401", by="thief")
def test_a_compromised_identity_decides_nothing(story, stack, tmp_path, proposal):
    approve(story, stack, tmp_path, proposal)
    document = yamls.load(people(stack), PEOPLE)
    lost = [{"fingerprint": f"sigstore:{stack.url}#raio@example.org", "since": story.pin}]
    change = story.draft("-", {PEOPLE: yamls.dump({**document, "compromised": lost})}, by="owner", event="people")
    story.approve(change, "raio2")
    story.merge(change, by="owner")
    refused(story, proposal)


def test_what_a_compromised_identity_approved_is_listed(story, stack, tmp_path, proposal):
    approve(story, stack, tmp_path, proposal)
    put(story, crafted(story, stack, tmp_path, proposal, name="lead", person="raio2"))
    step = story.merge(proposal)
    document = yamls.load(people(stack), PEOPLE)
    names = (f"sigstore:{stack.url}#raio@example.org", f"sigstore:{stack.url}#guest@example.org", "SHA256:12345678")
    lost = [{"fingerprint": name, "since": story.pin} for name in names]
    change = story.draft("-", {PEOPLE: yamls.dump({**document, "compromised": lost})}, by="owner", event="people")
    story.approve(change, "raio2")
    story.merge(change, by="owner")
    (found,) = touches(story.store, story.history())
    assert (found.fingerprint, found.step, found.how) == (names[0], step, ("approved",))


@pytest.mark.attack("a keyless decision where the touch of a hardware key is asked for", "GM-P401", by="thief")
def test_a_keyless_decision_is_no_touch(story, stack, tmp_path, proposal):
    policy = yamls.load(story.history().state.snapshot.data("policies/policy.yaml"), "policy.yaml")
    asking = {**policy, "version": 2, "risks": {**policy["risks"]}}
    asking["risks"]["medium"] = {**asking["risks"]["medium"], "touch": True}
    story.pin = story.commit({"policies/policy.yaml": yamls.dump(asking)}, land=True)
    approve(story, stack, tmp_path, proposal)
    assert ignored(story, proposal) == {"raio": "no touch of a hardware key, which this risk asks for"}
    refused(story, proposal)


def test_who_has_no_key_is_told_before_anything_is_signed(story, stack, tmp_path, proposal, monkeypatch):
    session = story.session("raio")
    monkeypatch.setattr(session, "signer", lambda: (_ for _ in ()).throw(GmError("GM-T200", "no key")))
    who = signer(stack, tmp_path)
    monkeypatch.setattr(type(who), "sign_statement", lambda *_: pytest.fail("signed"))
    with story.untouched(), pytest.raises(GmError) as caught:
        review.approve(session, proposal, keyless=who)
    assert caught.value.code == "GM-T200"


def test_a_workload_does_not_decide_keyless(story, stack, tmp_path, proposal):
    document = yamls.load(people(stack), PEOPLE)
    document["workloads"][0]["keys"].append(identity(stack, "ci"))
    story.pin = story.commit({PEOPLE: yamls.dump(document)}, land=True)
    with story.untouched(), pytest.raises(GmError) as caught:
        approve(story, stack, tmp_path, proposal, "ci")
    assert caught.value.code == "GM-C121"


def test_on_the_command_line_a_decision_is_signed_keyless(story, stack, tmp_path, proposal, monkeypatch, capsys):
    key = ed25519_key("raio").write(tmp_path / "raio")
    config = (story.path / "config").read_text()
    settings = f"[user]\n\tname = raio\n\temail = raio@example.org\n\tsigningkey = {key}\n[gpg]\n\tformat = ssh\n"
    (story.path / "config").write_text(config + settings)
    (tmp_path / "config.json").write_text(json.dumps(stack.config()))
    stack.claims = {"email": "raio@example.org", "email_verified": True, "sub": "raio@example.org"}
    for name, value in stack.environment.items():
        monkeypatch.setenv(name, value)
    words = ["-C", str(story.path), "--no-input", "approve", proposal.id, "--sign", "keyless"]
    assert run([*words, "--sigstore", str(tmp_path / "config.json")]) == 0
    assert f"merge {proposal.id}" in capsys.readouterr().err
    assert run(["-C", str(story.path), "approve", proposal.id, "--sigstore", str(tmp_path / "config.json")]) == 2
    story.clock.time = datetime.now(UTC)
    story.merge(proposal)
    assert story.live_version("fraud", "staging") == "1.0.0"
