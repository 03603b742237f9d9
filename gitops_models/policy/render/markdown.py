"""A verdict as Markdown for a job's summary or a comment on a pull request.

Whatever comes from a document, a commit or the people file stands in a ``<code>`` element in which every sign but
letters, digits and a few harmless ones is a character reference. So no text can end its table cell, form markup, a link
or HTML, and forges turn nothing in ``<code>`` into a mention, a reference to an issue or an address.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from gitops_models.policy.render.text import WORDS
from gitops_models.policy.render.words import docs, listed, outcome, short, simulation, unblockers
from gitops_models.registry.text import visible

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from gitops_models.policy.verdict import Finding, QuorumResult, Verdict

_TELLING = re.compile(r"[^A-Za-z0-9 ,;()/\u00a1-\U0010ffff-]")


def to_markdown(verdict: Verdict, *, simulated: Sequence[str] = ()) -> str:
    """A heading, a table of findings, and a table of the quorums with who counts, who does not and who can help."""
    return "\n".join(_blocks(verdict, simulated)) + "\n"


def _blocks(verdict: Verdict, simulated: Sequence[str]) -> Iterator[str]:
    said = simulation(simulated)
    yield f"## gm check: {outcome(verdict)}{' in a SIMULATION' if said else ''}"
    yield ""
    if said:
        yield from (f"> **Warning:** {quoted(said)}", "")
    yield f"Change {quoted(short(verdict.change_id))}"
    if verdict.findings:
        yield from ("", "| | code | finding | where |", "|---|---|---|---|")
        yield from map(_finding, verdict.findings)
    if verdict.quorums:
        yield from ("", "| approvals for | needs | counted | ignored | can unblock |", "|---|---|---|---|---|")
        yield from map(_quorum, verdict.quorums)


def _finding(finding: Finding) -> str:
    lines = [finding.message, *finding.details, *([f"hint: {finding.hint}"] if finding.hint else [])]
    code = f"[{finding.code}]({docs(finding.code)})"
    return f"| {WORDS[finding.severity]} | {code} | {_stacked(lines)} | {_stacked(filter(None, [finding.where]))} |"


def _quorum(quorum: QuorumResult) -> str:
    touch = ["each with the touch of a hardware key"] if quorum.touch else []
    needs = _stacked([f"{quorum.basis}: {listed(quorum.required) or 'nobody'}", *touch])
    counted = _stacked(f"{one.person} ({one.role}, {one.how})" for one in quorum.counted)
    ignored = _stacked(f"{one.person} ({one.why})" for one in quorum.ignored)
    return f"| {quoted(quorum.what)} | {needs} | {counted} | {ignored} | {_stacked(unblockers(quorum))} |"


def _stacked(lines: Iterable[str]) -> str:
    return "<br>".join(quoted(line) for line in lines) or "-"


def quoted(text: str) -> str:
    """``text`` as it is, and nothing else, wherever Markdown is shown."""
    return f"<code>{_TELLING.sub(lambda found: f'&#{ord(found.group())};', visible(text))}</code>"
