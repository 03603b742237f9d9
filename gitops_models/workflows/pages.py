"""What a proposal's page on a forge is made of: the change, its comparisons and who can approve, in plain words."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitops_models.forge.base import Login
from gitops_models.forge.github.page import Compared, Story, page
from gitops_models.forge.landing import claims
from gitops_models.policy.wording import phrase
from gitops_models.registry.trailers import GM_REASON, parse_trailers
from gitops_models.workflows.show import evaluated_screen

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from decimal import Decimal

    from gitops_models.audit.comparing import Comparison, MetricChange
    from gitops_models.forge.base import Page
    from gitops_models.workflows.propose import Opened
    from gitops_models.workflows.session import Session


def page_of(session: Session, opened: Opened) -> Page:
    """The page that tells what an opened proposal is, from its evaluation and its commit's message."""
    evaluation, trailers = opened.evaluation, parse_trailers(opened.message)
    screen = evaluated_screen(session, opened.proposal, evaluation)
    return page(
        Story(
            title=opened.message.split("\n", 1)[0],
            event=opened.proposal.event,
            change_id=evaluation.change_id,
            events=tuple(phrase(event) for event in evaluation.change.events),
            reasons=trailers.all(GM_REASON),
            risk=screen.risk,
            told=_told(opened.message),
            consumers=screen.consumers,
            compared=tuple(_compared(model, found) for model, found in screen.comparisons),
            quorums=evaluation.verdict.quorums,
            logins=_logins(session),
            trailers=claims(opened.message),
        )
    )


def _told(message: str) -> str:
    """The message between its subject and its trailers."""
    _, _, rest = message.strip("\n").partition("\n\n")
    body, _, last = rest.rpartition("\n\n")
    return body if parse_trailers(message).pairs else f"{body}\n\n{last}".strip("\n")


def _compared(model: str, found: Comparison) -> Compared:
    return Compared(
        model=model,
        before=found.before,
        after=found.after,
        metrics=tuple(map(_metric, found.metrics)),
        lineage=tuple((one.field, one.before or "", one.after or "") for one in found.fields) if found.before else (),
        remarks=tuple(_remarks(found)),
    )


def _metric(one: MetricChange) -> tuple[str, str, str, str]:
    name = f"{one.name} on {one.dataset}" if one.dataset else one.name
    better = {True: ", better", False: ", worse", None: ""}[one.better]
    difference = "" if one.difference is None else f"{one.difference:+f}{better}"
    return name, _number(one.before), _number(one.after), difference


def _number(value: Decimal | None) -> str:
    return "" if value is None else f"{value:f}"


def _remarks(found: Comparison) -> Iterator[str]:
    for one in found.artifacts:
        if one.turn != "same":
            yield f"artifact {one.path}: {one.turn}"
    yield from (f"interface: {problem}" for problem in found.interface or ())
    yield from (f"consumer {problem}" for problem in found.consumers)


def _logins(session: Session) -> Mapping[str, Login]:
    forge = session.history.repository.forge
    return {
        person.id: Login(login.id, login.login)
        for person in session.history.people.people
        for login in person.logins
        if login.forge == forge
    }
