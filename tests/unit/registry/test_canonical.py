import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gitops_models.errors import GmError
from gitops_models.registry.canonical import FileDigest, jcs, sha256_hex, tree_digest

files = st.lists(
    st.builds(
        FileDigest, st.text(st.characters(exclude_categories=["Cs"]), min_size=1), st.integers(0, 99), st.just("0" * 64)
    ),
    unique_by=lambda file: file.path,
    max_size=6,
)


def test_canonical_json_sorts_keys_and_writes_numbers_as_javascript_does():
    assert jcs({"b": 1.0, "a": [True, None, "é"]}) == '{"a":[true,null,"é"],"b":1}'.encode()


@pytest.mark.parametrize("value", [float("nan"), 2**60, "\ud800", {1: 2}, object()])
def test_a_value_without_canonical_form_is_refused(value):
    with pytest.raises(GmError) as caught:
        jcs(value)
    assert caught.value.code == "GM-D008"


def test_the_digest_of_a_directory_is_that_of_its_sorted_file_list():
    one, two = "1" * 64, "2" * 64
    listing = f'[{{"path":"B","sha256":"{one}","size":1}},{{"path":"a/b","sha256":"{two}","size":2}}]'.encode()
    found = tree_digest([FileDigest("a/b", 2, "2" * 64), FileDigest("B", 1, "1" * 64)])
    assert found == hashlib.sha256(listing).hexdigest() == sha256_hex(listing)


@given(files, st.randoms())
def test_the_digest_of_a_directory_does_not_depend_on_the_order_of_reading(listing, random):
    shuffled = list(listing)
    random.shuffle(shuffled)
    assert tree_digest(shuffled) == tree_digest(listing)
