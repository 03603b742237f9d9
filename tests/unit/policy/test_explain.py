"""What a code means, in any spelling."""

from pathlib import Path

import pytest

from gitops_models.errors.codes import all_codes
from gitops_models.policy.explain import explain, explanations, near
from gitops_models.policy.rules import RULES
from tests.support.recorded import tell

ROOT = Path(__file__).resolve().parents[3]


def test_every_code_is_explained_and_every_rule_with_it():
    assert list(explanations()) == list(all_codes())
    assert {found.rule.code for found in explanations().values() if found.rule} == {rule.code for rule in RULES}


@pytest.mark.parametrize("text", ["GM-P401", "gm-p401", "p401", " P401 "])
def test_a_code_is_found_in_any_spelling(text):
    found = explain(text)
    assert (found.code, found.exit_status, found.rule.kind.value) == ("GM-P401", 3, "integrity")
    assert found.remedy == all_codes()["GM-P401"].hint


@pytest.mark.parametrize(
    ("text", "first"), [("GM-P40l", "GM-P401"), ("p4o1", "GM-P401"), ("GM-P4011", "GM-P401"), ("gm-po01", "GM-P001")]
)
def test_what_was_probably_meant_comes_first(text, first):
    assert explain(text) is None
    assert near(text)[0] == first
    assert len(near(text)) <= 3


def test_nothing_is_near_to_nonsense():
    assert near("x" * 1000) == ()


@pytest.mark.parametrize(
    "text", ["", "p", "P4", "P40", "P401", "gm-p4O1", "GM-PIO1", "GM-PLSB", "GMP401", "P999", "d0", "f1o1"]
)
def test_what_is_near_is_always_the_same(text):
    tell(f"{near(text)} {near(text + '  ')} {explain(text) and explain(text).code}")


@pytest.mark.parametrize("code", [rule.code for rule in RULES])
def test_where_a_code_is_documented(code):
    found = explain(code)
    tell(f"{found.docs} {found.anchor} {int(found.exit_status)}")


def test_a_code_without_a_rule_is_documented_with_the_codes():
    found = explain("D021")
    assert (found.rule, found.docs) == (None, "docs/reference/codes.md#gm-d021")


def test_the_entry_of_a_rule_is_a_heading_of_the_page_of_rules():
    found = explain("P107")
    assert found.docs.startswith("docs/reference/rules.md#gm-p107-")
    headings = [line[3:] for line in (ROOT / "docs/reference/rules.md").read_text().splitlines() if line[:3] == "## "]
    assert f"{found.code}: {found.title}" in headings
