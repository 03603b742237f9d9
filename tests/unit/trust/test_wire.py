import pytest
from hypothesis import given
from hypothesis import strategies as st

from gitops_models.trust.problem import SignatureProblem
from gitops_models.trust.wire import Reader, mpint, string


@given(st.binary(max_size=64), st.integers(min_value=1, max_value=1 << 600))
def test_what_is_written_is_read_back(text, number):
    reader = Reader(string(text) + mpint(number), "field")
    assert reader.string() == text
    assert reader.mpint() == number
    reader.end()


@pytest.mark.parametrize("raw", [b"\x00\x01", b"", b"\x00", b"\x80"], ids=["padded", "empty", "zero", "negative"])
def test_a_number_has_one_spelling(raw):
    with pytest.raises(SignatureProblem, match="shortest form") as caught:
        Reader(string(raw), "key").mpint()
    assert caught.value.code == "GM-T015"


def test_a_short_field_is_noticed():
    with pytest.raises(SignatureProblem, match="cut short") as caught:
        Reader(b"\x00\x00\x00\x05ab", "key").string()
    assert caught.value.code == "GM-T015"


def test_bytes_left_over_are_noticed():
    with pytest.raises(SignatureProblem, match="after its last field") as caught:
        Reader(b"x", "key").end()
    assert caught.value.code == "GM-T015"
