"""Pointers: plain DVC out, an allow-list in."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gitops_models.artifacts.digests import hash_path
from gitops_models.artifacts.pointers import Pointer, make_pointer, parse_pointer, render_pointer
from gitops_models.artifacts.safe_names import name_problem
from gitops_models.errors import GmError
from tests.support.refusals import code_of

MD5 = "d41d8cd98f00b204e9800998ecf8427e"
PATH = "models/fraud/versions/1.0.0/model.onnx.dvc"
GOOD = f"outs:\n- md5: {MD5}\n  size: 3\n  hash: md5\n  path: model.onnx\n"

hexes = st.text("0123456789abcdef", min_size=32, max_size=32) | st.sampled_from(["0" * 32, "1" * 32, "12e4" + "5" * 28])
names = st.text(min_size=1, max_size=20).filter(lambda name: name_problem(name) is None)
sizes = st.integers(0, 2**53 - 1)
pointers = st.builds(Pointer, names, hexes, sizes) | st.builds(
    Pointer, names, hexes.map("{}.dir".format), sizes, st.integers(1, 10**6)
)


def refused(code, text, where=PATH):
    with pytest.raises(GmError) as caught:
        parse_pointer(text if isinstance(text, bytes) else text.encode(), where)
    assert caught.value.code == code
    assert caught.value.where == where
    return caught.value


@given(pointers)
def test_what_is_written_is_read_back(pointer):
    assert parse_pointer(render_pointer(pointer), f"models/m/versions/1.0.0/{pointer.name}.dvc") == pointer


@given(st.binary(max_size=300))
def test_any_bytes_are_a_pointer_or_a_coded_refusal(data):
    assert code_of(parse_pointer, data, PATH) in {None, "GM-A201", "GM-A202", "GM-A203"}


def test_a_pointer_of_dvc_is_read():
    assert parse_pointer(GOOD.encode(), PATH) == Pointer("model.onnx", MD5, 3)
    directory = f"outs:\n- md5: {MD5}.dir\n  size: 4\n  nfiles: 2\n  hash: md5\n  path: d\n"
    pointer = parse_pointer(directory.encode(), "models/m/versions/1/d.dvc")
    assert pointer == Pointer("d", f"{MD5}.dir", 4, 2)
    assert pointer.is_dir


def test_a_pointer_is_made_from_digests(tree):
    hashes = hash_path(tree)
    assert make_pointer("tokenizer", hashes) == Pointer("tokenizer", hashes.md5, 260, 4)
    assert make_pointer("v", hash_path(tree / "vocab.json")).nfiles is None
    with pytest.raises(GmError) as caught:
        make_pointer("../up", hashes)
    assert caught.value.code == "GM-A105"


@pytest.mark.parametrize(
    "extra",
    [
        "wdir: ..",
        "deps:\n- path: x",
        "cmd: rm -rf /",
        "frozen: true",
        "md5: 0",
        "meta: {}",
        "desc: text",
    ],
)
def test_a_document_field_beyond_outs_is_refused(extra):
    assert extra.partition(":")[0] in refused("GM-A202", f"{GOOD}{extra}\n").message


@pytest.mark.parametrize(
    "extra",
    [
        "isexec: true",
        "cache: false",
        "persist: true",
        "remote: other",
        "push: false",
        "cloud: {}",
        "nfiles: 1",
        "type: x",
    ],
)
def test_an_output_field_beyond_the_allow_list_is_refused(extra):
    assert extra.partition(":")[0] in refused("GM-A202", f"{GOOD}  {extra}\n").message


@pytest.mark.parametrize(
    "path", ["../model.onnx", "/etc/passwd", "a/b", "..", "'.'", "s3://bucket/x", '"a\\nb"', ".git", '"a\\\\b"']
)
def test_a_path_that_is_not_a_plain_name_is_refused(path):
    refused("GM-A203", GOOD.replace("model.onnx", path))


def test_a_pointer_about_another_file_is_refused():
    refused("GM-A203", GOOD, "models/fraud/versions/1.0.0/other.onnx.dvc")


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (MD5, MD5.upper()),
        (MD5, MD5[:-1]),
        (MD5, f"{MD5}.tar"),
        (MD5, "1" * 32),
        ("size: 3", "size: -1"),
        ("size: 3", "size: true"),
        ("size: 3", "size: '3'"),
        ("  size: 3\n", ""),
        ("hash: md5", "hash: sha256"),
        ("  hash: md5\n", ""),
        ("path: model.onnx", "path: 3"),
        ("outs:\n-", "outs:\n- {}\n-"),
        (MD5, f"{MD5}.dir"),
    ],
)
def test_a_malformed_pointer_is_refused(old, new):
    refused("GM-A201", GOOD.replace(old, new))


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"outs:\n",
        b"outs: []\n",
        b"outs: [1]\n",
        b"- 1\n",
        b"outs: &a []\n",
        b"outs: !!python/object:os.system []\n",
        b"\xff",
        b"a: " + b"[" * 1000,
        b"#" * 70_000,
    ],
)
def test_what_is_no_pointer_is_refused(data):
    refused("GM-A201", data)
