"""P2xx, lineage: a version says what it is made of, as far as the policy demands it."""

from __future__ import annotations

from typing import TYPE_CHECKING, get_args

from gitops_models.policy.approvals import CLOCK_TOLERANCE
from gitops_models.policy.document import LineageField
from gitops_models.policy.lkg import WITHOUT_INTERFACE
from gitops_models.policy.rule import Kind, Problem, Rule
from gitops_models.registry.events import Promoted, RolledBack, VersionRegistered
from gitops_models.registry.names import parse_reference
from gitops_models.registry.times import moved, parse_time

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gitops_models.policy.context import Context
    from gitops_models.registry.documents import Lineage


def _registered(context: Context) -> Iterator[tuple[str, Lineage]]:
    """Path and document of every lineage that the change brings."""
    for event in context.of(VersionRegistered):
        path = context.after.layout.lineage_path(event.model, event.version)
        yield path, context.after.lineage(event.model, event.version)


def required_fields_are_filled(context: Context) -> Iterator[Problem]:
    """Each field that the policy requires says something."""
    for path, lineage in _registered(context):
        asked = _asked(context, lineage)
        missing = [field for field in context.policy.lineage.require if field in asked and not _filled(lineage, field)]
        if missing:
            yield Problem(f"{lineage.model}@{lineage.version} lacks {', '.join(missing)}", path)


def _asked(context: Context, lineage: Lineage) -> frozenset[str]:
    """Fields that are asked of a version: what nobody trained has neither training data nor features nor interface.

    That is so of prompts and configurations, and only as long as they bring nothing that was trained or built.
    """
    kind = context.after.model(lineage.model).type if context.after.has_model(lineage.model) else "model"
    worded = kind in WITHOUT_INTERFACE and not lineage.digests("weights", "binary")
    return _FIELDS - _OF_TRAINING if worded else _FIELDS


def _filled(lineage: Lineage, field: str) -> bool:
    """Whether a field is given and not a group of nothing."""
    value = getattr(lineage, field)
    return bool(value) and value != type(value)() if field in _ALL_OPTIONAL else bool(value)


_FIELDS = frozenset(get_args(LineageField))
_OF_TRAINING = frozenset(("data", "features", "interface"))
_ALL_OPTIONAL = frozenset(("code", "parameters", "environment", "interface"))
"""Groups whose own fields are all optional: an empty one fills nothing."""


def roles_are_covered(context: Context) -> Iterator[Problem]:
    """Each artifact role that the policy covers is there, or is named under not_applicable."""
    for path, lineage in _registered(context):
        present = {artifact.role for artifact in lineage.artifacts}
        missing = [role for role in context.policy.lineage.coverage if role not in {*present, *lineage.not_applicable}]
        if missing:
            yield Problem(f"{lineage.model}@{lineage.version} has no artifact for {', '.join(missing)}", path)
        for role in sorted(present & set(lineage.not_applicable)):
            yield Problem(f"{role} is there and listed under not_applicable too", path)


def author_signed(context: Context) -> Iterator[Problem]:
    """Demand that the author of a lineage is who signed what it says, and the only one who touched it."""
    for path, lineage in _registered(context):
        if (why := context.speaks(lineage.author, path)) is not None:
            yield Problem(f"the author is {why}", path)


def created_is_past(context: Context) -> Iterator[Problem]:
    """Demand that a lineage was made before it is accepted, as far as clocks agree."""
    latest = moved(context.facts.at, CLOCK_TOLERANCE) if context.facts.at is not None else None
    for path, lineage in _registered(context):
        if latest is not None and parse_time(lineage.created) > latest:
            yield Problem(f"created {lineage.created} lies in the future", path)


def base_exists(context: Context) -> Iterator[Problem]:
    """Demand that the version that this one is built on is registered."""
    for path, lineage in _registered(context):
        if lineage.base is None:
            continue
        base = parse_reference(lineage.base)
        if base.version is None or not context.after.has_version(base.model, base.version):
            yield Problem(f"the base {lineage.base} is not registered", path)
        elif (base.model, base.version) == (lineage.model, lineage.version):
            yield Problem("a version cannot be its own base", path)


def bytes_are_there(context: Context) -> Iterator[Problem]:
    """Demand that the bytes of a version that is registered or moved can be fetched."""
    if context.facts.bytes_present is None:
        return
    wanted = {(event.model, event.version): event.paths[0] for event in context.of(VersionRegistered)}
    wanted |= {(event.model, event.to_version): event.paths[0] for event in context.of(Promoted, RolledBack)}
    for (model, version), path in sorted(wanted.items()):
        if not context.facts.bytes_present.get((model, version), False):
            yield Problem(f"bytes of {model}@{version} are not in the artifact remote", path)


def model_is_declared(context: Context) -> Iterator[Problem]:
    """Whatever is said of a model stands beside its model.yaml, which names its risk."""
    for model in context.models:
        if not context.after.has_model(model):
            yield Problem(f"{model} has no model.yaml", context.after.layout.model_path(model))


RULES = (
    Rule(
        "GM-P201",
        required_fields_are_filled,
        "Each version is traceable to data, code, parameters, environment.",
        waivable=True,
    ),
    Rule("GM-P202", roles_are_covered, "Every part of a version is versioned or said not to exist.", waivable=True),
    Rule("GM-P203", model_is_declared, "Without its document a model has no risk, owner or consumers."),
    Rule("GM-P204", author_signed, "A lineage speaks for the one who signs it."),
    Rule("GM-P205", base_exists, "Descent is traceable."),
    Rule("GM-P206", bytes_are_there, "A version whose bytes are gone cannot be served.", Kind.ADMISSION),
    Rule("GM-P210", created_is_past, "What is counted from a time to come never ends.", Kind.ADMISSION),
)
