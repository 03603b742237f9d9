"""The status page: text stays text, the page needs nothing else, and it can be read without colour."""

import base64
import hashlib
import re

import pytest

from gitops_models.audit.markup import Markup, element, joined
from gitops_models.audit.statuspage import STYLE, Cell, StatusPage, Table, render_page
from tests.support.pages import Page

HOSTILE = [
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "</td></table><h1>all is well</h1>",
    "&lt;b&gt; &amp; &#x3c;script&#x3e;",
    "' onmouseover='alert(1)",
    "</style><style>*{display:none}</style>",
    "<!-- --><![CDATA[x]]><?php x ?>",
    "\x1b[31mred\x07",
    "\u202egnp.exe\u2066",
    "javascript:alert(1)",
    "a\x00b\ud800",
]


def page(text="fraud", *, rows=True, attention=("look",)):
    table = Table(
        "Stages", ("Model", "State"), ((text, Cell(text, bad=True)), (text, Cell(text))) if rows else (), "Nothing."
    )
    return render_page(StatusPage(text, "c" * 40, "2026-11-22T10:00:00Z", (("Branch", text),), attention, (table,)))


def test_text_is_escaped_and_markup_is_not_escaped_twice():
    inner = element("span", "a < b & \"c\" 'd'")
    assert inner == "<span>a &lt; b &amp; &quot;c&quot; &#x27;d&#x27;</span>"
    assert element("p", inner, "<") == f"<p>{inner}&lt;</p>"
    assert isinstance(joined("x", inner), Markup)
    assert element("meta", name="a", http_equiv='"', class_="c") == '<meta name="a" http-equiv="&quot;" class="c">'


def test_markup_that_is_cut_is_text_again():
    assert element("p", element("b", "x") + "<i>") == "<p>&lt;b&gt;x&lt;/b&gt;&lt;i&gt;</p>"


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_text_is_inert(text):
    written = page(text, attention=(text,))
    found = Page(written)
    shown = [data for data in found.text() if data != "Branch"]
    # What a reader sees is the text itself, with what cannot be seen as an escape.
    plain = re.sub(r"[\x00-\x1f\u202a-\u202e\u2066-\u2069\ud800]", lambda match: _escape(match[0]), text)
    assert shown.count(plain) >= 4
    assert not re.search("[\x00-\x08\x0b-\x1f\u202a-\u202e\u2066-\u2069\ud800]", written)
    assert [tag for tag, _ in found.elements] == [tag for tag, _ in Page(page(attention=("x",))).elements]


def _escape(character):
    code = ord(character)
    return f"\\x{code:02x}" if code < 256 else f"\\u{code:04x}"


def test_the_page_loads_nothing_and_runs_nothing():
    found = Page(page())
    (policy,) = [one["content"] for one in found.all("meta") if "http-equiv" in one]
    digest = base64.b64encode(hashlib.sha256(STYLE.encode()).digest()).decode()
    assert policy.startswith(f"default-src 'none'; style-src 'sha256-{digest}'")
    assert found.text("style") == [STYLE]
    assert "url(" not in STYLE
    assert "@import" not in STYLE


def test_the_page_can_be_read_aloud_and_without_colour():
    found = Page(page())
    assert found.all("html") == [{"lang": "en"}]
    assert [one for one in found.all("meta") if "charset" in one] == [{"charset": "utf-8"}]
    assert found.text("title")[0].startswith("Models of fraud")
    assert len(found.all("h1")) == 1
    assert len(found.all("caption")) == len(found.all("table"))
    assert {one["scope"] for one in found.all("th")} == {"col", "row"}
    assert found.all("main") == [{}]
    colours = re.findall(r"\.(\w+) \{[^}]*#", STYLE)
    assert {"bad", "good"} <= set(colours)
    assert all("font-weight" in rule or "padding" in rule for rule in re.findall(r"\.(?:bad|good) \{([^}]*)\}", STYLE))


def test_what_is_empty_is_said_in_words():
    found = Page(page(rows=False, attention=()))
    assert found.all("table") == []
    assert {"Nothing.", "Nothing: all is as it should be."} <= set(found.text())


def test_the_page_says_of_what_and_when_it_speaks():
    found = Page(page())
    assert found.text("code") == ["c" * 40]
    assert found.all("time") == [{"datetime": "2026-11-22T10:00:00Z"}]
