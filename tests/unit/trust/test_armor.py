import pytest
from hypothesis import given
from hypothesis import strategies as st

from gitops_models.trust.armor import BEGIN, END, armor, dearmor
from gitops_models.trust.problem import SignatureProblem

BLOB = bytes(range(90))
TEXT = armor(BLOB).encode()


def code_of(text):
    with pytest.raises(SignatureProblem) as caught:
        dearmor(text)
    assert caught.value.verdict == "malformed"
    return caught.value.code


@given(st.binary(min_size=1, max_size=2000))
def test_armor_is_read_back(blob):
    assert dearmor(armor(blob).encode()) == blob


def test_the_last_newline_may_be_missing():
    assert dearmor(TEXT.rstrip(b"\n")) == BLOB


def test_the_width_of_lines_is_free():
    body = TEXT.removeprefix(BEGIN + b"\n").removesuffix(END + b"\n").replace(b"\n", b"")
    assert dearmor(b"\n".join([BEGIN, body[:64], body[64:], END])) == BLOB


@pytest.mark.parametrize(
    ("text", "code"),
    [
        (b"", "GM-T010"),
        (BEGIN + b"\n", "GM-T010"),
        (BEGIN + END, "GM-T010"),
        (END + b"\n" + BEGIN, "GM-T010"),
        (TEXT + b"A" * 20_000, "GM-T010"),
        (b"hello\n" + TEXT, "GM-T011"),
        (TEXT.replace(BEGIN, BEGIN + b"x"), "GM-T011"),
        (TEXT + b"\n", "GM-T011"),
        (TEXT + b"approved by everybody\n", "GM-T011"),
        (TEXT.replace(END, END + b" "), "GM-T011"),
        (TEXT.replace(b"AAEC", b"AAE C"), "GM-T012"),
        (TEXT.replace(b"AAEC", b"AA\tEC"), "GM-T012"),
        (TEXT.replace(BEGIN + b"\n", BEGIN + b"\n\n"), "GM-T012"),
        (BEGIN + b"\n\n" + END, "GM-T012"),
        (BEGIN + b"\n" + END, "GM-T012"),
        (TEXT.replace(b"\n", b"\r\n"), "GM-T013"),
        (TEXT.replace(b"AAEC", b"AA_C"), "GM-T014"),
        (TEXT.replace(b"AAEC", b"AAE"), "GM-T014"),
        (TEXT.replace(b"AAEC", b"AAE\xff"), "GM-T014"),
        (BEGIN + b"\nAAF=\n" + END, "GM-T014"),
    ],
)
def test_every_other_spelling_is_refused(text, code):
    assert code_of(text) == code
