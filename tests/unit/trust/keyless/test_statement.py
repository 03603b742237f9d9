"""In-toto statements: subjects and types are compared, nothing is taken on trust."""

import json

import pytest

from gitops_models.errors import GmError
from gitops_models.trust.keyless.statement import read_statement

DIGEST = "ab" * 32
GOOD = {
    "_type": "https://in-toto.io/Statement/v1",
    "subject": [{"name": "model.onnx", "digest": {"sha256": DIGEST}}, {"digest": {"sha512": "cd" * 64}}],
    "predicateType": "https://slsa.dev/provenance/v1",
    "predicate": {"a": 1},
}


def payload(**changes):
    return json.dumps({**GOOD, **changes}).encode()


def test_a_statement_is_read():
    statement = read_statement(payload())
    assert statement.require_subject(DIGEST).name == "model.onnx"
    assert statement.subjects[1].sha256 is None
    assert statement.predicate == {"a": 1}
    statement.require_type(None)
    statement.require_type("https://slsa.dev/provenance/v1")


def test_the_older_statement_type_is_read_and_a_predicate_may_be_absent():
    fields = {key: value for key, value in GOOD.items() if key != "predicate"}
    fields["_type"] = "https://in-toto.io/Statement/v0.1"
    assert read_statement(json.dumps(fields).encode()).predicate == {}


@pytest.mark.parametrize(
    "changes",
    [
        {"_type": "https://in-toto.io/Statement/v9"},
        {"subject": []},
        {"subject": {}},
        {"predicateType": ""},
        {"predicateType": 1},
        {"predicate": [1]},
        {"subject": ["model.onnx"]},
        {"subject": [{"name": "model.onnx"}]},
        {"subject": [{"name": "model.onnx", "digest": {}}]},
        {"subject": [{"name": 7, "digest": {"sha256": DIGEST}}]},
        {"subject": [{"name": "model.onnx", "digest": {"sha256": DIGEST.upper()}}]},
        {"subject": [{"name": "model.onnx", "digest": {"sha256": 7}}]},
    ],
    ids=repr,
)
def test_what_is_no_statement_is_refused(changes):
    with pytest.raises(GmError) as refusal:
        read_statement(payload(**changes))
    assert refusal.value.code == "GM-T706"


def test_a_statement_about_other_bytes_is_refused_and_says_what_it_is_about():
    with pytest.raises(GmError) as refusal:
        read_statement(payload()).require_subject("00" * 32)
    assert refusal.value.code == "GM-T705"
    assert f"model.onnx (sha256 {DIGEST})" in refusal.value.message


def test_a_statement_of_another_type_is_refused():
    with pytest.raises(GmError) as refusal:
        read_statement(payload()).require_type("https://model_signing/signature/v1.0")
    assert refusal.value.code == "GM-T707"


def test_the_subjects_must_be_exactly_the_files():
    statement = read_statement(payload(subject=[{"name": name, "digest": {"sha256": DIGEST}} for name in "ab"]))
    statement.require_subjects({"b": DIGEST, "a": DIGEST})
    doubled = read_statement(payload(subject=[{"name": "a", "digest": {"sha256": DIGEST}}] * 2))
    for said, files, named in (
        (statement, {"a": DIGEST}, "b"),
        (statement, {"a": DIGEST, "b": DIGEST, "c": DIGEST}, "c"),
        (statement, {"a": DIGEST, "b": "00" * 32}, "b"),
        (doubled, {"a": DIGEST}, "a subject that stands twice"),
        (read_statement(payload()), {"model.onnx": DIGEST}, ""),
    ):
        with pytest.raises(GmError) as refusal:
            said.require_subjects(files)
        assert refusal.value.code == "GM-T705"
        assert refusal.value.message.endswith(f": {named}")
