"""How events are named in messages: ``promotion of fraud@1.4.0 to production``."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from gitops_models.registry.events import Event

_PHRASES = {
    "model-added": "new model {model}",
    "model-changed": "change of model {model}",
    "triggers-changed": "change of the triggers of {model}",
    "version-registered": "registration of {model}@{version}",
    "evidence-added": "evidence for {model}@{version}",
    "promoted": "promotion of {model}@{version} to {stage}",
    "rolled-back": "rollback of {model} in {stage} to {version}",
    "undeployed": "removal of {model} from {stage}",
    "hold-placed": "hold on {model} in {stage}",
    "hold-lifted": "lift of the hold on {model} in {stage}",
    "quarantined": "quarantine of {model}@{version}",
    "quarantine-released": "release of {model}@{version} from quarantine",
    "cause-opened": "cause on {model}",
    "cause-resolved": "resolution of a cause on {model}",
    "suspended": "suspension of {model}",
    "resumed": "resumption of {model}",
    "retired": "retirement of {reference}",
    "bytes-deleted": "deletion of bytes of {model}@{version}",
    "restored": "restoration",
    "policy-changed": "change of the policy",
    "people-changed": "change of the people",
    "targets-changed": "change of the targets",
    "waiver-added": "waiver {waiver}",
    "other-governed": "change of a governed file",
}


def phrase(event: Event) -> str:
    """Return the event as a sentence part; an event without a phrase is called by its name."""
    words = {name: getattr(event, name, None) for name in ("model", "version", "stage", "waiver")}
    words["version"] = words["version"] or getattr(event, "to_version", None)
    words["reference"] = "@".join(str(words[name]) for name in ("model", "version") if words[name])
    return _PHRASES.get(event.name, event.name).format(**words)
