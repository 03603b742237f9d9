import pytest
from hypothesis import given
from hypothesis import strategies as st

from gitops_models.registry.grow import GrowingMap


@given(st.dictionaries(st.integers(0, 9), st.integers()), st.lists(st.dictionaries(st.integers(0, 9), st.integers())))
def test_it_equals_a_dict_that_was_updated_and_never_changes(first, updates):
    growing, plain = GrowingMap(first), dict(first)
    for items in updates:
        before = (growing, dict(plain))
        growing = growing.updated(items)
        plain.update(items)
        assert dict(growing) == plain
        assert len(growing) == len(plain)
        assert dict(before[0]) == before[1]
    assert all(key in growing for key in plain)
    assert repr(growing) == f"GrowingMap({dict(growing)!r})"


def test_a_missing_key_is_missing():
    growing = GrowingMap({1: 2}).updated({3: 4})
    assert growing.get(5) is None
    with pytest.raises(KeyError):
        growing[5]


def test_adding_one_at_a_time_copies_little():
    growing = GrowingMap()
    for number in range(5000):
        growing = growing.updated({number: number})
        assert len(growing._layers) < 16
    assert len(growing) == 5000
