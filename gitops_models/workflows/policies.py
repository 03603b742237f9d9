"""Reading policies for people who write them: the file at work, and what it stands on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

from gitops_models.artifacts.files import open_directory, open_regular
from gitops_models.artifacts.small_files import read_small
from gitops_models.errors import GmError
from gitops_models.policy.lint import Ground, lint
from gitops_models.registry.documents import People, parse_document
from gitops_models.registry.paths import PEOPLE_YAML, POLICY_YAML
from gitops_models.registry.yamls import MAX_BYTES
from gitops_models.store.repository import Store
from gitops_models.store.snapshots import snapshot
from gitops_models.verification.fold import layout_at

if TYPE_CHECKING:
    from datetime import datetime
    from pathlib import Path

    from gitops_models.policy.verdict import Finding
    from gitops_models.registry.snapshot import Snapshot

TOO_LARGE = "GM-D001"
NO_REPOSITORY = "GM-S001"


@dataclass(frozen=True)
class Desk:
    """Where somebody writes a policy: a work tree, and what is committed at HEAD. Each may be absent."""

    root: Path | None
    head: Snapshot | None

    def data(self, path: str) -> bytes | None:
        """The file as it stands in the work tree, else as it is committed."""
        if self.root is not None and (self.root / path).is_file():
            return read_policy_file(self.root, path)
        return self.head.data(path) if self.head is not None and self.head.entry(path) else None


def read_policy_file(root: Path, path: str) -> bytes:
    """The file at ``policies/…`` of a work tree, never through a link: the tree may be a stranger's proposal.

    Raises GM-D001 where it is larger than a document may be, GM-A101 to GM-A109 where it cannot be read.
    """
    folder, _, name = path.rpartition("/")
    with open_directory(root / folder, where=folder) as within, open_regular(name, dir_fd=within, where=path) as stream:
        data = stream.read(MAX_BYTES + 1)
    if len(data) > MAX_BYTES:
        raise GmError(TOO_LARGE, f"more than {MAX_BYTES} bytes", where=path)
    return data


def desk(path: Path) -> Desk:
    """The repository at ``path``; an empty desk where there is none."""
    try:
        store = Store.discover(path)
    except GmError as error:
        if error.code != NO_REPOSITORY:
            raise
        return Desk(None, None)
    tip = store.ref("HEAD")
    return Desk(store.work_tree, snapshot(store, tip, layout_at(store, tip)) if tip else None)


def lint_here(path: Path, file: Path | None, at: datetime) -> tuple[Finding, ...]:
    """Lint ``file``, or else the policy of the repository at ``path``, against the people and models there.

    Raises GM-P701 where there is no policy, GM-A101 to GM-A109 for a file that cannot be read, and the codes of
    documents for people and models that are not valid.
    """
    here = desk(path)
    data = read_small(file, TOO_LARGE) if file is not None else here.data(POLICY_YAML)
    if data is None:
        raise GmError("GM-P701", "there is no policy here", where=POLICY_YAML)
    people = here.data(PEOPLE_YAML)
    known = cast("People", parse_document(people, PEOPLE_YAML, "People")) if people is not None else None
    models = [here.head.model(name) for name in here.head.models()] if here.head is not None else []
    return lint(data, str(file) if file is not None else POLICY_YAML, Ground(at, known, models))
