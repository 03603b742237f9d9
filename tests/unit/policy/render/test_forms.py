"""What each form says of approvals, and what no text from a document can do to it."""

import html
import json
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gitops_models.policy.render.github import to_github
from gitops_models.policy.render.jsons import to_json
from gitops_models.policy.render.markdown import quoted, to_markdown
from gitops_models.policy.render.sarif import to_sarif
from gitops_models.policy.render.text import to_text
from gitops_models.policy.verdict import Counted, Finding, Ignored, QuorumResult, Severity, Verdict
from gitops_models.registry.text import UNSAFE, visible_json
from tests.support.recorded import tell
from tests.support.sarif import faults

CHANGE = "3fa9c1d2" + "0" * 56
LACKING = QuorumResult(
    what="promotion of fraud@1.4.0 to production",
    basis="risk is high",
    where="models/fraud/stages/production.yaml",
    required=("raio", "domain-lead"),
    counted=(Counted("raio", "lead2", "signed"),),
    missing=("domain-lead",),
    ignored=(Ignored("lead1", "author of the change"),),
    candidates={"domain-lead": ("lead3", "lead4"), "raio": ("raio2",)},
)
MET = QuorumResult(
    what="registration of fraud@1.4.0",
    basis="risk is high",
    where="models/fraud/versions/1.4.0/lineage.yaml",
    required=("raio",),
    counted=(Counted("raio", "lead2", "signed"),),
    ignored=(Ignored("lead5", "suspended"),),
    touch=True,
)
DENIED = Finding(
    "GM-P401",
    Severity.DENY,
    "promotion of fraud@1.4.0 to production lacks 1 approval",
    "models/fraud/stages/production.yaml",
    "ask a domain-lead (lead3, lead4) to run `gm approve 3fa9c1d2`",
    ("risk is high: needs raio and domain-lead; has raio (signed, lead2)", "ignored: lead1 (author of the change)"),
)
VERDICT = Verdict(allowed=False, findings=(DENIED,), quorums=(LACKING, MET), change_id=CHANGE)
FORMS = {
    "text": to_text,
    "json": lambda verdict, **named: json.dumps(to_json(verdict, **named)),
    "sarif": lambda verdict, **named: json.dumps(to_sarif(verdict, **named)),
    "github": to_github,
    "markdown": lambda verdict, **named: html.unescape(to_markdown(verdict, **named)),
}


@pytest.mark.parametrize("form", FORMS)
def test_every_form_tells_of_each_approval_whether_it_counts_and_why_not(form):
    text = FORMS[form](VERDICT)
    for person in ("lead2", "lead1", "lead5"):
        assert person in text
    for why in ("author of the change", "suspended"):
        assert why in text


@pytest.mark.parametrize("form", FORMS)
def test_every_form_says_who_can_unblock(form):
    text = FORMS[form](VERDICT)
    assert "lead3" in text
    assert "lead4" in text


@pytest.mark.parametrize("form", FORMS)
def test_every_form_says_that_it_is_a_simulation_and_only_then(form):
    supposed = FORMS[form](VERDICT, simulated=("lead3 (approve)",))
    assert "lead3 (approve)" in supposed
    assert "simulat" in supposed.lower()
    assert "simulation" not in FORMS[form](VERDICT).lower()


def test_text_says_it_is_a_simulation_before_and_after():
    lines = to_text(VERDICT, simulated=("lead3 (approve)",)).splitlines()
    said = "SIMULATION: judged with decisions that nobody made: lead3 (approve); nothing is approved"
    assert (lines[0], lines[-2], lines[-1]) == (said, said, "pending in the simulation: change 3fa9c1d2")


def test_a_forge_shows_a_warning_first_and_marks_each_annotation_of_a_simulation():
    first, second, third = to_github(VERDICT, simulated=("lead3 (approve)",)).splitlines()
    assert first.startswith("::warning title=SIMULATION::SIMULATION: judged with decisions")
    assert second.startswith("::error file=models/fraud/stages/production.yaml,title=SIMULATION GM-P401::")
    assert third.startswith("::notice file=models/fraud/versions/1.4.0/lineage.yaml,title=approvals::registration of")


# What documents say is data in every form

HOSTILE = [
    "x\n::error::owned",
    "x\r::set-output name=a::b",
    "x\r\n::add-mask::y",
    "%0A::error::owned",
    "::stop-commands::token",
    "##[error]owned",
    "a,title=b::c",
    "| a | b |\n|---|---|",
    "` `` ``` code",
    "</code><script>alert(1)</script>",
    "<!-- hidden",
    "@org/team please look",
    "fixes #1 and GH-1, !2",
    "[click](https://evil.example) ![x](https://evil.example/x.png)",
    "https://evil.example www.evil.example a@evil.example",
    "&lt;b&gt; &#96;",
    "\\| \\` \\@ **bold** _it_ ~~no~~",
    "\u202egnp.exe\x1b[2J\x07\u200b",
    "{0} {1} [a](2)",
]


def hostile(text):
    finding = Finding("GM-P001", Severity.DENY, text, text, text, (text,))
    quorum = QuorumResult(
        text,
        text,
        text,
        ("raio",),
        (Counted("raio", text, "signed"),),
        ("raio",),
        (Ignored(text, text),),
        {"raio": (text,), text: (text,)},
    )
    counted = (Counted("raio", text, "signed"),)
    met = QuorumResult(text, text, text, ("raio",), counted, (), (Ignored(text, text),))
    return Verdict(allowed=False, findings=(finding,), quorums=(quorum, met), change_id=text)


def check_commands(text):
    """One command a line, none that the text brought, and no control character."""
    lines = to_github(hostile(text), simulated=(text,)).split("\n")
    assert lines.pop() == ""
    assert len(lines) == 3
    for line in lines:
        assert re.match(r"::(error|warning|notice) (file=[^,:]*,)?title=(SIMULATION( GM-P001)?|approvals)::", line)
        assert not UNSAFE.search(line)
        assert "##[" not in line


def check_markdown(text):
    """Outside of what gm itself writes there are only letters, digits and harmless signs, in code elements."""
    shown = to_markdown(hostile(text), simulated=(text,))
    for cell in re.findall(r"<code>(.*?)</code>", shown, re.DOTALL):
        assert re.fullmatch(r"(?:[A-Za-z0-9 ,;()/\u00a1-\U0010ffff-]|&#[0-9]+;)*", cell)
    rest = re.sub(r"<code>.*?</code>", "", shown)
    assert set(re.findall(r"<[^>]*>", rest)) <= {"<br>"}
    assert "@" not in rest
    rows = [line for line in shown.splitlines() if line.startswith("|")]
    assert [line.count("|") for line in rows] == [5, 5, 5, 6, 6, 6, 6]


@pytest.mark.parametrize("text", HOSTILE)
def test_no_text_becomes_a_workflow_command(text):
    check_commands(text)


@pytest.mark.parametrize("text", HOSTILE)
def test_no_text_becomes_markup_a_link_or_a_mention(text):
    check_markdown(text)


@pytest.mark.parametrize("text", HOSTILE)
def test_sarif_stays_well_formed_and_keeps_text_as_text(text):
    log = to_sarif(hostile(text), simulated=(text,))
    assert faults(log) == []
    message = log["runs"][0]["results"][0]["message"]["text"]
    assert not re.search(r"(?<!\\)[\[\]]", message.replace("\\\\", ""))
    assert not re.search(r"(?<!\{)\{(\{\{)*(?!\{)", message)


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("number", range(len(HOSTILE)))
def test_what_becomes_of_such_text(form, number):
    verdict = hostile(HOSTILE[number])
    tell(FORMS[form](verdict))
    tell(FORMS[form](verdict, simulated=(HOSTILE[number], "b")))


@given(st.text(st.characters(exclude_categories=()), max_size=80))
def test_whatever_a_document_says(text):
    check_commands(text)
    check_markdown(text)
    assert faults(to_sarif(hostile(text), simulated=(text,))) == []
    visible_json(json.dumps(to_json(hostile(text), simulated=(text,)), ensure_ascii=False)).encode()


def test_what_is_quoted_is_what_was_said():
    assert html.unescape(quoted("a|b `c` <d> @e #1")) == "<code>a|b `c` <d> @e #1</code>"
    assert quoted("Grüße, Øre") == "<code>Grüße, Øre</code>"


def test_markdown_of_an_allowed_change_without_quorum_is_a_heading_and_the_change():
    assert to_markdown(Verdict(allowed=True, findings=(), quorums=(), change_id=CHANGE)) == (
        "## gm check: allowed\n\nChange <code>3fa9c1d2</code>\n"
    )


def test_markdown_names_the_missing_role_and_who_else_could_move():
    text = html.unescape(to_markdown(VERDICT)).replace("<code>", "").replace("</code>", "")
    row = (
        "| promotion of fraud@1.4.0 to production | risk is high: raio and domain-lead | lead2 (raio, signed) "
        "| lead1 (author of the change) | domain-lead: lead3, lead4<br>raio: raio2 |"
    )
    assert row in text
    assert "each with the touch of a hardware key" in text
    nobody = QuorumResult("x", "y", None, ("raio",), (), ("raio",))
    assert "raio: nobody can" in html.unescape(to_markdown(Verdict(False, (), (nobody,), CHANGE)))  # noqa: FBT003 - the verdict's own first field
