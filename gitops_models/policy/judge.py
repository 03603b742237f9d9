"""The judge: change, facts and policy in, verdict out. No I/O, no clock; the same input gives the same verdict.

``gm check``, the pre-receive hook, the reconciler and the audit all call this one function (DESIGN.md section 1).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitops_models.errors import GmError
from gitops_models.policy.context import Context
from gitops_models.policy.rules import CONTENT, FORM, HISTORY
from gitops_models.policy.verdict import Finding, Severity, Verdict
from gitops_models.policy.waiving import waived
from gitops_models.registry.events import Restored
from gitops_models.registry.text import visible

if TYPE_CHECKING:
    from collections.abc import Iterable

    from gitops_models.policy.document import Policy
    from gitops_models.policy.facts import Facts
    from gitops_models.policy.rule import Rule
    from gitops_models.policy.verdict import QuorumResult
    from gitops_models.registry.change import Change

UNREADABLE = "GM-P001"


def judge(change: Change, facts: Facts, policy: Policy) -> Verdict:
    """Judge ``change`` by ``policy`` (the accepted one) over ``facts``.

    A change that does nothing but restore accepted content needs only a good signature of a known person. Form is
    judged first; where it denies, documents may be unreadable and only signatures are judged beside it. A document
    of the accepted state that cannot be read denies too, so nothing malformed ever passes.
    """
    context = Context(change, facts, policy)
    restoring = bool(change.events) and all(isinstance(event, Restored) for event in change.events)
    findings = _apply(FORM, context, restoring=restoring) + _apply(HISTORY, context, restoring=restoring)
    if not any(finding.severity is Severity.DENY for finding in findings if finding.code < "GM-P1"):
        findings += _apply(CONTENT, context, restoring=restoring)
        quorums, recorded, unread = _counted(context)
        findings += unread
    else:
        quorums, recorded = (), False
    ordered = tuple(sorted(findings, key=lambda finding: (finding.code, finding.where or "")))
    allowed = not any(finding.severity is Severity.DENY for finding in ordered)
    return Verdict(allowed, ordered, quorums, facts.change_id, recorded)


def _apply(rules: Iterable[Rule], context: Context, *, restoring: bool) -> tuple[Finding, ...]:
    found: list[Finding] = []
    for rule in rules:
        if rule.since > context.policy.rules or (restoring and not rule.restoring):
            continue
        try:
            findings = rule.findings(context)
            found += (waived(context, one) for one in findings) if rule.waivable else findings
        except (GmError, ArithmeticError) as error:
            found.append(_unreadable(error))
    return tuple(dict.fromkeys(found))


def _counted(context: Context) -> tuple[tuple[QuorumResult, ...], bool, tuple[Finding, ...]]:
    """Return the quorums, whether it is an emergency, and what kept either from being counted."""
    try:
        return tuple(tally.quorum for tally in context.tallies), bool(context.emergencies), ()
    except (GmError, ArithmeticError) as error:
        return (), False, (_unreadable(error),)


def _unreadable(error: GmError | ArithmeticError) -> Finding:
    """A number that nothing can be counted with denies like a document that cannot be read, and stops no reader."""
    if isinstance(error, ArithmeticError):
        return Finding(UNREADABLE, Severity.DENY, f"a number that cannot be counted with: {visible(str(error))}")
    return Finding(UNREADABLE, Severity.DENY, f"{error.message} ({error.code})", error.where, error.hint, error.details)
