import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gitops_models.registry.text import UNSAFE, names_a_user, visible, visible_json


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


@pytest.mark.parametrize(
    "text",
    [
        "https://u:secret@h/x",
        "HTTPS://token@h/x",
        "see https://h/a and https://:secret@h",
        "postgresql+psycopg://u:s@h:5432/db",
        "ssh://git:secret@h/x",
        "ssh://git%3Asecret@h/x",
        r"https:\\u:secret@h",
        "https:////u:secret@h",
        "https://u:se@cret@h",
    ],
)
def test_an_address_with_a_user_is_seen(text):
    assert names_a_user(text)


@pytest.mark.parametrize(
    "text",
    [
        "https://h:8080/x",
        "https://h/x@2026",
        "https://h/?mail=a@b",
        "https://h#a@b",
        "ssh://git@h/x",
        "git+ssh://git@h/x",
        "git@h:x/y",
        "a@example.org",
        "https://github.com/o/r/.github/workflows/w.yml@refs/heads/main",
        "https://h and a@b",
        f"registry.example/train@sha256:{'0' * 64}",
    ],
)
def test_an_address_without_a_user_is_fine(text):
    assert not names_a_user(text)


def test_no_text_makes_the_search_for_users_long():
    for text in ("a." * 200_000, "://" * 200_000, ":" + "/" * 400_000, "https://" + ":" * 400_000):
        assert not names_a_user(text)


@pytest.mark.parametrize("text", ["\x7f", "\x9b31m", "\u202e", "\ud800", "\U000e0001", "a\x1b[2J", "Größe 🙂", 'a"\\'])
def test_json_for_a_terminal_has_the_same_value(text):
    shown = visible_json(json.dumps([text], indent=1, ensure_ascii=False))
    assert not UNSAFE.search(shown.replace("\n", ""))
    assert json.loads(shown) == [text]
