"""Which keys had a hand in a step, noted when it is judged and by the people accepted then.

Whoever asks later could not find out: a key may have left the people file since, and whoever holds it can go on
appending to the ledger.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitops_models.verification.decisions import key_of
from gitops_models.verification.history import Hand

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gitops_models.policy.facts import Facts
    from gitops_models.policy.verdict import Verdict
    from gitops_models.trust.records import Record

__all__ = ["deciding", "signing"]


def signing(facts: Facts) -> tuple[Hand, ...]:
    """The keys that signed the commits behind a step, and the step itself."""
    made = [(commit.oid, commit.signature) for commit in facts.commits]
    if facts.merge is not None and facts.merge.signature is not None:
        made.append((facts.merge.oid or "", facts.merge.signature))
    return tuple(Hand("signed", name, oid) for oid, signature in made for name in signature.names)


def deciding(verdict: Verdict, facts: Facts, records: Sequence[Record], last: Record) -> tuple[Hand, ...]:
    """The keys behind the decisions that ``verdict`` counted, and behind ``last``, the record that accepted the step.

    None where nobody else had to agree: the merge accepted itself, and such words can be added for ever.
    """
    if not verdict.quorum_needed:
        return ()
    seated = {one.person for quorum in verdict.quorums for one in quorum.counted if one.how == "signed"}
    standing = [one for one in facts.opinions if one.problem is None and one.decision == "approve"]
    counted = {one.sha256 for one in standing if one.source == "signed" and one.person in seated}
    made = [record for record in records if record.sha256 in counted]
    approved = [Hand("approved", key_of(record, facts.people, facts.state.snapshot)) for record in made]
    return (*dict.fromkeys(approved), Hand("accepted", last.fingerprint))
