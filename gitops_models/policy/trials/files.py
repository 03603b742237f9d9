"""The documents of a made-up registry as files: complete by default, so that a test says only what it is about."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from gitops_models.registry import yamls
from gitops_models.registry.canonical import sha256_hex
from gitops_models.registry.documents import API_VERSION, plain
from gitops_models.registry.documents.lineage import WORDED_ROLES
from gitops_models.registry.paths import Layout
from gitops_models.registry.values import dataclass

if TYPE_CHECKING:
    from collections.abc import Iterable

    from gitops_models.policy.document import Policy
    from gitops_models.registry.documents.policytest import GivenEvidence, GivenModel, GivenVersion

LAYOUT = Layout()
SIZE = 10
Files = dict[str, bytes | None]


def document(kind: str, **fields: Any) -> bytes:
    """The bytes of a document, absent fields left out."""
    given = {name: value for name, value in fields.items() if value is not None}
    return yamls.dump({"apiVersion": API_VERSION, "kind": kind, **given})


def model_file(given: GivenModel, **changes: Any) -> Files:
    """The model's document."""
    requires = [{"name": "consumer", "requires": {"outputs": list(given.requires)}}] if given.requires else None
    fields = {"risk": given.risk, "use": list(given.use), **changes}
    data = document("Model", name=given.name, type=given.type, consumers=requires, **fields)
    return {LAYOUT.model_path(given.name): data}


@dataclass(frozen=True)
class Made:
    """A version of a model in a test: who registered it, when, under which policy."""

    policy: Policy
    model: GivenModel
    version: GivenVersion
    by: str
    created: str

    @property
    def roles(self) -> tuple[str, ...]:
        """Roles of its artifacts: all that the policy covers, and what a version of this type consists of."""
        worded = self.model.type in {"prompt", "configuration"}
        own = self.model.type if worded else "weights"
        wanted = dict.fromkeys((own, *self.policy.lineage.coverage))
        barred = {"weights"} if worded else set(WORDED_ROLES)
        return tuple(role for role in wanted if role not in barred - {own} and role not in self.version.lacks)

    @property
    def digests(self) -> list[str]:
        """The sha256 of its artifacts."""
        return [self._digest(role) for role in self.roles]

    def _digest(self, role: str) -> str:
        word = self.version.weights or self.version.version
        return sha256_hex(f"{self.model.name} {word} {role}".encode())

    def files(self) -> Files:
        """Lineage and pointers."""
        name, version = self.model.name, self.version.version
        artifacts = [self._artifact(role) for role in self.roles]
        pointers = {
            LAYOUT.pointer_path(name, version, one["path"]): yamls.dump(
                {"outs": [{"md5": one["md5"], "size": SIZE, "hash": "md5", "path": one["path"]}]}
            )
            for one in artifacts
        }
        return {LAYOUT.lineage_path(name, version): self._lineage(artifacts), **pointers}

    def _artifact(self, role: str) -> dict[str, Any]:
        digest = self._digest(role)
        entry = {"path": role, "role": role, "sha256": digest, "size": SIZE, "md5": digest[:32]}
        return {**entry, "format": self.version.format} if role in {"weights", "binary"} else entry

    def _lineage(self, artifacts: list[dict[str, Any]]) -> bytes:
        version = self.version
        absent = [role for role in self.policy.lineage.coverage if role not in self.roles and role not in version.lacks]
        filled: dict[str, Any] = {
            "architecture": {"id": "policy-test"},
            "artifacts": artifacts,
            "code": {"repository": "https://forge.example/policy-test", "commit": "1" * 40, "entrypoint": "train.py"},
            "data": [{"name": "data", "snapshot": version.version, "role": "training"}],
            "features": {"schema": "features-v1"},
            "parameters": {"values": {"seed": 1}},
            "environment": {"python": "3.12.6"},
            "interface": {"outputs": [{"name": one, "dtype": "float32", "shape": [-1]} for one in version.outputs]},
            "metrics": [plain(one) for one in version.metrics] or good_figures(self.policy),
        }
        return document(
            "Lineage",
            model=self.model.name,
            version=version.version,
            created=self.created,
            author=self.by,
            not_applicable=absent,
            base=version.base,
            **{field: value for field, value in filled.items() if field not in version.lacks},
        )


def good_figures(policy: Policy) -> list[dict[str, Any]]:
    """Figures that just meet every condition of the policy, the same for every version, so that none is worse."""
    figures: dict[tuple[str, str | None], dict[str, Any]] = {}
    for require in (condition.require for condition in policy.conditions):
        key = (require.metric, require.dataset)
        limits = [one for one in (require.at_least, require.at_most, 1.0) if one is not None]
        known = figures.get(key, {"value": limits[0]})["value"]
        value = max(known, require.at_least) if require.at_least is not None else known
        named = {"name": require.metric, "value": float(value)}
        figures[key] = {**named, **({"dataset": require.dataset} if require.dataset else {})}
    return list(figures.values()) or [{"name": "policy-test", "value": 1.0}]


def evidence_file(made: Made, given: GivenEvidence, *, name: str, by: str, created: str) -> Files:
    """One evidence document of a version."""
    data = document(
        "Evidence",
        model=made.model.name,
        version=made.version.version,
        type=given.type,
        artifacts_sha256=made.digests,
        result=given.result,
        metrics=[plain(one) for one in given.metrics] or good_figures(made.policy),
        created=created,
        by=by,
    )
    return {LAYOUT.evidence_path(made.model.name, made.version.version, name): data}


def stage_file(model: str, stage: str, version: str, lineage_sha256: str | None) -> Files:
    """A stage state; a version that is not there is pinned to nothing that exists."""
    pinned = lineage_sha256 or "0" * 64
    data = document("StageState", model=model, stage=stage, version=version, lineage_sha256=pinned)
    return {LAYOUT.stage_path(model, stage): data}


def hold_file(model: str, stage: str, number: int, **fields: Any) -> Files:
    """A hold or a lift."""
    return {LAYOUT.hold_path(model, stage, number): document("Hold", model=model, stage=stage, **fields)}


def quarantine_file(model: str, version: str, number: int, digests: Iterable[str], **fields: Any) -> Files:
    """A quarantine or a release."""
    data = document("Quarantine", model=model, version=version, digests=list(digests), **fields)
    return {LAYOUT.quarantine_path(model, version, number): data}


def status_file(model: str, number: int, action: str, version: str | None, **fields: Any) -> Files:
    """A suspension, resumption or retirement."""
    data = document("Status", model=model, action=action, version=version, **fields)
    return {LAYOUT.status_path(model, number): data}
