"""What models, pipelines, prompts and configurations differ in when a version is registered.

All four live under the same rules. A type only says which role a file has whose name says nothing, and which roles a
version of it has none of by its nature: those need not be typed, and stand under ``not_applicable`` all the same.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence
    from pathlib import PurePath

    from gitops_models.workflows.session import Session

_CODE = frozenset({".py", ".ipynb", ".r", ".jl", ".sh"})
_PACKED = frozenset({".bin", ".gz", ".jar", ".pkl", ".so", ".tar", ".tgz", ".whl", ".zip"})
_TEMPLATES = frozenset({".j2", ".jinja", ".jinja2", ".mustache", ".tmpl"})
_BY_STEM = {
    "train": "training-code",
    "infer": "inference-code",
    "predict": "inference-code",
    "serve": "inference-code",
    "pre": "preprocessing",
    "post": "postprocessing",
    "eval": "evaluation",
    "bench": "benchmark",
}
_PROMPT_BY_STEM = {"system": "system-instruction", "template": "template", "eval": "evaluation", "bench": "benchmark"}
ENVIRONMENT_LOCK = "environment.lock"
NONE_OF = {
    "pipeline": ("weights", "binary", "prompt", "template", "system-instruction"),
    "prompt": ("weights", "binary", "training-code", "inference-code", "preprocessing", "postprocessing"),
    "configuration": (
        "weights",
        "binary",
        "training-code",
        "inference-code",
        "preprocessing",
        "postprocessing",
        "prompt",
        "template",
        "system-instruction",
    ),
}
"""Roles that a version of a type has none of, unless it brings such a file."""


def guess_role(path: PurePath, kind: str = "model") -> str:
    """The role that a file's name suggests for a type; what the type itself is made of when nothing else does."""
    suffix, stem = path.suffix.lower(), path.stem.lower()
    if path.name == ENVIRONMENT_LOCK:
        return "environment"
    if suffix in _CODE:
        return _by_stem(stem, _BY_STEM) or "training-code"
    if kind == "prompt":
        return _by_stem(stem, _PROMPT_BY_STEM) or ("template" if suffix in _TEMPLATES else "prompt")
    if kind == "pipeline":
        return _by_stem(stem, _BY_STEM) or ("binary" if suffix in _PACKED else "training-code")
    if kind == "configuration":
        return _by_stem(stem, {"eval": "evaluation", "bench": "benchmark"}) or "configuration"
    return "weights"


def _by_stem(stem: str, roles: dict[str, str]) -> str | None:
    return next((role for start, role in roles.items() if stem.startswith(start)), None)


def kind_of(session: Session, model: str, wanted: str) -> str:
    """The type of an accepted model, or the one that is wanted for a new one."""
    return session.accepted.model(model).type if session.accepted.has_model(model) else wanted


def not_applicable(kind: str, said: Sequence[str], present: Collection[str], covered: Sequence[str]) -> list[str]:
    """What was said to be not applicable, and what the policy covers and a version of this type has none of."""
    nature = [role for role in NONE_OF.get(kind, ()) if role in covered and role not in {*present, *said}]
    return [*said, *nature]
