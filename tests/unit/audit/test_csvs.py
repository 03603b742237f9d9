import csv
import io

import pytest

from gitops_models.audit.csvs import cell, render_csv


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20"])
def test_a_cell_that_would_begin_a_formula_gets_an_apostrophe(start):
    assert cell(f"{start}cmd|' /C calc'!A0").startswith("'")


@pytest.mark.parametrize("text", ["", "1.0.0", "a=b", "plain words", "2026-11-21T10:00:00Z", "zürich"])
def test_a_plain_cell_stays_as_it_is(text):
    assert cell(text) == text


def test_control_and_bidi_characters_are_shown_as_escapes():
    assert cell("a\x1b[31mb\u202ec") == "a\\x1b[31mb\\u202ec"


def test_a_reader_of_csv_gets_the_same_cells_back():
    text = render_csv(("a", "b"), [("with, comma", 'with "quotes"'), (None, "x")])
    assert list(csv.reader(io.StringIO(text))) == [["a", "b"], ["with, comma", 'with "quotes"'], ["", "x"]]


def test_a_line_break_in_a_value_makes_no_second_row():
    assert render_csv(("a",), [("one\ntwo",)]) == "a\none\\x0atwo\n"
