"""The bare repository: what is read with libgit2, and what only git does (merges, refs with a lease)."""

import os
import subprocess
import threading

import pygit2
from pygit2.enums import SortMode

ZERO = "0" * 40


class Conflict(Exception):  # noqa: N818 - an outcome of a merge
    """The two sides do not merge."""


class Bare:
    """One bare repository on disk."""

    def __init__(self, path):
        self.path = path
        self._local = threading.local()
        if not (path / "HEAD").exists():
            pygit2.init_repository(str(path), bare=True, initial_head="main")
        self._configure()

    def _configure(self):
        config = self.opened.config
        config["receive.hideRefs"] = "refs/pull"  # GitHub's own refs: "deny updating a hidden ref"
        config["uploadpack.allowReachableSHA1InWant"] = "true"
        config["core.logAllRefUpdates"] = "false"

    @property
    def opened(self):
        """libgit2's handle of this thread."""
        if not hasattr(self._local, "repository"):
            self._local.repository = pygit2.Repository(str(self.path))
        return self._local.repository

    def git(self, *args, check=True):
        environ = {
            "PATH": os.environ["PATH"],
            "HOME": str(self.path),
            "GIT_CONFIG_NOSYSTEM": "1",
            "LC_ALL": "C",
        }
        command = ["git", "-C", str(self.path), *args]
        done = subprocess.run(command, env=environ, capture_output=True, check=False, timeout=120)
        if check and done.returncode:
            raise AssertionError(f"git {' '.join(args)}: {done.stderr.decode()}")
        return done

    def refs(self, prefix="refs/"):
        """Names and object ids."""
        found = [ref for ref in self.opened.references.iterator() if ref.name.startswith(prefix)]
        return {
            ref.name: str(ref.target) for ref in found if ref.name.startswith(prefix) and len(str(ref.target)) == 40
        }

    def tip(self, branch):
        """The object id of a branch, or None."""
        return self.refs("refs/heads/").get(f"refs/heads/{branch}")

    def move(self, name, new, old=None):
        """Move a ref if it still is at ``old`` (None: wherever it is); tells whether it moved."""
        words = ["update-ref", "-d", name] if new is None else ["update-ref", name, new]
        return self.git(*words, *([] if old is None else [old]), check=False).returncode == 0

    def commit(self, name):
        """The commit that a full id, a branch or a tag names, or None."""
        for candidate in (name, f"refs/heads/{name}", f"refs/tags/{name}"):
            if candidate is name and not (7 <= len(name) <= 40 and set(name) <= set("0123456789abcdef")):
                continue
            try:
                return self.opened.revparse_single(candidate).peel(pygit2.Commit)
            except (KeyError, ValueError, pygit2.InvalidSpecError, pygit2.GitError):
                continue
        return None

    def base(self, one, other):
        found = self.opened.merge_base(one, other)
        return str(found) if found else None

    def contains(self, tip, oid):
        """Whether ``oid`` is ``tip`` or an ancestor of it."""
        return tip == oid or self.opened.descendant_of(tip, oid)

    def between(self, base, head):
        """Commits of ``head`` that ``base`` has not, oldest first."""
        walk = self.opened.walk(head, SortMode.TOPOLOGICAL | SortMode.REVERSE)
        walk.hide(base)
        return list(walk)

    def first_parent_step(self, tip, oid):
        """The step of the line of ``tip`` with which ``oid`` came in."""
        step = self.opened[tip]
        while step.parent_ids and self.contains(str(step.parent_ids[0]), oid):
            step = step.parents[0]
        return str(step.id)

    def diff(self, base, head):
        """What a pull request of these shows: against the merge base, with renames."""
        old = self.opened[self.base(base, head) or base]
        found = self.opened.diff(old.tree, self.opened[head].tree)
        found.find_similar()
        return found

    def merged_tree(self, ours, theirs):
        """The tree of a merge; raises Conflict."""
        done = self.git("merge-tree", "--write-tree", "--no-messages", ours, theirs, check=False)
        if done.returncode:
            raise Conflict
        return done.stdout.decode().strip()

    def write_commit(self, raw):
        """Put a commit object there and give its id."""
        return str(self.opened.write(pygit2.enums.ObjectType.COMMIT, raw))

    def raw(self, oid):
        """The bytes of an object."""
        return self.opened.read(oid)[1]
