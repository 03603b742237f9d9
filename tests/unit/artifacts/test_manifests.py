"""Directory manifests are a stranger's text."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gitops_models.artifacts import manifests
from gitops_models.artifacts.manifests import ManifestEntry, parse_manifest, path_clash, render_manifest
from gitops_models.artifacts.safe_names import name_problem
from gitops_models.errors import GmError
from tests.support.refusals import code_of

MD5 = "d41d8cd98f00b204e9800998ecf8427e"
names = st.text(min_size=1, max_size=12).filter(lambda name: name_problem(name) is None)
paths = st.lists(names, min_size=1, max_size=4).map("/".join)
path_sets = st.sets(paths, max_size=12).filter(lambda found: path_clash(found) is None)


def refused(code, data):
    with pytest.raises(GmError) as caught:
        parse_manifest(data, "remote/files/md5/aa")
    assert caught.value.code == code


def rows(*relpaths):
    return json.dumps([{"md5": MD5, "relpath": path} for path in relpaths]).encode()


@given(path_sets)
def test_what_is_written_is_read_back(found):
    entries = {ManifestEntry(path, MD5) for path in found}
    assert set(parse_manifest(render_manifest(entries), "here")) == entries


@given(st.binary(max_size=200))
def test_any_bytes_are_a_manifest_or_a_coded_refusal(data):
    assert code_of(parse_manifest, data, "here") in {None, "GM-A211", "GM-A212"}


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["md5", "relpath", "x"]), inner),
    max_leaves=8,
)


@given(json_values)
def test_any_json_is_a_manifest_or_a_coded_refusal(value):
    assert code_of(parse_manifest, json.dumps(value).encode(), "here") in {None, "GM-A211", "GM-A212"}


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"{}",
        b"[1]",
        b"[" * 100_000,
        b"\xff",
        b'[{"md5": "%s"}]' % MD5.encode(),
        b'[{"md5": "XYZ", "relpath": "a"}]',
        b'[{"md5": 1, "relpath": "a"}]',
        b'[{"md5": "%s", "relpath": "a", "isexec": true}]' % MD5.encode(),
        b'[{"md5": "%s", "relpath": "a", "relpath": "b"}]' % MD5.encode(),
    ],
)
def test_a_malformed_manifest_is_refused(data):
    refused("GM-A211", data)


@pytest.mark.parametrize(
    "path",
    ["../x", "a/../../x", "/etc/passwd", "a//b", "./a", "a/.", "", "a\\b", "a\nb", ".git/hooks/pre-commit", "a/.dvc/x"],
)
def test_an_unsafe_path_is_refused(path):
    refused("GM-A212", rows("fine", path))


@pytest.mark.parametrize("clash", [("a", "a"), ("a", "a/b"), ("x/y/z", "x/y")])
def test_a_path_that_stands_twice_is_refused(clash):
    refused("GM-A212", rows(*clash))


def test_long_names_and_paths_are_refused():
    refused("GM-A212", rows("é" * 128))
    refused("GM-A212", rows("/".join(["d" * 250] * 17)))


def test_a_manifest_too_large_is_refused(monkeypatch):
    monkeypatch.setattr(manifests, "MAX_FILES", 1)
    refused("GM-A213", rows("a", "b"))
    monkeypatch.setattr(manifests, "MAX_MANIFEST_BYTES", 10)
    refused("GM-A213", rows("a"))
