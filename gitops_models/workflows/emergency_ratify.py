"""Agreeing to an emergency after it happened: find it, and sign a decision on the change that it was."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitops_models.errors import GmError
from gitops_models.registry.values import dataclass
from gitops_models.trust.records import ChangeSummary, make_decision
from gitops_models.verification.ratification import WAITING, ratifications
from gitops_models.workflows.review import Subject, add, decision_on

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gitops_models.trust.records import Record
    from gitops_models.verification.ratification import Ratification
    from gitops_models.workflows.session import Session

SHORTEST = 7


@dataclass(frozen=True)
class Ratified:
    """A decision that was signed, how the emergency stands with it, and why it still is in the outbox, if it is."""

    record: Record
    emergency: Ratification
    waiting: GmError | None = None


def emergencies(session: Session, model: str | None = None) -> tuple[Ratification, ...]:
    """Every accepted emergency, of one model or of all, and how it stands now."""
    wanted = None if model is None else (model,)
    return ratifications(session.store, session.history, session.ledger, now=session.clock.now(), models=wanted)


def find_emergency(session: Session, name: str) -> Ratification:
    """The emergency that ``name`` means: the first digits of its change or step, or ``MODEL#STAGE``.

    Of several in one stage those that still wait are meant, and of these the newest. Raises GM-C235 where there is
    none, GM-C236 where the digits fit several.
    """
    found = [one for one in emergencies(session) if _answers_to(one, name)]
    if not found:
        raise GmError("GM-C235", f"there is no accepted emergency {name}", where=name)
    if "#" in name:
        return next(_latest(found))
    if len(found) > 1:
        several = tuple(f"{one.change_id[:16]}  step {one.step[:16]}  {one.model}" for one in found)
        raise GmError("GM-C236", f"{len(found)} emergencies answer to {name}", where=name, details=several)
    return found[0]


def _latest(found: list[Ratification]) -> Iterator[Ratification]:
    yield from reversed([one for one in found if one.state in WAITING])
    yield from reversed(found)


def _answers_to(one: Ratification, name: str) -> bool:
    if "#" in name:
        return name in {f"{one.model}#{stage}" for stage in one.stages}
    return len(name) >= SHORTEST and (one.change_id.startswith(name) or one.step.startswith(name))


def ratify(
    session: Session, emergency: Ratification, *, decision: str = "approve", reason: str = "", keep_local: bool = False
) -> Ratified:
    """Sign a decision on the emergency's change and append it to the ledger unless ``keep_local``.

    A person may always sign; whether it counts is not decided here, and the result shows it.
    """
    signer = session.signer()
    subject = Subject(emergency.change_id, session.history.tip, _summary(emergency))
    body = decision_on(session, subject, session.actor(signer), decision=decision, reason=reason)
    record = make_decision(body, emergency.change_id, signer)
    if keep_local:
        return Ratified(record, emergency)
    waiting = add(session, emergency.change_id, record)
    after = next(one for one in emergencies(session, emergency.model) if one.step == emergency.step)
    return Ratified(record, after, waiting)


def _summary(emergency: Ratification) -> ChangeSummary:
    """The copy of the emergency for people; readers go by the change's id."""
    return ChangeSummary(events=("emergency",), model=emergency.model, stage=emergency.stages[-1])
