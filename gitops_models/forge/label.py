"""Whether a proposal's branch says what its content does.

A branch is named by whoever pushes it, and people choose proposals by that name. So a name that says less, or
something else, than the events derived from the content is refused, wherever a proposal is judged or landed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitops_models.forge.base import ABSENT
from gitops_models.policy.wording import phrase
from gitops_models.registry import events as ev
from gitops_models.registry.paths import POLICY_SCOPE, model_scope
from gitops_models.registry.values import dataclass

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from gitops_models.forge.base import Proposal

POLICY = "policy"
_RULES = (ev.PolicyChanged, ev.PeopleChanged, ev.TargetsChanged, ev.WaiverAdded, ev.OtherGoverned)
# What the judge refuses whatever the branch is called: its own finding says more than ours would.
_JUDGED_ANYWAY = (ev.Forbidden,)


@dataclass(frozen=True)
class _Word:
    """What an event word of a branch promises: at least one of ``must``, and nothing beyond ``must`` and ``may``."""

    must: tuple[type[ev.Event], ...]
    may: tuple[type[ev.Event], ...] = ()


_WORDS = {
    "registration": _Word((ev.VersionRegistered,), (ev.ModelAdded, ev.EvidenceAdded)),
    "promotion": _Word((ev.Promoted,), (ev.HoldLifted,)),
    "rollback": _Word((ev.RolledBack, ev.Undeployed), (ev.HoldPlaced, ev.Quarantined, ev.CauseOpened)),
    "evidence": _Word((ev.EvidenceAdded,)),
    "quarantine": _Word((ev.Quarantined,)),
    "lift": _Word((ev.HoldLifted,)),
    "cause": _Word((ev.CauseOpened, ev.CauseResolved)),
    "suspension": _Word((ev.Suspended,)),
    "resumption": _Word((ev.Resumed,)),
    "retirement": _Word((ev.Retired,), (ev.Undeployed,)),
    "deletion": _Word((ev.BytesDeleted,)),
    "undeployment": _Word((ev.Undeployed,)),
    "restoration": _Word((ev.Restored,)),
    "policy": _Word(_RULES),
    "people": _Word((ev.PeopleChanged,)),
}


def disagreement(proposal: Proposal, events: Iterable[ev.Event]) -> str | None:
    """Say what the branch of ``proposal`` conceals about ``events`` (in judging order); None where it is true to them.

    An event word that is not known here promises nothing, but model, version and stage always do.
    """
    found = [event for event in events if not isinstance(event, _JUDGED_ANYWAY)]
    if not found:
        return None
    word = _WORDS.get(proposal.event)
    speaks = _speaker(proposal, word)
    beside = next((event for event in found if not speaks(event)), None)
    if beside is not None:
        return f"it is called {_claim(proposal)}, and does this: {phrase(beside)}"
    if word is not None and not _kept(proposal, word, found):
        return f"it is called {_claim(proposal)}, and does this: {'; '.join(phrase(event) for event in found)}"
    return None


def _speaker(proposal: Proposal, word: _Word | None) -> Callable[[ev.Event], bool]:
    def speaks(event: ev.Event) -> bool:
        if not _of_model(proposal, event):
            return False
        if word is not None:
            return isinstance(event, (*word.must, *word.may))
        return isinstance(event, ev.ModelAdded) or (_of_version(proposal, event) and _of_stage(proposal, event))

    return speaks


def _kept(proposal: Proposal, word: _Word, found: Sequence[ev.Event]) -> bool:
    """Whether the events that the word promises are those of the version and stage that the branch names.

    What comes with them is of the stages that they move.
    """
    main = [event for event in found if isinstance(event, word.must)]
    if proposal.event == "retirement":
        return bool(main) and all(_of_version(proposal, event) for event in found)
    stages = {None, *(getattr(event, "stage", None) for event in main)}
    if not main or any(getattr(event, "stage", None) not in stages for event in found):
        return False
    if proposal.event == "rollback":  # with a quarantine, other stages leave the version too
        return any(_of_version(proposal, event) and _of_stage(proposal, event) for event in main)
    if not all(_of_version(proposal, event) for event in main):
        return False
    return _of_stage(proposal, main[-1]) if proposal.event == "promotion" else all(map(_stage_of(proposal), main))


def _stage_of(proposal: Proposal) -> Callable[[ev.Event], bool]:
    return lambda event: _of_stage(proposal, event)


def _of_model(proposal: Proposal, event: ev.Event) -> bool:
    if proposal.model == ABSENT:
        return True
    if isinstance(event, ev.ModelEvent):
        return event.model == proposal.model
    if isinstance(event, ev.Restored):
        return event.scope == (POLICY_SCOPE if proposal.model == POLICY else model_scope(proposal.model))
    return proposal.model == POLICY


def _of_version(proposal: Proposal, event: ev.Event) -> bool:
    if isinstance(event, ev.Undeployed):
        return proposal.event == "rollback" or _leaves(proposal, event)
    named = getattr(event, "to_version", None) or getattr(event, "version", None)
    return proposal.version in (ABSENT, named)


def _leaves(proposal: Proposal, event: ev.Undeployed) -> bool:
    return proposal.version in (ABSENT, event.from_version)


def _of_stage(proposal: Proposal, event: ev.Event) -> bool:
    """The last part of the name: a stage, or for a cause its id."""
    named = getattr(event, "cause", None) or getattr(event, "stage", None)
    return proposal.stage in (ABSENT, named)


def _claim(proposal: Proposal) -> str:
    parts = (proposal.event, proposal.model, proposal.version, proposal.stage)
    return " ".join(part for part in parts if part != ABSENT)
