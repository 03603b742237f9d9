"""What each governed path is (DESIGN.md section 3), and the builders of those paths."""

import re
from collections.abc import Callable
from dataclasses import field
from functools import lru_cache
from typing import Literal

from gitops_models.registry.disguise import disguised
from gitops_models.registry.documents._base import is_artifact_path
from gitops_models.registry.documents.repository import Repository
from gitops_models.registry.names import is_name, is_version
from gitops_models.registry.values import dataclass

GM_YAML = "gm.yaml"
POLICY_YAML = "policies/policy.yaml"
PEOPLE_YAML = "policies/people.yaml"
TARGETS_YAML = "policies/targets.yaml"
TRUSTED_ROOT_JSON = "policies/sigstore-trusted-root.json"
DVC_CONFIG = ".dvc/config"
POLICY_SCOPE = "policy"
BUNDLE_END = ".sigstore.json"

PlaceKind = Literal[
    "repository", "policy", "people", "targets", "waiver", "policy-test", "workflow", "dvc-config", "codeowners",
    "extra", "gitignore", "model", "triggers", "lineage", "pointer", "evidence", "signature", "stage-state", "hold",
    "quarantine", "cause", "status", "deletion", "other",
]  # fmt: skip
MUTABLE_KINDS = frozenset(("stage-state", "model", "triggers", "cause"))
ADD_ONLY_KINDS = frozenset(("lineage", "pointer", "evidence", "signature", "hold", "quarantine", "status", "deletion"))
# The document kind that belongs at a place; places without a document (pointers, workflows, ...) are missing here.
DOCUMENT_KINDS: dict[str, str] = {
    "repository": "Repository",
    "policy": "Policy",
    "people": "People",
    "targets": "Targets",
    "waiver": "Waiver",
    "policy-test": "PolicyTest",
    "model": "Model",
    "triggers": "Triggers",
    "lineage": "Lineage",
    "evidence": "Evidence",
    "stage-state": "StageState",
    "hold": "Hold",
    "quarantine": "Quarantine",
    "cause": "Cause",
    "status": "Status",
    "deletion": "Deletion",
}
_FIXED: dict[str, PlaceKind] = {
    GM_YAML: "repository",
    POLICY_YAML: "policy",
    PEOPLE_YAML: "people",
    TARGETS_YAML: "targets",
    DVC_CONFIG: "dvc-config",
    ".github/CODEOWNERS": "codeowners",
}
_NUMBER = re.compile(r"[1-9][0-9]{0,8}")


@dataclass(frozen=True)
class Place:
    """What a path is. ``kind`` ``other`` means governed but unknown: such a file is never accepted."""

    kind: PlaceKind
    scope: str
    model: str | None = None
    version: str | None = None
    stage: str | None = None
    name: str | None = None
    number: int | None = None


def model_scope(model: str) -> str:
    """Return the scope of a model."""
    return f"model:{model}"


def model_of(scope: str) -> str:
    """Return the model of a scope; the policy's scope is its own name."""
    return scope.removeprefix("model:")


@dataclass(frozen=True)
class Layout:
    """Where things lie: the models root and the further governed paths of gm.yaml."""

    models: str = "models"
    governed: tuple[str, ...] = field(default=())

    @classmethod
    def of(cls, repository: Repository) -> "Layout":
        """Return the layout that a Repository document declares."""
        return cls(repository.models, repository.governed)

    def classify(self, path: str) -> Place | None:
        """Return what ``path`` is, or None if it is not governed."""
        return _classify(self, path)

    def mutable(self, path: str) -> bool:
        """Whether an accepted file at ``path`` may change later: stages, model, triggers, causes, policy paths."""
        place = self.classify(path)
        return place is not None and (place.kind in MUTABLE_KINDS or place.scope == POLICY_SCOPE)

    def roots(self) -> tuple[str, ...]:
        """Return every path or directory under which something may be governed, for walks that prune."""
        extras = (pattern.removesuffix("**").removesuffix("/") for pattern in self.governed)
        return (self.models, GM_YAML, "policies", DVC_CONFIG, ".github/workflows", ".github/CODEOWNERS", *extras)

    def model_path(self, model: str) -> str:
        """Return the path of the Model document."""
        return f"{self.models}/{model}/model.yaml"

    def version_dir(self, model: str, version: str) -> str:
        """Return the directory of one version."""
        return f"{self.models}/{model}/versions/{version}"

    def lineage_path(self, model: str, version: str) -> str:
        """Return the path of the Lineage document."""
        return f"{self.version_dir(model, version)}/lineage.yaml"

    def pointer_path(self, model: str, version: str, name: str) -> str:
        """Return the path of the DVC pointer of the artifact ``name``."""
        return f"{self.version_dir(model, version)}/{name}.dvc"

    def evidence_path(self, model: str, version: str, name: str) -> str:
        """Return the path of the Evidence document ``name``."""
        return f"{self.version_dir(model, version)}/evidence/{name}.yaml"

    def signature_path(self, model: str, version: str, name: str) -> str:
        """Return the path of an attached signature; ``name`` ends in ``.sigstore.json`` or is ``model.sig``."""
        return f"{self.version_dir(model, version)}/evidence/{name}"

    def stage_path(self, model: str, stage: str) -> str:
        """Return the path of the StageState document."""
        return f"{self.models}/{model}/stages/{stage}.yaml"

    def hold_path(self, model: str, stage: str, number: int) -> str:
        """Return the path of the n-th Hold document of a stage."""
        return f"{self.models}/{model}/holds/{stage}/{number}.yaml"

    def quarantine_path(self, model: str, version: str, number: int) -> str:
        """Return the path of the n-th Quarantine document of a version."""
        return f"{self.models}/{model}/quarantine/{version}/{number}.yaml"

    def deletion_path(self, model: str, version: str, number: int) -> str:
        """Return the path of the n-th Deletion document of a version."""
        return f"{self.models}/{model}/deletions/{version}/{number}.yaml"

    def cause_path(self, model: str, cause: str) -> str:
        """Return the path of the Cause document ``cause``."""
        return f"{self.models}/{model}/causes/{cause}.yaml"

    def status_path(self, model: str, number: int) -> str:
        """Return the path of the n-th Status document."""
        return f"{self.models}/{model}/status/{number}.yaml"

    def triggers_path(self, model: str) -> str:
        """Return the path of the Triggers document."""
        return f"{self.models}/{model}/triggers.yaml"

    @property
    def gitignore_path(self) -> str:
        """The one ignore file that keeps bytes out of Git."""
        return f"{self.models}/.gitignore"


@lru_cache(maxsize=1 << 17)
def _classify(layout: Layout, path: str) -> Place | None:
    root = f"{layout.models}/"
    if path.startswith(root):
        return _model_place(path[len(root) :])
    # A file or link where the models directory belongs would hide every model.
    if path == layout.models:
        return Place("other", POLICY_SCOPE)
    return _policy_place(layout, path)


def _policy_place(layout: Layout, path: str) -> Place | None:
    if path in _FIXED:
        return Place(_FIXED[path], POLICY_SCOPE)
    if path.startswith("policies/"):
        return _policies_place(path.removeprefix("policies/"))
    if path.startswith(".github/workflows/gm-") and path.endswith((".yml", ".yaml")):
        return Place("workflow", POLICY_SCOPE, name=path.removeprefix(".github/workflows/"))
    if path in ("policies", ".dvc", ".github", ".github/workflows"):
        return Place("other", POLICY_SCOPE)
    if any(_covers(pattern, path) for pattern in layout.governed):
        return Place("extra", POLICY_SCOPE)
    return Place("other", POLICY_SCOPE) if disguised(path, layout.roots()) else None


def _policies_place(rest: str) -> Place:
    directory, slash, name = rest.partition("/")
    stem = name.removesuffix(".yaml")
    if slash and name != stem and is_name(stem):
        if directory == "waivers":
            return Place("waiver", POLICY_SCOPE, name=stem)
        if directory == "tests":
            return Place("policy-test", POLICY_SCOPE, name=stem)
    return Place("extra", POLICY_SCOPE)


def _covers(pattern: str, path: str) -> bool:
    directory = pattern.removesuffix("**").removesuffix("/")
    return path == directory or path.startswith(f"{directory}/")


def _model_place(rest: str) -> Place:
    if rest == ".gitignore":
        return Place("gitignore", POLICY_SCOPE)
    model, *parts = rest.split("/")
    # A stray file directly in the root gets a scope of its own: denying it must not block anything else.
    scope = model_scope(model)
    reader = _READERS.get((parts[0], len(parts))) if parts and is_name(model) else None
    place = reader(scope, model, parts) if reader else None
    return place or Place("other", scope, model if is_name(model) else None)


def _document(scope: str, model: str, parts: list[str]) -> Place | None:
    return Place("model" if parts[0] == "model.yaml" else "triggers", scope, model)


def _version_file(scope: str, model: str, parts: list[str]) -> Place | None:
    _, version, name = parts
    if not is_version(version):
        return None
    if name == "lineage.yaml":
        return Place("lineage", scope, model, version)
    artifact = name.removesuffix(".dvc")
    if artifact != name and is_artifact_path(artifact):
        return Place("pointer", scope, model, version, name=artifact)
    return None


def _evidence_file(scope: str, model: str, parts: list[str]) -> Place | None:
    _, version, directory, name = parts
    if directory != "evidence" or not is_version(version):
        return None
    stem = name.removesuffix(".yaml")
    if stem != name:
        return Place("evidence", scope, model, version, name=stem) if is_name(stem) else None
    signed = name.removesuffix(BUNDLE_END)
    if name == "model.sig" or (signed != name and is_name(signed)):
        return Place("signature", scope, model, version, name=name)
    return None


def _stage_file(scope: str, model: str, parts: list[str]) -> Place | None:
    stage = _stem(parts[1])
    return Place("stage-state", scope, model, stage=stage) if stage else None


def _cause_file(scope: str, model: str, parts: list[str]) -> Place | None:
    name = _stem(parts[1])
    return Place("cause", scope, model, name=name) if name else None


def _hold_file(scope: str, model: str, parts: list[str]) -> Place | None:
    _, stage, name = parts
    number = _number(name)
    return Place("hold", scope, model, stage=stage, number=number) if number and is_name(stage) else None


def _version_record(scope: str, model: str, parts: list[str]) -> Place | None:
    folder, version, name = parts
    number = _number(name)
    kind: PlaceKind = "quarantine" if folder == "quarantine" else "deletion"
    return Place(kind, scope, model, version, number=number) if number and is_version(version) else None


def _status_file(scope: str, model: str, parts: list[str]) -> Place | None:
    number = _number(parts[1])
    return Place("status", scope, model, number=number) if number else None


def _stem(name: str) -> str | None:
    stem = name.removesuffix(".yaml")
    return stem if stem != name and is_name(stem) else None


def _number(name: str) -> int | None:
    stem = name.removesuffix(".yaml")
    return int(stem) if stem != name and _NUMBER.fullmatch(stem) else None


_Reader = Callable[[str, str, list[str]], Place | None]
# First directory below the model, and how many path segments there are.
_READERS: dict[tuple[str, int], _Reader] = {
    ("model.yaml", 1): _document,
    ("triggers.yaml", 1): _document,
    ("versions", 3): _version_file,
    ("versions", 4): _evidence_file,
    ("stages", 2): _stage_file,
    ("causes", 2): _cause_file,
    ("holds", 3): _hold_file,
    ("quarantine", 3): _version_record,
    ("deletions", 3): _version_record,
    ("status", 2): _status_file,
}
