"""JSON and base64 from strangers."""

import pytest

from gitops_models.errors import GmError
from gitops_models.trust.keyless.strict import decode_base64, read_object


def code_of(data, limit=100):
    with pytest.raises(GmError) as refusal:
        read_object(data, "bundle", code="GM-T700", limit=limit)
    return refusal.value.code


def test_an_object_is_read():
    assert read_object(b'{"a": {"b": 1}}', "bundle", code="GM-T700", limit=100) == {"a": {"b": 1}}


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(b"", id="empty"),
        pytest.param(b"[1]", id="list"),
        pytest.param(b"\xff", id="not text"),
        pytest.param('{"a": 1}'.encode("utf-16"), id="UTF-16"),
        pytest.param('{"a": 1}'.encode("utf-32-le"), id="UTF-32"),
        pytest.param('\ufeff{"a": 1}'.encode(), id="BOM"),
        pytest.param(b'{"a": "\xed\xa0\x80"}', id="half a surrogate"),
        pytest.param(b'{"a": 1, "a": 1}', id="doubled key"),
        pytest.param(b'{"a": NaN}', id="NaN"),
        pytest.param(b'{"a": -Infinity}', id="infinity"),
        pytest.param(b'{"a": 1e999}', id="infinity in figures"),
        pytest.param(b'{"a": 1} ' * 2, id="two"),
        pytest.param(b"[" * 99, id="cut short"),
    ],
)
def test_what_is_no_strict_object_is_refused(data):
    assert code_of(data) == "GM-T700"


def test_depth_and_size_are_bounded():
    assert code_of(b"[" * 100_000 + b"]" * 100_000, limit=1_000_000) == "GM-T700"
    assert code_of(b'{"a": "' + b"x" * 100 + b'"}') == "GM-T700"


def test_base64_has_one_spelling():
    assert decode_base64("AAE=", "signature", code="GM-T700") == b"\0\1"


@pytest.mark.parametrize("text", ["AAF=", "AAE", "AA\nE=", "A-_=", 7, None, "é"])
def test_other_spellings_of_base64_are_refused(text):
    with pytest.raises(GmError) as refusal:
        decode_base64(text, "signature", code="GM-T700")
    assert refusal.value.code == "GM-T700"
