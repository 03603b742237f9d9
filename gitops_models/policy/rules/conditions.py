"""P319 and P320, conditions: the organisation's own demands on recorded figures.

They bind promotions. Of a rollback they only warn: safety does not wait for paperwork.
"""

from __future__ import annotations

from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

from gitops_models.policy.figures import Figure, NoData, decimal, figure, worse
from gitops_models.policy.rule import Problem, Rule
from gitops_models.registry.events import Promoted, RolledBack
from gitops_models.registry.names import parse_reference
from gitops_models.registry.text import visible

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gitops_models.policy.context import Context, Move
    from gitops_models.policy.demands import Compared, Condition

_NAMES = {"live": "what is live", "previous": "the last known good version", "base": "its base"}


@dataclass(frozen=True)
class _Judged:
    """One condition on one move: what is missing to judge it, and what it fails by."""

    event: Promoted | RolledBack
    condition: Condition
    missing: tuple[str, ...]
    failed: tuple[str, ...]

    def problem(self, why: tuple[str, ...]) -> Problem:
        """Return the problem: the organisation's own words first, where it has some."""
        message = visible(f"{self.condition.id}: {self.condition.message or why[0]}")
        details = why if self.condition.message else why[1:]
        return Problem(message, self.event.paths[0], details, warns=isinstance(self.event, RolledBack))


def conditions_hold(context: Context) -> Iterator[Problem]:
    """Demand that each figure keeps the limit that the policy sets for this event, stage, risk and use."""
    for one in _judged(context):
        if one.failed:
            yield one.problem(one.failed)


def figures_are_there(context: Context) -> Iterator[Problem]:
    """Demand that each condition can be judged: no data is not a good figure, and no bad one either."""
    for one in _judged(context):
        if one.missing:
            yield one.problem(one.missing)


def _judged(context: Context) -> Iterator[_Judged]:
    for move in context.moves:
        event = move.event
        if not isinstance(event, Promoted | RolledBack) or not context.after.has_version(event.model, event.to_version):
            continue
        for condition in context.policy.conditions:
            if _binds(context, event, condition):
                found = tuple(_outcomes(context, move, event, condition))
                missing = tuple(one.why for one in found if isinstance(one, NoData))
                yield _Judged(event, condition, missing, tuple(one for one in found if isinstance(one, str)))


def _binds(context: Context, event: Promoted | RolledBack, condition: Condition) -> bool:
    """Whether a condition looks at this event. Uses that the change takes away still count."""
    when = condition.when
    documents = [shot.model(event.model) for shot in (context.before, context.after) if shot.has_model(event.model)]
    uses = {use for document in documents for use in document.use}
    return (
        when.event == event.name
        and when.stage in (None, event.stage)
        and (not when.risk or context.risk(event.model) in when.risk)
        and fnmatchcase(event.model, when.models)
        and (not when.use or not uses.isdisjoint(when.use))
    )


def _outcomes(
    context: Context, move: Move, event: Promoted | RolledBack, condition: Condition
) -> Iterator[str | NoData]:
    """Yield what is wrong, in words, or what is missing."""
    require = condition.require
    limited = require.at_least is not None or require.at_most is not None
    other = _other(context, move, require.not_worse_than) if require.not_worse_than else None
    if not limited and other is None:
        return  # a first version: there is nothing to compare with
    what = f"{require.metric} of {event.model}@{event.to_version}"
    found = figure(context, event.model, event.to_version, require)
    if isinstance(found, NoData):
        yield found
        return
    if require.at_least is not None and found.value < decimal(require.at_least):
        yield visible(f"{what} is {found.value}, below {decimal(require.at_least)}")
    if require.at_most is not None and found.value > decimal(require.at_most):
        yield visible(f"{what} is {found.value}, above {decimal(require.at_most)}")
    if other is not None and require.not_worse_than is not None:
        yield from _compared(context, condition, found, other, _NAMES[require.not_worse_than])


def _compared(
    context: Context, condition: Condition, found: Figure, other: tuple[str, str], name: str
) -> Iterator[str | NoData]:
    """Yield what is wrong beside another version, which ``name`` says in words."""
    model, version = other
    if not context.after.has_version(model, version):
        yield NoData(f"{model}@{version} is not registered here")
        return
    old = figure(context, model, version, condition.require)
    verdict = worse(found, old, condition.require.tolerance) if isinstance(old, Figure) else old
    if isinstance(verdict, NoData):
        yield verdict
    elif verdict and isinstance(old, Figure):
        room = f" by more than {decimal(condition.require.tolerance)}" if condition.require.tolerance else ""
        beside = f"{name} ({model}@{version}: {old.value})"
        yield visible(f"{condition.require.metric} is {found.value}, worse than {beside}{room}")


def _other(context: Context, move: Move, with_what: Compared) -> tuple[str, str] | None:
    """Return model and version to compare with, or None."""
    event = move.event
    if with_what == "base" and isinstance(event, Promoted | RolledBack):
        base = context.after.lineage(event.model, event.to_version).base
        reference = parse_reference(base) if base else None
        return (reference.model, reference.version) if reference and reference.version else None
    known = move.stack.live_version
    if with_what == "previous":
        known = context.last_known_good(event.model, move.stack)
    return (event.model, known) if known else None


RULES = (
    Rule(
        "GM-P319",
        conditions_hold,
        "Measured results stay within the limits that the organisation accepts.",
        waivable=True,
    ),
    Rule(
        "GM-P320", figures_are_there, "What was not measured is unknown, never 0 and never good enough.", waivable=True
    ),
)
