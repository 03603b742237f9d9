"""P319 and P320, conditions: the organisation's own demands on recorded figures.

They bind promotions. Of a rollback they only warn: safety does not wait for paperwork.
"""

from __future__ import annotations

from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

from gitops_models.policy.figures import Asked, Figure, NoData, decimal, figure, worse
from gitops_models.policy.rule import Problem, Rule
from gitops_models.registry.events import Promoted, RolledBack
from gitops_models.registry.names import parse_reference
from gitops_models.registry.text import visible
from gitops_models.registry.values import dataclass

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gitops_models.policy.context import Context, Move
    from gitops_models.policy.demands import Compared, Condition, Require
    from gitops_models.registry.stack import LiveStack

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
    other = _other(context, move.stack, event, require.not_worse_than) if require.not_worse_than else None
    if not limited and other is None:
        return  # a first version: there is nothing to compare with
    asked = Asked(event.model, event.to_version, event.model, event.stage)
    found = figure(context, asked, require)
    if isinstance(found, NoData):
        yield found
        return
    if require.at_least is not None and found.low < decimal(require.at_least):
        yield visible(f"{require.metric} of {asked} is {found.low}, below {decimal(require.at_least)}")
    if require.at_most is not None and found.high > decimal(require.at_most):
        yield visible(f"{require.metric} of {asked} is {found.high}, above {decimal(require.at_most)}")
    if other is not None:
        yield from _compared(context, require, found, other)


def _compared(context: Context, require: Require, found: Figure, other: Asked | NoData) -> Iterator[str | NoData]:
    """Yield what is wrong beside another version."""
    if isinstance(other, Asked) and not context.after.has_version(other.model, other.version):
        other = NoData(f"{other} is not registered here")
    old = figure(context, other, require) if isinstance(other, Asked) else other
    if isinstance(old, NoData):
        yield old
    elif worse(found, old, require):
        room = f" by more than {decimal(require.tolerance)}" if require.tolerance else ""
        new, bar = (found.low, old.high) if require.higher_is_better else (found.high, old.low)
        name = _NAMES[require.not_worse_than or "live"]
        yield visible(f"{require.metric} is {new}, worse than {name} ({other}: {bar}){room}")


def _other(
    context: Context, stack: LiveStack, event: Promoted | RolledBack, with_what: Compared
) -> Asked | NoData | None:
    """Return the version to compare with; None where there cannot be one. What was live last is live until replaced."""
    top = stack.top.version if stack.top else None
    if with_what == "base":
        base = context.after.lineage(event.model, event.to_version).base
        if base is None:
            return NoData(f"{event.model}@{event.to_version} names no base") if top else None
        reference = parse_reference(base)
        return Asked(reference.model, reference.version or "", event.model, event.stage, compared=True)
    known = context.last_known_good(event.model, stack) if with_what == "previous" else top
    return Asked(event.model, known, event.model, event.stage, compared=True) if known else None


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
