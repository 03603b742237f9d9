"""What the timeline has to read beside the fold's own values: safety documents, risk, and what commits claim.

Documents are read from each step's own tree, because a cause may be edited later and what a denied step brought is
in no accepted state.
"""

from __future__ import annotations

from dataclasses import field
from typing import TYPE_CHECKING

from gitops_models.errors import GmError
from gitops_models.policy.document import Policy, load_policy
from gitops_models.policy.risk import effective_risk
from gitops_models.registry.cache import cache_of
from gitops_models.registry.documents import Cause, Hold, Model, Quarantine, Status, Targets
from gitops_models.registry.events import ModelEvent, StageMove, Undeployed
from gitops_models.registry.impact import concerned
from gitops_models.registry.paths import POLICY_YAML, TARGETS_YAML
from gitops_models.registry.trailers import Trailers, parse_trailers
from gitops_models.registry.values import dataclass
from gitops_models.verification.commits import MERGE_PARENTS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from gitops_models.registry.documents import Document
    from gitops_models.store.repository import Store
    from gitops_models.verification.history import History, Step

SAFETY_DOCUMENTS = (Hold, Quarantine, Cause, Status)
Safety = Hold | Quarantine | Cause | Status


@dataclass(frozen=True)
class StepFacts:
    """What was read about one step.

    ``documents`` are its Holds, Quarantines, Causes and Statuses by path, ``risk`` the effective risk by model,
    ``claims`` the trailers of the step's own commit and of the proposal's tip, by object id, ``impact`` the consumers
    and targets that a move of a stage concerns, by the path of the stage state.
    """

    documents: Mapping[str, Safety]
    risk: Mapping[str, str]
    claims: Mapping[str, Trailers]
    impact: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


def gather(store: Store, history: History, *, after: int = 0) -> dict[str, StepFacts]:
    """Read every step that has events, oldest first; a document that cannot be read is left out.

    ``after`` leaves out the first steps of a history in which nothing was blocked there.
    """
    reader = _Reader(store, history, history.last_of(after) or history.pin)
    return {step.oid: reader.read(step) for step in history.steps if step.index > after and step.events}


class _Reader:
    """Carries what was accepted of policy and models from step to step."""

    def __init__(self, store: Store, history: History, before: str) -> None:
        self.store = store
        self.layout = history.layout
        self.policy = self._policy(before)
        self.targets = self._targets(before)
        self.before = before
        self.models: dict[str, Model | None] = {}

    def read(self, step: Step) -> StepFacts:
        found = {path: self._document(step.oid, path) for event in step.events for path in event.paths}
        documents = {path: document for path, document in found.items() if isinstance(document, SAFETY_DOCUMENTS)}
        names = sorted({event.model for event in step.events if isinstance(event, ModelEvent)})
        risk = {name: self._risk(step, name) for name in names}
        moved = [event for event in step.events if isinstance(event, StageMove | Undeployed)]
        impact = {
            event.paths[0]: concerned(event.model, self.models[event.model], self.targets, {event.stage})
            for event in moved
        }
        self._follow(step)
        return StepFacts(documents, risk, self._claims(step), impact)

    def _risk(self, step: Step, name: str) -> str:
        """Judge the risk by the policy accepted then; an accepted step's model is what the next is measured by."""
        path = self.layout.model_path(name)
        before = self.models[name] if name in self.models else self._model(self.before, path)
        after = self._model(step.oid, path)
        self.models[name] = after if _took_effect(step) else before
        return effective_risk(before, after, self.policy.floors)

    def _follow(self, step: Step) -> None:
        if "policy" in step.scopes and _took_effect(step):
            found = self._document(step.oid, POLICY_YAML)
            self.policy = found if isinstance(found, Policy) else self.policy
            self.targets = self._targets(step.oid)

    def _targets(self, commit: str) -> Targets:
        found = self._document(commit, TARGETS_YAML)
        return found if isinstance(found, Targets) else Targets()

    def _model(self, commit: str, path: str) -> Model | None:
        found = self._document(commit, path)
        return found if isinstance(found, Model) else None

    def _document(self, commit: str, path: str) -> Document | None:
        place = self.layout.classify(path)
        if place is None or not path.endswith(".yaml") or place.kind in {"lineage", "evidence"}:
            return None
        try:
            blob = self.store.resolve(f"{commit}:{path}", kind="blob")
            if path == POLICY_YAML:
                return self._policy(commit)
            return cache_of(self.store).document(self.store, blob, path)
        except GmError:
            return None

    def _policy(self, commit: str) -> Policy:
        blob = self.store.resolve(f"{commit}:{POLICY_YAML}", kind="blob")
        return load_policy(self.store.blob(blob), POLICY_YAML)

    def _claims(self, step: Step) -> dict[str, Trailers]:
        commit = self.store.commit(step.oid)
        heads = commit.parents[1:] if len(commit.parents) == MERGE_PARENTS else ()
        said = {oid: parse_trailers(self.store.commit(oid).message) for oid in (step.oid, *heads)}
        return {oid: trailers for oid, trailers in said.items() if trailers.pairs}


def _took_effect(step: Step) -> bool:
    return step.status in {"accepted", "restored"}
