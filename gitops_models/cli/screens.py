"""The three screens of ``gm show``, as lines for people and as one object for programs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from gitops_models.cli.common import pull_body
from gitops_models.cli.comparison import comparison_body, interface_lines, lineage_lines, metric_lines
from gitops_models.cli.log_ import clock
from gitops_models.cli.output import table
from gitops_models.cli.peopleviews import difference_body, difference_lines
from gitops_models.cli.ratifications import emergency_body, emergency_lines

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gitops_models.forge.base import Proposal
    from gitops_models.registry.documents import Lineage
    from gitops_models.workflows.show import ModelScreen, ProposalScreen, VersionScreen

NEWEST = 10


def proposal_body(screen: ProposalScreen) -> dict[str, Any]:
    """A proposal for ``--json``."""
    from gitops_models.policy.render.jsons import to_json

    proposal, evaluation = screen.proposal, screen.evaluation
    return {
        "proposal": proposal.id,
        "branch": proposal.branch,
        "head": proposal.head,
        "title": proposal.title,
        **pull_body(proposal),
        "proposers": sorted(evaluation.facts.proposers),
        "reasons": _reasons(screen),
        "risk": screen.risk,
        "changeId": evaluation.change_id,
        "events": [{"event": event.name, "paths": list(event.paths)} for event in evaluation.change.events],
        "comparisons": [{"model": model, **comparison_body(found)} for model, found in screen.comparisons],
        "consumers": list(screen.consumers),
        "people": difference_body(screen.people) if screen.people else None,
        "verdict": to_json(evaluation.verdict),
    }


def proposal_lines(screen: ProposalScreen) -> Iterator[str]:
    """A proposal for people: what changes, what it does to metrics and consumers, who agreed, who is missing."""
    from gitops_models.policy.render.text import finding_text
    from gitops_models.policy.render.words import outcome
    from gitops_models.policy.wording import phrase

    proposal, evaluation = screen.proposal, screen.evaluation
    yield f"{proposal.id}  {proposal.title}"
    yield from [f"  {proposal.url}"] if proposal.url else []
    yield f"  by {', '.join(sorted(evaluation.facts.proposers)) or proposal.author}, risk {screen.risk or '-'}"
    yield from (f"  why: {reason}" for reason in _reasons(screen))
    yield "changes:"
    yield from (f"  {phrase(event)}" for event in evaluation.change.events)
    if screen.people is not None:
        yield from difference_lines(screen.people)
    for model, found in screen.comparisons:
        yield f"{model}: {found.before or 'nothing'} -> {found.after}"
        for line in (*metric_lines(found), *(lineage_lines(found) if found.before else ()), *interface_lines(found)):
            yield f"  {line}"
    yield f"consumers: {', '.join(screen.consumers) or 'none declared'}"
    yield from _quorums(screen)
    for finding in evaluation.verdict.findings:
        yield from finding_text(finding).split("\n")
    yield f"{outcome(evaluation.verdict)}: change {evaluation.change_id[:8]}"


def next_of(screen: ProposalScreen) -> str:
    """The command that brings the proposal forward."""
    verdict = screen.evaluation.verdict
    if verdict.allowed:
        return f"gm merge {screen.proposal.id}"
    waits = verdict.missing_only and not all(quorum.met for quorum in verdict.quorums)
    return f"gm approve {screen.proposal.id}" if waits else f"gm check {screen.proposal.id}"


def _reasons(screen: ProposalScreen) -> list[str]:
    return list(dict.fromkeys(commit.reason for commit in screen.evaluation.facts.commits if commit.reason))


def _quorums(screen: ProposalScreen) -> Iterator[str]:
    for quorum in screen.evaluation.verdict.quorums:
        has = [f"{one.person} ({one.role}, {one.how})" for one in quorum.counted]
        yield f"{quorum.what} ({quorum.basis}): approved by {', '.join(has) or 'nobody yet'}"
        for role in dict.fromkeys(quorum.missing):
            can = ", ".join(quorum.candidates.get(role, ())) or "nobody can"
            yield f"  missing: {role} ({can})"
        yield from (f"  ignored: {one.person} ({one.why})" for one in quorum.ignored)


def model_body(screen: ModelScreen) -> dict[str, Any]:
    """A model for ``--json``."""
    document = screen.document
    return {
        "model": document.name,
        "type": document.type,
        "risk": screen.risk,
        "declaredRisk": document.risk,
        "use": list(document.use),
        "owners": list(document.owners),
        "consumers": [consumer.name for consumer in document.consumers],
        "states": list(screen.states),
        "live": [{"stage": one.stage, "version": one.version, "step": one.step} for one in screen.live],
        "holds": [{"stage": hold.stage, "reason": hold.reason, "by": hold.by} for hold in screen.holds],
        "causes": [
            {"id": cause.id, "cause": cause.cause, "severity": cause.severity, "resolved": cause.resolution is not None}
            for cause in screen.causes
        ],
        "versions": [
            {"version": line.version, "live": list(line.live), "quarantined": line.quarantined}
            for line in screen.versions
        ],
        "emergencies": [emergency_body(one) for one in screen.emergencies],
        "proposals": [one.id for one in screen.open],
    }


def model_lines(screen: ModelScreen) -> Iterator[str]:
    """A model for people."""
    document = screen.document
    floor = "" if document.risk == screen.risk else f" (declared {document.risk}, raised by the policy)"
    yield " ".join([document.name, *(f"({state})" for state in screen.states)])
    yield f"  {document.type}, risk {screen.risk}{floor}, owners {', '.join(document.owners) or '-'}"
    yield f"  use: {', '.join(document.use) or '-'}"
    yield f"  consumers: {', '.join(consumer.name for consumer in document.consumers) or 'none declared'}"
    live = [(one.stage, one.version or "nothing", (one.step or "-")[:12]) for one in screen.live]
    yield from table(live, ("STAGE", "VERSION", "SINCE STEP")) if live else ["nothing is live"]
    yield from (f"held: {hold.stage}  {hold.reason} ({hold.by}, {hold.created})" for hold in screen.holds)
    for cause in screen.causes:
        state = "resolved" if cause.resolution else "open"
        yield f"cause {cause.id}: {cause.cause}, {cause.severity}, {state}  {cause.reason}"
    yield from emergency_lines(screen.emergencies, all_of_them=True)
    rows = [
        (line.version, ", ".join(line.live) or "-", "quarantined" if line.quarantined else "-", clock(line.at) or "-")
        for line in screen.versions[:NEWEST]
    ]
    yield from table(rows, ("VERSION", "LIVE IN", "BARRED", "REGISTERED")) if rows else ["no versions"]
    if len(screen.versions) > NEWEST:
        yield f"... {len(screen.versions) - NEWEST} older: gm list {document.name}"
    yield from _open_lines(screen.open)


def version_body(screen: VersionScreen) -> dict[str, Any]:
    """A version for ``--json``; the lineage as the document has it."""
    from gitops_models.registry.documents import plain

    found = screen.registration
    return {
        "model": screen.model,
        "version": screen.version,
        "lineage": plain(screen.lineage),
        "registeredBy": sorted(found.persons) if found else [],
        "registeredAt": clock(found.at) if found else None,
        "step": found.step if found else None,
        "tagged": screen.tagged,
        "live": list(screen.live),
        "wasLive": list(screen.was_live),
        "quarantined": screen.quarantined,
        "quarantines": [plain(one) for one in screen.quarantines],
        "evidence": [plain(one) for one in screen.evidence],
        "proposals": [one.id for one in screen.open],
    }


def version_lines(screen: VersionScreen) -> Iterator[str]:
    """A version for people."""
    found = screen.registration
    by = ", ".join(sorted(found.persons)) if found and found.persons else screen.lineage.author
    step = f", step {found.step[:12]}" if found and found.step else ""
    yield f"{screen.model}@{screen.version}" + ("  QUARANTINED" if screen.quarantined else "")
    yield f"  registered by {by} at {clock(found.at) if found and found.at else screen.lineage.created}{step}"
    yield f"  tag: {'good' if screen.tagged else 'missing or bad'}"
    yield f"  live in: {', '.join(screen.live) or 'nothing'}"
    if screen.was_live:
        yield f"  was live in: {', '.join(screen.was_live)}"
    for turn in screen.quarantines:
        yield f"  {turn.action}: {turn.reason} ({turn.by}, {turn.created})"
    yield from _lineage(screen.lineage)
    yield "evidence:" if screen.evidence else "evidence: none"
    for one in screen.evidence:
        yield f"  {one.type}: {one.result} ({one.by}, {one.created})"
    yield from _open_lines(screen.open)


def _lineage(lineage: Lineage) -> Iterator[str]:
    yield "artifacts:"
    for entry in lineage.artifacts:
        yield f"  {entry.path}  {entry.role}  {entry.size} bytes  sha256:{entry.sha256[:16]}"
    yield "metrics:" if lineage.metrics else "metrics: none recorded"
    for metric in lineage.metrics:
        yield f"  {metric.name}: {metric.value!r}" + (f" on {metric.dataset}" if metric.dataset else "")
    yield "lineage:"
    code, architecture = lineage.code, lineage.architecture
    yield f"  code: {code.repository or 'this repository'} {(code.commit or '-')[:12]}" if code else "  code: -"
    data = [f"{one.name}{f'@{one.snapshot}' if one.snapshot else ''}" for one in lineage.data]
    yield f"  data: {', '.join(data) or '-'}"
    yield f"  architecture: {architecture.id if architecture else '-'}"
    yield f"  python: {lineage.environment.python if lineage.environment else '-'}"
    yield f"  base: {lineage.base or '-'}"


def _open_lines(found: tuple[Proposal, ...]) -> Iterator[str]:
    yield from (f"open proposal {one.id}: {one.title}" for one in found)
