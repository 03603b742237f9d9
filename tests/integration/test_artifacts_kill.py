"""A fetch killed anywhere leaves the destination absent or whole, and the next one finishes without help."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from gitops_models.artifacts.compare import compare_version
from gitops_models.artifacts.digests import hash_path
from gitops_models.artifacts.fetch import fetch_version
from gitops_models.artifacts.pointers import make_pointer
from gitops_models.artifacts.readers import LocalReader, object_path
from gitops_models.registry.documents import ArtifactEntry, Lineage

SCRIPT = """
import json, sys
from pathlib import Path
from types import SimpleNamespace
from gitops_models.artifacts.content import ContentStore
from gitops_models.artifacts.fetch import fetch_version
from gitops_models.artifacts.pointers import Pointer
from gitops_models.artifacts.readers import LocalReader
given = json.loads(Path(sys.argv[1]).read_text())
entries = [SimpleNamespace(**entry) for entry in given["entries"]]
lineage = SimpleNamespace(model="fraud", version="1.0.0", artifacts=entries)
pointers = {pointer["name"]: Pointer(**pointer) for pointer in given["pointers"]}
content = ContentStore(Path(sys.argv[4])) if sys.argv[4] else None
fetch_version(lineage, pointers, LocalReader(Path(sys.argv[2])), Path(sys.argv[3]), content)
"""
FIXED = {"model": "fraud", "version": "1.0.0", "created": "2026-11-21T10:00:00Z", "author": "ml-engineer-1"}


@pytest.fixture
def given(tmp_path):
    """A remote with a file and a directory, and what a fetch needs to know, as JSON."""
    source = tmp_path / "source"
    (source / "tree" / "sub").mkdir(parents=True)
    (source / "model.onnx").write_bytes(b"weights" * 1000)
    (source / "tree" / "a").write_text("a")
    (source / "tree" / "sub" / "same").write_text("a")
    entries, pointers = [], []
    for path in sorted(source.iterdir()):
        hashes = hash_path(path)
        pointer = make_pointer(path.name, hashes)
        parts = [(path / name, file.md5) for name, file in getattr(hashes, "files", [])] or [(path, hashes.md5)]
        for part, md5 in parts:
            put(tmp_path / "remote", md5, part.read_bytes())
        if path.is_dir():
            put(tmp_path / "remote", hashes.md5, hashes.manifest)
        pointers.append(pointer)
        entries.append({"path": path.name, "sha256": hashes.sha256, "size": hashes.size, "md5": hashes.md5})
    fields = [{name: getattr(item, name) for name in ("name", "md5", "size", "nfiles")} for item in pointers]
    (tmp_path / "given.json").write_text(json.dumps({"entries": entries, "pointers": fields}))
    lineage = Lineage(**FIXED, artifacts=tuple(ArtifactEntry(role="weights", **entry) for entry in entries))
    return lineage, {pointer.name: pointer for pointer in pointers}


def put(root, md5, data):
    path = root / object_path(md5)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)


@pytest.mark.clause("A-snapshots-8")
@pytest.mark.parametrize("store", ["", "content"])
@pytest.mark.parametrize("call", ["rename", "fsync", "unlink", "mkdir", "fchmod"])
def test_a_fetch_killed_at_any_call_leaves_nothing_or_everything(tmp_path, given, call, store):
    lineage, pointers = given
    script, dest = tmp_path / "fetch.py", tmp_path / "served" / "fraud"
    script.write_text(SCRIPT)
    content = str(tmp_path / store) if store else ""
    environment = os.environ | {"PYTHONDONTWRITEBYTECODE": "1", "PYTHONPATH": str(Path.cwd())}
    killed = 0
    for number in (1, 2, 4, 5):
        trace = ["strace", "-f", "-o", "/dev/null", "-e", f"trace={call}"]
        trace += ["-e", f"inject={call}:signal=SIGKILL:when={number}", sys.executable, script]
        arguments = [tmp_path / "given.json", tmp_path / "remote", dest, content]
        done = subprocess.run(list(map(str, trace + arguments)), env=environment, check=False, timeout=120)
        killed += done.returncode in {-9, 137}
        assert not dest.exists() or compare_version(lineage, dest) == ()
    assert killed
    fetch_version(lineage, pointers, LocalReader(tmp_path / "remote"), dest)
    assert compare_version(lineage, dest) == ()
    if store:
        assert all(whole(path) for path in (tmp_path / store).glob("[0-9a-f][0-9a-f]/*"))


def whole(path):
    return hash_path(path).sha256 == path.parent.name + path.name
