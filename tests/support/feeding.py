"""A directory target that is fed with a model of several versions from a DVC remote, in one process."""

import hashlib
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path

from gitops_models.artifacts.content import ContentStore
from gitops_models.artifacts.pointers import render_pointer
from gitops_models.delivery.garbage import Garbage
from gitops_models.delivery.resolve import resolve
from gitops_models.delivery.sources import artifact_source
from tests.support.anywhere import version_of
from tests.support.delivery import NOW, Accepted, reconciler


@dataclass
class Site:
    """Versions in one remote, and a wire to it; ``folder`` has their bytes."""

    place: object
    wire: object
    versions: dict
    folder: Path

    def content_of(self, version):
        root = self.folder / version
        return {str(path.relative_to(root)): path.read_bytes() for path in root.rglob("*") if path.is_file()}

    def accepted(self, version):
        """A history in which ``version`` is to be live."""
        made = Accepted().model("fraud")
        for each, known in self.versions.items():
            made.put(f"models/fraud/versions/{each}/lineage.yaml", _lineage(each, known.lineage))
            for name, pointer in known.pointers.items():
                made.files[f"models/fraud/versions/{each}/{name}.dvc"] = render_pointer(pointer)
        return made.stage("fraud", version)


def _lineage(version, lineage):
    rows = [
        f"- {{path: {entry.path}, role: weights, sha256: '{entry.sha256}', size: {entry.size}, md5: {entry.md5}}}"
        for entry in lineage.artifacts
    ]
    head = f"kind: Lineage\nmodel: fraud\nversion: {version}\ncreated: '2026-11-21T10:00:00Z'\nauthor: ann\nartifacts:"
    return "\n".join([head, *rows]) + "\n"


def files_of(folder, version):
    (folder / "tokenizer").mkdir(parents=True)
    block = hashlib.sha256(version.encode()).digest()
    (folder / "model.bin").write_bytes(b"".join(block + index.to_bytes(4) for index in range(9000)))
    for name in ("vocab", "merges", "rules"):
        (folder / "tokenizer" / name).write_bytes(f"{name} of {version}".encode() * 400)
    return version_of(folder)


class Served:
    """One directory target; ``later`` is how far its clock went on."""

    def __init__(self, site, root, reader, **options):
        self.site, self.root, self.reader, self.options = site, root, reader, options
        self.content = ContentStore(root / "content")
        self.later = timedelta()

    def reconciler(self, history):
        source = artifact_source(history, lambda: self.reader, self.content)
        made = reconciler(self.root / "srv", history, state=self.root / "state", source=source, **self.options)
        garbage = Garbage(self.content, made.targets, self.now)
        return replace(made, clock=self.now, garbage=garbage)

    def now(self):
        return NOW + self.later

    def run(self, version):
        (result,) = self.reconciler(self.site.accepted(version).history()).run().results
        return result

    def live(self):
        live = resolve(self.root / "srv" / "fraud" / "production")
        return {str(path.relative_to(live)): path.read_bytes() for path in live.rglob("*") if path.is_file()}
