"""What is loaded: one version of each model of one stage, taken from a directory target.

A version is loaded beside the one that serves and takes its place by one assignment, so that whoever asks gets one
version whole; one that cannot be loaded changes nothing. The name of the version comes from whoever has it loaded or
from ``deployed.json``; its digest is worked out here, from the bytes.
"""

from __future__ import annotations

import hashlib
import json
import os
from dataclasses import replace
from threading import Lock
from typing import TYPE_CHECKING, Any

from gitops_models.delivery.resolve import resolve
from gitops_models.delivery.targets.tree import read_tree
from gitops_models.delivery.values import entry_digest, holds
from gitops_models.errors import GmError
from gitops_models.registry.names import is_name
from gitops_models.registry.text import visible
from gitops_models.registry.values import dataclass

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from gitops_models.delivery.inference.runtime import OnnxModel
    from gitops_models.registry.canonical import FileDigest

_USUAL_NAME = "model.onnx"
_ENDING = ".onnx"
_MOST_BYTES = 2 << 30  # what protobuf can hold
_LONGEST_NOTE = 1 << 16
_SHORT = 12


@dataclass(frozen=True)
class Loaded:
    """One version that answers."""

    model: str
    version: str
    digest: str
    runtime: OnnxModel


@dataclass(frozen=True)
class Slot:
    """One line of the index: what answers, and why what should answer does not."""

    model: str
    loaded: Loaded | None
    problem: GmError | None


class Shelf:
    """The models below ``root`` at ``stage``; ``load_model`` makes a runtime of bytes and the folder they lie in."""

    def __init__(self, root: Path, stage: str, load_model: Callable[[bytes, Path], OnnxModel]) -> None:
        self.root = root
        self.stage = stage
        self._load_model = load_model
        self._loaded: dict[str, Loaded] = {}
        self._problems: dict[str, GmError] = {}
        self._tried: dict[str, str] = {}
        self._changing = Lock()

    def get(self, model: str) -> Loaded:
        """Return what answers for ``model``; GM-R333."""
        found = self._loaded.get(model)
        if found is None:
            raise GmError("GM-R333", f"{visible(model)} is not served")
        return found

    def index(self) -> tuple[Slot, ...]:
        """Every model that answers or should."""
        names = sorted({*self._loaded, *self._problems})
        return tuple(Slot(name, self._loaded.get(name), self._problems.get(name)) for name in names)

    def load(self, model: str, *, version: str | None = None, digest: str | None = None) -> Loaded:
        """Have what ``current`` names answer from now on, if it is ``digest`` where that is given.

        Raises GM-R401 and GM-R402 where nothing is live, GM-R332 for what cannot be loaded, GM-R333 for no such name.
        """
        if not is_name(model):
            raise GmError("GM-R333", f"{visible(model)} is no name of a model")
        with self._changing:
            self._tried[model] = self._link(model)
            return self._load(model, version, digest)

    def unload(self, model: str) -> None:
        """Have nothing answer for ``model``; GM-R333 where nothing does."""
        with self._changing:
            found = self._loaded.pop(model, None)
            self._problems.pop(model, None)
        if found is None:
            raise GmError("GM-R333", f"{visible(model)} is not served")

    def refresh(self) -> tuple[tuple[str, Loaded | GmError | None], ...]:
        """Follow the links that changed since they were last tried; what came of each, ``None`` for unloaded."""
        with self._changing:
            return tuple(self._follow(model) for model in sorted({*self._places(), *self._tried}) if self._moved(model))

    def _follow(self, model: str) -> tuple[str, Loaded | GmError | None]:
        self._tried[model] = self._link(model)
        if not self._tried[model]:
            del self._tried[model]
            self._loaded.pop(model, None)
            self._problems.pop(model, None)
            return model, None
        try:
            return model, self._load(model, None, None)
        except GmError as error:
            return model, error

    def _load(self, model: str, version: str | None, digest: str | None) -> Loaded:
        try:
            folder = resolve(self.root / model / self.stage)
            found = _digest_of(folder, digest)
            loaded = Loaded(model, version or found[:_SHORT], found, self._read(folder, found))
        except GmError as error:
            self._problems[model] = error
            raise
        self._problems.pop(model, None)
        self._loaded[model] = self._named(loaded)
        return self._loaded[model]

    def _read(self, folder: Path, digest: str) -> OnnxModel:
        try:
            files = read_tree(folder)
            if not holds(files, digest):
                raise GmError("GM-R332", "the bytes are not those of the version", where=str(folder))
            file = _model_file(files, folder)
            data = (folder / file.path).read_bytes()
        except OSError as error:
            raise GmError("GM-R332", f"cannot be read: {error.strerror}", where=str(folder)) from error
        # What is loaded is what was hashed, also where somebody writes in between.
        if hashlib.sha256(data).hexdigest() != file.sha256:
            raise GmError("GM-R332", "the bytes changed while they were read", where=str(folder))
        return self._load_model(data, folder)

    def _named(self, loaded: Loaded) -> Loaded:
        """With its name for people from ``deployed.json`` where that speaks of the same bytes and nobody said it."""
        if loaded.version != loaded.digest[:_SHORT]:
            return loaded
        try:
            with (self.root / loaded.model / self.stage / "deployed.json").open("rb") as file:
                said: Any = json.loads(file.read(_LONGEST_NOTE))
            known = said["sha256"] == loaded.digest and isinstance(said["version"], str)
        except (OSError, ValueError, KeyError, TypeError, RecursionError):
            return loaded
        return replace(loaded, version=said["version"]) if known else loaded

    def _moved(self, model: str) -> bool:
        """Whether the link says something else than when it was tried; a name that came late is taken up."""
        if self._link(model) != self._tried.get(model, ""):
            return True
        if (loaded := self._loaded.get(model)) is not None:
            self._loaded[model] = self._named(loaded)
        return False

    def _link(self, model: str) -> str:
        try:
            return str((self.root / model / self.stage / "current").readlink())
        except OSError:
            return ""

    def _places(self) -> Iterator[str]:
        try:
            with os.scandir(self.root) as entries:
                yield from (entry.name for entry in entries if is_name(entry.name))
        except OSError:
            return


def _digest_of(folder: Path, wanted: str | None) -> str:
    found = entry_digest(folder.name)
    if found is None or wanted not in (None, found):
        raise GmError(
            "GM-R332", f"{folder.name[:_SHORT]} is live, not {visible(wanted or 'a digest')}", where=str(folder)
        )
    return found


def _model_file(files: tuple[FileDigest, ...], folder: Path) -> FileDigest:
    """Return ``model.onnx``, or the only ONNX file there is."""
    found = [file for file in files if file.path.endswith(_ENDING)]
    usual = [file for file in found if file.path == _USUAL_NAME]
    if len(usual or found) != 1:
        raise GmError("GM-R332", f"{len(found)} ONNX files and none is {_USUAL_NAME}", where=str(folder))
    (file,) = usual or found
    if file.size > _MOST_BYTES:
        raise GmError("GM-R332", f"{file.path} is larger than 2 GiB", where=str(folder))
    return file
