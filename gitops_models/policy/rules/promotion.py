"""P3xx, promotion: in order, pinned, not barred, and fit for its consumers. Evidence stands in its own module."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from gitops_models.policy.lkg import barred
from gitops_models.policy.rule import Problem, Rule
from gitops_models.registry.events import Promoted
from gitops_models.registry.paths import POLICY_SCOPE

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gitops_models.policy.context import Context
    from gitops_models.registry.documents import StageState


def stages_are_in_order(context: Context) -> Iterator[Problem]:
    """Demand that a version enters a stage only when it is in the live stack of the stage before it.

    Several promotions of one change are judged one after the other. A version that was rolled back out of the stage
    before has to pass that stage again.
    """
    for move in context.moves:
        event = move.event
        if not isinstance(event, Promoted):
            continue
        position = context.policy.stage_index(event.stage)
        if position is None:
            yield Problem(f"the policy knows no stage {event.stage}", event.paths[0])
        elif move.previous is not None and event.to_version not in {entry.version for entry in move.previous.versions}:
            skipped = context.policy.stages[position - 1]
            yield Problem(f"{event.model}@{event.to_version} was not live in {skipped}", event.paths[0])


def stage_pins_lineage(context: Context) -> Iterator[Problem]:
    """Demand that a stage state names a version that exists and holds the sha256 of that lineage."""
    for path, model, version, pinned in _desired(context):
        actual = context.after.lineage_sha256(model, version)
        if actual is not None and actual != pinned:
            yield Problem(f"lineage_sha256 is not that of {model}@{version}", path, (f"expected {actual}",))


def version_exists(context: Context) -> Iterator[Problem]:
    """Demand that a stage state names a registered version."""
    for path, model, version, _ in _desired(context):
        if not context.after.has_version(model, version):
            yield Problem(f"{model}@{version} is not registered", path)


def _desired(context: Context) -> Iterator[tuple[str, str, str, str]]:
    """Path, model, version and pinned digest of each stage state that the change writes."""
    for change in context.changed("stage-state"):
        if change.after is not None:
            state = cast("StageState", context.after.document(change.path))
            yield change.path, state.model, state.version, state.lineage_sha256


def version_is_not_quarantined(context: Context) -> Iterator[Problem]:
    """Neither the version nor bytes of it are barred in the resulting state."""
    for event in context.of(Promoted):
        if (why := barred(context.after, event.model, event.to_version)) is not None:
            yield Problem(why, event.paths[0])


def model_is_active(context: Context) -> Iterator[Problem]:
    """Neither the model is suspended nor the version or model retired, in the resulting state."""
    for event in context.of(Promoted):
        if context.after.suspended(event.model):
            yield Problem(f"{event.model} is suspended", event.paths[0])
        if context.after.retired(event.model, event.to_version):
            yield Problem(f"{event.model}@{event.to_version} is retired", event.paths[0])


def stage_is_not_held(context: Context) -> Iterator[Problem]:
    """No hold stands on the stage in the resulting state; a lift in the same change counts."""
    for event in context.of(Promoted):
        hold = context.after.held(event.model, event.stage)
        if hold is not None:
            yield Problem(f"{event.stage} of {event.model} is held: {hold.reason}", event.paths[0])


def interface_fits(context: Context) -> Iterator[Problem]:
    """Every consumer finds the inputs and outputs that it needs."""
    for event in context.of(Promoted):
        if not context.after.has_version(event.model, event.to_version):
            continue
        problems = context.misfits(event.model, event.to_version)
        if problems:
            message = f"{event.model}@{event.to_version} does not fit its consumers"
            yield Problem(message, event.paths[0], problems)


def policy_is_not_blocked(context: Context) -> Iterator[Problem]:
    """While a denied policy lies on the line nothing is promoted; rollbacks go on."""
    blocked = context.facts.state.blocked.get(POLICY_SCOPE)
    events = tuple(context.of(Promoted))
    if blocked is not None and events:
        yield Problem(f"policy files are blocked since {blocked.step[:10]}", events[0].paths[0])


RULES = (
    Rule("GM-P301", stages_are_in_order, "A version passes every stage in order."),
    Rule("GM-P302", stage_pins_lineage, "A stage pins content, not a name."),
    Rule("GM-P303", version_exists, "Only registered versions are deployed."),
    Rule("GM-P304", version_is_not_quarantined, "A barred version is not deployed anywhere."),
    Rule("GM-P305", model_is_active, "A suspended model and a retired version are not promoted."),
    Rule("GM-P306", stage_is_not_held, "A hold bars promotions until its root cause is known."),
    Rule("GM-P314", interface_fits, "Downstream systems are checked before the deployment."),
    Rule("GM-P315", policy_is_not_blocked, "A denied policy must not let anything move forward."),
)
