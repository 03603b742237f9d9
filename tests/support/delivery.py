"""Builders for the delivery room: versions made of small files, and the bytes that belong to them."""

import hashlib
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

from gitops_models.delivery.targets.base import Stamp
from gitops_models.delivery.values import Deployment, Desired, Standing, collapse
from gitops_models.registry.canonical import FileDigest

STAMP = Stamp(commit="c" * 40, at=datetime(2026, 11, 21, 10, 0, tzinfo=UTC))
Content = Mapping[str, bytes]


def content_of(version: str) -> dict[str, bytes]:
    """Two files and a directory whose bytes differ from version to version but for one file."""
    return {
        "model.onnx": f"weights of {version}".encode() * 40,
        "labels.txt": b"benign\nmalignant\n",
        "tokenizer/vocab.txt": f"vocabulary {version}".encode(),
        "tokenizer/merges.txt": b"a b\n",
    }


def deployment(version: str, content: Content | None = None, *, model: str = "fraud", stage: str = "production"):
    files = content_of(version) if content is None else content
    digests = [FileDigest(path, len(data), hashlib.sha256(data).hexdigest()) for path, data in files.items()]
    lineage = hashlib.sha256(f"{model}@{version}".encode()).hexdigest()
    return Deployment(model, stage, version, lineage, collapse(digests))


def desired(wanted: Deployment | None, *, at=None, standing: Standing | None = None, **rest) -> Desired:
    place = wanted.at if wanted else at
    return Desired(place, standing or (Standing.SERVE if wanted else Standing.UNDEPLOY), wanted, **rest)


class Bytes:
    """A byte source over content in memory; counts how often it was asked."""

    def __init__(self, content: Mapping[str, Content] | None = None) -> None:
        self.content = dict(content or {})
        self.asked: list[str] = []

    def __call__(self, wanted: Deployment, destination: Path) -> None:
        self.asked.append(wanted.version)
        for path, data in self.content.get(wanted.version, content_of(wanted.version)).items():
            file = destination / path
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(data)
