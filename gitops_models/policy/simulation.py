"""Decisions that nobody made, judged on top of the real ones: ``gm check --simulate FILE``.

The file is a list of ``{person, decision, touch}``, alone or under ``decisions`` of a document of kind Simulation. What
comes out is a verdict for reading only: a merge judges anew, over the ledger, and never sees one of these.
"""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Annotated, Literal

from pydantic import Field

from gitops_models.errors import GmError
from gitops_models.policy.approvals import holds_hardware
from gitops_models.policy.document import Policy
from gitops_models.policy.facts import Facts, Opinion
from gitops_models.policy.judge import judge
from gitops_models.policy.verdict import Simulated
from gitops_models.registry import yamls
from gitops_models.registry.change import Change
from gitops_models.registry.documents import API_VERSION, Document, Part, validate
from gitops_models.registry.documents._base import Items, Name, about

MOST = 64
_NO_TIME = datetime(1, 1, 1, tzinfo=UTC)  # without a time of acceptance nothing counts, whatever time it bears


class Supposed(Part):
    """One decision that is supposed."""

    person: Annotated[Name, about("Who is supposed to decide.", "raio-1")]
    decision: Annotated[Literal["approve", "reject", "withdraw"], about("What they decide.", "approve")] = "approve"
    touch: Annotated[
        bool | None, about("Whether with the touch of a hardware key; where left out, if they have one.", example=True)
    ] = None


class Simulation(Document):
    """Decisions to judge by. It lies nowhere in the repository; a bare list of them means the same."""

    kind: Annotated[Literal["Simulation"], about("The kind of document.", "Simulation")] = "Simulation"
    decisions: Annotated[
        Items[Supposed],
        Field(min_length=1, max_length=MOST),
        about("The decisions.", [{"person": "raio-1", "decision": "approve"}]),
    ]


def load_simulation(data: bytes, where: str) -> tuple[Supposed, ...]:
    """Read the file. Raises the loader's codes, and GM-D021 for what does not fit, an empty list among it."""
    value = yamls.load_items(data, where)
    if isinstance(value, list):
        value = {"decisions": value}
    elif (value.get("apiVersion"), value.get("kind")) != (API_VERSION, "Simulation"):
        raise GmError("GM-D022", "another kind where a Simulation belongs", where=where)
    return validate(Simulation, value, where).decisions


def simulate(change: Change, facts: Facts, policy: Policy, supposed: tuple[Supposed, ...]) -> Simulated:
    """Judge ``change`` as if these decisions had been signed now. Of one person the last supposed one stands.

    As in a real chain of signed decisions it takes the place of what the person signed before; a review on a forge
    stays beside it.
    """
    latest = {one.person: one for one in supposed}
    kept = (one for one in facts.opinions if one.source != "signed" or one.person not in latest)
    opinions = (*kept, *(_opinion(facts, one) for one in latest.values()))
    return Simulated(judge(change, replace(facts, opinions=opinions), policy), tuple(map(_words, latest.values())))


def _opinion(facts: Facts, one: Supposed) -> Opinion:
    known = facts.people.person(one.person)
    has_key = known is not None and holds_hardware(known)
    return Opinion(
        person=one.person,
        fingerprint=None,
        decision=one.decision,
        sha256=None,
        change_id=facts.change_id,
        created=facts.at or _NO_TIME,
        touch=has_key if one.touch is None else one.touch,
    )


def _words(one: Supposed) -> str:
    touch = {True: " with touch", False: " without touch", None: ""}[one.touch]
    return f"{one.person} ({one.decision}{touch})"
