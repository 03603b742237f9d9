"""P4xx, approvals: who proposes, who agrees, who objects."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitops_models.policy.approvals import available
from gitops_models.policy.authority import is_deeper, proposers
from gitops_models.policy.render.words import listed, short, standing
from gitops_models.policy.rule import Problem, Rule
from gitops_models.policy.wording import phrase
from gitops_models.registry.events import Forbidden, RolledBack

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gitops_models.policy.authority import Proposers
    from gitops_models.policy.context import Context
    from gitops_models.policy.facts import CommitFact
    from gitops_models.policy.verdict import QuorumResult
    from gitops_models.registry.documents import Actor
    from gitops_models.registry.events import Event


def quorum_is_met(context: Context) -> Iterator[Problem]:
    """Distinct persons with the roles that the risk demands agree to exactly this content."""
    for tally in context.tallies:
        if tally.quorum.met:
            continue
        quorum = tally.quorum
        count = len(quorum.missing)
        message = f"{quorum.what} lacks {count} approval{'' if count == 1 else 's'}"
        yield Problem(message, quorum.where, _details(quorum), _who_can_unblock(context, quorum))


def _details(quorum: QuorumResult) -> tuple[str, ...]:
    ignored = [f"{one.person} ({one.why})" for one in quorum.ignored]
    return (standing(quorum), *([f"ignored: {', '.join(ignored)}"] if ignored else []))


def _who_can_unblock(context: Context, quorum: QuorumResult) -> str:
    if not quorum.candidates:
        key = " with a hardware key" if quorum.touch else ""
        return f"nobody{key} is left who can fill {listed(dict.fromkeys(quorum.missing))}; see people.yaml"
    asked = " or ".join(f"a {role} ({', '.join(persons)})" for role, persons in quorum.candidates.items())
    return f"ask {asked} to run `gm approve {short(context.facts.change_id)}`"


def nobody_rejects(context: Context) -> Iterator[Problem]:
    """Demand that a rejection by somebody who could approve blocks until it is withdrawn."""
    for tally in context.tallies:
        if tally.rejecting:
            yield Problem(f"{tally.quorum.what} is rejected by {listed(tally.rejecting)}", tally.quorum.where)


def proposer_may(context: Context) -> Iterator[Problem]:
    """Demand that whoever signed files of an event holds a role for it, or is a workload that may do it."""
    for event in context.change.events:
        if isinstance(event, Forbidden):
            continue
        allowed = proposers(context, event)
        where = event.paths[0] if event.paths else None
        if allowed is None:
            yield Problem(f"nobody may propose {phrase(event)} under this policy", where)
            continue
        for commit in _commits(context, event):
            why = _refusal(context, event, allowed, commit.actor) if commit.actor else None
            if why:
                yield Problem(f"{why} to propose {phrase(event)}", where, (f"commit {commit.oid[:10]}",))


def _commits(context: Context, event: Event) -> tuple[CommitFact, ...]:
    """Return the commits behind an event; a restoration has no files of its own, so all speak for it."""
    return context.commits(event.paths) if event.paths else context.facts.commits


def _refusal(context: Context, event: Event, allowed: Proposers, actor: Actor) -> str | None:
    if actor.kind == "person":
        return _refusal_of_person(context, event, allowed, actor.id)
    if actor.kind == "workload" and allowed.workloads and event.name in (actor.may or frozenset()):
        return None
    return f"{actor.id} is no person and is not allowed"


def _refusal_of_person(context: Context, event: Event, allowed: Proposers, name: str) -> str | None:
    person = context.facts.people.person(name)
    if person is None:
        return f"{name} is not in the accepted people file and not allowed"
    if (why := available(person, context.facts.at)) is not None:
        return f"{name} is {why} and not allowed"
    model = getattr(event, "model", "")
    if allowed.roles is None or any(person.holds(role, model) for role in allowed.roles):
        return None
    return f"{name} lacks a role ({', '.join(sorted(allowed.roles))})"


def acceptance_exists(context: Context) -> Iterator[Problem]:
    """Demand that what others have to agree to, and an emergency, takes effect with its acceptance record.

    On the time of an emergency hang its rate and how soon it has to be ratified; a merge's own date is a claim.
    """
    needed = context.emergencies or any(tally.quorum.needs_others for tally in context.tallies)
    if not context.facts.accepted and needed:
        yield Problem("the step has no acceptance yet (AwaitingReceipt)")


def automation_goes_to_last_known_good(context: Context) -> Iterator[Problem]:
    """Demand that a workload rolls back to the last known good and no deeper."""
    for event in context.of(RolledBack):
        actors = [commit.actor for commit in context.commits(event.paths) if commit.actor is not None]
        if any(actor.kind == "workload" for actor in actors) and is_deeper(context, event):
            yield Problem(f"{event.to_version} lies below the last known good of {event.stage}", event.paths[0])


RULES = (
    Rule("GM-P401", quorum_is_met, "Version changes require authorization proportional to risk."),
    Rule("GM-P402", nobody_rejects, "One eligible objection is enough to stop and talk."),
    Rule("GM-P403", proposer_may, "Only authorized people and workloads create, promote or roll back.", restoring=True),
    Rule("GM-P404", acceptance_exists, "What counted, and when, is on record."),
    Rule("GM-P503", automation_goes_to_last_known_good, "Automation must not choose how far to go back."),
)
