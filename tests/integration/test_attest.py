"""Signing versions from the command line: a CI job's identity against a Sigstore on this machine, and plain keys."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import serialization as ser
from cryptography.hazmat.primitives.asymmetric import ec

from gitops_models.cli.run import run
from gitops_models.registry import yamls
from tests.support.models import write_linear
from tests.support.provenance import ROOT, trainer
from tests.support.sigstore_loopback import github_claims, loopback

WHO = ["--name", "Ada", "--email", "ada@example.org"]
WHY = ["-m", "why"]
ENVIRONMENT = Path(__file__).resolve().parent.parent.parent / ".cache" / "model-signing" / "1.1.1"


def git(repo, *words):
    done = subprocess.run(["git", *words], cwd=repo, capture_output=True, text=True, check=True)
    return done.stdout.strip()


@pytest.fixture(scope="module", name="running")
def _running():
    with loopback() as stack:
        yield stack


@pytest.fixture(scope="module", name="told")
def _told(running, tmp_path_factory):
    """A registry that pins the root of the instance and asks for provenance by ``trainer``; 1.0.0 is registered."""
    root = tmp_path_factory.mktemp("attest")
    repo = root / "reg"
    write_linear(root / "v1" / "model.onnx")
    write_linear(root / "v2" / "model.onnx", (0.1, 0.2))
    (root / "tokenizer").mkdir()
    (root / "tokenizer" / "vocab.txt").write_text("a b c")
    (root / "tokenizer" / "merges.txt").write_text("a b")
    (root / "config.json").write_text(json.dumps(running.config()))
    assert run(["-C", str(repo), "--no-input", "init", *WHO, "--dvc-remote", str(root / "artifacts")]) == 0
    govern(repo, running)
    words = ["register", "fraud", str(root / "v1" / "model.onnx"), f"preprocessing={root / 'tokenizer'}"]
    assert gm(repo, *words, "--code", str(repo), "--risk", "low", "--merge", *WHY) == 0
    return root


def govern(repo, stack):
    """Begin anew at a commit whose policy asks for provenance by the workflow of the instance."""
    (repo / ROOT).write_text(json.dumps(stack.root))
    for name, change in {
        "people": lambda fields: {**fields, "workloads": [trainer(stack)]},
        "policy": lambda fields: {**fields, "version": 2, "stage_rules": {"production": {"provenance": ["trainer"]}}},
    }.items():
        path = repo / "policies" / f"{name}.yaml"
        path.write_bytes(yamls.dump(change(yamls.load(path.read_bytes(), str(path)))))
    git(repo, "add", "policies")
    git(repo, "-c", "user.name=Ada", "commit", "-q", "-S", "-m", "policy: ask for provenance\n\nGm-Reason: why")
    shutil.rmtree(repo / ".git" / "gm" / "prefix.json", ignore_errors=True)
    assert gm(repo, "trust", "repin", git(repo, "rev-parse", "HEAD"), *WHY) == 0


def gm(repo, *words):
    return run(["-C", str(repo), "--no-input", *words])


@pytest.fixture(name="repo")
def _repo(told, tmp_path):
    """A copy of the registry that a test may change."""
    shutil.copytree(told, tmp_path / "w", symlinks=True)
    repo = tmp_path / "w" / "reg"
    git(repo, "config", "user.signingkey", str(repo / ".git" / "gm" / "signing_key"))
    return repo


@pytest.fixture(name="stack")
def _stack(running, repo, monkeypatch):
    """The environment of a CI job that builds the very commit that the lineage names."""
    for name, value in running.environment.items():
        monkeypatch.setenv(name, value)
    commit = yamls.load((repo / "models/fraud/versions/1.0.0/lineage.yaml").read_bytes(), "x")["code"]["commit"]
    running.claims = github_claims(sha=commit)
    return running


def config(repo):
    return str(repo.parent / "config.json")


def refs(repo):
    return git(repo, "for-each-ref", "--format=%(refname) %(objectname)")


def printed(capsys):
    return json.loads(capsys.readouterr().out)


def test_a_ci_job_attests_a_version_that_the_last_stage_then_serves(repo, stack, capsys):
    assert gm(repo, "promote", "fraud", "--to", "staging", "--merge", *WHY) == 0
    before = refs(repo)
    assert gm(repo, "promote", "fraud", "--to", "production", "--merge", *WHY) == 3
    assert "GM-P330" in capsys.readouterr().err
    assert refs(repo) == before
    assert gm(repo, "attest", "fraud", "--sigstore", config(repo), "--merge", *WHY) == 0
    assert gm(repo, "promote", "fraud", "--to", "production", "--merge", *WHY) == 0
    capsys.readouterr()
    assert gm(repo, "verify", "--json") == 0
    (attached,) = printed(capsys)["attached"]
    assert (attached["by"], attached["code"]) == ("trainer", None)
    assert gm(repo, "verify") == 0
    assert "signed: fraud@1.0.0 lineage.sigstore.json by trainer" in capsys.readouterr().out
    statement = read(repo, "lineage.sigstore.json")
    definition = statement["predicate"]["buildDefinition"]
    assert [each["name"] for each in statement["subject"]][:2] == ["model.onnx", "tokenizer"]
    assert definition["resolvedDependencies"][0]["digest"] == {"gitCommit": stack.claims["sha"]}
    assert statement["predicate"]["runDetails"]["builder"]["id"]


def read(repo, name, version="1.0.0"):
    import base64  # noqa: PLC0415 - one use

    raw = (repo / "models/fraud/versions" / version / "evidence" / name).read_bytes()
    return json.loads(base64.b64decode(json.loads(raw)["dsseEnvelope"]["payload"]))


def test_a_version_is_registered_with_its_signatures(repo, stack, capsys):
    stack.claims = github_claims(sha=git(repo, "rev-parse", "HEAD"))
    words = ["register", "fraud", str(repo.parent / "v2" / "model.onnx"), "--code", str(repo), "--sign", "keyless"]
    before, entries = refs(repo), len(stack.logs[2].leaves)
    assert gm(repo, *words, "--oms", "--sigstore", config(repo), "--dry-run", *WHY) == 0
    assert (refs(repo), len(stack.logs[2].leaves)) == (before, entries)
    shown = capsys.readouterr().out
    assert "lineage.sigstore.json" in shown
    assert "model.sig" in shown
    assert gm(repo, *words, "--oms", "--sigstore", config(repo), "--merge", *WHY) == 0
    assert gm(repo, "promote", "fraud", "--through", "production", "--merge", *WHY) == 0
    capsys.readouterr()
    assert gm(repo, "verify", "--json") == 0
    assert [(one["version"], one["by"]) for one in printed(capsys)["attached"]] == [("fraud@1.1.0", "trainer")] * 2


def test_what_another_commit_built_does_not_get_into_the_last_stage(repo, stack, capsys):
    stack.claims = github_claims(sha="2" * 40)
    assert gm(repo, "attest", "fraud", "--sigstore", config(repo), "--merge", *WHY) == 0
    assert gm(repo, "promote", "fraud", "--through", "production", *WHY) == 3
    err = capsys.readouterr().err
    assert "GM-P331" in err
    assert "GM-T710" in err
    assert gm(repo, "verify") == 0
    out = capsys.readouterr()
    assert "signed: fraud@1.0.0 lineage.sigstore.json does not hold (GM-T710)" in out.out
    assert "GM-T710" in out.err


def test_without_a_token_or_under_another_root_nothing_is_proposed(repo, stack, monkeypatch, capsys):
    before = refs(repo)
    with loopback() as foreign:
        (repo.parent / "foreign.json").write_text(json.dumps(foreign.config()))
        for name, value in foreign.environment.items():
            monkeypatch.setenv(name, value)
        assert gm(repo, "attest", "fraud", "--sigstore", str(repo.parent / "foreign.json"), *WHY) == 5
    assert "GM-T702" in capsys.readouterr().err
    for name in stack.environment:
        monkeypatch.delenv(name)
    assert gm(repo, "attest", "fraud", "--sigstore", config(repo), *WHY) == 4
    assert "GM-T711" in capsys.readouterr().err
    assert refs(repo) == before


@pytest.fixture(name="keys")
def _keys(tmp_path):
    key = ec.generate_private_key(ec.SECP256R1())
    private, public = tmp_path / "key.pem", tmp_path / "key.pub"
    private.write_bytes(key.private_bytes(ser.Encoding.PEM, ser.PrivateFormat.PKCS8, ser.NoEncryption()))
    public.write_bytes(key.public_key().public_bytes(ser.Encoding.PEM, ser.PublicFormat.SubjectPublicKeyInfo))
    return private, public


def model_signing(*words):
    python = ENVIRONMENT / "bin" / "python"
    if not python.exists():
        pytest.skip(f"model-signing 1.1.1 is not installed in {ENVIRONMENT}")
    command = [python, "-m", "model_signing", *map(str, words)]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=240)


def test_model_signing_accepts_a_fetched_directory_signed_with_a_key(repo, keys, tmp_path, capsys):
    private, public = keys
    assert gm(repo, "attest", "fraud", "--key", str(private), "--merge", *WHY) == 0
    fetched = tmp_path / "fetched"
    for _ in range(2):
        assert gm(repo, "fetch", "fraud", "-o", str(fetched)) == 0
    assert (fetched / "model.sig").is_file()
    assert (
        gm(repo, "trust", "model", str(fetched), "--signature", str(fetched / "model.sig"), "--key", str(public)) == 0
    )
    words = ["verify", "key", fetched, "--signature", fetched / "model.sig", "--public_key", public]
    judged = model_signing(*words)
    assert judged.returncode == 0, judged.stdout + judged.stderr
    (fetched / "tokenizer" / "vocab.txt").write_text("other")
    assert model_signing(*words).returncode != 0
    capsys.readouterr()
    assert gm(repo, "verify", "--json") == 0
    (attached,) = printed(capsys)["attached"]
    assert (attached["by"], attached["code"]) == (None, "GM-T700")  # a stranger's key: no certificate, nobody's here


def test_model_signing_accepts_a_fetched_directory_signed_keyless(repo, stack, tmp_path, capsys):
    assert gm(repo, "attest", "fraud", "--oms", "--sigstore", config(repo), "--merge", *WHY) == 0
    fetched = tmp_path / "fetched"
    assert gm(repo, "fetch", "fraud", "-o", str(fetched)) == 0
    who = ["--identity", stack.identity, "--identity_provider", stack.url, "--trust_config", config(repo)]
    judged = model_signing("verify", "sigstore", fetched, "--signature", fetched / "model.sig", *who)
    assert judged.returncode == 0, judged.stdout + judged.stderr
    capsys.readouterr()
    assert gm(repo, "verify", "--json") == 0
    assert [(one["by"], one["code"]) for one in printed(capsys)["attached"]] == [("trainer", None)] * 2


PROBE = """
import sys
from gitops_models.cli.run import run
status = run(sys.argv[1:])
print(int(status or 0), "sigstore" in sys.modules, file=sys.stderr)
"""


def loads_sigstore(repo, *words):
    command = [sys.executable, "-c", PROBE, "-C", str(repo), *words]
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=240)
    status, loaded = done.stderr.splitlines()[-1].split(" ")
    assert status == "0", done.stderr
    return loaded == "True"


@pytest.mark.usefixtures("stack")
def test_sigstore_is_loaded_only_where_a_bundle_is_checked_for_the_first_time(repo):
    assert not loads_sigstore(repo, "verify")
    assert gm(repo, "attest", "fraud", "--sigstore", config(repo), "--merge", *WHY) == 0
    assert not any(loads_sigstore(repo, verb) for verb in ("list", "log", "status"))
    assert loads_sigstore(repo, "verify")
    assert not loads_sigstore(repo, "verify")
    assert not loads_sigstore(repo, "promote", "fraud", "--through", "production", "--merge", *WHY)


def test_the_key_of_a_person_is_known_by_name(repo, capsys):
    key = repo / ".git" / "gm" / "signing_key"
    assert gm(repo, "attest", "fraud", "--key", str(key), "--merge", *WHY) == 0
    assert gm(repo, "verify") == 0
    assert "signed: fraud@1.0.0 model.sig by ada" in capsys.readouterr().out


def test_a_signature_that_model_signing_made_is_attached(repo, keys, tmp_path, capsys):
    private, _ = keys
    fetched, signature = tmp_path / "fetched", tmp_path / "theirs.sig"
    assert gm(repo, "fetch", "fraud", "-o", str(fetched)) == 0
    made = model_signing("sign", "key", fetched, "--signature", signature, "--private_key", private)
    assert made.returncode == 0, made.stdout + made.stderr
    assert gm(repo, "attest", "fraud", "--attach", str(signature), "--merge", *WHY) == 0
    assert (repo / "models/fraud/versions/1.0.0/evidence/model.sig").read_bytes() == signature.read_bytes()
    (fetched / "model.onnx").write_bytes(b"other")
    made = model_signing("sign", "key", fetched, "--signature", signature, "--private_key", private)
    capsys.readouterr()
    before = refs(repo)
    assert gm(repo, "attest", "fraud", "--attach", str(signature), *WHY) == 7
    assert "GM-C191" in capsys.readouterr().err
    assert refs(repo) == before


def test_what_is_about_other_bytes_is_not_attached(repo, keys, tmp_path, capsys):
    private, _ = keys
    fetched, signature = tmp_path / "fetched", tmp_path / "theirs.sig"
    assert gm(repo, "fetch", "fraud", "-o", str(fetched)) == 0
    for change, code in (
        (lambda: (fetched / "extra").write_text("x"), "GM-T726"),
        (lambda: (fetched / "extra").unlink() or (fetched / "model.onnx").write_bytes(b"other"), "GM-T727"),
        ((fetched / "model.onnx").unlink, "GM-T725"),
    ):
        change()
        made = model_signing("sign", "key", fetched, "--signature", signature, "--private_key", private)
        assert made.returncode == 0, made.stdout + made.stderr
        before = refs(repo)
        assert gm(repo, "attest", "fraud", "--attach", str(signature), *WHY) == 3
        err = capsys.readouterr().err
        assert "GM-P333" in err
        assert code in err
        assert refs(repo) == before


def test_a_file_of_the_users_own_is_not_overwritten(repo, keys, tmp_path, capsys):
    fetched = tmp_path / "fetched"
    assert gm(repo, "fetch", "fraud", "-o", str(fetched)) == 0
    (fetched / "model.sig").write_text("mine")
    assert gm(repo, "fetch", "fraud", "-o", str(fetched)) == 7
    assert gm(repo, "attest", "fraud", "--key", str(keys[0]), "--merge", *WHY) == 0
    assert gm(repo, "fetch", "fraud", "-o", str(fetched)) == 7
    assert "GM-A402" in capsys.readouterr().err
    assert (fetched / "model.sig").read_text() == "mine"
    (fetched / "model.sig").unlink()
    assert gm(repo, "fetch", "fraud", "-o", str(fetched)) == 0
    assert {path.name for path in fetched.iterdir()} == {"environment.lock", "model.onnx", "model.sig", "tokenizer"}


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (["register", "fraud", "{v2}", "--oms"], "GM-C193"),
        (["register", "fraud", "{v2}", "--sigstore", "{config}"], "GM-C193"),
        (["attest", "fraud", "--key", "{config}"], "GM-T730"),
    ],
)
def test_a_signature_that_cannot_be_made_is_refused_before_anything_is(repo, words, code, capsys):
    places = {"v2": repo.parent / "v2" / "model.onnx", "config": config(repo)}
    before = refs(repo)
    assert gm(repo, *[word.format(**places) for word in words], *WHY) == 2
    assert code in capsys.readouterr().err
    assert refs(repo) == before


def test_an_artifact_called_like_a_signature_is_not_signed(repo, keys, tmp_path, capsys):
    shutil.copyfile(repo.parent / "v2" / "model.onnx", tmp_path / "model.sig")
    words = ["register", "fraud", f"weights={tmp_path / 'model.sig'}", "--code", str(repo)]
    assert gm(repo, *words, "--key", str(keys[0]), *WHY) == 2
    assert "GM-C192" in capsys.readouterr().err
    assert gm(repo, *words, "--merge", *WHY) == 0
    assert gm(repo, "fetch", "fraud@1.1.0", "-o", str(tmp_path / "out")) == 0
    assert gm(repo, "attest", "fraud@1.1.0", "--key", str(keys[0]), *WHY) == 2
    assert "GM-C192" in capsys.readouterr().err
