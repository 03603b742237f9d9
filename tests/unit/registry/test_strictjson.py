"""JSON from anywhere has one meaning or none."""

import pytest

from gitops_models.registry.strictjson import strict_json


@pytest.mark.parametrize("data", ['{"a": [1, {"a": null}]}', b'{"a": [1, {"a": null}]}'])
def test_what_has_one_meaning_is_read(data):
    assert strict_json(data) == {"a": [1, {"a": None}]}


@pytest.mark.parametrize("data", ["[1.5, -2e3, 1e-999, 1e308]", b"[1.5, -2e3, 1e-999, 1e308]"])
def test_numbers_are_what_they_are(data):
    read = strict_json(data)
    assert (read, {type(number) for number in read}) == ([1.5, -2000.0, 0.0, 1e308], {float})


def test_text_beyond_ascii_is_read_as_utf_8():
    assert strict_json('["ü😀"]'.encode()) == ["ü😀"]


@pytest.mark.parametrize(
    ("data", "why"),
    [
        ('[{"a": 1, "a": 1}]', "a key stands twice"),
        ("[NaN]", "NaN is no JSON number"),
        ("[-Infinity]", "-Infinity is no JSON number"),
        ("[", "Expecting value"),
        ("[1e999]", "a number is too large"),
        (b'{"a": -1E+999}', "a number is too large"),
        (b"\xff", "can't decode"),
        (b'["\xed\xa0\x80"]', "can't decode"),
        ("\ufeff[]", "BOM"),
        ("\ufeff[]".encode(), "BOM"),
    ],
)
def test_what_has_two_meanings_or_none_is_refused(data, why):
    with pytest.raises(ValueError, match=why):
        strict_json(data)


@pytest.mark.parametrize("name", ["utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-32-le", "utf-32-be"])
def test_bytes_are_utf_8_and_nothing_is_guessed(name):
    for text in ("[]", '{"a": 1}'):
        with pytest.raises(ValueError, match=r"can't decode|Expecting"):
            strict_json(text.encode(name))
