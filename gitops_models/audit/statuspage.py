"""Where things stand as one page: no script, nothing loaded from elsewhere, readable without colour. Pure."""

from __future__ import annotations

import base64
import hashlib

from gitops_models.audit.markup import Markup, element, joined, raw
from gitops_models.registry.values import dataclass

STYLE = """
:root { color-scheme: light dark; }
body { font: 1rem/1.5 system-ui, sans-serif; margin: 1.5rem auto; max-width: 80rem; padding: 0 1rem; }
table { border-collapse: collapse; margin: .5rem 0 1.5rem; width: 100%; }
caption, th { text-align: left; }
th, td { border-bottom: 1px solid #8888; padding: .3rem .6rem .3rem 0; unicode-bidi: isolate; vertical-align: top; }
td, li, dd { overflow-wrap: anywhere; }
code { font-family: ui-monospace, monospace; }
dt { font-weight: bold; } dd { margin: 0 0 .3rem 0; }
.bad { border-left: .3rem solid #c33; font-weight: bold; padding-left: .4rem; }
.good { border-left: .3rem solid #393; padding-left: .4rem; }
"""
_HASH = base64.b64encode(hashlib.sha256(STYLE.encode()).digest()).decode()
_POLICY = f"default-src 'none'; style-src 'sha256-{_HASH}'; base-uri 'none'; form-action 'none'"


@dataclass(frozen=True)
class Cell:
    """Text in a table; ``bad`` marks what somebody has to do something about, beside what the text says."""

    text: str
    bad: bool = False


@dataclass(frozen=True)
class Table:
    """One section of the page. The first cell of each row names it; without rows ``empty`` is said instead."""

    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[Cell | str, ...], ...]
    empty: str


@dataclass(frozen=True)
class StatusPage:
    """What the page says: of which repository, branch and commit, seen when and by what, and what it found.

    ``attention`` are sentences on what is not as it should be; ``facts`` are pairs of a word and what it is.
    """

    repository: str
    commit: str
    at: str
    facts: tuple[tuple[str, str], ...]
    attention: tuple[str, ...]
    tables: tuple[Table, ...]


def render_page(page: StatusPage) -> str:
    """Return the whole document."""
    title = f"Models of {page.repository}"
    head = element(
        "head",
        element("meta", charset="utf-8"),
        element("meta", http_equiv="Content-Security-Policy", content=_POLICY),
        element("meta", name="viewport", content="width=device-width, initial-scale=1"),
        element("meta", name="referrer", content="no-referrer"),
        element("title", f"{title} at {page.at}"),
        element("style", raw(STYLE)),
    )
    main = element("main", *_beginning(page, title), *(_section(table) for table in page.tables))
    body = element("body", main)
    return joined(raw("<!DOCTYPE html>\n"), element("html", head, body, lang="en"), "\n")


def _beginning(page: StatusPage, title: str) -> tuple[Markup, ...]:
    said = (
        "This page speaks of one commit, ", element("code", page.commit), ", as it was seen at ",
        element("time", page.at, datetime=page.at), ". It does not change by itself.",
    )  # fmt: skip
    facts = (joined(element("dt", name), element("dd", text)) for name, text in page.facts)
    return (element("h1", title), element("p", *said), element("dl", *facts), _attention(page.attention))


def _attention(sentences: tuple[str, ...]) -> Markup:
    heading = element("h2", "Needs attention", id="attention")
    if not sentences:
        return element("section", heading, element("p", "Nothing: all is as it should be.", class_="good"))
    listed = element("ul", *(element("li", sentence, class_="bad") for sentence in sentences))
    return element("section", heading, listed)


def _section(table: Table) -> Markup:
    heading = element("h2", table.title)
    if not table.rows:
        return element("section", heading, element("p", table.empty))
    columns = element("tr", *(element("th", column, scope="col") for column in table.columns))
    body = element("tbody", *(_row(row) for row in table.rows))
    caption = element("caption", f"{table.title}: {len(table.rows)}")
    return element("section", heading, element("table", caption, element("thead", columns), body))


def _row(cells: tuple[Cell | str, ...]) -> Markup:
    first, *others = (cell if isinstance(cell, Cell) else Cell(cell) for cell in cells)
    return element("tr", element("th", _content(first), scope="row"), *(element("td", _content(one)) for one in others))


def _content(cell: Cell) -> Markup:
    return element("span", cell.text, class_="bad") if cell.bad else joined(cell.text)
