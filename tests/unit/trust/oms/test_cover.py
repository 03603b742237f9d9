"""A model signature against a lineage: the version's files, all of them and no others."""

import pytest

from gitops_models.errors import GmError
from gitops_models.registry.canonical import FileDigest
from gitops_models.registry.documents import Lineage, validate
from gitops_models.trust.oms.cover import check_cover
from gitops_models.trust.oms.statement import write_manifest

SHA, OTHER = "ab" * 32, "cd" * 32
LINEAGE = validate(
    Lineage,
    {
        "model": "fraud",
        "version": "1.1.0",
        "created": "2026-11-21T10:00:00Z",
        "author": "ada",
        "artifacts": [
            {"path": "model.onnx", "role": "weights", "sha256": SHA, "size": 3},
            {"path": "tokenizer", "role": "preprocessing", "sha256": OTHER, "size": 3, "md5": "0" * 32},
        ],
    },
    "x",
)


def payload(**files):
    rows = {"model.onnx": SHA, "tokenizer/vocab": SHA, **{name.replace("__", "/"): sha for name, sha in files.items()}}
    return write_manifest("fraud", [FileDigest(path, 1, sha) for path, sha in rows.items() if sha])


def test_files_and_what_lies_below_directories_are_covered():
    check_cover(payload(tokenizer__merges=OTHER), LINEAGE)


@pytest.mark.parametrize(
    ("files", "code"),
    [
        ({"model.onnx": OTHER}, "GM-T727"),
        ({"extra": SHA}, "GM-T726"),
        ({"tokenizer/vocab": None}, "GM-T725"),
        ({"model.onnx": None}, "GM-T725"),
    ],
)
def test_other_files_are_refused(files, code):
    with pytest.raises(GmError) as refusal:
        check_cover(payload(**files), LINEAGE)
    assert refusal.value.code == code
