"""Reading policies for people who write them: the file at work, and what it stands on."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from gitops_models.artifacts.files import open_directory, open_regular
from gitops_models.artifacts.small_files import read_small
from gitops_models.errors import GmError
from gitops_models.policy.lint import Ground, lint
from gitops_models.policy.trials import run
from gitops_models.registry.documents import People, parse_document
from gitops_models.registry.documents.identity import identity_problem
from gitops_models.registry.paths import PEOPLE_YAML, POLICY_SCOPE, POLICY_YAML, Layout
from gitops_models.registry.values import dataclass
from gitops_models.registry.waivers import WAIVERS
from gitops_models.registry.yamls import MAX_BYTES
from gitops_models.store.repository import Store
from gitops_models.store.snapshots import snapshot
from gitops_models.verification.fold import layout_at

if TYPE_CHECKING:
    from datetime import datetime
    from pathlib import Path

    from gitops_models.policy.trials import Trial
    from gitops_models.policy.verdict import Finding
    from gitops_models.registry.documents import Waiver
    from gitops_models.registry.documents.policytest import PolicyTest
    from gitops_models.registry.paths import PlaceKind
    from gitops_models.registry.snapshot import Snapshot

TESTS = "policies/tests"
MOST_FILES = 1000
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


def policy_tests_here(path: Path, where: Path | None, head: str | None = None) -> tuple[Trial, ...]:
    """Run the policy tests at ``where`` (a file or a directory), or those of the repository at ``path``.

    They run under the policy of the work tree, else the committed one; with ``head`` under that of this commit alone,
    which is never checked out. Raises GM-P701 without a policy, GM-C210 without
    a test, and the codes of documents for a policy or test that is not valid or bears another name than its file.
    """
    here = desk(path, head)
    policy = here.data(POLICY_YAML)
    if policy is None:
        raise GmError("GM-P701", "there is no policy here", where=POLICY_YAML)
    found = _named(where) if where is not None else _files_of(here, TESTS, "policy-test")
    if not found:
        raise GmError("GM-C210", "there is no policy test", where=str(where or TESTS))
    return tuple(trial for name, data in found.items() for trial in run(_test(name, data), policy))


def _files_of(here: Desk, folder: str, kind: PlaceKind) -> dict[str, bytes]:
    """The files in a directory of the work tree, else those of this kind that are committed, by path."""
    if here.root is not None and (here.root / folder).is_dir():
        names = sorted(one.name for one in (here.root / folder).iterdir() if one.suffix == ".yaml")
        return {f"{folder}/{name}": read_policy_file(here.root, f"{folder}/{name}") for name in names[:MOST_FILES]}
    if here.head is None:
        return {}
    paths = [one for one in here.head.scope(POLICY_SCOPE) if here.head.place(one).kind == kind]
    return {one: here.head.data(one) for one in paths}


def _named(where: Path) -> dict[str, bytes]:
    """The tests that somebody names on the command line."""
    files = sorted(where.glob("*.yaml")) if where.is_dir() else [where]
    return {str(file): read_small(file, TOO_LARGE) for file in files[:MOST_FILES]}


def _test(path: str, data: bytes) -> PolicyTest:
    test = cast("PolicyTest", parse_document(data, path, "PolicyTest"))
    place = Layout().classify(f"{TESTS}/{path.rpartition('/')[2]}")
    problem = identity_problem(test, place) if place is not None else None
    if problem:
        raise GmError("GM-D023", problem, where=path)
    return test


def desk(path: Path, head: str | None = None) -> Desk:
    """The repository at ``path``, or only its commit ``head``; an empty desk where there is none."""
    try:
        store = Store.discover(path)
    except GmError as error:
        if error.code != NO_REPOSITORY or head is not None:
            raise
        return Desk(None, None)
    if head is not None:
        return Desk(None, _documents(store, store.resolve(head)))
    tip = store.ref("HEAD")
    return Desk(store.work_tree, _documents(store, tip) if tip else None)


def _documents(store: Store, commit: str) -> Snapshot:
    return snapshot(store, commit, layout_at(store, commit))


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
    waivers = [_waiver(name, text) for name, text in _files_of(here, WAIVERS, "waiver").items()]
    ground = Ground(at, known, models, _versions(here.head) if here.head is not None else None, waivers)
    return lint(data, str(file) if file is not None else POLICY_YAML, ground)


def _waiver(path: str, data: bytes) -> Waiver:
    waiver = cast("Waiver", parse_document(data, path, "Waiver"))
    place = Layout().classify(path)
    problem = identity_problem(waiver, place) if place is not None else None
    if problem:
        raise GmError("GM-D023", problem, where=path)
    return waiver


def _versions(head: Snapshot) -> frozenset[str]:
    return frozenset(f"{model}@{version}" for model in head.models() for version in head.versions(model))
