import pytest
from hypothesis import given
from hypothesis import strategies as st

from gitops_models.registry.text import UNSAFE, visible


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain Müller 東京", "plain Müller 東京"),
        ("\x1b[31mred", "\\x1b[31mred"),
        ("a\u202eb", "a\\u202eb"),
        ("a\nb\tc", "a\\x0ab\\x09c"),
        ("\U000e0041", "\\U000e0041"),
        ("\x85\u2028\ufeff\ud800", "\\x85\\u2028\\ufeff\\ud800"),
    ],
)
def test_what_could_fool_a_reader_is_shown_as_an_escape(text, shown):
    assert visible(text) == shown


def test_newlines_and_tabs_stay_in_longer_text():
    assert visible("a\n\tb\x1b\r", multiline=True) == "a\n\tb\\x1b\\x0d"


@given(st.text())
def test_nothing_unsafe_is_left(text):
    assert not UNSAFE.search(visible(text))
    assert visible(text).isprintable() or not text.isprintable()
