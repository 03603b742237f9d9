"""Keyless signing with sigstore-python's own code against the loopback instance."""

import json

import pytest

from gitops_models.errors import GmError
from gitops_models.registry.canonical import jcs
from gitops_models.trust.keyless.bundle import verify_statement
from gitops_models.trust.keyless.claims import SignedBy
from gitops_models.trust.keyless.roots import load_verifier
from gitops_models.trust.keyless.sign import keyless_signer
from tests.support.sigstore_loopback import loopback

DIGEST = "ab" * 32
STATEMENT = {
    "_type": "https://in-toto.io/Statement/v1",
    "subject": [{"name": "model.onnx", "digest": {"sha256": DIGEST}}],
    "predicateType": "https://slsa.dev/provenance/v1",
    "predicate": {},
}


@pytest.fixture(scope="module", name="running")
def _running():
    with loopback() as stack:
        yield stack


@pytest.fixture(name="stack")
def _stack(running, tmp_path):
    """The instance with its configuration and root written to files."""
    running.stamps = True
    (tmp_path / "root.json").write_text(json.dumps(running.root))
    (tmp_path / "config.json").write_text(json.dumps(running.config()))
    return running


def refusal_of(call):
    with pytest.raises(GmError) as refusal:
        call()
    return refusal.value


@pytest.mark.parametrize(("rekor", "stampers", "timed"), [(1, 0, True), (1, 1, True), (2, 1, True), (2, 2, False)])
def test_a_statement_signed_at_every_kind_of_log_verifies_offline(stack, tmp_path, rekor, stampers, timed, request):
    config = tmp_path / "config.json"
    config.write_text(json.dumps(stack.config(rekor=rekor, stampers=stampers)))
    bundle = keyless_signer(config, token=stack.token()).sign_statement(jcs(STATEMENT))
    request.getfixturevalue("socket_disabled")
    claim = SignedBy(stack.identity, stack.url)
    proof = verify_statement(bundle, claim=claim, verifier=load_verifier(tmp_path / "root.json"))
    assert proof.payload == jcs(STATEMENT)
    assert (proof.time is not None) is timed
    proof.statement.require_subjects({"model.onnx": DIGEST})


def test_the_token_of_a_ci_job_is_found(stack, tmp_path, monkeypatch):
    for name, value in stack.environment.items():
        monkeypatch.setenv(name, value)
    assert keyless_signer(tmp_path / "config.json").token.issuer == stack.url


def test_without_a_token_nothing_is_signed(tmp_path, stack, monkeypatch):
    config = tmp_path / "config.json"
    refusal = refusal_of(lambda: keyless_signer(config))
    assert (refusal.code, refusal.exit_status) == ("GM-T711", 4)
    assert refusal_of(lambda: keyless_signer(config, token="x.y.z")).code == "GM-T711"
    assert refusal_of(lambda: keyless_signer(config, token=stack.token(exp=1))).code == "GM-T711"
    for name, value in {**stack.environment, "ACTIONS_ID_TOKEN_REQUEST_TOKEN": "stolen"}.items():
        monkeypatch.setenv(name, value)
    assert refusal_of(lambda: keyless_signer(config)).code == "GM-T711"


@pytest.mark.usefixtures("socket_disabled")
def test_the_instances_that_sigstore_carries_are_known_without_network(stack):
    token = stack.token()
    production, staging = keyless_signer(token=token), keyless_signer(token=token, staging=True)
    assert production.config.signing_config.get_oidc_url() == "https://oauth2.sigstore.dev/auth"
    assert staging.config.signing_config.get_oidc_url() == "https://oauth2.sigstage.dev/auth"


@pytest.mark.parametrize("text", ["", "{}", None])
def test_a_damaged_configuration_is_refused(stack, tmp_path, text):
    config = tmp_path / "bad.json"
    if text is not None:
        config.write_text(text)
    assert refusal_of(lambda: keyless_signer(config, token=stack.token())).code == "GM-T708"


@pytest.mark.usefixtures("stack")
def test_a_token_that_the_issuer_did_not_sign_gets_no_certificate(tmp_path):
    with loopback() as other:
        signer = keyless_signer(tmp_path / "config.json", token=other.token())
        refusal = refusal_of(lambda: signer.sign_statement(jcs(STATEMENT)))
    assert (refusal.code, refusal.exit_status) == ("GM-T712", 9)


def test_a_timestamp_authority_that_fails_fails_the_signature(stack, tmp_path):
    stack.stamps = False
    config = tmp_path / "config.json"
    config.write_text(json.dumps(stack.config(rekor=1)))
    signer = keyless_signer(config, token=stack.token())
    refusal = refusal_of(lambda: signer.sign_statement(jcs(STATEMENT)))
    assert (refusal.code, refusal.message) == ("GM-T712", "the timestamp authority gave no timestamp")


@pytest.mark.parametrize("digest", [{"gitCommit": "1" * 40}, {}, {"sha1": "1" * 40}])
def test_a_subject_that_sigstore_cannot_sign_is_refused_before_anything_is_logged(stack, tmp_path, digest):
    before = len(stack.logs[2].leaves)
    signer = keyless_signer(tmp_path / "config.json", token=stack.token())
    statement = {**STATEMENT, "subject": [{"name": "commit", "digest": digest}]}
    if digest == {}:
        statement["predicateType"] = 7
    assert refusal_of(lambda: signer.sign_statement(jcs(statement))).code == "GM-T706"
    assert len(stack.logs[2].leaves) == before
