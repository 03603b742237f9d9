"""A local DVC remote written by hand, and the lineage of what it holds."""

from dataclasses import dataclass, field
from pathlib import Path

import pytest

from gitops_models.artifacts.digests import DirectoryHashes, hash_path
from gitops_models.artifacts.pointers import Pointer, make_pointer
from gitops_models.artifacts.readers import LocalReader, object_path
from gitops_models.registry.documents import ArtifactEntry, Lineage


@dataclass
class HandMadeRemote:
    """Objects of a DVC 3 remote, put there without DVC."""

    root: Path
    pointers: dict[str, Pointer] = field(default_factory=dict)
    entries: list[ArtifactEntry] = field(default_factory=list)

    @property
    def reader(self):
        return LocalReader(self.root)

    @property
    def lineage(self):
        return Lineage(
            model="fraud",
            version="1.0.0",
            created="2026-11-21T10:00:00Z",
            author="ml-engineer-1",
            artifacts=tuple(self.entries),
        )

    def object(self, md5):
        return self.root / object_path(md5)

    def put(self, md5, data):
        path = self.object(md5)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.unlink(missing_ok=True)
        path.write_bytes(data)
        path.chmod(0o444)

    def add(self, source):
        hashes = hash_path(source)
        if isinstance(hashes, DirectoryHashes):
            for relpath, file in hashes.files:
                self.put(file.md5, (source / relpath).read_bytes())
            self.put(hashes.md5, hashes.manifest)
        else:
            self.put(hashes.md5, source.read_bytes())
        self.pointers[source.name] = make_pointer(source.name, hashes)
        entry = ArtifactEntry(path=source.name, role="weights", sha256=hashes.sha256, size=hashes.size, md5=hashes.md5)
        self.entries.append(entry)
        return hashes


@pytest.fixture
def tree(tmp_path):
    """A directory with nested, equal, empty and non-ASCII named files."""
    root = tmp_path / "tokenizer"
    (root / "sub" / "é").mkdir(parents=True)
    (root / "vocab.json").write_text("{}")
    (root / "sub" / "same").write_text("{}")
    (root / "sub" / "é" / "deep.bin").write_bytes(bytes(range(256)))
    (root / "Zero").write_bytes(b"")
    return root


@pytest.fixture
def remote(tmp_path, tree):
    """A remote that holds fraud@1.0.0: one file and one directory."""
    made = HandMadeRemote(tmp_path / "remote")
    model = tmp_path / "model.onnx"
    model.write_bytes(b"weights" * 1000)
    made.add(model)
    made.add(tree)
    return made
