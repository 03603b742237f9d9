"""A repository that was found fit to be judged: complete, SHA-1, without replaced history."""

import os
from collections import OrderedDict
from collections.abc import Iterable, Mapping
from dataclasses import field
from pathlib import Path
from typing import Any, TypeVar, cast

import pygit2

from gitops_models.errors import GmError
from gitops_models.registry.values import dataclass
from gitops_models.store import fitness
from gitops_models.store.environment import quarantine_directories, scrub
from gitops_models.store.gitcli import GitContext, lines_of, output
from gitops_models.store.names import check_oid, check_ref, check_revision
from gitops_models.store.objects import Commit, Tag, parse_commit, parse_tag

LIBGIT2_ERRORS = (pygit2.GitError, KeyError, ValueError)
_PEELED: dict[str, Any] = {"commit": pygit2.Commit, "tree": pygit2.Tree, "blob": pygit2.Blob, "tag": pygit2.Tag}
# Nothing that is judged comes near it; a gigabyte of zeros is a megabyte on the wire and ends whoever reads it.
MAX_OBJECT = 64 << 20
_REMEMBERED = 1024
_SMALL = 16 << 10  # one step's objects are asked for again and again, and each question costs a file
_K = TypeVar("_K")
_V = TypeVar("_V")
_TYPES = {1: "commit", 2: "tree", 3: "blob", 4: "tag"}


# Compared and hashed by identity: caches of parsed documents hang on it.
@dataclass(frozen=True, eq=False)
class Store:
    """Access to one repository. Reads objects in process; everything that moves a ref is in refs.py.

    ``git_dir`` is the repository of this work tree, ``common_dir`` the one that linked work trees share (where refs,
    objects and our memory stand). Opened through ``open`` or ``discover``.
    """

    libgit2: pygit2.Repository
    git_dir: Path
    common_dir: Path
    work_tree: Path | None
    git: GitContext
    trees: OrderedDict[object, object] = field(default_factory=OrderedDict, repr=False)
    small: OrderedDict[str, tuple[str, bytes]] = field(default_factory=OrderedDict, repr=False)

    @classmethod
    def open(cls, path: str | os.PathLike[str], *, environ: Mapping[str, str] | None = None) -> "Store":
        """Open the repository whose work tree or ``.git`` directory is ``path``.

        Inside a pre-receive hook the objects of the push are visible too. Raises GM-S001 when there is none and
        GM-S002 to S007 when it cannot be judged.
        """
        environment = os.environ if environ is None else environ
        libgit2 = fitness.open_libgit2(Path(path))
        git_dir = Path(libgit2.path)
        common_dir = fitness.common_dir(git_dir)
        fitness.check(libgit2, common_dir)
        pushed = quarantine_directories(environment, common_dir)
        for directory in pushed:
            libgit2.odb.add_disk_alternate(str(directory))
        context = GitContext(git_dir, scrub(environment, quarantine=bool(pushed)))
        work_tree = Path(libgit2.workdir) if libgit2.workdir else None
        return cls(libgit2, git_dir, common_dir, work_tree, context)

    @classmethod
    def discover(cls, path: str | os.PathLike[str], *, environ: Mapping[str, str] | None = None) -> "Store":
        """Open the repository that ``path`` or one of its parents belongs to.

        GM-S001 when there is none, GM-S220 for one that lies among the tracked files of another.
        """
        found = pygit2.discover_repository(str(path)) if Path(path).exists() else None
        if found is None:
            raise GmError("GM-S001", f"{path} is not in a Git repository", where=str(path))
        fitness.refuse_embedded(Path(found))
        return cls.open(found, environ=environ)

    @property
    def bare(self) -> bool:
        """Whether there is no work tree."""
        return self.work_tree is None

    def raw(self, oid: str) -> tuple[str, bytes]:
        """Give type (commit, tree, blob, tag) and content of an object.

        GM-S013 when it is missing or damaged, GM-S222 when it is larger than ``MAX_OBJECT`` bytes.
        """
        known = self.small.get(oid)
        if known is None:
            known = self._read(oid)
            if len(known[1]) <= _SMALL:
                _keep(self.small, oid, known, limit=2 * _REMEMBERED)
        return known

    def _read(self, oid: str) -> tuple[str, bytes]:
        try:
            _, size = self.libgit2.odb.read_header(check_oid(oid))
            if size > MAX_OBJECT:
                raise GmError("GM-S222", f"object {oid} has {size} bytes, more than {MAX_OBJECT}", where=oid)
            kind, data = self.libgit2.read(oid)
        except LIBGIT2_ERRORS as error:
            raise GmError("GM-S013", f"object {oid} is missing or damaged", where=oid) from error
        return _TYPES[int(kind)], data

    def typed(self, oid: str, kind: str) -> bytes:
        """Give the content of an object that must be a ``kind``; GM-S014 when it is another."""
        found, data = self.raw(oid)
        if found != kind:
            raise GmError("GM-S014", f"object {oid} is a {found}, not a {kind}", where=oid)
        return data

    def holds(self, oid: str, kind: str) -> bool:
        """Tell whether the object's bytes are here and hash to its id."""
        try:
            return self._read(oid)[0] == kind  # libgit2 hashes all that it reads
        except GmError:
            return False

    def blob(self, oid: str) -> bytes:
        """Give the content of a blob (this makes a Store the source of blobs of registry snapshots)."""
        return self.typed(oid, "blob")

    def commit(self, oid: str) -> Commit:
        """Give one commit by its id; judging a step asks for the same few again and again."""
        known = self.trees.get(("commit", oid))
        if known is None:
            known = parse_commit(oid, self.typed(oid, "commit"))
            if len(known.raw) <= _SMALL:
                self.remember(("commit", oid), known, limit=_REMEMBERED)
        return cast("Commit", known)

    def tag(self, oid: str) -> Tag:
        """Give one annotated tag by the id of the tag object."""
        return parse_tag(oid, self.typed(oid, "tag"))

    def has(self, oid: str) -> bool:
        """Tell whether the object is present."""
        return check_oid(oid) in self.libgit2

    def is_blob(self, oid: str) -> bool:
        """Tell whether the object is a blob that is present and not larger than is read; its content is not read."""
        try:
            kind, size = self.libgit2.odb.read_header(check_oid(oid))
        except LIBGIT2_ERRORS:
            return False
        return _TYPES.get(int(kind)) == "blob" and size <= MAX_OBJECT

    def resolve(self, revision: str, *, kind: str = "commit") -> str:
        """Give the id that ``revision`` (id, tag, branch, ``main~2``) names, peeled to a ``kind`` (``any``: as it is).

        Raises GM-S012 for text that is no revision, GM-S011 when nothing has that name, GM-S014 when it names
        something else.
        """
        check_revision(revision)
        try:
            found = self.libgit2.revparse_single(revision)
        except KeyError as error:
            raise GmError("GM-S011", f"nothing here is called {revision}", where=revision) from error
        except (pygit2.GitError, ValueError) as error:
            raise GmError("GM-S012", f"{revision} is not a usable revision: {error}", where=revision) from error
        if kind == "any":
            return str(found.id)
        return self._peel(found, revision, kind)

    def _peel(self, found: pygit2.Object, revision: str, kind: str) -> str:
        try:
            return str(found.peel(_PEELED[kind]).id)
        except LIBGIT2_ERRORS as error:
            raise GmError("GM-S014", f"{revision} is a {found.type_str}, not a {kind}", where=revision) from error

    def ref(self, name: str) -> str | None:
        """Give the object id at the ref with this full name, or None."""
        try:
            return str(self.libgit2.lookup_reference(check_ref(name)).resolve().target)
        except KeyError:
            return None
        except (pygit2.GitError, ValueError) as error:
            raise GmError("GM-S013", f"{name} cannot be read: {error}", where=name) from error

    def refs(self, *prefixes: str) -> dict[str, str]:
        """Give name and object id of every ref whose full name starts with one of ``prefixes``, sorted by name.

        Other folders of refs are not read: there may be a tag for each of ten thousand versions. None given means all.
        """
        prefixes = prefixes or ("refs/",)
        lines = (line.split("\t", 1) for line in lines_of(self.listing(*prefixes)))
        return {name: oid for oid, name in lines if name.startswith(prefixes)}

    def listing(self, *prefixes: str) -> bytes:
        """Give what ``refs`` reads, and what stands beside it, as it came: lines as ``git ls-remote`` writes them."""
        folders = {prefix[: prefix.rfind("/")] if prefix.startswith("refs/") else "refs" for prefix in prefixes}
        return output(self.git, ["for-each-ref", "--format=%(objectname)%09%(refname)", "--", *sorted(folders)])

    def head_branch(self) -> str | None:
        """Give the short name of the checked-out branch (``main``), even before its first commit; None if detached."""
        target = self.libgit2.lookup_reference("HEAD").raw_target
        if not isinstance(target, bytes):
            return None
        return target.decode("utf-8", "surrogateescape").removeprefix("refs/heads/")

    def remember(self, key: object, value: object, *, limit: int) -> None:
        """Keep what was derived from an immutable object; the oldest of more than ``limit`` is forgotten."""
        _keep(self.trees, key, value, limit=limit)

    def missing(self, oids: Iterable[str]) -> list[str]:
        """List those of ``oids`` that are not present."""
        return [oid for oid in oids if not self.has(oid)]


def _keep(kept: OrderedDict[_K, _V], key: _K, value: _V, *, limit: int) -> None:
    kept[key] = value
    if len(kept) > limit:
        kept.popitem(last=False)
