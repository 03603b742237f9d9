"""Sigstore bundles that somebody else's tools made, and what is done to them. No test here has a network."""

import base64
import json
from dataclasses import dataclass, replace

import pytest

from gitops_models.cli.run import run
from gitops_models.errors import GmError
from gitops_models.registry.canonical import sha256_hex
from gitops_models.trust.keyless.bundle import verify_bundle, verify_statement
from gitops_models.trust.keyless.claims import SignedBy
from gitops_models.trust.keyless.roots import load_verifier

pytestmark = pytest.mark.usefixtures("socket_disabled")

GITHUB = "https://token.actions.githubusercontent.com"
LOGIN = "https://github.com/login/oauth"
BEACON = (
    "https://github.com/sigstore-conformance/extremely-dangerous-public-oidc-beacon"
    "/.github/workflows/extremely-dangerous-oidc-beacon.yml@refs/heads/main"
)
RELEASE = "https://github.com/trailofbits/rfc8785.py/.github/workflows/release.yml@refs/tags/v0.1.2"
# The file of the DSSE bundle: its statement speaks of the a.txt of sigstore's conformance suite, not of the text that
# lies beside it in sigstore-python's test assets (sigstore's own command refuses that one as well).
WARNING = b"DO NOT MODIFY ME!\n"
CONFORMANCE = WARNING + b'\nthis is "a.txt", a sample input for sigstore-conformance\'s test suite.\n\n' + WARNING


@dataclass(frozen=True)
class Case:
    """One bundle with the file, the signer and the root that it verifies with."""

    bundle: str
    signer: SignedBy
    staging: bool = True
    data: bytes = b""
    raw: bytes = b""

    @property
    def root(self):
        return load_verifier(staging=self.staging)


CASES = {
    "production": Case("bundle_v3_github.whl.sigstore", SignedBy(RELEASE, GITHUB), staging=False),
    "v0.3": Case("bundle_v3.txt.sigstore", SignedBy("william@yossarian.net", LOGIN)),
    "rekor v2": Case("staging-rekor-v2.txt.sigstore.json", SignedBy("jku@goto.fi", LOGIN)),
    "rekor v2 dsse": Case("a.dsse.staging-rekor-v2.txt.sigstore.json", SignedBy(BEACON, GITHUB), data=CONFORMANCE),
}


@pytest.fixture(params=CASES, name="case")
def _case(request, shared_data):
    case = CASES[request.param]
    folder = shared_data / "sigstore-bundles"
    file = folder / case.bundle.removesuffix(".json").removesuffix(".sigstore")
    return replace(case, data=case.data or file.read_bytes(), raw=(folder / case.bundle).read_bytes())


def judge(case, raw=None, data=None, signer=None, **options):
    return verify_bundle(
        case.raw if raw is None else raw,
        sha256_hex(case.data if data is None else data),
        claim=signer or case.signer,
        verifier=case.root,
        **options,
    )


def refusal_of(case, **changes):
    with pytest.raises(GmError) as refusal:
        judge(case, **changes)
    assert refusal.value.exit_status == 5
    return refusal.value.code


def edited(raw, change):
    fields = json.loads(raw)
    change(fields)
    return json.dumps(fields).encode()


def flip_base64(text, byte):
    data = bytearray(base64.b64decode(text))
    data[byte] ^= 1
    return base64.b64encode(data).decode()


@pytest.mark.lookalike("a bundle that others made, offline")
def test_a_bundle_that_others_made_verifies_offline(case):
    proof = judge(case)
    assert proof.time is not None
    assert proof.form == ("dsse" if case.data == CONFORMANCE else "message")


def test_what_lies_beside_the_dsse_bundle_is_not_what_it_signs(shared_data):
    """No file of the folder is: its true subject, of this digest, is the input of sigstore's conformance suite."""
    case, folder = CASES["rekor v2 dsse"], shared_data / "sigstore-bundles"
    raw = (folder / case.bundle).read_bytes()
    assert sha256_hex(CONFORMANCE).startswith("a0cfc712")
    assert sha256_hex(CONFORMANCE) not in {sha256_hex(path.read_bytes()) for path in folder.iterdir()}
    assert judge(case, raw=raw).statement.subjects[0].sha256 == sha256_hex(CONFORMANCE)
    for path in folder.iterdir():
        assert refusal_of(case, raw=raw, data=path.read_bytes()) == "GM-T705"


@pytest.mark.lookalike("the same bundle with other white space")
def test_the_same_bundle_with_other_white_space_verifies(case):
    assert judge(case, raw=edited(case.raw, lambda _: None)) == judge(case)


@pytest.mark.attack("a file with one flipped byte under its bundle", "GM-T705", by="storage")
def test_every_file_with_one_flipped_byte_is_refused(case):
    for place in {0, len(case.data) // 2, len(case.data) - 1}:
        data = bytearray(case.data)
        data[place] ^= 1
        assert refusal_of(case, data=bytes(data)) == "GM-T705"


@pytest.mark.parametrize("byte", [0, 1, 7, 31, -1])
def test_a_signature_or_payload_with_one_flipped_byte_is_refused(case, byte):
    def signature(fields):
        where = fields["dsseEnvelope"]["signatures"][0] if "dsseEnvelope" in fields else fields["messageSignature"]
        name = "sig" if "dsseEnvelope" in fields else "signature"
        where[name] = flip_base64(where[name], byte)

    def payload(fields):
        where, name = (
            (fields["dsseEnvelope"], "payload")
            if "dsseEnvelope" in fields
            else (fields["messageSignature"]["messageDigest"], "digest")
        )
        where[name] = flip_base64(where[name], byte)

    assert refusal_of(case, raw=edited(case.raw, signature)) == "GM-T702"
    assert refusal_of(case, raw=edited(case.raw, payload)) in {"GM-T702", "GM-T705"}


@pytest.mark.parametrize("byte", [4, 40, 200, -1])
def test_a_log_entry_certificate_or_timestamp_with_one_flipped_byte_is_refused(case, byte):
    def certificate(fields):
        material = fields["verificationMaterial"]
        where = material.get("certificate") or material["x509CertificateChain"]["certificates"][0]
        where["rawBytes"] = flip_base64(where["rawBytes"], byte)

    def body(fields):
        (entry,) = fields["verificationMaterial"]["tlogEntries"]
        entry["canonicalizedBody"] = flip_base64(entry["canonicalizedBody"], byte)

    def time(fields):
        (entry,) = fields["verificationMaterial"]["tlogEntries"]
        if "inclusionPromise" in entry:
            entry["integratedTime"] = str(int(entry["integratedTime"]) + byte)
            return
        (stamp,) = fields["verificationMaterial"]["timestampVerificationData"]["rfc3161Timestamps"]
        stamp["signedTimestamp"] = flip_base64(stamp["signedTimestamp"], byte)

    for change in (certificate, body, time):
        assert refusal_of(case, raw=edited(case.raw, change)) in {"GM-T700", "GM-T702", "GM-T703"}


@pytest.mark.attack("a log entry at another place", "GM-T702", by="storage")
def test_another_place_in_the_log_is_refused(case):
    def move(fields):
        (entry,) = fields["verificationMaterial"]["tlogEntries"]
        entry["logIndex"] = str(int(entry["logIndex"]) + 1)

    assert refusal_of(case, raw=edited(case.raw, move)) == "GM-T702"


@pytest.mark.attack("a log checkpoint signed in another name", "GM-T702", by="storage")
def test_a_checkpoint_signed_in_another_name_is_refused(case):
    def rename(fields):
        (entry,) = fields["verificationMaterial"]["tlogEntries"]
        checkpoint = entry["inclusionProof"]["checkpoint"]
        checkpoint["envelope"] = checkpoint["envelope"].replace("\n\n\u2014 ", "\n\n\u2014 x", 1)

    def scribble(fields):
        (entry,) = fields["verificationMaterial"]["tlogEntries"]
        entry["inclusionProof"]["checkpoint"]["envelope"] += "whatever\n"

    assert refusal_of(case, raw=edited(case.raw, rename)) == "GM-T702"
    assert refusal_of(case, raw=edited(case.raw, scribble)) == "GM-T702"


@pytest.mark.attack("a bundle of another identity", "GM-T703", by="storage")
def test_another_identity_is_refused(case):
    for identity in ("mallory@example.org", case.signer.identity + "x", case.signer.identity[:-1], ""):
        assert refusal_of(case, signer=SignedBy(identity, case.signer.issuer)) == "GM-T703"


@pytest.mark.attack("a bundle of another issuer", "GM-T704", by="storage")
def test_another_issuer_is_refused(case):
    for issuer in ("https://issuer.example", case.signer.issuer + "/", ""):
        assert refusal_of(case, signer=SignedBy(case.signer.identity, issuer)) == "GM-T704"


def test_another_root_is_refused(case):
    assert refusal_of(replace(case, staging=not case.staging)) == "GM-T702"


@pytest.mark.attack("a bundle in a second spelling", "GM-T701", by="storage")
def test_a_bundle_in_another_spelling_is_refused(case):
    def loosen(fields):
        (entry,) = fields["verificationMaterial"]["tlogEntries"]
        entry["logIndex"] = "0" + entry["logIndex"]

    assert refusal_of(case, raw=edited(case.raw, loosen)) == "GM-T701"
    assert refusal_of(case, raw=edited(case.raw, lambda fields: fields.update(note="x"))) == "GM-T700"
    assert refusal_of(case, raw=case.raw[:-10]) == "GM-T700"
    assert refusal_of(case, raw=b'{"mediaType": "x",' + case.raw.lstrip()[1:]) == "GM-T700"


@pytest.mark.parametrize("case", ["v0.3"], indirect=True)
def test_a_digest_of_another_kind_is_refused_and_an_absent_one_is_not_needed(case):
    def other(fields):
        fields["messageSignature"]["messageDigest"]["algorithm"] = "SHA2_512"

    def absent(fields):
        del fields["messageSignature"]["messageDigest"]

    assert refusal_of(case, raw=edited(case.raw, other)) == "GM-T700"
    assert judge(case, raw=edited(case.raw, absent)).form == "message"
    assert refusal_of(case, raw=edited(case.raw, absent), data=b"other") == "GM-T702"


@pytest.mark.attack("a statement of another predicate type", "GM-T707", by="storage")
@pytest.mark.parametrize("case", ["rekor v2 dsse"], indirect=True)
def test_a_statement_of_another_type_than_asked_for_is_refused(case):
    assert refusal_of(case, predicate_type="https://model_signing/signature/v1.0") == "GM-T707"
    proof = judge(case, predicate_type="https://slsa.dev/provenance/v1")
    assert proof == verify_statement(case.raw, claim=case.signer, verifier=case.root)


@pytest.mark.parametrize("case", ["rekor v2 dsse"], indirect=True)
def test_a_statement_in_an_envelope_of_another_type_is_refused(case):
    def relabel(fields):
        fields["dsseEnvelope"]["payloadType"] = "text/plain"

    assert refusal_of(case, raw=edited(case.raw, relabel)) == "GM-T702"


@pytest.mark.attack("signed bytes offered as a statement", "GM-T706", by="storage")
@pytest.mark.parametrize("case", ["v0.3"], indirect=True)
def test_plain_bytes_are_no_statement(case):
    with pytest.raises(GmError) as refusal:
        verify_statement(case.raw, claim=case.signer, verifier=case.root)
    assert refusal.value.code == "GM-T706"


def test_the_command_says_good_and_5_for_a_flipped_byte(case, tmp_path, capsys):
    file, bundle = tmp_path / "file", tmp_path / "bundle.json"
    file.write_bytes(case.data)
    bundle.write_bytes(case.raw)
    words = ["trust", "bundle", str(file), "--bundle", str(bundle), "--issuer", case.signer.issuer]
    words += ["--staging"] if case.staging else []
    signer = ["--identity", case.signer.identity]
    assert run([*words, *signer]) == 0
    assert capsys.readouterr().out.startswith("good  ")
    assert run([*words, *signer, "--json"]) == 0
    shown = json.loads(capsys.readouterr().out)
    assert (shown["verdict"], shown["sha256"]) == ("good", sha256_hex(case.data))
    assert run([*words, "--identity", "mallory@example.org"]) == 5
    file.write_bytes(case.data + b"x")
    assert run([*words, *signer]) == 5
    assert run(["trust", "bundle", f"sha256:{sha256_hex(case.data)}", *words[3:], *signer]) == 0


def test_a_file_that_is_not_there_is_a_usage_error(case, tmp_path):
    bundle = tmp_path / "bundle.json"
    bundle.write_bytes(case.raw)
    words = ["--bundle", str(bundle), "--identity", "a", "--issuer", "b"]
    assert run(["trust", "bundle", str(tmp_path / "absent"), *words]) == 2
    assert run(["trust", "bundle", "sha256:abc", *words]) == 2
    assert run(["trust", "bundle", str(bundle), "--bundle", str(tmp_path / "absent"), *words[2:]]) == 2
    assert run(["trust", "bundle", str(bundle), *words[:2]]) == 2


def test_the_text_beside_the_statement_bundle_is_not_what_it_speaks_of(shared_data):
    folder = shared_data / "sigstore-bundles"
    case = CASES["rekor v2 dsse"]
    raw, data = (folder / case.bundle).read_bytes(), (folder / "a.dsse.staging-rekor-v2.txt").read_bytes()
    assert refusal_of(replace(case, raw=raw), data=data) == "GM-T705"
