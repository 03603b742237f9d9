"""OpenSSF model signatures, with the package that the format comes from: it accepts ours, we accept its own.

The package needs other versions of our dependencies, so every release lives in an environment of its own, for 1.1.1:
``python -m venv .cache/model-signing/1.1.1``, then ``bin/pip install model-signing==1.1.1 pyopenssl`` there. Before 1.1
it needs ``sigstore==3.6.7`` without saying so. 0.2.0 and 0.1.0 install, but write another format with other predicates.
"""

import json
import shutil
import subprocess
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import serialization as ser
from cryptography.hazmat.primitives.asymmetric import ec

from gitops_models.cli.run import run
from gitops_models.registry.canonical import FileDigest
from gitops_models.trust.keyless.sign import keyless_signer
from gitops_models.trust.oms.envelope import seal_with_key
from gitops_models.trust.oms.keys import read_private_key
from gitops_models.trust.oms.statement import write_manifest
from gitops_models.workflows.keyless import digest_of
from tests.support.sigstore_loopback import loopback

ENVIRONMENTS = Path(__file__).resolve().parent.parent.parent / ".cache" / "model-signing"
CURRENT = "1.1.1"
RELEASES = (CURRENT, "1.1.0", "1.0.1", "1.0.0", "0.3.1")
CONTENT = {"model.onnx": b"weights" * 100, "sub/b": b"b", "sub-x": b"x" * 10, "config.json": b"{}"}
CURVES = {"P-256": ec.SECP256R1(), "P-384": ec.SECP384R1(), "P-521": ec.SECP521R1()}
# Before 1.1 the configuration looks for Sigstore's roots in the network before it is told of a key, hence __new__.
SIGN = """
import pathlib, sys
from model_signing import hashing, signing
model, signature, key, method, ignored = sys.argv[1:]
config = signing.Config.__new__(signing.Config)
hashes = hashing.Config()
if method == "shards":
    hashes.use_shard_serialization(shard_size=300)
config.set_hashing_config(hashes.set_ignored_paths(paths=[pathlib.Path(model) / ignored]))
config.use_elliptic_key_signer(private_key=pathlib.Path(key)).sign(pathlib.Path(model), pathlib.Path(signature))
"""


def python_of(release):
    python = ENVIRONMENTS / release / "bin" / "python"
    if not python.exists():
        pytest.skip(f"model-signing {release} is not installed in {ENVIRONMENTS / release}")
    return str(python)


def call(*command):
    words = [str(word) for word in command]
    return subprocess.run(words, capture_output=True, text=True, check=False, timeout=120)


@pytest.fixture(name="model")
def _model(tmp_path):
    root = tmp_path / "fraud"
    for path, data in CONTENT.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_bytes(data)
    (root / "notes.txt").write_text("not signed")
    return root


@pytest.fixture(params=CURVES, name="keys")
def _keys(request, tmp_path):
    key = ec.generate_private_key(CURVES[request.param])
    private, public = tmp_path / "key.pem", tmp_path / "key.pub"
    private.write_bytes(key.private_bytes(ser.Encoding.PEM, ser.PrivateFormat.PKCS8, ser.NoEncryption()))
    public.write_bytes(key.public_key().public_bytes(ser.Encoding.PEM, ser.PublicFormat.SubjectPublicKeyInfo))
    return private, public


def gm(model, signature, public, *options):
    return run(["trust", "model", str(model), "--signature", str(signature), "--key", str(public), *options])


@pytest.mark.parametrize("keys", ["P-256"], indirect=True)
@pytest.mark.parametrize("method", ["files", "shards"])
@pytest.mark.parametrize("release", RELEASES)
def test_gm_accepts_what_every_release_signs_and_refuses_it_after_an_edit(
    release, method, model, keys, tmp_path, capsys
):
    private, public = keys
    signature = tmp_path / "model.sig"
    made = call(python_of(release), "-c", SIGN, model, signature, private, method, "notes.txt")
    assert made.returncode == 0, made.stderr
    assert gm(model, signature, public, "--ignore", "notes.txt", "--json") == 0
    shown = json.loads(capsys.readouterr().out)
    assert (shown["verdict"], shown["method"], shown["files"]) == ("good", method, len(CONTENT))
    (model / "sub" / "b").write_bytes(b"c")
    assert gm(model, signature, public, "--ignore", "notes.txt") == 5
    assert "GM-T727" in capsys.readouterr().err


@pytest.mark.parametrize("inside", [True, False])
def test_model_signing_accepts_what_gm_signs_and_refuses_it_after_an_edit(model, keys, tmp_path, inside):
    private, public = keys
    signature = (model if inside else tmp_path) / "model.sig"
    (model / "notes.txt").unlink()
    digests = [FileDigest(path, len(data), digest_of(model / path)) for path, data in CONTENT.items()]
    signature.write_bytes(seal_with_key(write_manifest("fraud", digests), read_private_key(private)))
    command = (python_of(CURRENT), "-m", "model_signing", "verify", "key", model, "--signature", signature)
    judged = call(*command, "--public_key", public)
    assert judged.returncode == 0, judged.stdout + judged.stderr
    assert gm(model, signature, public) == 0
    (model / "config.json").write_bytes(b"{ }")
    assert call(*command, "--public_key", public).returncode != 0
    assert gm(model, signature, public) == 5


def test_the_signature_that_model_signing_published_holds_and_fails_after_an_edit(shared_data, tmp_path, capsys):
    data = shared_data / "model-signing"
    model = tmp_path / "model"
    shutil.copytree(data / "v1.1.0-elliptic-key", model, copy_function=shutil.copyfile)
    model.chmod(0o755)
    public = data / "signing-key-pub.pem"
    assert gm(model, model / "model.sig", public) == 0
    assert "  2 files, 17 bytes\n" in capsys.readouterr().out
    (model / "signme-1").write_bytes(b"signme-2\n")
    assert gm(model, model / "model.sig", public) == 5
    assert "GM-T727" in capsys.readouterr().err
    shutil.copyfile(data / "v1.1.0-elliptic-key" / "signme-1", model / "signme-1")
    (model / "ignore-me").write_text("whatever")
    assert gm(model, model / "model.sig", public) == 0
    (model / "extra").touch()
    assert gm(model, model / "model.sig", public) == 5


@pytest.mark.parametrize("place", range(0, 1679, 41))
def test_the_published_signature_with_one_flipped_byte_is_refused(shared_data, tmp_path, place):
    data = shared_data / "model-signing"
    raw = bytearray((data / "v1.1.0-elliptic-key" / "model.sig").read_bytes())
    raw[place] ^= 1
    signature = tmp_path / "model.sig"
    signature.write_bytes(raw)
    assert gm(data / "v1.1.0-elliptic-key", signature, data / "signing-key-pub.pem", "--ignore", "model.sig") == 5


@pytest.fixture(name="signed")
def _signed(model, tmp_path):
    """A model that gm signed, with its signature and key; ``notes.txt`` lies there unsigned."""
    key = ec.generate_private_key(ec.SECP256R1())
    private, public, signature = tmp_path / "key.pem", tmp_path / "key.pub", model / "model.sig"
    private.write_bytes(key.private_bytes(ser.Encoding.PEM, ser.PrivateFormat.PKCS8, ser.NoEncryption()))
    public.write_bytes(key.public_key().public_bytes(ser.Encoding.PEM, ser.PublicFormat.SubjectPublicKeyInfo))
    digests = [FileDigest(path, len(data), digest_of(model / path)) for path, data in CONTENT.items()]
    signature.write_bytes(seal_with_key(write_manifest("fraud", digests), read_private_key(private)))
    return model, signature, public


def test_a_path_to_ignore_is_read_from_here_or_from_the_model(signed, monkeypatch, capsys):
    model, signature, public = signed
    assert gm(*signed) == 5
    assert "GM-T725" in capsys.readouterr().err
    assert gm(*signed, "--ignore", "notes.txt") == 0
    assert gm(*signed, "--ignore", str(model / "notes.txt")) == 0
    monkeypatch.chdir(model.parent)
    assert gm("fraud", signature, public, "--ignore", "fraud/notes.txt") == 0
    link = model.parent / "current"
    link.symlink_to(model)
    assert gm("current", signature, public, "--ignore", "notes.txt") == 0


@pytest.mark.parametrize("path", ["..", "/etc", ".", "../other/x"])
def test_a_path_to_ignore_that_leads_out_is_a_usage_error(signed, path, capsys):
    assert gm(*signed, "--ignore", path) == 2
    assert "GM-T732" in capsys.readouterr().err


@pytest.mark.parametrize(
    "who", [[], ["--identity", "a"], ["--issuer", "b"], ["--key", "K", "--identity", "a", "--issuer", "b"]]
)
def test_the_signer_must_be_named_in_one_way(signed, who, capsys):
    model, signature, public = signed
    words = [str(public) if word == "K" else word for word in who]
    assert run(["trust", "model", str(model), "--signature", str(signature), *words]) == 2
    assert "GM-T731" in capsys.readouterr().err


def test_a_model_signed_with_a_key_has_no_identity(signed, capsys):
    model, signature, _ = signed
    words = ["--identity", "a", "--issuer", "b"]
    assert run(["trust", "model", str(model), "--signature", str(signature), *words]) == 5
    assert "GM-T700" in capsys.readouterr().err


def test_a_directory_or_signature_that_is_not_there_is_a_usage_error(signed):
    model, signature, public = signed
    assert gm(model / "absent", signature, public) == 2
    assert gm(model, model / "absent", public) == 2
    assert gm(model, signature, model / "absent") == 2


@pytest.fixture(name="instance")
def _instance(tmp_path):
    """A running Sigstore with its configuration and root in files."""
    with loopback() as stack:
        (tmp_path / "config.json").write_text(json.dumps(stack.config()))
        (tmp_path / "root.json").write_text(json.dumps(stack.root))
        yield stack


def keyless(stack, tmp_path, model, signature):
    words = ["--identity", stack.identity, "--issuer", stack.url, "--trusted-root", str(tmp_path / "root.json")]
    return run(["trust", "model", str(model), "--signature", str(signature), *words])


def test_model_signing_accepts_what_gm_signs_without_a_key(model, instance, tmp_path, capsys):
    signature = model / "model.sig"
    (model / "notes.txt").unlink()
    digests = [FileDigest(path, len(data), digest_of(model / path)) for path, data in CONTENT.items()]
    signer = keyless_signer(tmp_path / "config.json", token=instance.token())
    signature.write_bytes(signer.sign_statement(write_manifest("fraud", digests)))
    assert keyless(instance, tmp_path, model, signature) == 0
    command = (python_of(CURRENT), "-m", "model_signing", "verify", "sigstore", model, "--signature", signature)
    who = ("--identity", instance.identity, "--identity_provider", instance.url)
    judged = call(*command, *who, "--trust_config", tmp_path / "config.json")
    assert judged.returncode == 0, judged.stdout + judged.stderr
    (model / "config.json").write_bytes(b"{ }")
    assert keyless(instance, tmp_path, model, signature) == 5
    assert "GM-T727" in capsys.readouterr().err


def test_gm_accepts_what_model_signing_signs_without_a_key(model, instance, tmp_path, capsys):
    signature = tmp_path / "model.sig"
    command = (python_of(CURRENT), "-m", "model_signing", "sign", "sigstore", model, "--signature", signature)
    made = call(*command, "--identity_token", instance.token(), "--trust_config", tmp_path / "config.json")
    assert made.returncode == 0, made.stdout + made.stderr
    assert keyless(instance, tmp_path, model, signature) == 0
    instance.claims = {"email": "mallory@example.org"}
    assert keyless(instance, tmp_path, model, signature) == 5
    assert "GM-T703" in capsys.readouterr().err
