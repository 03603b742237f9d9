"""Records of rehearsed rollbacks: read back, about one model and stage, on a chain of their own."""

import json
from datetime import UTC, datetime

import pytest

from gitops_models.errors import GmError
from gitops_models.registry.canonical import jcs
from gitops_models.store.worktree import init
from gitops_models.trust.chain import is_chain, speaks_on
from gitops_models.trust.dsse import PAYLOAD_TYPE, Envelope, EnvelopeSignature, pae
from gitops_models.trust.ledger import Ledger, Scribe
from gitops_models.trust.ledgerrefs import is_ledger_ref
from gitops_models.trust.records import Drill, make_drill, verify_record
from tests.support.keys import ed25519_key
from tests.support.signed import MAIN, WHEN, deployment

PLAIN = {
    "main": MAIN,
    "repository": "registry-a",
    "model": "fraud",
    "stage": "production",
    "version": "1.1.0",
    "to": "1.0.0",
    "result": "succeeded",
    "seconds": 0.25,
    "phases": [{"name": "fetch", "seconds": 1.5}],
    "bytes": 1024,
    "missing": ["raio"],
    "checks": [],
    "code": None,
    "reason": "",
    "at": "2026-11-21T11:00:00Z",
}


def drill(name="ann", **fields):
    return make_drill(Drill.model_validate({**PLAIN, **fields}), ed25519_key(name))


def test_a_drill_is_read_back_with_its_key():
    record = drill()
    assert verify_record(record.envelope) == record
    assert (record.kind, record.change_id, record.fingerprint) == ("drill", None, ed25519_key("ann").fingerprint)
    assert record.body.made_at == datetime(2026, 11, 21, 11, tzinfo=UTC)


def test_a_drill_of_one_stage_does_not_speak_of_another():
    envelope = Envelope.decode(drill().envelope)
    statement = json.loads(envelope.payload)
    statement["predicate"]["stage"] = "staging"
    payload, signer = jcs(statement), ed25519_key("ann")
    armored = signer.sign(pae(PAYLOAD_TYPE, payload), "gm-record@v1").encode()
    with pytest.raises(GmError) as caught:
        verify_record(Envelope(PAYLOAD_TYPE, payload, (EnvelopeSignature(signer.fingerprint, armored),)).encode())
    assert caught.value.code == "GM-T105"


def test_drills_have_a_chain_of_their_own():
    assert is_ledger_ref("refs/gm/drills")
    assert not is_ledger_ref("refs/gm/drills/more")
    assert is_chain("drills")
    assert speaks_on("drills", drill())
    assert not speaks_on("drills", deployment())
    assert not speaks_on("deployments/edge-1", drill())


def test_the_newest_drills_are_found_whoever_appended_last(tmp_path):
    scribe = Scribe(ed25519_key("ann"), "ann", "ann@example.org", now=lambda: WHEN)
    ledger = Ledger(init(tmp_path / "store", bare=True), scribe=scribe)
    assert ledger.recent_drills() == ()
    newer, older = drill(at="2026-11-21T12:00:00Z"), drill(at="2026-11-21T11:30:00Z")
    for record in (newer, older):
        assert ledger.append_drill(record).waiting is None
    ledger.refresh()
    assert ledger.recent_drills() == (newer, older)
