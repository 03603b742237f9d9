"""The answer of ``gm compliance`` as JSON, as lines for a terminal and as a Markdown document."""

from __future__ import annotations

from collections import Counter
from itertools import groupby
from typing import TYPE_CHECKING, Any

from gitops_models.cli.waiverviews import waiver_body, waiver_lines
from gitops_models.policy.clauses import DOCUMENTS
from gitops_models.policy.render.markdown import quoted
from gitops_models.registry.times import format_time

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from gitops_models.audit.compliance import ClauseRow, Compliance, Seen
    from gitops_models.policy.clauses.standing import State

STATES: tuple[State, ...] = ("enforced", "not enforced", "outside")


def body(found: Compliance, rows: Sequence[ClauseRow]) -> dict[str, Any]:
    """One object for programs."""
    return {
        "tip": found.tip,
        "steps": found.steps,
        "policy": {
            "id": found.policy,
            "version": found.policy_version,
            "path": found.policy_path,
            "sha256": found.policy_sha256,
        },
        "training": vars(found.training) if found.training else None,
        "review": vars(found.review) if found.review else None,
        "waivers": [waiver_body(one) for one in found.waivers],
        "states": dict(Counter(row.standing.state for row in rows)),
        "clauses": [_clause(row) for row in rows],
    }


def _clause(row: ClauseRow) -> dict[str, Any]:
    return {
        "id": row.clause.id,
        "document": DOCUMENTS[row.clause.document],
        "section": row.clause.section,
        "must": row.clause.must,
        "state": row.standing.state,
        "lacking": list(row.standing.lacking),
        "rules": list(row.clause.rules),
        "mechanism": row.clause.mechanism or None,
        "held": _seen(row.held),
        "denied": _seen(row.denied),
    }


def _time(seen: Seen) -> str | None:
    return format_time(seen.at) if seen.at else None


def _seen(seen: Seen) -> dict[str, Any]:
    return {"count": seen.count, "step": seen.step, "time": _time(seen)}


def lines(found: Compliance, rows: Sequence[ClauseRow]) -> list[str]:
    """What a terminal shows."""
    shown = [*_facts(found), *waiver_lines(found.waivers)]
    for title, group in by_document(rows):
        shown += ["", title]
        for row in group:
            shown.append(f"  {row.clause.id:14}  {row.standing.state:12}  {row.clause.must}")
            shown += [f"  {'':14}  {'':12}  {line}" for line in (*_lacking(row), held_up(row), *_evidence(row))]
    return shown


def markdown(found: Compliance, rows: Sequence[ClauseRow]) -> list[str]:
    """A document for auditors."""
    shown = ["# Compliance", "", *(f"- {line}" for line in _facts(found))]
    shown += [f"- {quoted(line)}" for line in waiver_lines(found.waivers)]
    for title, group in by_document(rows):
        shown += ["", f"## {title}", "", "| clause | what must hold | state | held up by | evidence |"]
        shown += ["|---|---|---|---|---|"]
        for row in group:
            state = "; ".join((row.standing.state, *_lacking(row)))
            shown.append(
                f"| {row.clause.id} | {row.clause.must} | {state} | {held_up(row)} | {'; '.join(_evidence(row))} |"
            )
    return shown


def by_document(rows: Sequence[ClauseRow]) -> Iterator[tuple[str, list[ClauseRow]]]:
    """Title with the figures, and rows, of each document."""
    for letter, group in groupby(rows, key=lambda row: row.clause.document):
        listed = list(group)
        counted = Counter(row.standing.state for row in listed)
        figures = ", ".join(f"{counted[state]} {state}" for state in STATES if counted[state])
        yield f"{letter}: {DOCUMENTS[letter]}: {figures}", listed


def _facts(found: Compliance) -> Iterator[str]:
    yield f"policy {found.policy}, version {found.policy_version}, {found.policy_path} sha256:{found.policy_sha256}"
    yield f"accepted at {found.tip[:12]}, {found.steps} steps since the pin"
    if found.review:
        late = ", overdue" if found.review.overdue else ""
        yield f"review: last {found.review.last}, due {found.review.due}{late}"
        yield from (f"to review: {item}" for item in found.review.items)
    if found.training:
        topics = ", ".join(found.training.topics)
        yield f"training: {found.training.trained} of {found.training.people} people hold valid training in {topics}"


def _lacking(row: ClauseRow) -> Iterator[str]:
    if row.standing.lacking and row.standing.state == "not enforced":
        yield f"the policy would enforce it by {', '.join(row.standing.lacking)}"


def held_up(row: ClauseRow) -> str:
    """Rules and mechanisms that enforce a clause."""
    return "; ".join(filter(None, (", ".join(row.clause.rules), row.clause.mechanism)))


def _evidence(row: ClauseRow) -> Iterator[str]:
    for word, seen in (("held", row.held), ("denied", row.denied)):
        if seen.count:
            times = "once" if seen.count == 1 else f"{seen.count} times"
            yield f"{word} {times}, last at {str(seen.step)[:12]} ({_time(seen) or 'no acceptance'})"
