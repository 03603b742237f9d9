"""Whose workflow signed: every certificate here is genuine, from the right authority, and says something else."""

import json
from dataclasses import replace

import pytest
from sigstore import dsse

from gitops_models.errors import GmError
from gitops_models.registry.canonical import jcs
from gitops_models.trust.keyless.bundle import verify_bundle, verify_statement
from gitops_models.trust.keyless.claims import SignedBy
from gitops_models.trust.keyless.roots import load_verifier
from gitops_models.trust.keyless.sign import keyless_signer
from gitops_models.trust.keyless.workload import SignedByWorkload
from tests.support.sigstore_loopback import github_claims, loopback

DIGEST = "ab" * 32
PREDICATE = "https://slsa.dev/provenance/v1"


@pytest.fixture(name="verifier")
def _verifier(stack, tmp_path):
    root = tmp_path / "root.json"
    root.write_text(json.dumps(stack.root))
    return load_verifier(root)


@pytest.fixture(name="claim")
def _claim(stack):
    """The receipt workflow of acme/registry at main, as people.yaml would declare it."""
    url = github_claims()["workflow_url"]
    return SignedByWorkload(
        SignedBy(url, stack.url), "101", "202", "refs/heads/main", "push", "github-hosted", "1" * 40
    )


def sign(stack, folder, subjects=(("model.onnx", DIGEST),), predicate_type=PREDICATE, **claims):
    config = folder / "config.json"
    config.write_text(json.dumps(stack.config()))
    statement = {
        "_type": "https://in-toto.io/Statement/v1",
        "subject": [{"name": name, "digest": {"sha256": digest}} for name, digest in subjects],
        "predicateType": predicate_type,
        "predicate": {},
    }
    changed = {key: value for key, value in github_claims(**claims).items() if value is not None}
    stack.claims = changed
    return keyless_signer(config, token=stack.token()).sign_statement(jcs(statement))


def refusal_of(bundle, claim, verifier):
    with pytest.raises(GmError) as refusal:
        verify_statement(bundle, claim=claim, verifier=verifier)
    assert refusal.value.exit_status == 5
    return refusal.value.code


@pytest.mark.lookalike("the declared workload")
def test_the_declared_workload_is_believed(stack, verifier, claim, tmp_path):
    bundle = sign(stack, tmp_path)
    assert verify_bundle(bundle, DIGEST, claim=claim, verifier=verifier, predicate_type=PREDICATE).form == "dsse"
    assert verify_statement(bundle, claim=replace(claim, runner=None, commit=None), verifier=verifier).time


@pytest.mark.attack("a repository re-made under the same name (repo-jacking)", "GM-T710", by="ci")
@pytest.mark.attack("a keyless signature from a pull request's ref", "GM-T703", by="ci")
@pytest.mark.parametrize(
    ("claims", "code"),
    [
        ({"ref": "refs/pull/7/merge"}, "GM-T703"),
        ({"ref": "refs/heads/feature"}, "GM-T703"),
        ({"repository": "mallory/registry"}, "GM-T703"),
        ({"workflow_path": ".github/workflows/other.yml"}, "GM-T703"),
        ({"repository_id": "999"}, "GM-T710"),
        ({"repository_owner_id": "999"}, "GM-T710"),
        ({"repository_id": None}, "GM-T710"),
        ({"runner_environment": "self-hosted"}, "GM-T710"),
        ({"runner_environment": None}, "GM-T710"),
        ({"sha": "2" * 40}, "GM-T710"),
        ({"event_name": "workflow_dispatch"}, "GM-T710"),
        ({"event_name": "pull_request_target"}, "GM-T710"),
        ({"workflow_url": "https://github.com/mallory/x/.github/workflows/caller.yml@refs/heads/main"}, "GM-T710"),
    ],
    ids=repr,
)
def test_another_workload_is_refused(stack, verifier, claim, tmp_path, claims, code):
    assert refusal_of(sign(stack, tmp_path, **claims), claim, verifier) == code


@pytest.mark.attack("a reusable workflow called from a pull request", "GM-T710", by="ci")
def test_a_called_workflow_at_main_does_not_lend_its_name_to_a_pull_request(stack, verifier, claim, tmp_path):
    called = sign(stack, tmp_path, ref="refs/pull/7/merge", job_workflow_url=claim.signer.identity)
    assert refusal_of(called, claim, verifier) == "GM-T710"


def test_a_token_of_another_issuer_is_refused(stack, verifier, claim, tmp_path):
    other = replace(claim, signer=SignedBy(claim.signer.identity, "https://token.actions.githubusercontent.com"))
    assert refusal_of(sign(stack, tmp_path), other, verifier) == "GM-T704"


@pytest.mark.attack("another Sigstore instance with the same names", "GM-T702", by="ci")
def test_another_instance_with_the_same_names_is_refused(verifier, claim, tmp_path):
    with loopback() as foreign:
        bundle = sign(foreign, tmp_path)
    assert refusal_of(bundle, claim, verifier) == "GM-T702"


@pytest.mark.attack("a certificate without an entry in a log of the root", "GM-T702", by="ci")
def test_an_authority_without_a_log_is_refused(stack, claim, tmp_path):
    """Fulcio's key alone is not enough: the entry must lie in a log of the root."""
    bundle = sign(stack, tmp_path)
    root = stack.root
    with loopback() as foreign:
        root["tlogs"] = foreign.root["tlogs"]
    path = tmp_path / "mixed.json"
    path.write_text(json.dumps(root))
    assert refusal_of(bundle, claim, load_verifier(path)) == "GM-T702"


@pytest.mark.parametrize("part", ["ctlogs", "timestampAuthorities"])
def test_a_foreign_certificate_log_or_timestamp_is_refused(stack, claim, tmp_path, part):
    bundle = sign(stack, tmp_path)
    root = stack.root
    with loopback() as foreign:
        root[part] = foreign.root[part]
    path = tmp_path / "mixed.json"
    path.write_text(json.dumps(root))
    assert refusal_of(bundle, claim, load_verifier(path)) == "GM-T702"


@pytest.mark.attack("a bundle put together from two", "GM-T702", by="ci")
def test_a_bundle_put_together_from_two_is_refused(stack, verifier, claim, tmp_path):
    one, two = (json.loads(sign(stack, tmp_path, (("model.onnx", text * 64),))) for text in "ab")
    for swapped in ("dsseEnvelope", "verificationMaterial"):
        assert refusal_of(json.dumps({**one, swapped: two[swapped]}).encode(), claim, verifier) == "GM-T702"
    entries = {**one["verificationMaterial"], "tlogEntries": two["verificationMaterial"]["tlogEntries"]}
    assert refusal_of(json.dumps({**one, "verificationMaterial": entries}).encode(), claim, verifier) == "GM-T702"


@pytest.mark.attack("an extra or missing subject", "GM-T705", by="ci")
def test_the_statement_must_be_of_the_type_and_about_the_files_asked_for(stack, verifier, claim, tmp_path):
    bundle = sign(stack, tmp_path, (("model.onnx", DIGEST), ("extra.bin", "cd" * 32)))
    proof = verify_statement(bundle, claim=claim, verifier=verifier)
    for files in ({"model.onnx": DIGEST}, {"model.onnx": DIGEST, "extra.bin": "cd" * 32, "third": DIGEST}):
        with pytest.raises(GmError) as refusal:
            proof.statement.require_subjects(files)
        assert refusal.value.code == "GM-T705"
    with pytest.raises(GmError) as refusal:
        verify_bundle(bundle, "ef" * 32, claim=claim, verifier=verifier)
    assert refusal.value.code == "GM-T705"
    other = sign(stack, tmp_path, predicate_type="https://example.org/other")
    with pytest.raises(GmError) as refusal:
        verify_bundle(other, DIGEST, claim=claim, verifier=verifier, predicate_type=PREDICATE)
    assert refusal.value.code == "GM-T707"


def test_a_payload_of_another_type_is_no_statement(stack, verifier, claim, tmp_path, monkeypatch):
    with monkeypatch.context() as patched:
        patched.setattr(dsse.Envelope, "_TYPE", "text/plain")
        bundle = sign(stack, tmp_path)
    assert refusal_of(bundle, claim, verifier) == "GM-T706"
