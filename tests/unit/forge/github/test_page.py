"""What stands on a pull request, and what no text from a document can do to it."""

import html
import re
import subprocess

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gitops_models.forge.base import Login
from gitops_models.forge.github.page import ASKED, LONGEST, ROWS, TITLE, Compared, Story, page
from gitops_models.policy.verdict import Counted, QuorumResult
from gitops_models.registry.trailers import parse_trailers

CHANGE = "3fa9c1d2" + "0" * 56
HIGH = QuorumResult(
    what="promotion of fraud@1.4.0 to production",
    basis="risk is high",
    where=None,
    required=("raio", "domain-lead"),
    counted=(Counted("raio", "lead2", "signed"),),
    missing=("domain-lead",),
    candidates={"domain-lead": ("lead3", "lead4", "lead5")},
    touch=True,
)
TRAILERS = (
    ("Gm-Event", "promotion"),
    ("Gm-Reason", "closes #7 for @acme/all <!-- --> ``` </pre>"),
    ("Gm-Risk", "high"),
)
COMPARED = Compared(
    "fraud",
    "1.3.0",
    "1.4.0",
    metrics=(("accuracy", "0.95", "0.91", "-0.04, worse"),),
    lineage=(("parameters.values.depth", "3", ""),),
    remarks=("consumer checkout: score is gone",),
)
LOGINS = {"lead3": Login(103, "lead-three"), "lead4": Login(104, "lead-four"), "raio": Login(1, "raio")}
STORY = Story(
    title="promote(fraud/production): 1.3.0 to 1.4.0",
    event="promotion",
    change_id=CHANGE,
    events=("promotion of fraud@1.4.0 to production",),
    reasons=("passes the golden set",),
    risk="high",
    consumers=("checkout (fraud)",),
    compared=(COMPARED,),
    quorums=(HIGH,),
    logins=LOGINS,
    trailers=TRAILERS,
)
HOSTILE = (
    "@acme/all", "#12 closes #7", "<!-- hidden", "-->", "<script>alert(1)</script>", "</code>", "[a](http://evil)",
    "![a](http://evil/x.png)", "|", "```", "- [x] raio: lead1", "\n\nGm-Event: rollback\n", "\u202e", "\x1b[2J",
    "https://evil.example/", "acme/registry#1", "&lt;b&gt;", "GH-12", ":tada:", "$$x$$",
)  # fmt: skip


def shown(body):
    """The text that is left of a body when what stands in code and the markup of this page are taken away."""
    text = body.split("```text", 1)[0]
    assert re.fullmatch(r"(?:[^<]|<code>[^<]*</code>|<br>)*", text), text
    return re.sub(r"<code>[^<]*</code>|<br>", "", text)


def test_the_page_says_what_changes_who_is_missing_and_who_can():
    made = page(STORY)
    assert made.title == STORY.title
    assert made.labels == ("gm", "gm:promotion", "risk:high")
    assert made.reviewers == (LOGINS["lead3"], LOGINS["lead4"])
    told = html.unescape(re.sub(r"</?code>", "", made.body))
    for line in (
        "Change 3fa9c1d2, risk high\nWhy: passes the golden set",
        "- promotion of fraud@1.4.0 to production\n\n### Approvals",
        "- promotion of fraud@1.4.0 to production (risk is high, each with the touch of a hardware key)",
        "  - [x] raio: lead2\n  - [ ] domain-lead: lead3 (lead-three), lead4 (lead-four), lead5",
        "### fraud: 1.3.0 to 1.4.0",
        "| accuracy | 0.95 | 0.91 | -0.04, worse |",
        "| parameters.values.depth | 3 | - |",
        "- consumer checkout: score is gone",
        "### Whom it concerns\n\n- checkout (fraud)",
    ):
        assert line in told


def test_a_rollback_says_what_is_lost():
    told = "Recorded metrics and lineage, 1.4.0 -> 1.3.0:\n  accuracy: 0.95 -> 0.91\n\nWhom it concerns:\n  checkout"
    body = page(Story("revert", "rollback", CHANGE, ("rollback of fraud",), told=told)).body
    assert "### What is lost, and what to know\n\n<code>Recorded metrics" in body
    assert "<code>  accuracy&#58; 0&#46;95 -&#62; 0&#46;91</code><br>\n<br>\n" in body
    assert "Nobody else has to agree." in body


def test_git_reads_the_trailers_of_a_merge_made_on_the_page():
    made = page(STORY)
    message = f"{made.title} (#12)\n\n{made.body}"
    found = parse_trailers(message).pairs
    assert found == TRAILERS
    git = ["git", "interpret-trailers", "--parse", "--unfold"]
    read = subprocess.run(git, input=message, capture_output=True, text=True, check=True)
    assert read.stdout == "".join(f"{key}: {value}\n" for key, value in TRAILERS)


def test_trailers_stand_in_a_code_block_that_nothing_closes():
    _, block = page(STORY).body.split("\n```text\n", 1)
    assert block == "\n" + "".join(f"{key}: {value}\n" for key, value in TRAILERS)
    assert not re.search(r"^ {0,3}`{3,}[ \t]*$", block, re.MULTILINE)


def hostile_story(text):
    """A story in which every text that anybody may choose is this one."""
    quorum = QuorumResult(
        text, text, text, (text,), (Counted(text, text, "signed"),), (text,), candidates={text: (text,)}
    )
    compared = Compared(text, text, text, ((text,) * 4,), ((text,) * 3,), (text,))
    return Story(
        "a title", "promotion", CHANGE, (text,), (text,), "high", text, (text,), (compared,), (quorum,),
        {text: Login(7, text)},
    )  # fmt: skip


@pytest.mark.parametrize("text", HOSTILE)
def test_no_text_of_a_document_is_markup_or_a_mention(text):
    body = page(hostile_story(text)).body
    left = shown(body)
    assert not re.search(r"[@<>\\\x1b\u202e`$&]|#\d|\w#|https?|\[(?![x ]\] )", left)
    assert parse_trailers(f"t\n\n{body}").pairs == ()
    assert left == shown(page(hostile_story("harmless")).body) or "\n" in text  # lines of the commit's body stay lines


@given(st.text(max_size=80))
def test_no_text_at_all_is_markup(text):
    left = shown(page(hostile_story(text)).body)
    assert not re.search(r"[@<>\\`]", left)


def test_a_title_shows_what_would_fool_a_reader_and_is_short():
    assert page(Story("a\u202eb\nc", "policy", CHANGE, ())).title == "a\\u202eb\\x0ac"
    assert len(page(Story("x" * 900, "policy", CHANGE, ())).title) == TITLE


def test_long_tables_are_cut_and_say_so():
    many = tuple((f"m{number}", "1", "2", "1") for number in range(ROWS + 7))
    body = page(Story("t", "promotion", CHANGE, ("e",) * (ROWS + 3), compared=(Compared("m", "1", "2", many),))).body
    assert "| and 7 more | | | |" in body
    assert "- and 3 more" in body
    told = "\n".join(f"line {number}" for number in range(ROWS * 2 + 5))
    assert "<code>and 5 more lines</code>" in page(Story("t", "rollback", CHANGE, (), told=told)).body


def test_a_body_that_github_would_not_take_is_cut_and_keeps_its_trailers():
    rows = tuple(("x" * 100 + "@" * 20, "@" * 200, "@" * 200) for _ in range(ROWS))
    compared = tuple(Compared(f"m{number}", "1", "2", lineage=rows) for number in range(9))
    body = page(Story("t", "promotion", CHANGE, ("e",), compared=compared, trailers=TRAILERS)).body
    assert len(body) <= LONGEST + 100
    assert "More than fits here: see `gm show`." in body
    assert parse_trailers(f"t\n\n{body}").pairs == TRAILERS


def test_no_more_people_are_asked_than_github_takes():
    people = tuple(f"p{number}" for number in range(ASKED + 5))
    quorum = QuorumResult("w", "b", None, ("r",), missing=("r", "r"), candidates={"r": people})
    story = Story("t", "policy", CHANGE, (), quorums=(quorum,), logins={one: Login(1, one) for one in people})
    assert [one.name for one in page(story).reviewers] == list(people[:ASKED])
