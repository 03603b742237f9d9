"""The statement inside model.sig."""

import hashlib
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gitops_models.errors import GmError
from gitops_models.registry.canonical import FileDigest
from gitops_models.trust.oms.statement import ALWAYS_IGNORED, PREDICATE_TYPE, read_manifest, write_manifest

FILES = [FileDigest("model.onnx", 3, "aa" * 32), FileDigest("sub/b", 4, "bb" * 32), FileDigest("sub-x", 5, "cc" * 32)]


def fields():
    return json.loads(write_manifest("fraud", FILES))


def read(statement):
    return read_manifest(json.dumps(statement).encode())


def resign(statement):
    """Make the subject fit the resources again."""
    raw = b"".join(bytes.fromhex(each["digest"]) for each in statement["predicate"]["resources"])
    statement["subject"][0]["digest"]["sha256"] = hashlib.sha256(raw).hexdigest()
    return statement


def code_of(statement):
    with pytest.raises(GmError) as refusal:
        read(statement)
    return refusal.value.code


def sharded(size=3, algorithm="sha256-sharded-3", kind="sha256"):
    made = fields()
    made["predicate"]["serialization"] |= {"method": "shards", "shard_size": size, "hash_type": kind}
    made["predicate"]["resources"] = [{"name": "a:0:3", "algorithm": algorithm, "digest": "aa" * 32}]
    return resign(made)


def test_what_is_written_is_read_in_the_order_of_model_signing():
    manifest = read_manifest(write_manifest("fraud", reversed(FILES)))
    assert (manifest.name, manifest.algorithm, manifest.shard_size) == ("fraud", "sha256", None)
    assert [each.name for each in manifest.resources] == ["model.onnx", "sub/b", "sub-x"]
    assert manifest.ignored == tuple(sorted(ALWAYS_IGNORED))
    raw = bytes.fromhex("aa" * 32 + "bb" * 32 + "cc" * 32)
    assert manifest.digest == hashlib.sha256(raw).hexdigest()


paths = st.lists(st.text("ab.-_", min_size=1).filter(lambda part: part not in {".", ".."}), min_size=1, max_size=3)


@given(st.dictionaries(paths.map("/".join), st.binary(min_size=32, max_size=32), min_size=1))
def test_every_set_of_files_survives_writing_and_reading(files):
    digests = [FileDigest(path, 0, digest.hex()) for path, digest in files.items()]
    manifest = read_manifest(write_manifest("m", digests))
    assert {each.path: each.digest for each in manifest.resources} == files
    assert write_manifest("m", reversed(digests)) == write_manifest("m", digests)


@pytest.mark.parametrize(
    ("files", "code"),
    [
        ([], "GM-T722"),
        ([FILES[0], FILES[0]], "GM-T723"),
        ([FileDigest("../x", 0, "aa" * 32)], "GM-T724"),
        ([FileDigest("/x", 0, "aa" * 32)], "GM-T724"),
    ],
)
def test_what_cannot_be_signed_is_refused(files, code):
    with pytest.raises(GmError) as refusal:
        write_manifest("m", files)
    assert refusal.value.code == code


@pytest.mark.parametrize("size", [3, 3.0])
@pytest.mark.parametrize(("algorithm", "kind"), [("sha256-sharded-3", "sha256"), ("sha256", "sha256-sharded-3")])
def test_shards_are_read_as_every_release_spells_them(size, algorithm, kind):
    manifest = read(sharded(size, algorithm, kind))
    assert (manifest.shard_size, manifest.algorithm) == (3, "sha256")
    assert manifest.resources[0].name == "a:0:3"


def test_blake2b_is_read():
    made = fields()
    made["predicate"]["serialization"]["hash_type"] = "blake2b"
    for each in made["predicate"]["resources"]:
        each.update(algorithm="blake2b", digest=each["digest"] * 2)
    assert read(resign(made)).algorithm == "blake2b"


@pytest.mark.parametrize("size", [0, -1, 0.5, "3", None, 1e300, 2**60])
def test_a_shard_size_that_is_no_size_is_refused(size):
    assert code_of(sharded(size)) == "GM-T722"


def test_an_infinite_shard_size_is_refused():
    """It is no statement: JSON has no number that large."""
    text = json.dumps(sharded()).replace('"shard_size": 3', '"shard_size": 1e999')
    with pytest.raises(GmError) as refusal:
        read_manifest(text.encode())
    assert refusal.value.code == "GM-T706"


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"method": "tensors"}, "GM-T729"),
        ({"method": None}, "GM-T729"),
        ({"hash_type": "blake3"}, "GM-T729"),
        ({"hash_type": "md5"}, "GM-T729"),
        ({"hash_type": ["sha256"]}, "GM-T729"),
        ({"hash_type": "sha256-sharded-3"}, "GM-T729"),
        ({"ignore_paths": "model.sig"}, "GM-T722"),
        ({"ignore_paths": [7]}, "GM-T722"),
        ({"ignore_paths": ["."]}, "GM-T724"),
        ({"ignore_paths": [""]}, "GM-T724"),
        ({"ignore_paths": ["../x"]}, "GM-T724"),
        ({"ignore_paths": ["/x"]}, "GM-T724"),
    ],
    ids=repr,
)
def test_a_serialization_that_gm_does_not_know_is_refused(changes, code):
    made = fields()
    made["predicate"]["serialization"] |= changes
    assert code_of(made) == code


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"name": 7}, "GM-T722"),
        ({"algorithm": "sha512"}, "GM-T722"),
        ({"algorithm": "sha256-sharded-3"}, "GM-T722"),
        ({"digest": "aa"}, "GM-T722"),
        ({"digest": "AA" * 32}, "GM-T722"),
        ({"digest": None}, "GM-T722"),
        ({"name": "../m"}, "GM-T724"),
        ({"name": "/m"}, "GM-T724"),
        ({"name": "z"}, "GM-T723"),
        ({"name": "sub/b"}, "GM-T723"),
    ],
    ids=repr,
)
def test_a_resource_of_another_shape_is_refused(changes, code):
    made = fields()
    made["predicate"]["resources"][0] |= changes
    assert code_of(made) == code


def test_a_subject_that_is_not_the_digest_of_the_resources_is_refused():
    made = fields()
    made["subject"][0]["digest"]["sha256"] = "00" * 32
    assert code_of(made) == "GM-T722"
    made = fields()
    made["subject"] *= 2
    assert code_of(made) == "GM-T722"


def test_a_statement_that_signs_nothing_is_refused():
    made = fields()
    made["predicate"]["resources"] = []
    assert code_of(resign(made)) == "GM-T722"
    made = fields()
    made["predicate"] = {"resources": made["predicate"]["resources"]}
    assert code_of(made) == "GM-T722"


def test_a_statement_of_another_kind_is_refused():
    assert code_of({**fields(), "predicateType": "https://model_signing/Digests/v0.1"}) == "GM-T707"
    assert code_of({"_type": "x"}) == "GM-T706"
    assert fields()["predicateType"] == PREDICATE_TYPE


def test_further_fields_of_a_predicate_are_left_alone():
    made = fields()
    made["predicate"]["card"] = {"x": 1}
    assert len(read(made).resources) == 3
