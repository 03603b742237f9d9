"""Against the real DVC: same hashes, pointers it pulls, objects it finds."""

import hashlib
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from gitops_models.artifacts import local_database
from gitops_models.artifacts.digests import hash_directory, hash_path
from gitops_models.artifacts.fetch import fetch_version
from gitops_models.artifacts.pointers import make_pointer, parse_pointer, render_pointer
from gitops_models.artifacts.readers import object_path, open_remote
from gitops_models.artifacts.remotes import remote_from_config
from gitops_models.artifacts.sources import read_dvc_file
from gitops_models.artifacts.upload import UploadItem, UploadReport, upload
from gitops_models.registry.documents import ArtifactEntry, Lineage
from tests.support import models as onnx
from tests.support.refusals import refused

DVC = Path(sys.executable).with_name("dvc")
CONFIG = (
    "[core]\n    remote = store\n['remote \"store\"']\n    url = ../../remote\n"  # as `dvc remote add -d` writes it
)
VERSION = Path("models/fraud/versions/1.0.0")


def run(*command, cwd):
    done = subprocess.run(list(map(str, command)), cwd=cwd, capture_output=True, text=True, check=False, timeout=120)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture
def repo(tmp_path):
    """A Git and DVC repository with a local remote beside it, and artifacts outside the version's directory."""
    root = tmp_path / "repo"
    root.mkdir()
    run("git", "init", "-q", cwd=root)
    (root / ".dvc").mkdir()
    (root / ".dvc" / "config").write_text(CONFIG)
    onnx.write_linear(root / "out" / "model.onnx")
    tree = root / "out" / "tokenizer"
    (tree / "sub" / "é").mkdir(parents=True)
    for name, data in {"b": b"x", "B": b"y", "a.b": b"x", "sub/é/ü": bytes(range(256)), "0": b"", "s p": b"z"}.items():
        (tree / name).write_bytes(data)
    return root


@pytest.fixture
def remote(repo):
    return repo.parent / "remote"


def items(repo):
    return [UploadItem(path, hash_path(path)) for path in sorted((repo / "out").iterdir())]


def register(repo):
    """Upload, write pointers, give the lineage and the pointers."""
    folder = repo / VERSION
    folder.mkdir(parents=True, exist_ok=True)
    entries, pointers = [], {}
    sent = items(repo)
    upload(repo, sent)
    for item in sent:
        name, hashes = item.path.name, item.hashes
        pointers[name] = make_pointer(name, hashes)
        (folder / f"{name}.dvc").write_bytes(render_pointer(pointers[name]))
        entries.append(ArtifactEntry(path=name, role="weights", sha256=hashes.sha256, size=hashes.size, md5=hashes.md5))
    fixed = {"model": "fraud", "version": "1.0.0", "created": "2026-11-21T10:00:00Z", "author": "ml-engineer-1"}
    return Lineage(**fixed, artifacts=tuple(entries)), pointers


def fetch(repo, dest):
    lineage, pointers = register(repo)
    reader = open_remote(remote_from_config((repo / ".dvc/config").read_bytes(), repo))
    return fetch_version(lineage, pointers, reader, dest)


def objects(folder):
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())


def test_hashes_and_manifest_are_those_of_dvc_add(repo):
    run(DVC, "add", "-q", "out/tokenizer", "out/model.onnx", cwd=repo)
    hashes = hash_directory(repo / "out" / "tokenizer")
    (recorded,) = read_dvc_file(repo / "out" / "tokenizer.dvc")
    assert (hashes.md5, hashes.size) == (recorded.md5, recorded.size)
    assert (repo / ".dvc" / "cache" / object_path(hashes.md5)).read_bytes() == hashes.manifest
    text = (repo / "out" / "tokenizer.dvc").read_bytes()
    assert parse_pointer(text, "out/tokenizer.dvc") == make_pointer("tokenizer", hashes)
    file = make_pointer("model.onnx", hash_path(repo / "out" / "model.onnx"))
    assert parse_pointer((repo / "out" / "model.onnx.dvc").read_bytes(), "out/model.onnx.dvc") == file


def test_an_executable_that_dvc_added_is_refused_as_a_pointer(repo):
    (repo / "out" / "model.onnx").chmod(0o755)
    run(DVC, "add", "-q", "out/model.onnx", cwd=repo)
    refused("GM-A202", parse_pointer, (repo / "out" / "model.onnx.dvc").read_bytes(), "out/model.onnx.dvc")


def test_an_unmodified_dvc_pulls_file_and_directory(repo, tmp_path):
    register(repo)
    run("git", "add", "-A", "models", ".dvc/config", cwd=repo)
    run("git", "-c", "user.name=a", "-c", "user.email=a@b", "commit", "-qm", "register", cwd=repo)
    clone = tmp_path / "clone"
    run("git", "clone", "-q", repo, clone, cwd=tmp_path)
    run(DVC, "pull", "-q", cwd=clone)
    run(DVC, "status", "-q", cwd=clone)
    pulled, source = clone / VERSION, repo / "out"
    assert (pulled / "model.onnx").read_bytes() == (source / "model.onnx").read_bytes()
    assert hash_directory(pulled / "tokenizer").sha256 == hash_directory(source / "tokenizer").sha256


def test_what_was_uploaded_is_what_dvc_push_would_have_sent(repo, remote, tmp_path):
    register(repo)
    run(DVC, "add", "-q", "out/tokenizer", "out/model.onnx", cwd=repo)
    run(DVC, "remote", "add", "-q", "other", tmp_path / "other", cwd=repo)
    run(DVC, "push", "-q", "-r", "other", cwd=repo)
    assert objects(remote) == objects(tmp_path / "other") == objects(repo / ".dvc" / "cache")
    modes = {path.stat().st_mode & 0o777 for path in remote.rglob("*") if path.is_file()}
    assert modes == {0o444}


@pytest.mark.clause("A-testing-1")
def test_what_was_uploaded_is_fetched_and_runs(repo, tmp_path):
    runtime = pytest.importorskip("onnxruntime")
    dest = fetch(repo, tmp_path / "served")
    assert hash_directory(dest / "tokenizer").sha256 == hash_directory(repo / "out" / "tokenizer").sha256
    assert runtime.InferenceSession(dest / "model.onnx").get_inputs()[0].name == "features"


def test_a_second_upload_sends_nothing_and_keeps_the_objects(repo, remote):
    first = upload(repo, items(repo))
    before = {path: path.stat().st_ino for path in remote.rglob("*")}
    assert first == UploadReport(str(remote), sent=7, reused=0)
    assert upload(repo, items(repo)) == UploadReport(str(remote), sent=0, reused=7)
    assert {path: path.stat().st_ino for path in remote.rglob("*")} == before


def test_a_truncated_and_a_swapped_object_are_repaired_by_uploading_again(repo, remote):
    first, second = items(repo)[:2]
    upload(repo, [first, second])
    path = remote / object_path(first.hashes.md5)
    for spoiled in (path.read_bytes()[:-1], b"X" + path.read_bytes()[1:]):
        path.unlink()
        path.write_bytes(spoiled)
        path.chmod(0o444)
        assert upload(repo, [first, second]).sent == 1
        assert hashlib.sha256(path.read_bytes()).hexdigest() == first.hashes.sha256


@pytest.mark.clause("B-9-1")
def test_other_bytes_with_the_same_md5_are_never_overwritten(repo, tmp_path):
    # The two messages of Wang and Yu (2005): different bytes, one MD5.
    message = (
        "d131dd02c5e6eec4693d9a0698aff95c2fcab5{}712467eab4004583eb8fb7f8955ad340609f4b30283e4888325{}1415a085125e8f7cdc9"
        "9fd91dbd{}280373c5bd8823e3156348f5bae6dacd436c919c6dd53e2{}487da03fd02396306d248cda0e99f33420f577ee8ce54b67080{}"
        "80d1ec69821bcb6a8839396f965{}b6ff72a70"
    )
    one, two = (bytes.fromhex(message.format(*digits)) for digits in ("87fba2", "0f732a"))
    assert one != two
    assert hashlib.md5(one).digest() == hashlib.md5(two).digest()
    paths = [tmp_path / "one", tmp_path / "two"]
    paths[0].write_bytes(one)
    paths[1].write_bytes(two)
    upload(repo, [UploadItem(paths[0], hash_path(paths[0]))])
    error = refused("GM-A325", upload, repo, [UploadItem(paths[1], hash_path(paths[1]))])
    assert error.exit_status == 5


def test_a_file_changed_since_it_was_hashed_is_not_left_in_the_remote(repo, remote):
    stale = items(repo)
    with (repo / "out" / "model.onnx").open("r+b") as stream:
        stream.write(b"\x09")
    error = refused("GM-A106", upload, repo, stale)
    assert error.exit_status == 7
    assert not (remote / object_path(stale[0].hashes.md5)).exists()
    assert not (repo / ".dvc" / "cache" / object_path(stale[0].hashes.md5)).exists()
    assert not [path for path in objects(remote) if path.endswith(".dir")]


@pytest.mark.clause("A-snapshots-5", "A-snapshots-6")
def test_a_remote_that_stores_other_bytes_is_noticed(repo, remote, monkeypatch):
    put = local_database.LocalDatabase._put_one

    def rotten(self, source, path):
        put(self, source, path)
        if path.startswith(str(remote)):
            Path(path).write_bytes(b"\0" * source.size)

    monkeypatch.setattr(local_database.LocalDatabase, "_put_one", rotten)
    assert refused("GM-A324", upload, repo, items(repo)[:1]).exit_status == 5
    assert objects(remote) == []


def test_cache_directory_and_remote_name_of_the_configuration_are_used(repo, tmp_path):
    run(DVC, "cache", "dir", "-q", "--local", tmp_path / "shared-cache", cwd=repo)
    run(DVC, "remote", "add", "-q", "named", tmp_path / "named", cwd=repo)
    report = upload(repo, items(repo)[:1], remote="named")
    assert report.remote == str(tmp_path / "named")
    assert objects(tmp_path / "named") == objects(tmp_path / "shared-cache")
    assert not (repo / ".dvc" / "cache").exists()


@pytest.mark.parametrize(
    ("config", "code"),
    [
        ("", "GM-A302"),
        ("[core]\nremote = gone\n", "GM-A302"),
        ("[core]\nsurprise = 1\n", "GM-A301"),
        ("[core]\nremote = s\n['remote \"s\"']\nurl = gs://bucket\n", "GM-A305"),
        ("[core]\nremote = s\n['remote \"s\"']\nurl = https://127.0.0.1:1/x\nversion_aware = true\n", "GM-A304"),
    ],
)
def test_a_configuration_that_cannot_be_used_is_said_so(repo, config, code):
    (repo / ".dvc" / "config").write_text(config)
    refused(code, upload, repo, items(repo)[:1])


def test_a_place_without_dvc_is_said_so(tmp_path):
    refused("GM-A306", upload, tmp_path, [])


def test_a_remote_that_cannot_be_written_is_an_external_fault(repo, remote):
    remote.write_text("a file in the place of the directory")
    assert refused("GM-A323", upload, repo, items(repo)[:1]).exit_status == 9


UPLOAD = """
import sys
from pathlib import Path
from gitops_models.artifacts.digests import hash_path
from gitops_models.artifacts.upload import UploadItem, upload
repo = Path(sys.argv[1])
upload(repo, [UploadItem(path, hash_path(path)) for path in sorted((repo / "out").iterdir())])
"""


@pytest.mark.clause("A-snapshots-8")
@pytest.mark.parametrize("call", ["rename", "chmod", "write"])
def test_an_upload_killed_anywhere_leaves_whole_objects_and_is_finished_by_the_next(repo, remote, tmp_path, call):
    """SIGKILL at the n-th of each call; every object that has its name has its bytes."""
    script = tmp_path / "upload.py"
    script.write_text(UPLOAD)
    environment = os.environ | {"PYTHONDONTWRITEBYTECODE": "1", "PYTHONPATH": str(Path.cwd())}
    for number in (1, 4, 5):
        trace = ["strace", "-f", "-o", "/dev/null", "-e", f"trace={call}"]
        inject = ["-e", f"inject={call}:signal=SIGKILL:when={number}", sys.executable, script, repo]
        done = subprocess.run(list(map(str, trace + inject)), env=environment, check=False, timeout=120)
        assert done.returncode in {-9, 137}, number
        for folder in (remote, repo / ".dvc" / "cache"):
            assert all(whole(folder / path) for path in objects(folder))
    upload(repo, items(repo))
    assert [path for path in objects(remote) if not path.endswith(".tmp")] == [
        path for path in objects(repo / ".dvc" / "cache") if not path.endswith(".tmp")
    ]


def whole(path):
    """Temporary names are not objects."""
    if path.suffix == ".tmp":
        return True
    oid = path.parent.name + path.name
    return hashlib.md5(path.read_bytes()).hexdigest() == oid.removesuffix(".dir")


def test_two_thousand_small_files_keep_dvcs_hash(repo):
    tree = repo / "many"
    tree.mkdir()
    for index in range(2000):
        (tree / f"{index:05}.txt").write_text(str(index))
    run(DVC, "add", "-q", "many", cwd=repo)
    assert hash_directory(tree).md5 == read_dvc_file(repo / "many.dvc")[0].md5
    assert len(json.loads(hash_directory(tree).manifest)) == 2000
