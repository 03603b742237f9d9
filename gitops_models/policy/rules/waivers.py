"""P708 and P709, waivers: each names a rule that may be waived, and speaks for the one who signs it."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, cast

from gitops_models.policy.rule import Problem, Rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gitops_models.policy.context import Context
    from gitops_models.registry.documents import Waiver


def _written(context: Context) -> Iterator[tuple[str, Waiver]]:
    """Path and document of each waiver that the change adds or edits."""
    for change in context.changed("waiver"):
        if change.after is not None:
            yield change.path, cast("Waiver", context.after.document(change.path))


def waivers_are_honoured(context: Context, waivable: frozenset[str]) -> Iterator[Problem]:
    """Demand that a waiver names a rule that may be waived: nobody may believe in one that does nothing."""
    for path, waiver in _written(context):
        if waiver.code not in waivable:
            yield Problem(f"{waiver.code} cannot be waived", path, (f"what can: {', '.join(sorted(waivable))}",))


def waivers_name_their_signer(context: Context) -> Iterator[Problem]:
    """``by`` is who signed what the waiver says now, and the only one who touched it."""
    for path, waiver in _written(context):
        if (why := context.speaks(waiver.by, path)) is not None:
            yield Problem(f"by is {why}", path)


def rules(waivable: frozenset[str]) -> tuple[Rule, ...]:
    """Return the rules on waivers, where the rules with these codes may be waived."""
    honoured = partial(waivers_are_honoured, waivable=waivable)
    return (
        Rule("GM-P708", honoured, "Form, history, signatures, approvals, bars and bytes know no exception."),
        Rule("GM-P709", waivers_name_their_signer, "A waiver speaks for the one who signs it."),
    )
