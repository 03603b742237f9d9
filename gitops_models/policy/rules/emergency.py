"""P6xx, emergencies: who declares one, where it leads, what it leaves behind, and that others agree to it in time."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta
from typing import TYPE_CHECKING, cast

from gitops_models.policy.degradation import is_declared
from gitops_models.policy.emergency import barred_bytes
from gitops_models.policy.rule import Kind, Problem, Rule
from gitops_models.policy.rules.rollback import ALLOWED_BESIDE
from gitops_models.registry.events import HoldLifted, HoldPlaced, Promoted, Quarantined, RolledBack, Undeployed

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gitops_models.policy.context import Context
    from gitops_models.policy.emergency import Emergency
    from gitops_models.policy.facts import CommitFact, Unratified
    from gitops_models.registry.documents import Hold, Quarantine

KEPT = frozenset(("bytes", "signature", "quarantine"))


def declared_by_its_role(context: Context) -> Iterator[Problem]:
    """Demand that whoever signed an emergency is a person with one of the roles that the policy names for it."""
    policy = context.policy.emergency
    for one in context.emergencies if policy is not None else ():
        moved = one.move.event.paths if one.move is not None else ()
        for commit in context.commits((one.path, *moved)):
            if policy is not None and not _holds(context, commit, one, policy.role):
                who = commit.actor.id if commit.actor else "an unknown signer"
                yield Problem(f"{who} is nobody with a role for emergencies ({', '.join(policy.role)})", one.path)


def _holds(context: Context, commit: CommitFact, one: Emergency, roles: tuple[str, ...]) -> bool:
    actor = commit.actor
    person = context.facts.people.person(actor.id) if actor is not None and actor.kind == "person" else None
    return person is not None and any(person.holds(role, one.hold.model) for role in roles)


def names_its_incident(context: Context) -> Iterator[Problem]:
    """Demand an incident and a reason: whoever agrees afterwards has to find out what happened."""
    for one in context.emergencies:
        if not (one.hold.incident or "").strip():
            yield Problem("the hold of an emergency names its incident", one.path)
        if not one.hold.reason.strip():
            yield Problem("the hold of an emergency gives its reason", one.path)


def leads_to_last_known_good(context: Context) -> Iterator[Problem]:
    """Demand that an emergency goes back to the last known good version; to none only where there is none.

    The last known good one is that before the change: whoever declares an emergency does not choose how far by what
    they bar with it.
    """
    for one in context.emergencies:
        if (why := _astray(context, one)) is not None:
            yield Problem(why, one.path)


def _astray(context: Context, one: Emergency) -> str | None:
    if one.move is None:
        return f"an emergency without a rollback of {one.hold.model} in {one.hold.stage}"
    event = one.move.event
    good = context.last_known_good(event.model, one.move.stack, context.before)
    if isinstance(event, RolledBack):
        known = f"the last known good version is {good}" if good else "no good version is left"
        return None if event.to_version == good else f"an emergency to {event.to_version}, and {known}"
    if good is not None:
        return f"nothing would be left in {event.stage}, and {good} is good"
    return None if _may_be_empty(context, one) else f"the policy does not let {event.stage} go without a version"


def _may_be_empty(context: Context, one: Emergency) -> bool:
    """Whether the policy declares so, or another stage of the same bad version is what the emergency rolls back."""
    if one.move is not None and isinstance(one.move.event, Undeployed) and is_declared(context, one.move.event):
        return True
    bad = one.move.event.from_version if one.move else None
    others = (each.move.event for each in context.emergencies if each.move is not None)
    return any(
        isinstance(event, RolledBack) and (event.model, event.from_version) == (one.hold.model, bad) for event in others
    )


def bars_the_bad_version(context: Context) -> Iterator[Problem]:
    """Demand that what is taken out of service is quarantined with it: kept for forensics, deployed nowhere."""
    records = {
        (event.model, event.version): cast("Quarantine", context.after.document(event.paths[0]))
        for event in context.of(Quarantined)
    }
    for one in context.emergencies:
        event = one.move.event if one.move else None
        if not isinstance(event, RolledBack | Undeployed) or event.from_version is None:
            continue
        record = records.get((event.model, event.from_version))
        if record is None:
            yield Problem(f"{event.model}@{event.from_version} is not quarantined with it", one.path)
        elif missing := barred_bytes(context, event.model, event.from_version) - set(record.digests):
            yield Problem(
                f"the quarantine of {event.model}@{event.from_version} leaves out its bytes",
                one.path,
                tuple(sorted(missing)),
            )


def skips_what_it_may(context: Context) -> Iterator[Problem]:
    """Demand that an emergency skips only what the policy lets it skip, and keeps bytes, signature and quarantine.

    One hold says so for its stage: beside another that says less, nobody could tell what was skipped.
    """
    allowed = set(context.policy.emergency.skips) if context.policy.emergency else set()
    for one in context.emergencies:
        said = one.hold.emergency
        if said is not None and (more := set(said.skipped) - allowed):
            yield Problem(f"it says that it skips {', '.join(sorted(more))}", one.path)
        if said is not None and (less := KEPT - set(said.kept)):
            yield Problem(f"it does not say that it keeps {', '.join(sorted(less))}", one.path)
    placed = Counter((event.model, event.stage) for event in context.of(HoldPlaced)) if context.emergencies else {}
    for (model, stage), number in placed.items():
        if number > 1:
            yield Problem(f"an emergency places one hold, and there are {number} of {model} in {stage}")
    for lift in context.of(HoldLifted):
        if cast("Hold", context.after.document(lift.paths[0])).emergency is not None:
            yield Problem("a hold is not lifted as an emergency", lift.paths[0])


def ratified_in_time(context: Context) -> Iterator[Problem]:
    """Demand that nothing is promoted while others should have agreed to an emergency, and no such hold lifted before.

    A lift is agreed to by all whom the risk asks for, and settles the emergency for good.
    """
    waiting = context.facts.unratified or ()
    for event in context.of(Promoted):
        for one in waiting:
            if one.model == event.model and is_overdue(context, one):
                yield Problem(f"{_named(one)} was not ratified in time", event.paths[0], hint=_hint(one))
    for lift in context.of(HoldLifted):
        for one in waiting:
            if (one.model, one.stage) == (lift.model, lift.stage):
                yield Problem(f"{_named(one)} is not ratified", lift.paths[0], hint=_hint(one))


def is_overdue(context: Context, one: Unratified) -> bool:
    """Whether the time for it is over; so it is where the policy has no emergencies any more, or nothing says when."""
    policy, at = context.policy.emergency, context.facts.at
    if policy is None or at is None or one.at is None:
        return True
    return at > one.at + timedelta(hours=policy.ratify_within_hours)


def _named(one: Unratified) -> str:
    return f"the emergency {one.change_id[:8]} of {one.model} in {one.stage}"


def _hint(one: Unratified) -> str:
    return f"have it ratified: gm approve --ratify {one.change_id[:8]}"


def policy_knows_emergencies(context: Context) -> Iterator[Problem]:
    """Demand a policy that says who may declare an emergency."""
    if context.policy.emergency is None:
        for one in context.emergencies:
            yield Problem("this policy knows no emergencies", one.path)


def emergency_stands_alone(context: Context) -> Iterator[Problem]:
    """Demand that nothing but stages, holds, causes and quarantine changes with an emergency."""
    rolled = {event.model for event in context.of(RolledBack)}  # what rides along there has a rule of its own
    for change in context.change.paths if context.emergencies else ():
        if change.place.model not in rolled and change.place.kind not in ALLOWED_BESIDE:
            yield Problem("an emergency does not change this file", change.path)


RULES = (
    Rule("GM-P601", declared_by_its_role, "Not everybody may say that there is no time to ask."),
    Rule("GM-P602", names_its_incident, "What happens without approval is explained all the more."),
    Rule("GM-P603", leads_to_last_known_good, "An emergency is no way to choose a version."),
    Rule("GM-P604", bars_the_bad_version, "The bad version is captured and kept from being deployed again."),
    Rule("GM-P605", skips_what_it_may, "What was skipped and what was kept is on record, and it is the truth."),
    Rule(
        "GM-P606",
        ratified_in_time,
        "What one person did in an emergency, others look at before anything goes on.",
        kind=Kind.ADMISSION,
    ),
    Rule("GM-P607", policy_knows_emergencies, "Where the policy names nobody, nobody declares an emergency."),
    Rule("GM-P608", emergency_stands_alone, "Nothing rides along with what nobody else has agreed to."),
)
