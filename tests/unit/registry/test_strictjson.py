"""JSON from anywhere has one meaning or none."""

import pytest

from gitops_models.registry.strictjson import strict_json


@pytest.mark.parametrize("data", ['{"a": [1, {"a": null}]}', b'{"a": [1, {"a": null}]}'])
def test_what_has_one_meaning_is_read(data):
    assert strict_json(data) == {"a": [1, {"a": None}]}


@pytest.mark.parametrize(
    ("data", "why"),
    [
        ('[{"a": 1, "a": 1}]', "a key stands twice"),
        ("[NaN]", "NaN is no JSON number"),
        ("[-Infinity]", "-Infinity is no JSON number"),
        ("[", "Expecting value"),
        (b"\xff", "can't decode"),
    ],
)
def test_what_has_two_meanings_or_none_is_refused(data, why):
    with pytest.raises(ValueError, match=why):
        strict_json(data)
