"""One ref of the ledger: a chain of commits that each add one record at ``<sha256 of the record>.json``.

The chain is the first-parent line: over a second parent somebody could put a record before those that were there, and
the order of records decides what an acceptance knew. Only additions are read, so a commit that removes or replaces a
file takes nothing back. What is not a good record is ignored and counted: anybody who can push to the ref can put
anything there.
"""

from collections.abc import Iterable
from dataclasses import field
from functools import partial
from itertools import islice, takewhile
from typing import TYPE_CHECKING

from gitops_models.errors import GmError
from gitops_models.registry.snapshot import Entry
from gitops_models.registry.values import dataclass
from gitops_models.store.history import walk_first_parents
from gitops_models.store.objects import Commit, Ident
from gitops_models.store.repository import Store
from gitops_models.store.trees import tree_diff
from gitops_models.trust.bodies import Checkpoint, Deployment
from gitops_models.trust.drillbodies import Drill
from gitops_models.trust.ledgerrefs import CHANGES, CHECKPOINTS, DEPLOYMENTS, DRILLS
from gitops_models.trust.records import Record, verify_record
from gitops_models.trust.verify import GIT_NAMESPACE

if TYPE_CHECKING:
    from gitops_models.trust.signing import Signer

__all__ = ["Chain", "ChainReader", "Ignored", "extend", "is_chain", "is_commit", "speaks_on"]

REGULAR = 0o100644


@dataclass(frozen=True)
class Ignored:
    """Something on a ledger ref that is no record, with the GM-T code of the reason."""

    path: str
    commit: str
    code: str
    detail: str


@dataclass(frozen=True)
class Chain:
    """The union of what is known of one ref: good records in chain order, and what was ignored."""

    records: tuple[Record, ...] = ()
    ignored: tuple[Ignored, ...] = ()


@dataclass
class ChainReader:
    """Reads chains and remembers verified blobs by object id, so that each record is checked once."""

    store: Store
    _known: dict[str, Record | GmError] = field(default_factory=dict)

    def read(self, tips: Iterable[str]) -> Chain:
        """Read the union of the chains that end at ``tips``; records of an earlier tip come first."""
        records: dict[str, Record] = {}
        ignored: dict[str, Ignored] = {}
        done: set[str] = set()
        for tip in dict.fromkeys(tips):
            try:
                commits = self._links(tip, done)
            except GmError as error:
                # Anybody can point a ref at a blob; that must not stop the reading of what is good.
                ignored.setdefault(tip, Ignored("", tip, error.code, error.message))
                continue
            for commit in commits:
                self._take_all(commit, records, ignored)
                done.add(commit.oid)
        return Chain(tuple(records.values()), tuple(ignored.values()))

    def newest(self, tip: str, *, links: int = 16) -> list[Record]:
        """Return the good records of the last ``links`` links, newest first; what cannot be read ends the search."""
        found: list[Record] = []
        try:
            for oid in islice(walk_first_parents(self.store, tip), links):
                added = (self._verified(path, entry) for path, entry in _added(self.store, self.store.commit(oid)))
                found += (each for each in added if isinstance(each, Record))
        except GmError:
            return found
        return found

    def added(self, commit: Commit) -> Record:
        """Return the one record that a link adds; GM-T402, or the record's own code, where it does anything else."""
        if len(commit.parents) > 1:
            raise GmError("GM-T402", f"commit {commit.oid[:12]} joins two chains", where=commit.oid)
        changes = tree_diff(self.store, _before(commit), commit.oid)
        if len(changes) != 1:
            raise GmError(
                "GM-T402", f"commit {commit.oid[:12]} changes {len(changes)} files, not one", where=commit.oid
            )
        ((path, (before, after)),) = changes.items()
        if before is not None or after is None:
            raise GmError("GM-T402", f"commit {commit.oid[:12]} adds no record", where=commit.oid)
        found = self._verified(path, after)
        if isinstance(found, GmError):
            raise found
        return found

    def _links(self, tip: str, done: set[str]) -> list[Commit]:
        """The commits of the first-parent line of ``tip`` that were not read yet, oldest first."""
        fresh = takewhile(lambda oid: oid not in done, walk_first_parents(self.store, tip))
        return [self.store.commit(oid) for oid in fresh][::-1]

    def _take_all(self, commit: Commit, records: dict[str, Record], ignored: dict[str, Ignored]) -> None:
        for oid in commit.parents[1:]:
            ignored.setdefault(oid, Ignored("", oid, "GM-T402", f"not on the chain: {commit.oid[:12]} joins it"))
        try:
            added = _added(self.store, commit)
        except GmError as error:
            ignored.setdefault(commit.oid, Ignored("", commit.oid, error.code, error.message))
            return
        for path, entry in added:
            found = self._verified(path, entry)
            if isinstance(found, Record):
                records.setdefault(found.sha256, found)
            else:
                ignored.setdefault(path, Ignored(path, commit.oid, found.code, found.message))

    def _verified(self, path: str, entry: Entry) -> Record | GmError:
        key = f"{entry.mode:o} {entry.oid} {path}"
        if key not in self._known:
            self._known[key] = self._verify(path, entry)
        return self._known[key]

    def _verify(self, path: str, entry: Entry) -> Record | GmError:
        try:
            record = verify_record(self.store.blob(entry.oid))
        except GmError as error:
            return error
        if entry.mode != REGULAR or path.rpartition("/")[2] != f"{record.sha256}.json":
            return GmError("GM-T402", "no regular file named by the record's sha256", where=path)
        return record


def extend(store: Store, tip: str | None, records: Iterable[Record], signer: "Signer | None", who: Ident) -> str | None:
    """Write one commit for each record on top of ``tip`` and return the new tip (no ref is moved).

    They are signed where there is a ``signer``.
    """
    from gitops_models.store.writer import write_commit, write_tree  # noqa: PLC0415 - most commands only read

    sign = partial(_sign, signer) if signer is not None else None
    for record in records:
        tree = write_tree(store, tip, {_path(record): record.envelope})
        about = record.change_id[:8] if record.change_id else getattr(record.body, "target", record.main[:8])
        message = f"Add {record.kind} {record.sha256[:8]} on {about}"
        parents = [tip] if tip else []
        tip = write_commit(store, tree, parents, message, who, who, sign)
    return tip


def _sign(signer: "Signer", data: bytes) -> str:
    return signer.sign(data, GIT_NAMESPACE)


def _path(record: Record) -> str:
    name = f"{record.sha256}.json"
    # One directory per month keeps the trees of a busy target small.
    if isinstance(record.body, Checkpoint):
        return f"{record.body.at[:7]}/{name}"
    return f"{record.body.finished[:7]}/{name}" if isinstance(record.body, Deployment) else name


def _added(store: Store, commit: Commit) -> list[tuple[str, Entry]]:
    changes = tree_diff(store, _before(commit), commit.oid)
    return [(path, after) for path, (_, after) in changes.items() if after is not None]


def _before(commit: Commit) -> str | None:
    return commit.parents[0] if commit.parents else None


def is_commit(store: Store, oid: str) -> bool:
    """Tell whether ``oid`` is a commit that is present."""
    try:
        return store.raw(oid)[0] == "commit"
    except GmError:
        return False


def is_chain(topic: str) -> bool:
    """Tell whether refs of this topic are chains of records (the archive is not)."""
    return topic in (CHECKPOINTS, DRILLS) or topic.startswith((CHANGES, DEPLOYMENTS))


def speaks_on(topic: str, record: Record) -> bool:
    """Tell whether a record belongs on the chain of ``topic``: it is about that change, of that target, of the line."""
    if isinstance(record.body, Checkpoint):
        return topic == CHECKPOINTS
    if isinstance(record.body, Drill):
        return topic == DRILLS
    if isinstance(record.body, Deployment):
        return topic == f"{DEPLOYMENTS}{record.body.target}"
    return topic == f"{CHANGES}{record.change_id}"
