"""Names of signed resources."""

import pytest

from gitops_models.trust.oms.names import Resource, check_order, check_path, parse_name
from tests.support.refusals import why_refused

ZERO = bytes(32)


def whole(path):
    return Resource(path, 0, None, ZERO)


@pytest.mark.parametrize("path", ["a", "a/b", "a b", "..a", "a..", ".a", "a:b", "é", "a\\b", "-x"])
def test_plain_paths_are_names(path):
    assert parse_name(path, ZERO, sharded=False) == whole(path)
    assert parse_name(f"{path}:0:3", ZERO, sharded=True) == Resource(path, 0, 3, ZERO)
    assert parse_name(f"{path}:3:12", ZERO, sharded=True).name == f"{path}:3:12"


@pytest.mark.parametrize(
    "path", ["", "/", "/etc/passwd", "..", "../x", "a/../b", "a/..", ".", "./a", "a/.", "a//b", "a/", "a\0b", "\udc80"]
)
def test_paths_that_lead_out_or_have_another_spelling_are_refused(path):
    assert why_refused(check_path, path) == "GM-T724"
    assert why_refused(parse_name, path, ZERO, sharded=False) == "GM-T724"


@pytest.mark.parametrize(
    "name", ["a", "a:1", "a:1:x", "a:01:2", "a:0:00", "a:2:2", "a:3:2", "a:-1:2", ":0:3", "a:0:+3"]
)
def test_a_shard_has_a_range_in_its_one_spelling(name):
    assert why_refused(parse_name, name, ZERO, sharded=True) == "GM-T722"


def test_a_shard_of_a_path_that_leads_out_is_refused():
    assert why_refused(parse_name, "../a:0:3", ZERO, sharded=True) == "GM-T724"


def test_both_orders_of_sorted_names_are_read():
    check_order([whole("sub-x"), whole("sub/b")])  # by the text
    check_order([whole("sub/b"), whole("sub-x")])  # by the parts, as model_signing writes
    check_order([Resource("a", 0, 9, ZERO), Resource("a", 9, 10, ZERO), Resource("a", 10, 11, ZERO)])


@pytest.mark.parametrize("names", [["b", "a"], ["a", "c", "b"], ["sub-x", "sub/b", "a"]])
def test_unsorted_names_are_refused(names):
    assert why_refused(check_order, [whole(name) for name in names]) == "GM-T723"


def test_a_name_that_stands_twice_is_refused():
    assert why_refused(check_order, [whole("a"), whole("a")]) == "GM-T723"
