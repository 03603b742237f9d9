"""What people read of a proposal on its pull request: title, body, labels, whom to ask. Pure.

The merge made on GitHub's page has no other message than title and body, so the body ends with the trailers. They stand
behind the opening of a code block that nothing closes: for Markdown they are text without markup, mentions or HTML, for
Git they are the last paragraph. Everything else that comes from a document, a commit or the people file is ``quoted``.
"""

from __future__ import annotations

from dataclasses import field
from typing import TYPE_CHECKING

from gitops_models.forge.base import Login, Page
from gitops_models.policy.render.markdown import quoted
from gitops_models.registry.text import visible
from gitops_models.registry.trailers import render_trailers
from gitops_models.registry.values import dataclass

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from gitops_models.policy.verdict import QuorumResult
    from gitops_models.registry.trailers import Pair

TITLE = 200
CELL = 120
ROWS = 40
LONGEST = 60_000  # GitHub takes 65,536 characters
ASKED = 15
FENCE = "```text"


@dataclass(frozen=True)
class Compared:
    """Two versions of a model side by side; ``before`` None where nothing is replaced.

    ``metrics`` are (metric, before, after, difference), ``lineage`` (field, before, after), ``remarks`` what callers
    and consumers have to know.
    """

    model: str
    before: str | None
    after: str
    metrics: tuple[tuple[str, str, str, str], ...] = ()
    lineage: tuple[tuple[str, str, str], ...] = ()
    remarks: tuple[str, ...] = ()


@dataclass(frozen=True)
class Story:
    """All that the page tells. ``told`` is the body of the proposal's commit: for a rollback, what is lost.

    ``logins`` are the accounts on this forge of the people who can approve, by person.
    """

    title: str
    event: str
    change_id: str
    events: tuple[str, ...]
    reasons: tuple[str, ...] = ()
    risk: str | None = None
    told: str = ""
    consumers: tuple[str, ...] = ()
    compared: tuple[Compared, ...] = ()
    quorums: tuple[QuorumResult, ...] = ()
    logins: Mapping[str, Login] = field(default_factory=dict)
    trailers: tuple[Pair, ...] = ()


def page(story: Story) -> Page:
    """The page of a proposal; what would make the body longer than GitHub takes is left out, the trailers never."""
    end = f"{FENCE}\n\n{render_trailers(story.trailers)}"
    parts, room = [], LONGEST - len(end)
    for part in map("\n".join, _parts(story)):
        room -= len(part) + 2
        if room < 0:
            parts.append("More than fits here: see `gm show`.")
            break
        parts.append(part)
    body = "\n\n".join([*parts, end])
    return Page(_clip(visible(story.title), TITLE), body, _labels(story), _reviewers(story))


def _parts(story: Story) -> Iterator[list[str]]:
    risk = f", risk {quoted(story.risk)}" if story.risk else ""
    yield [f"Change {quoted(story.change_id[:8])}{risk}", *(f"Why: {_cell(reason)}" for reason in story.reasons)]
    yield ["### What changes", "", *_listed(story.events)]
    yield ["### Approvals", "", *_checklist(story)]
    if story.told:
        yield ["### What to know" if story.event != "rollback" else "### What is lost, and what to know", ""] + [
            f"{quoted(line.rstrip())}<br>" if line.strip() else "<br>" for line in _few(story.told.split("\n"))
        ]
    for one in story.compared:
        yield from _compared(one)
    if story.consumers:
        yield ["### Whom it concerns", "", *_listed(story.consumers)]


def _checklist(story: Story) -> Iterator[str]:
    """One box for each place of each quorum: ticked with who fills it, else with who can."""
    for quorum in story.quorums:
        touch = ", each with the touch of a hardware key" if quorum.touch else ""
        yield f"- {quoted(quorum.what)} ({quoted(quorum.basis)}{touch})"
        yield from (f"  - [x] {quoted(one.role)}: {quoted(one.person)}" for one in quorum.counted)
        for role in quorum.missing:
            people = [_called(story, person) for person in quorum.candidates.get(role, ())]
            yield f"  - [ ] {quoted(role)}: {', '.join(people) or 'nobody can'}"
    if not any(quorum.required for quorum in story.quorums):
        yield "Nobody else has to agree."


def _called(story: Story, person: str) -> str:
    login = story.logins.get(person)
    return f"{quoted(person)} ({quoted(login.name)})" if login else quoted(person)


def _compared(one: Compared) -> Iterator[list[str]]:
    yield [f"### {quoted(one.model)}: {quoted(one.before or 'nothing')} to {quoted(one.after)}"]
    if one.metrics:
        yield _table(("metric", "before", "after", "difference"), one.metrics)
    if one.lineage:
        yield _table(("lineage", "before", "after"), one.lineage)
    if one.remarks:
        yield [*_listed(one.remarks)]


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    lines = [f"| {' | '.join(head)} |", f"|{'---|' * len(head)}"]
    lines += [f"| {' | '.join(map(_cell, row))} |" for row in rows[:ROWS]]
    return lines if len(rows) <= ROWS else [*lines, f"| and {len(rows) - ROWS} more |{' |' * (len(head) - 1)}"]


def _listed(lines: Sequence[str]) -> Iterator[str]:
    yield from (f"- {_cell(line)}" for line in lines[:ROWS])
    if len(lines) > ROWS:
        yield f"- and {len(lines) - ROWS} more"


def _few(lines: Sequence[str]) -> Iterable[str]:
    return lines if len(lines) <= ROWS * 2 else [*lines[: ROWS * 2], f"and {len(lines) - ROWS * 2} more lines"]


def _cell(text: str) -> str:
    return quoted(_clip(text, CELL)) if text else "-"


def _clip(text: str, longest: int) -> str:
    return text if len(text) <= longest else f"{text[: longest - 1]}…"


def _labels(story: Story) -> tuple[str, ...]:
    return ("gm", f"gm:{story.event}", *((f"risk:{story.risk}",) if story.risk else ()))


def _reviewers(story: Story) -> tuple[Login, ...]:
    """The accounts of everybody who can fill a place that is empty, in the order of the places."""
    people = (
        person
        for quorum in story.quorums
        for role in quorum.missing
        for person in quorum.candidates.get(role, ())
        if person in story.logins
    )
    return tuple(story.logins[person] for person in dict.fromkeys(people))[:ASKED]
