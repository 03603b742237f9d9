"""The statement of where a version comes from: what it says, and what is not taken for it."""

import json

import pytest

from gitops_models.errors import GmError
from gitops_models.registry.documents import Lineage, validate
from gitops_models.registry.documents.workflows import Workflow
from gitops_models.trust.keyless.provenance import (
    LIMIT,
    attached_payload,
    check,
    unsigned,
    verify_provenance,
    write_provenance,
)
from gitops_models.trust.keyless.statement import read_statement
from gitops_models.trust.keyless.workload import SignedByWorkload
from tests.support.provenance import COMMIT

SHA = "ab" * 32
ARTIFACT = {"path": "model.onnx", "role": "weights", "sha256": SHA, "size": 3}
FULL = {
    "code": {"repository": "https://git.example/fraud", "commit": COMMIT, "entrypoint": "train.py"},
    "data": [
        {"name": "tx", "uri": "dvc://tx", "snapshot": "2026-10-31", "sha256": SHA, "role": "training"},
        {"name": "bare"},
    ],
    "features": {"schema": "tx-v7", "preprocessing": "2.3.0", "sha256": SHA},
    "parameters": {"sha256": SHA, "values": {"rate": 0.05}},
    "environment": {"python": "3.12", "lock_sha256": SHA},
    "base": "fraud@1.0.0",
}


def lineage(**fields):
    known = {"model": "fraud", "version": "1.1.0", "created": "2026-11-21T10:00:00Z", "author": "ada"}
    return validate(Lineage, {**known, "artifacts": [ARTIFACT], **fields}, "x")


def definition(**fields):
    return json.loads(write_provenance(lineage(**fields), SHA, "me"))["predicate"]["buildDefinition"]


def test_the_statement_names_code_data_and_parameters():
    said = definition(**FULL)
    assert said["externalParameters"] == {
        "model": "fraud",
        "version": "1.1.0",
        "lineage_sha256": SHA,
        "entrypoint": "train.py",
        "parameters": {"sha256": SHA, "values": {"rate": 0.05}},
    }
    assert said["resolvedDependencies"] == [
        {"name": "code", "uri": "git+https://git.example/fraud", "digest": {"gitCommit": COMMIT}},
        {
            "name": "tx",
            "uri": "dvc://tx",
            "digest": {"sha256": SHA},
            "annotations": {"snapshot": "2026-10-31", "role": "training"},
        },
        {"name": "bare"},
        {"name": "tx-v7", "digest": {"sha256": SHA}, "annotations": {"preprocessing": "2.3.0"}},
        {"name": "environment", "digest": {"sha256": SHA}},
        {"name": "fraud@1.0.0"},
    ]


@pytest.mark.parametrize(
    ("fields", "named"),
    [
        ({}, []),
        ({"code": {"commit": COMMIT}}, [{"name": "code", "digest": {"gitCommit": COMMIT}}]),
        ({"code": {"entrypoint": "train.py"}, "environment": {"python": "3.12"}}, []),
    ],
)
def test_what_is_not_known_is_left_out(fields, named):
    assert definition(**fields)["resolvedDependencies"] == named


def test_a_version_without_artifacts_has_nothing_to_speak_of():
    with pytest.raises(GmError) as refusal:
        write_provenance(lineage(artifacts=[]), SHA, "me")
    assert refusal.value.code == "GM-T706"


def test_a_statement_is_about_its_own_version_only():
    payload = write_provenance(lineage(), SHA, "me")
    check(read_statement(payload), lineage(), SHA)
    for other, sha256, code in (
        (lineage(), "cd" * 32, "GM-T713"),
        (lineage(artifacts=[{**ARTIFACT, "path": "other"}]), SHA, "GM-T705"),
    ):
        with pytest.raises(GmError) as refusal:
            check(read_statement(payload), other, sha256)
        assert refusal.value.code == code
    fields = json.loads(payload)
    fields["predicate"]["buildDefinition"]["buildType"] = "https://example.org/other"
    with pytest.raises(GmError) as refusal:
        check(read_statement(json.dumps(fields).encode()), lineage(), SHA)
    assert refusal.value.code == "GM-T713"


def test_an_envelope_without_a_signature_can_be_read_and_is_worth_nothing():
    payload = write_provenance(lineage(**FULL), SHA, "me")
    assert attached_payload(unsigned(payload)) == payload
    fields = {"identity": "i@refs/heads/main", "issuer": "u", "repository_id": "1", "owner_id": "2", "ref": "r"}
    workflow = Workflow(**fields)
    assert SignedByWorkload.of(workflow, commit=None).runner == "github-hosted"
    with pytest.raises(GmError) as refusal:
        verify_provenance(unsigned(payload), lineage(**FULL), SHA, workflow=workflow, verifier=lambda: None)
    assert refusal.value.code == "GM-T700"


@pytest.mark.parametrize("data", [b"[]", b"{}", b'{"dsseEnvelope": []}', b" " * (LIMIT + 1)], ids=range(4))
def test_what_is_no_bundle_around_a_statement_is_refused(data):
    with pytest.raises(GmError) as refusal:
        attached_payload(data)
    assert refusal.value.code == "GM-T700"


def test_a_workflow_is_named_by_the_number_of_its_repository():
    fields = {"identity": "i", "issuer": "u", "repository_id": "1", "owner_id": "2", "ref": "r"}
    names = {Workflow(**{**fields, "repository_id": number}).fingerprint for number in ("1", "2")}
    assert len(names) == 2
