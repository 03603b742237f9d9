"""The words that every form of a verdict shares: what it came to, how a quorum stands, who could unblock it."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from gitops_models.policy.verdict import QuorumResult, Verdict


def short(change_id: str) -> str:
    """Return the first 8 hex digits of a change id, as people use it."""
    return change_id[:8]


def docs(code: str) -> str:
    """Return the documentation entry of a code."""
    return f"docs/reference/codes.md#{code.lower()}"


def outcome(verdict: Verdict) -> str:
    """Return ``allowed``, ``pending`` (nothing but approvals and time is missing) or ``denied``."""
    if verdict.allowed:
        return "allowed"
    return "pending" if verdict.missing_only else "denied"


def standing(quorum: QuorumResult) -> str:
    """``risk is high: needs raio and domain-lead; has raio (signed, lead2)``."""
    has = [f"{counted.role} ({counted.how}, {counted.person})" for counted in quorum.counted]
    touch = ", each with the touch of a hardware key" if quorum.touch else ""
    return f"{quorum.basis}: needs {listed(quorum.required) or 'nobody'}{touch}; has {listed(has) or 'none'}"


def disregarded(quorum: QuorumResult) -> tuple[str, ...]:
    """Return each decision that does not count, with its reason; one line, or none where everything counts."""
    ignored = [f"{one.person} ({one.why})" for one in quorum.ignored]
    return (f"ignored: {', '.join(ignored)}",) if ignored else ()


def unblockers(quorum: QuorumResult) -> Iterator[str]:
    """For each missing role, the persons who can fill it; then those who help by letting somebody move over."""
    for role in dict.fromkeys(quorum.missing):
        yield f"{role}: {', '.join(quorum.candidates.get(role, ())) or 'nobody can'}"
    for role, persons in quorum.candidates.items():
        if role not in quorum.missing:
            yield f"{role}: {', '.join(persons)}"


def simulation(simulated: Sequence[str]) -> str:
    """Say that a verdict rests on decisions that nobody made; empty where it does not."""
    if not simulated:
        return ""
    return f"SIMULATION: judged with decisions that nobody made: {listed(simulated)}; nothing is approved"


def listed(words: Iterable[str]) -> str:
    """Return ``a``, ``a and b`` or ``a, b and c``."""
    *most, last = [*words] or [""]
    return f"{', '.join(most)} and {last}" if most else last
