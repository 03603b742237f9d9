"""P1xx, immutability: what is released stays as it is, byte for byte."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from gitops_models.policy.pointers import PointerFacts, load_pointer
from gitops_models.policy.rule import Kind, Problem, Rule
from gitops_models.registry.deletions import deletion_numbers
from gitops_models.registry.events import Forbidden, Promoted, VersionRegistered
from gitops_models.registry.names import tag_name

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gitops_models.policy.context import Context
    from gitops_models.registry.change import PathChange
    from gitops_models.registry.documents import ArtifactEntry, Cause
    from gitops_models.registry.paths import Place

RELEASED = frozenset(("lineage", "pointer"))
RECORDS = frozenset(("evidence", "signature", "hold", "quarantine", "status", "deletion", "cause"))
NUMBERED = ("hold", "quarantine", "status", "deletion")


def released_files_stay(context: Context) -> Iterator[Problem]:
    """Demand that lineage and pointers of an accepted version stay, and that it gains no pointer."""
    for event in _rewrites(context):
        if context.before.place(event.path).kind in RELEASED:
            yield Problem(event.why, event.path)


def records_are_added_only(context: Context) -> Iterator[Problem]:
    """Demand that no record is removed, and that none is edited but a cause, in how it was settled."""
    for event in _rewrites(context):
        if context.before.place(event.path).kind in RECORDS:
            yield Problem(event.why, event.path)
    for change in context.changed("cause"):
        if change.before is not None and change.after is not None:
            said, says = (cast("Cause", side.document(change.path)) for side in (context.before, context.after))
            if said.model_copy(update={"resolution": says.resolution}) != says:
                yield Problem("of a cause only the resolution is edited", change.path)


def _rewrites(context: Context) -> Iterator[Forbidden]:
    return (event for event in context.of(Forbidden) if event.reason in ("edited", "removed"))


def records_are_numbered(context: Context) -> Iterator[Problem]:
    """Demand that new records of one series follow the last accepted one without a gap."""
    last: dict[str, int] = {}
    for change in sorted(context.changed(*NUMBERED), key=_number):
        if change.before is not None:
            continue
        folder = change.path.rpartition("/")[0]
        expected = last.get(folder, _last_number(context, change.place)) + 1
        if change.place.number != expected:
            yield Problem(f"record {change.place.number} where {expected} is next", change.path)
        last[folder] = change.place.number or expected


def _number(change: PathChange) -> int:
    return change.place.number or 0


def _last_number(context: Context, place: Place) -> int:
    """Return the number of the last accepted record beside ``place``."""
    before, model = context.before, place.model or ""
    if place.kind == "hold":
        numbers = before.hold_numbers(model, place.stage or "")
    elif place.kind == "quarantine":
        numbers = before.quarantine_numbers(model, place.version or "")
    elif place.kind == "deletion":
        numbers = deletion_numbers(before, model, place.version or "")
    else:
        numbers = before.status_numbers(model)
    return numbers[-1] if numbers else 0


def _versions(context: Context) -> tuple[tuple[str, str], ...]:
    """Versions with a lineage or pointer that the change adds or edits."""
    places = [change.place for change in context.changed("lineage", "pointer")]
    return tuple(sorted({(place.model, place.version) for place in places if place.model and place.version}))


def _pointers(context: Context, model: str, version: str) -> dict[str, PointerFacts]:
    """Return the pointers of a version after the change, by file path."""
    paths = (context.after.layout.pointer_path(model, version, name) for name in context.after.pointers(model, version))
    return {path: load_pointer(context.after.data(path), path) for path in paths}


def _artifacts(context: Context, model: str, version: str) -> dict[str, ArtifactEntry]:
    """Return the artifacts of a version's lineage, by the path of the pointer that each must have."""
    layout = context.after.layout
    if not context.after.has_version(model, version):
        return {}
    lineage = context.after.lineage(model, version)
    return {layout.pointer_path(model, version, artifact.path): artifact for artifact in lineage.artifacts}


def pointers_match_lineage(context: Context) -> Iterator[Problem]:
    """Every pointer is named by the lineage and every artifact of the lineage has its pointer."""
    for model, version in _versions(context):
        pointers = _pointers(context, model, version)
        artifacts = _artifacts(context, model, version)
        for path in sorted(set(pointers) - set(artifacts)):
            yield Problem("a pointer that the lineage does not name", path)
        for path in sorted(set(artifacts) - set(pointers)):
            yield Problem(f"the artifact {artifacts[path].path} has no pointer", path)


def pointers_say_the_same_bytes(context: Context) -> Iterator[Problem]:
    """Demand that a pointer's address and size are those that the lineage records."""
    for model, version in _versions(context):
        artifacts = _artifacts(context, model, version)
        for path, pointer in sorted(_pointers(context, model, version).items()):
            artifact = artifacts.get(path)
            if artifact and (pointer.path, pointer.md5, pointer.size) != (artifact.path, artifact.md5, artifact.size):
                yield Problem(
                    "the pointer and the lineage describe different bytes",
                    path,
                    (
                        f"pointer: {pointer.path} {pointer.md5} {pointer.size} bytes",
                        f"lineage: {artifact.path} {artifact.md5} {artifact.size} bytes",
                    ),
                )


def weights_are_new(context: Context) -> Iterator[Problem]:
    """Demand that weights, or prompts without weights, belong to one version, so that a quarantine bars them all."""
    here: dict[tuple[str, str], str] = {}
    for event in context.of(VersionRegistered):
        path = context.after.layout.lineage_path(event.model, event.version)
        for digest in sorted(set(context.after.lineage(event.model, event.version).own_digests())):
            key = (event.model, digest)
            known = context.facts.state.weights.get(key, here.get(key, event.version))
            here[key] = event.version
            if known != event.version:
                yield Problem(f"{event.model}@{event.version} has the weights or prompt of {known}", path, (digest,))


def tags_are_right(context: Context) -> Iterator[Problem]:
    """Demand that the tag of a promoted version stands for the step that registered it."""
    for name, found, step in _tags(context):
        if found is not None and step is not None and found != step:
            yield Problem(
                f"the tag {name} does not stand for the step that registered the version", None, (found, step)
            )


def tags_are_there(context: Context) -> Iterator[Problem]:
    """Demand that a promotion past the first stage needs the signed tag of the version."""
    for name, found, _ in _tags(context):
        if found is None:
            yield Problem(f"the tag {name} is missing or has no good signature")


def _tags(context: Context) -> Iterator[tuple[str, str | None, str | None]]:
    """Tag name, what it stands for, and the registering step (None where a pin hides it), of promoted versions.

    A version that this very change registers has no tag yet.
    """
    for event in context.of(Promoted):
        known = context.facts.state.registered.get((event.model, event.to_version))
        if context.facts.tags is None or known is None or context.policy.stage_index(event.stage) == 0:
            continue
        name = tag_name(event.model, event.to_version)
        yield name, context.facts.tags.get(name), known.step if known.at is not None else None


RULES = (
    Rule("GM-P101", released_files_stay, "Deployed versions are immutable; a change is a new version."),
    Rule(
        "GM-P102",
        records_are_added_only,
        "Evidence, holds, quarantine and status only grow; a cause is settled, not reworded.",
    ),
    Rule("GM-P103", records_are_numbered, "Records are counted, so none can be slipped in or left out."),
    Rule("GM-P104", pointers_match_lineage, "Nothing unversioned and nothing partly versioned."),
    Rule("GM-P105", pointers_say_the_same_bytes, "Address and digest describe the same bytes."),
    Rule("GM-P106", weights_are_new, "One set of weights has one version."),
    Rule("GM-P107", tags_are_right, "A moved tag would name other content.", Kind.ADMISSION),
    Rule("GM-P108", tags_are_there, "The registered version can be named and verified by plain Git.", Kind.ADMISSION),
)
