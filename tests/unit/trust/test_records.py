import json
from datetime import UTC, datetime

import pytest

from gitops_models.errors import GmError
from gitops_models.registry.canonical import jcs, sha256_hex
from gitops_models.trust.dsse import PAYLOAD_TYPE, Envelope, EnvelopeSignature, pae
from gitops_models.trust.records import APPROVAL_NAMESPACE, RECORD_NAMESPACE, verify_record
from gitops_models.trust.sshsig import verify_sshsig
from tests.support.keys import TestSigner, ecdsa_key, ed25519_key
from tests.support.signed import CHANGE, MAIN, acceptance, decision, deployment

ANN = ed25519_key("ann")


def statement_of(record):
    return json.loads(Envelope.decode(record.envelope).payload)


def sealed(statement, *, signer=ANN, namespace=APPROVAL_NAMESPACE, keyid=None):
    payload = statement if isinstance(statement, bytes) else jcs(statement)
    armored = signer.sign(pae(PAYLOAD_TYPE, payload), namespace).encode()
    return Envelope(PAYLOAD_TYPE, payload, (EnvelopeSignature(keyid or signer.fingerprint, armored),)).encode()


def code_of(data):
    with pytest.raises(GmError) as caught:
        verify_record(data)
    return caught.value.code


def test_a_decision_says_what_trust_demands_of_it():
    record = decision("ann", expires="2026-12-21T10:00:00Z")
    statement = statement_of(record)
    assert statement["_type"] == "https://in-toto.io/Statement/v1"
    assert statement["subject"] == [{"name": "change", "digest": {"sha256": CHANGE}}]
    assert set(statement["predicate"]) == {
        *("decision", "person", "roles", "change", "policy_sha256", "repository", "remote", "created", "expires"),
        *("reason", "previous", "main"),
    }
    assert set(statement["predicate"]["change"]) == {
        *("events", "model", "version", "stage", "from", "to", "lineage_sha256", "anchor"),
    }


def test_a_decision_is_read_back_with_its_key_and_identity():
    record = decision("ann", expires="2026-12-21T10:00:00Z")
    assert verify_record(record.envelope) == record
    assert (record.kind, record.change_id, record.main) == ("decision", CHANGE, MAIN)
    assert record.fingerprint == ANN.fingerprint
    assert record.sha256 == sha256_hex(record.envelope)
    assert record.namespace == APPROVAL_NAMESPACE
    assert record.body.created_at == datetime(2026, 11, 21, 10, tzinfo=UTC)
    assert record.body.expires_at == datetime(2026, 12, 21, 10, tzinfo=UTC)
    assert decision("ann").body.expires_at is None


def test_an_acceptance_is_read_back():
    record = acceptance("ann")
    assert (record.kind, record.change_id, record.namespace) == ("acceptance", CHANGE, RECORD_NAMESPACE)
    assert set(statement_of(record)["predicate"]) == {"merge", "head", "change_id", "at", "checkpoint", "main"}
    assert record.body.accepted_at == datetime(2026, 11, 21, 11, tzinfo=UTC)


def test_a_deployment_is_read_back_and_is_about_no_change():
    record = deployment("reconciler")
    assert (record.kind, record.change_id) == ("deployment", None)
    assert statement_of(record)["subject"][0]["name"] == "target"


def test_the_signature_is_an_ordinary_ssh_signature_over_the_encoding():
    record = decision("ann")
    envelope = Envelope.decode(record.envelope)
    made = verify_sshsig(pae(PAYLOAD_TYPE, envelope.payload), envelope.signatures[0].sig, "gm-approval@v1")
    assert made.fingerprint == ANN.fingerprint


def test_one_statement_signed_twice_is_two_records_of_one_statement():
    again = TestSigner(ANN.private, hash_alg=b"sha256")
    first, second = decision("ann"), decision("ann", signer=again)
    assert first.sha256 != second.sha256
    assert first.statement_sha256 == second.statement_sha256


def test_a_key_limited_to_records_cannot_decide():
    assert code_of(sealed(statement_of(decision("ann")), namespace=RECORD_NAMESPACE)) == "GM-T006"
    assert code_of(sealed(statement_of(acceptance("ann")), namespace=APPROVAL_NAMESPACE)) == "GM-T006"


def test_a_record_that_names_another_key_is_refused():
    assert code_of(sealed(statement_of(decision("ann")), keyid=ecdsa_key("ann").fingerprint)) == "GM-T107"


def test_a_changed_record_is_refused():
    record = decision("ann")
    envelope = Envelope.decode(record.envelope)
    payload = envelope.payload.replace(b'"approve"', b'"rejects"').replace(b"looks right", b"looks wrong")
    assert code_of(Envelope(PAYLOAD_TYPE, payload, envelope.signatures).encode()) in {"GM-T105", "GM-T003"}
    payload = envelope.payload.replace(b"looks right", b"looks wrong")
    assert code_of(Envelope(PAYLOAD_TYPE, payload, envelope.signatures).encode()) == "GM-T003"


@pytest.mark.parametrize(
    "change",
    [
        {"_type": "https://in-toto.io/Statement/v0.1"},
        {"subject": []},
        {"subject": [{"name": "other", "digest": {"sha256": CHANGE}}]},
        {"subject": [{"name": "change", "digest": {"sha256": CHANGE, "sha512": "x"}}]},
        {"subject": [{"name": "change", "digest": {"sha512": CHANGE}}]},
        {"subject": [{"name": "change", "digest": {"sha256": "C" * 64}}]},
        {"predicate": []},
        {"extra": 1},
    ],
)
def test_a_statement_of_another_shape_is_refused(change):
    assert code_of(sealed({**statement_of(decision("ann")), **change})) == "GM-T105"


@pytest.mark.parametrize(
    "change",
    [
        {"decision": "maybe"},
        {"person": 1},
        {"roles": "raio"},
        {"roles": [1]},
        {"main": "a" * 39},
        {"main": "a" * 40 + "\n"},
        {"policy_sha256": "B" * 64},
        {"created": "yesterday"},
        {"created": "2026-02-30T10:00:00Z"},
        {"expires": "2026-11-21T10:00:00+01:00"},
        {"previous": "x"},
        {"extra": 1},
        {"change": {"events": ["promoted"], "extra": 1}},
    ],
)
def test_a_field_of_another_form_is_refused(change):
    statement = statement_of(decision("ann"))
    statement["predicate"] |= change
    assert code_of(sealed(statement)) == "GM-T105"


def test_a_missing_field_is_refused():
    statement = statement_of(decision("ann"))
    del statement["predicate"]["previous"]
    assert code_of(sealed(statement)) == "GM-T105"


def test_subject_and_body_must_speak_of_the_same():
    statement = statement_of(acceptance("ann"))
    statement["subject"][0]["digest"]["sha256"] = "d" * 64
    assert code_of(sealed(statement, namespace=RECORD_NAMESPACE)) == "GM-T105"
    statement = statement_of(deployment("ann"))
    statement["predicate"]["target"] = "edge-2"
    assert code_of(sealed(statement, namespace=RECORD_NAMESPACE)) == "GM-T105"


def test_a_record_of_an_unknown_kind_is_refused():
    statement = {**statement_of(decision("ann")), "predicateType": "urn:gitops-models:decision:v2"}
    assert code_of(sealed(statement)) == "GM-T106"


def test_a_payload_that_is_not_canonical_is_refused():
    assert code_of(sealed(json.dumps(statement_of(decision("ann"))).encode())) == "GM-T104"


def test_a_reason_that_makes_the_record_too_large_is_refused():
    with pytest.raises(GmError) as caught:
        decision("ann", reason="x" * 70_000)
    assert caught.value.code == "GM-T100"
