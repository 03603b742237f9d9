"""Builders of documents and snapshots over blobs in memory: no Git, no files."""

import hashlib
from collections.abc import Iterable
from typing import Any, Self

from gitops_models.registry import documents as docs
from gitops_models.registry.change import Change, diff
from gitops_models.registry.paths import GM_YAML, PEOPLE_YAML, POLICY_YAML, TARGETS_YAML, Layout
from gitops_models.registry.snapshot import Entry, Snapshot
from gitops_models.registry.state import AcceptedState

NOW = "2026-11-21T10:00:00Z"
STAGES = ("development", "validation", "staging", "production")


def ssh_key(seed: int) -> str:
    """A well-formed ed25519 public key line; nobody has its private half."""
    import base64  # noqa: PLC0415

    kind = b"ssh-ed25519"
    blob = len(kind).to_bytes(4) + kind + (32).to_bytes(4) + hashlib.sha256(str(seed).encode()).digest()
    return f"ssh-ed25519 {base64.b64encode(blob).decode()}"


def digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


class MemoryBlobs:
    """A BlobSource; object ids are those that Git would give. ``reads`` counts how often each was asked for."""

    def __init__(self) -> None:
        self.content: dict[str, bytes] = {}
        self.reads: list[str] = []

    def put(self, data: bytes) -> str:
        oid = hashlib.sha1(b"blob %d\0" % len(data) + data).hexdigest()
        self.content[oid] = data
        return oid

    def blob(self, oid: str) -> bytes:
        self.reads.append(oid)
        return self.content[oid]


class Documents:
    """Files of a repository in the making; every call returns the builder itself."""

    def __init__(self, layout: Layout | None = None, blobs: MemoryBlobs | None = None) -> None:
        self.layout = layout or Layout()
        self.blobs = blobs or MemoryBlobs()
        self.entries: dict[str, Entry] = {}

    def copy(self) -> "Documents":
        other = Documents(self.layout, self.blobs)
        other.entries = dict(self.entries)
        return other

    def file(self, path: str, data: bytes, mode: int = 0o100644) -> Self:
        self.entries[path] = Entry(mode, self.blobs.put(data))
        return self

    def remove(self, path: str) -> Self:
        del self.entries[path]
        return self

    def document(self, path: str, document: docs.Document) -> Self:
        return self.file(path, docs.render(document))

    def repository(self, **fields: Any) -> Self:
        return self.document(GM_YAML, docs.Repository(**{"id": "test-repository", **fields}))

    def policy(self, data: bytes = b"apiVersion: gitops-models/v1\nkind: Policy\n") -> Self:
        return self.file(POLICY_YAML, data)

    def people(self, *people: docs.Person, **fields: Any) -> Self:
        return self.document(PEOPLE_YAML, docs.People(people=people, **fields))

    def targets(self, *targets: docs.Target) -> Self:
        return self.document(TARGETS_YAML, docs.Targets(targets=targets))

    def model(self, model: str, risk: str = "low", **fields: Any) -> Self:
        return self.document(self.layout.model_path(model), docs.Model(name=model, risk=risk, **fields))

    def version(self, model: str, version: str, *, pointers: Iterable[str] = ("model.onnx",), **fields: Any) -> Self:
        names = tuple(pointers)
        artifacts = tuple(
            docs.ArtifactEntry(path=name, role="weights", sha256=digest(f"{model}{version}{name}"), size=1)
            for name in names
        )
        values = {"created": NOW, "author": "ml-engineer-1", "artifacts": artifacts, **fields}
        for name in names:
            self.file(self.layout.pointer_path(model, version, name), f"outs: [{model} {version} {name}]\n".encode())
        lineage = docs.Lineage(model=model, version=version, **values)
        return self.document(self.layout.lineage_path(model, version), lineage)

    def stage(self, model: str, stage: str, version: str) -> Self:
        lineage = self.entries.get(self.layout.lineage_path(model, version))
        data = self.blobs.content[lineage.oid] if lineage else b""
        pin = hashlib.sha256(data).hexdigest()
        state = docs.StageState(model=model, stage=stage, version=version, lineage_sha256=pin)
        return self.document(self.layout.stage_path(model, stage), state)

    def evidence(self, model: str, version: str, name: str, **fields: Any) -> Self:
        values = {"type": "evaluation", "result": "passed", "created": NOW, "by": "ci", **fields}
        evidence = docs.Evidence(model=model, version=version, **values)
        return self.document(self.layout.evidence_path(model, version, name), evidence)

    def hold(self, model: str, stage: str, number: int, action: str = "hold", **fields: Any) -> Self:
        values = {"reason": "it fails", "by": "operator-1", "created": NOW, **fields}
        hold = docs.Hold(model=model, stage=stage, action=action, **values)
        return self.document(self.layout.hold_path(model, stage, number), hold)

    def quarantine(self, model: str, version: str, number: int, action: str = "quarantine", **fields: Any) -> Self:
        values = {"reason": "it is bad", "by": "operator-1", "created": NOW, **fields}
        quarantine = docs.Quarantine(model=model, version=version, action=action, **values)
        return self.document(self.layout.quarantine_path(model, version, number), quarantine)

    def cause(self, model: str, name: str, *, resolved: bool = False, **fields: Any) -> Self:
        end = docs.Resolution(root_cause="a bad batch", by="lead-1", at=NOW) if resolved else None
        values = {"cause": "poisoning", "opened": NOW, "by": "operator-1", "reason": "it is bad", **fields}
        cause = docs.Cause(model=model, id=name, resolution=end, **values)
        return self.document(self.layout.cause_path(model, name), cause)

    def status(self, model: str, number: int, action: str, version: str | None = None) -> Self:
        values = {"reason": "its time has come", "by": "lead-1", "created": NOW}
        status = docs.Status(model=model, action=action, version=version, **values)
        return self.document(self.layout.status_path(model, number), status)

    def snapshot(self) -> Snapshot:
        return Snapshot.empty(self.layout, self.blobs).with_entries(self.entries)


class History:
    """Accepts one step after the other without judging; keeps the builder of the newest tree in ``tree``."""

    def __init__(self, tree: Documents) -> None:
        self.tree = tree
        self.state = AcceptedState.initial(tree.snapshot(), "pin")
        self.steps = 0

    def diff(self, tree: Documents, **options: Any) -> Change:
        return diff(self.state, tree.snapshot(), stage_order=STAGES, **options)

    def accept(self, tree: Documents) -> Change:
        self.steps += 1
        change = self.diff(tree)
        self.state = self.state.accept(change, step=f"step{self.steps}", at=None, persons=("ml-engineer-1",))
        self.tree = tree
        return change
