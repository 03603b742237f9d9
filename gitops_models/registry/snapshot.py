"""All governed documents at one tree. Listings read paths only; a document is parsed when it is asked for."""

from collections.abc import Mapping
from typing import TypeVar, cast

from gitops_models.errors import GmError
from gitops_models.registry.cache import BlobSource, cache_of
from gitops_models.registry.canonical import sha256_hex
from gitops_models.registry.documents import (
    Cause,
    Document,
    Evidence,
    Hold,
    Lineage,
    Model,
    People,
    Quarantine,
    Repository,
    StageState,
    Status,
    Targets,
)
from gitops_models.registry.names import version_key
from gitops_models.registry.paths import (
    DOCUMENT_KINDS,
    GM_YAML,
    PEOPLE_YAML,
    TARGETS_YAML,
    Layout,
    Place,
    model_scope,
)
from gitops_models.registry.scopes import GITLINK, Entry, Scope

__all__ = ["BlobSource", "Entry", "Scope", "Snapshot"]

_D = TypeVar("_D", bound=Document)


class Snapshot:
    """The governed files of one tree, by scope. Immutable: ``with_…`` returns another one that shares the rest."""

    def __init__(self, layout: Layout, scopes: Mapping[str, Mapping[str, Entry]], blobs: BlobSource) -> None:
        self.layout = layout
        self.blobs = blobs
        self._cache = cache_of(blobs)
        self._scopes: dict[str, Scope] = {
            name: entries if isinstance(entries, Scope) else Scope(layout, entries)
            for name, entries in scopes.items()
            if entries
        }

    @classmethod
    def empty(cls, layout: Layout, blobs: BlobSource) -> "Snapshot":
        """Return a snapshot without files."""
        return cls(layout, {}, blobs)

    # Files

    def scope_names(self) -> tuple[str, ...]:
        """Return the scopes that have files, sorted."""
        return tuple(sorted(self._scopes))

    def scope(self, scope: str) -> Scope:
        """Return the files of a scope by path; empty for a scope without files."""
        return self._scopes.get(scope) or Scope(self.layout, {})

    def place(self, path: str) -> Place:
        """Return what a path is; ``GM-D031`` if it is not governed."""
        place = self.layout.classify(path)
        if place is None:
            raise GmError("GM-D031", "path is not governed", where=path)
        return place

    def entry(self, path: str) -> Entry | None:
        """Return mode and object id at ``path``, or None."""
        place = self.layout.classify(path)
        return self._scopes[place.scope].get(path) if place and place.scope in self._scopes else None

    def data(self, path: str) -> bytes:
        """Return the content at ``path``; ``GM-D030`` if there is none."""
        return self.blobs.blob(self._required(path).oid)

    def sha256(self, path: str) -> str | None:
        """Return the sha256 of the content at ``path``, or None if there is no file.

        A submodule has no content here; its commit id is hashed instead, so that a change of it is seen.
        """
        entry = self.entry(path)
        if entry is None:
            return None
        return sha256_hex(entry.oid.encode()) if entry.mode == GITLINK else self._cache.sha256(self.blobs, entry.oid)

    def document(self, path: str) -> Document:
        """Return the document at ``path``; it must be of the kind that belongs there (``GM-D022``).

        Raises ``GM-D030`` if there is no file and the loader's codes if it is not valid. Identity is not compared
        here: see :func:`gitops_models.registry.documents.identity.identity_problem`.
        """
        document = self._cache.document(self.blobs, self._required(path).oid, path)
        kind = DOCUMENT_KINDS.get(self.place(path).kind)
        if document.kind != kind:
            raise GmError("GM-D022", f"a {document.kind} where {kind or 'no document'} belongs", where=path)
        return document

    def reading(self, blobs: BlobSource) -> "Snapshot":
        """Return the same files read from another source."""
        return self if blobs is self.blobs else self._made(self._scopes, blobs)

    def with_scope(self, scope: str, entries: Mapping[str, Entry]) -> "Snapshot":
        """Return a snapshot whose ``scope`` has exactly ``entries``."""
        return self._with({scope: entries if isinstance(entries, Scope) else Scope(self.layout, entries)})

    def with_entries(self, entries: Mapping[str, Entry | None]) -> "Snapshot":
        """Return a snapshot with these files set (None removes); paths that are not governed are left out."""
        by_scope: dict[str, dict[str, Entry | None]] = {}
        for path, entry in entries.items():
            place = self.layout.classify(path)
            if place is not None:
                by_scope.setdefault(place.scope, {})[path] = entry
        scopes = {scope: self.scope(scope).updated(changes) for scope, changes in by_scope.items()}
        return self._with(scopes)

    # Policy scope

    def repository(self) -> Repository:
        """Return gm.yaml."""
        return self._typed(GM_YAML, Repository)

    def people(self) -> People:
        """Return policies/people.yaml."""
        return self._typed(PEOPLE_YAML, People)

    def targets(self) -> Targets:
        """Return policies/targets.yaml, an empty one if there is none."""
        return self._typed(TARGETS_YAML, Targets) if self.entry(TARGETS_YAML) else Targets()

    # Names, from paths only

    def models(self) -> tuple[str, ...]:
        """Return the models that have a model.yaml, sorted."""
        found = (member for scope in self._scopes.values() for member in scope.members("model"))
        return tuple(sorted(cast("str", member) for member in found))

    def has_model(self, model: str) -> bool:
        """Whether the model has a model.yaml."""
        return self._model_scope(model).has(model, "model")

    def versions(self, model: str) -> tuple[str, ...]:
        """Return the versions of a model in version order."""
        return self._model_scope(model).versions

    def has_version(self, model: str, version: str) -> bool:
        """Whether the version is registered; costs the same however many versions there are."""
        return self._model_scope(model).has(version, "versions")

    def stages(self, model: str) -> tuple[str, ...]:
        """Return the stages with a stage state, by name."""
        return self._names(model, "stages")

    def pointers(self, model: str, version: str) -> tuple[str, ...]:
        """Return the artifact names that have a DVC pointer, by name."""
        return self._names(model, "pointers", version)

    def evidence_names(self, model: str, version: str) -> tuple[str, ...]:
        """Return the ids of a version's evidence, by name."""
        return self._names(model, "evidence", version)

    def cause_names(self, model: str) -> tuple[str, ...]:
        """Return the ids of a model's causes, by name."""
        return self._names(model, "causes")

    def hold_numbers(self, model: str, stage: str) -> tuple[int, ...]:
        """Return the numbers of a stage's hold files in order."""
        return self._numbers(model, "holds", stage)

    def quarantine_numbers(self, model: str, version: str) -> tuple[int, ...]:
        """Return the numbers of a version's quarantine files in order."""
        return self._numbers(model, "quarantine", version)

    def status_numbers(self, model: str) -> tuple[int, ...]:
        """Return the numbers of a model's status files in order."""
        return self._numbers(model, "status")

    # Documents

    def model(self, name: str) -> Model:
        """Return model.yaml; ``GM-D030`` for an unknown model."""
        return self._typed(self.layout.model_path(name), Model)

    def lineage(self, model: str, version: str) -> Lineage:
        """Return the lineage of a version; ``GM-D030`` for an unknown one."""
        return self._typed(self.layout.lineage_path(model, version), Lineage)

    def lineage_sha256(self, model: str, version: str) -> str | None:
        """Return the sha256 of lineage.yaml, or None for an unknown version."""
        return self.sha256(self.layout.lineage_path(model, version))

    def stage_state(self, model: str, stage: str) -> StageState | None:
        """Return what should be live in a stage, or None if nothing should."""
        path = self.layout.stage_path(model, stage)
        return self._typed(path, StageState) if self.entry(path) else None

    def evidence(self, model: str, version: str) -> tuple[Evidence, ...]:
        """Return a version's evidence in the order of its ids."""
        names = self.evidence_names(model, version)
        return tuple(self._typed(self.layout.evidence_path(model, version, name), Evidence) for name in names)

    def holds(self, model: str, stage: str) -> tuple[Hold, ...]:
        """Return a stage's holds and lifts in order."""
        numbers = self.hold_numbers(model, stage)
        return tuple(self._typed(self.layout.hold_path(model, stage, number), Hold) for number in numbers)

    def held(self, model: str, stage: str) -> Hold | None:
        """Return the hold that bars the stage, or None."""
        numbers = self.hold_numbers(model, stage)
        if not numbers:
            return None
        last = self._typed(self.layout.hold_path(model, stage, numbers[-1]), Hold)
        return last if last.action == "hold" else None

    def quarantines(self, model: str, version: str) -> tuple[Quarantine, ...]:
        """Return a version's quarantines and releases in order."""
        numbers = self.quarantine_numbers(model, version)
        return tuple(self._typed(self.layout.quarantine_path(model, version, n), Quarantine) for n in numbers)

    def standing_quarantines(self, model: str, version: str) -> tuple[Quarantine, ...]:
        """Return a version's quarantines since its last release, in order; none when it is free."""
        standing: list[Quarantine] = []
        for record in self.quarantines(model, version):
            standing = [*standing, record] if record.action == "quarantine" else []
        return tuple(standing)

    def quarantined(self, model: str, version: str) -> bool:
        """Whether the version is barred everywhere."""
        return bool(self.standing_quarantines(model, version))

    def quarantined_versions(self, model: str) -> tuple[str, ...]:
        """Return the versions that are barred, in version order."""
        listed = (str(version) for version in self._model_scope(model).members("quarantined"))
        return tuple(sorted((version for version in listed if self.quarantined(model, version)), key=version_key))

    def quarantined_digests(self, model: str) -> frozenset[str]:
        """Return the sha256 of all bytes barred by a quarantine that stands."""
        versions = self.quarantined_versions(model)
        records = (record for version in versions for record in self.standing_quarantines(model, version))
        return frozenset(digest for record in records for digest in record.digests)

    def causes(self, model: str) -> tuple[Cause, ...]:
        """Return a model's causes in the order of their ids."""
        return tuple(self._typed(self.layout.cause_path(model, name), Cause) for name in self.cause_names(model))

    def statuses(self, model: str) -> tuple[Status, ...]:
        """Return a model's status documents in order."""
        numbers = self.status_numbers(model)
        return tuple(self._typed(self.layout.status_path(model, number), Status) for number in numbers)

    def suspended(self, model: str) -> bool:
        """Whether the model is suspended now."""
        turns = [status.action for status in self.statuses(model) if status.action != "retire"]
        return bool(turns) and turns[-1] == "suspend"

    def retired(self, model: str, version: str | None = None) -> bool:
        """Whether the model, or this version of it, is retired; that is for good."""
        return any(
            status.action == "retire" and (status.version is None or status.version == version)
            for status in self.statuses(model)
        )

    def _with(self, scopes: Mapping[str, Scope]) -> "Snapshot":
        merged = {**self._scopes, **scopes}
        for name in scopes:
            if not merged[name]:
                del merged[name]
        return self._made(merged, self.blobs)

    def _made(self, scopes: dict[str, Scope], blobs: BlobSource) -> "Snapshot":
        """Skip the constructor's look at every scope: a step changes one of thousands."""
        made = Snapshot.empty(self.layout, blobs)
        made._scopes = scopes  # noqa: SLF001 - its own kind
        return made

    def _model_scope(self, model: str) -> Scope:
        return self.scope(model_scope(model))

    def _names(self, model: str, *key: str) -> tuple[str, ...]:
        return tuple(sorted(cast("str", member) for member in self._model_scope(model).members(*key)))

    def _numbers(self, model: str, *key: str) -> tuple[int, ...]:
        return tuple(sorted(cast("int", member) for member in self._model_scope(model).members(*key)))

    def _required(self, path: str) -> Entry:
        entry = self.entry(path)
        if entry is None:
            raise GmError("GM-D030", "no such file in this state of the repository", where=path)
        return entry

    def _typed(self, path: str, cls: type[_D]) -> _D:
        del cls  # for the type checker: `document` has already held the kind against the path
        return cast("_D", self.document(path))
