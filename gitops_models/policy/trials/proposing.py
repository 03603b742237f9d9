"""What a case proposes as files: one small function for each event."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from gitops_models.errors import GmError
from gitops_models.policy.trials import files
from gitops_models.policy.trials.cast import people_document
from gitops_models.policy.trials.world import BROKEN
from gitops_models.registry import yamls
from gitops_models.registry.deletions import deletion_numbers
from gitops_models.registry.documents.policytest import GivenEvidence, GivenModel, GivenVersion
from gitops_models.registry.paths import PEOPLE_YAML, POLICY_YAML
from gitops_models.registry.values import dataclass

if TYPE_CHECKING:
    from collections.abc import Callable

    from gitops_models.policy.trials.world import World
    from gitops_models.registry.documents.policytest import Proposed
    from gitops_models.registry.snapshot import Snapshot

FILES = "files"
_PLAIN = frozenset(("reason", "by", "created"))
"""What records say that belong to no cause."""


@dataclass(frozen=True)
class Part:
    """One part of a change: what is proposed, by whom, when, on which documents."""

    world: World
    said: Proposed
    by: str
    created: str
    head: Snapshot

    @property
    def model(self) -> GivenModel:
        """The model that it is about."""
        return self.world.model(self.said.model)

    @property
    def stage(self) -> str:
        """The stage that it is about; the last one where it does not say."""
        return self.said.stage or self.world.policy.stages[-1]

    @property
    def version(self) -> GivenVersion:
        """The version that it is about, as it is given or as it is new."""
        said = self.said.version
        if said is None:
            raise self.unfit("needs a version")
        if isinstance(said, GivenVersion):
            return said
        known = (one for one in self.model.versions if one.version == said)
        return next(known, GivenVersion(version=said))

    @property
    def record(self) -> dict[str, Any]:
        """What every record says."""
        said = {"cause": self.said.cause, "incident": self.said.incident}
        return {"reason": "proposed in a test", "by": self.by, "created": self.created, **said}

    def unfit(self, why: str) -> GmError:
        """What is wrong with the case."""
        return GmError(BROKEN, f"propose: {self.said.event} {why}", where=self.world.test.name)


def edits(part: Part) -> files.Files:
    """The files of one part. Raises GM-P733 for an event that tests do not know, or that lacks what it needs."""
    if part.said.event not in _MAKERS:
        raise part.unfit(f"is none of {', '.join(sorted(_MAKERS))}")
    return _MAKERS[part.said.event](part)


def _model_added(part: Part) -> files.Files:
    name = part.said.model
    if name is None:
        raise part.unfit("needs a model")
    given = GivenModel(name=name, risk=part.said.risk or "low", use=part.said.use or (), live={})
    return files.model_file(given)


def _model_changed(part: Part) -> files.Files:
    given = part.model
    use = given.use if part.said.use is None else part.said.use
    return files.model_file(given, risk=part.said.risk or given.risk, use=list(use))


def _version_registered(part: Part) -> files.Files:
    made = part.world.made(part.model, part.version, part.by)
    return files.Made(made.policy, made.model, made.version, made.by, part.created).files()


def _evidence_added(part: Part) -> files.Files:
    given = part.said.evidence or GivenEvidence(type="evaluation")
    made = part.world.made(part.model, part.version)
    name = f"{given.type}-{len(part.head.evidence_names(part.model.name, made.version.version)) + 1}"
    return files.evidence_file(made, given, name=name, by=given.by or part.by, created=part.created)


def _moved(part: Part) -> files.Files:
    model, version = part.model.name, part.version.version
    return files.stage_file(model, part.stage, version, part.head.lineage_sha256(model, version))


def _undeployed(part: Part) -> files.Files:
    return {files.LAYOUT.stage_path(part.model.name, part.stage): None}


def _hold_placed(part: Part) -> files.Files:
    urgent = {"skipped": list(_skipped(part))} if part.said.emergency else None
    return _hold(part, action="hold", emergency=urgent)


def _skipped(part: Part) -> tuple[str, ...]:
    emergency = part.world.policy.emergency
    return emergency.skips if emergency else ("approval",)


def _hold_lifted(part: Part) -> files.Files:
    return _hold(part, action="lift", root_cause="https://incidents.example/1" if part.said.root_cause else None)


def _hold(part: Part, **fields: Any) -> files.Files:
    model = part.model.name
    number = len(part.head.hold_numbers(model, part.stage)) + 1
    return files.hold_file(model, part.stage, number, **part.record, **fields)


def _quarantined(part: Part) -> files.Files:
    return _quarantine(part, "quarantine")


def _released(part: Part) -> files.Files:
    return _quarantine(part, "release")


def _quarantine(part: Part, action: str) -> files.Files:
    model, made = part.model.name, part.world.made(part.model, part.version)
    number = len(part.head.quarantine_numbers(model, made.version.version)) + 1
    return files.quarantine_file(model, made.version.version, number, made.digests[:1], action=action, **part.record)


def _bytes_deleted(part: Part) -> files.Files:
    model, made = part.model.name, part.world.made(part.model, part.version)
    number = len(deletion_numbers(part.head, model, made.version.version)) + 1
    said = {name: value for name, value in part.record.items() if name in _PLAIN}
    data = files.document("Deletion", model=model, version=made.version.version, digests=made.digests, **said)
    return {files.LAYOUT.deletion_path(model, made.version.version, number): data}


def _cause_opened(part: Part) -> files.Files:
    return _cause(part)


def _cause_resolved(part: Part) -> files.Files:
    return _cause(part, resolution={"root_cause": "found in a test", "by": part.by, "at": part.created})


def _cause(part: Part, **fields: Any) -> files.Files:
    model, said = part.model.name, {**part.record, "opened": part.created, "cause": part.said.cause or "regression"}
    del said["created"]
    return {files.LAYOUT.cause_path(model, "c1"): files.document("Cause", model=model, id="c1", **said, **fields)}


def _status(action: str) -> Callable[[Part], files.Files]:
    def make(part: Part) -> files.Files:
        model = part.model.name
        number = len(part.head.status_numbers(model)) + 1
        version = part.version.version if part.said.version else None
        said = {name: value for name, value in part.record.items() if name in _PLAIN}
        return files.status_file(model, number, action, version, **said)

    return make


def _policy_changed(part: Part) -> files.Files:
    raw = part.world.raw
    return {POLICY_YAML: yamls.dump({**raw, "version": raw["version"] + 1, **part.said.policy})}


def _people_changed(part: Part) -> files.Files:
    world = part.world
    added = {one.id: one for one in (*world.test.people, *part.said.people)}
    return {PEOPLE_YAML: yamls.dump(people_document(world.policy, added.values(), world.at, part.said.without))}


def _files(part: Part) -> files.Files:
    return {path: text.encode() if text is not None else None for path, text in part.said.files.items()}


_MAKERS: dict[str, Callable[[Part], files.Files]] = {
    FILES: _files,
    "model-added": _model_added,
    "model-changed": _model_changed,
    "version-registered": _version_registered,
    "evidence-added": _evidence_added,
    "promoted": _moved,
    "rolled-back": _moved,
    "undeployed": _undeployed,
    "hold-placed": _hold_placed,
    "hold-lifted": _hold_lifted,
    "quarantined": _quarantined,
    "quarantine-released": _released,
    "bytes-deleted": _bytes_deleted,
    "cause-opened": _cause_opened,
    "cause-resolved": _cause_resolved,
    "suspended": _status("suspend"),
    "resumed": _status("resume"),
    "retired": _status("retire"),
    "policy-changed": _policy_changed,
    "people-changed": _people_changed,
}
