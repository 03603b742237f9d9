"""``gm init``: the first governed commit of a repository, and everything a clone needs to use it.

What can fail comes first and changes nothing; then the push, the memory with the pin, and last the local branch. So
an init that was refused or interrupted can simply be run again.
"""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from gitops_models.errors import GmError
from gitops_models.registry.paths import GM_YAML, Layout
from gitops_models.registry.trailers import GM_EVENT, GM_REASON, commit_message
from gitops_models.registry.values import dataclass
from gitops_models.store.config import add_remote, set_config, user_config
from gitops_models.store.history import is_ancestor
from gitops_models.store.objects import Ident
from gitops_models.store.refs import RefUpdate, update_refs
from gitops_models.store.repository import Store
from gitops_models.store.snapshots import snapshot
from gitops_models.store.transport import ls_remote, push
from gitops_models.store.worktree import dirty_paths, fast_forward, init
from gitops_models.store.writer import write_commit, write_tree
from gitops_models.trust.gpgsigning import GpgSigner
from gitops_models.trust.memory import Memory, Pin, load_memory, memory_path, save_memory
from gitops_models.trust.signing import generate_key, key_signer, ssh_signer_from_config
from gitops_models.trust.usersigner import signer_from_config
from gitops_models.verification.fold import begin
from gitops_models.workflows.founding import Founding, Ground, Setup, found, read_people
from gitops_models.workflows.pin import refuse_unreachable
from gitops_models.workflows.session import default_remote
from gitops_models.workflows.sync import line_ref

if TYPE_CHECKING:
    from gitops_models.trust.signing import Signer
    from gitops_models.workflows.clock import Clock

__all__ = ["Asker", "Initialized", "Setup", "initialize"]

NO_SSH_KEY = frozenset({"GM-T200", "GM-T205"})
UNUSABLE_KEY = "GM-T202"
NO_REPOSITORY = "GM-S001"


class Asker(Protocol):
    """Somebody at a terminal."""

    def text(self, question: str) -> str:
        """Return an answer in words."""
        ...

    def agrees(self, question: str) -> bool:
        """Return whether the answer is yes."""
        ...


@dataclass(frozen=True)
class Initialized:
    """What was made: the first governed commit, the pin, and what was decided on the way."""

    commit: str
    root: Path
    line: str
    founding: Founding
    key: str
    made_key: bool
    pushed: str | None


def initialize(wanted: Setup, clock: Clock, asker: Asker | None = None) -> Initialized:
    """Make the first governed commit, publish it where there is a remote, and pin it in this clone.

    Without an ``asker`` nobody is asked: a missing key is made, a missing name is an error (GM-C120). Raises GM-C111
    where gm is set up already. A repository that this call began is removed again when it fails.
    """
    store, begun = _repository(wanted)
    try:
        return _initialize(store, wanted, clock, asker)
    except BaseException:
        if begun:
            shutil.rmtree(begun, ignore_errors=True)
        raise


def _initialize(store: Store, wanted: Setup, clock: Clock, asker: Asker | None) -> Initialized:
    line = wanted.line or _current_line(store)
    head = store.ref(f"refs/heads/{line}")
    _refuse_second(store, head)
    remote = _remote_address(wanted) or default_remote(store)
    published = _refuse_strange(store, remote, line, head) if remote else None
    given = read_people(wanted.people) if wanted.people else None
    ident = _ident(store, wanted, clock, asker)
    signer, key, made = _signer(store, wanted, ident, asker)
    founding = found(store, wanted, Ground(line, head, ident, signer, given))
    _refuse_in_the_way(store, head, founding)
    commit = _commit(store, wanted, head, founding, ident, signer)
    history = begin(store, commit)
    refuse_unreachable(history, "give --people FILE that names enough people, or begin with --profile solo")
    gpg = isinstance(signer, GpgSigner)
    _configure(store, ident, wanted, "openpgp" if gpg else "ssh", key if made else None)
    pushed = _publish(store, wanted, remote, RefUpdate(f"refs/heads/{line}", new=commit, old=published))
    memory = Memory(repository=history.repository.id, line=line, pin=Pin(commit=commit))
    save_memory(memory_path(store.common_dir), memory.advanced(commit, policy_version=history.policy.version))
    followed = fast_forward(store, line, commit)
    if not followed.moved:
        raise GmError("GM-S301", followed.reason, where=line, details=followed.blocked)
    return Initialized(commit, store.work_tree or store.git_dir, line, founding, key, made, pushed)


def _repository(wanted: Setup) -> tuple[Store, Path | None]:
    """The repository, and the directory to remove when this call made one and fails."""
    try:
        store, begun = Store.discover(wanted.path), None
    except GmError as error:
        if error.code != NO_REPOSITORY:
            raise
        begun = wanted.path.absolute() / ".git" if wanted.path.exists() else wanted.path.absolute()
        store = init(wanted.path, initial_branch=wanted.line or "main")
    if store.work_tree is None:
        raise GmError("GM-C207", "gm init needs a clone with a work tree", where=str(store.git_dir))
    return store, begun


def _current_line(store: Store) -> str:
    """The branch that is checked out, which in a new repository is the one that Git is set to begin with."""
    return store.head_branch() or "main"


def _refuse_second(store: Store, head: str | None) -> None:
    if head is None or snapshot(store, head, Layout()).entry(GM_YAML) is None:
        return
    pinned = load_memory(memory_path(store.common_dir)) is not None
    hint = None if pinned else "this clone only lacks its pin: `gm trust pin`"
    raise GmError("GM-C111", "this repository has a gm.yaml", where=GM_YAML, hint=hint)


def _refuse_strange(store: Store, remote: str, line: str, head: str | None) -> str | None:
    """The remote's line, which has to be part of the local one; raises GM-C206 where it is not, GM-S2nn unreachable."""
    name = f"refs/heads/{line}"
    there = ls_remote(store, remote, name).get(name)
    if there is None or there == head:
        return there
    if head is None or not store.has(there) or not is_ancestor(store, there, head):
        raise GmError(
            "GM-C206",
            f"{line} at {remote} has commits that are not here",
            where=there,
            hint="clone it or pull first; where gm is set up there, a clone needs `gm trust pin` only",
        )
    return there


def _remote_address(wanted: Setup) -> str | None:
    """A path is kept absolute: git reads relative ones from the repository, the user means where they stand."""
    if wanted.remote and "://" not in wanted.remote and Path(wanted.remote).is_dir():
        return os.path.abspath(wanted.remote)  # noqa: PTH100 - resolve() would follow links
    return wanted.remote


def _ident(store: Store, wanted: Setup, clock: Clock, asker: Asker | None) -> Ident:
    config = user_config(store)
    name = wanted.name or config.get("user.name") or (asker.text("Your name, for commits") if asker else "")
    email = wanted.email or config.get("user.email") or (asker.text("Your e-mail address") if asker else "")
    if not name or not email:
        raise GmError(
            "GM-C120",
            "Git does not know your name and e-mail address",
            where="git config",
            hint="give them: gm init --name NAME --email ADDRESS",
        )
    return Ident(name, email, int(clock.now().timestamp()))


def _signer(store: Store, wanted: Setup, ident: Ident, asker: Asker | None) -> tuple[Signer, str, bool]:
    """The user's own SSH signer, or a new key for this repository; where the key is, and whether it is ours."""
    config = user_config(store)
    known = config.get("user.signingkey") or ""
    try:
        return ssh_signer_from_config(config.get, interactive=asker is not None), known, False
    except GmError as error:
        # Without gpg.format, user.signingkey names a GPG key: no SSH key is there to be used.
        gpg = error.code == UNUSABLE_KEY and not config.get("gpg.format")
        if error.code not in NO_SSH_KEY and not gpg:
            raise
        if wanted.people is not None:
            # Somebody else says who is here: they may know this person by the GPG key that git signs with.
            return signer_from_config(config.get, interactive=asker is not None), known, False
        if asker and not asker.agrees("Git signs with no SSH key here. Make one, for this repository only?"):
            raise
    path = store.common_dir / "gm" / "signing_key"
    return (key_signer(path) if path.exists() else generate_key(path, ident.email)), str(path), True


def _refuse_in_the_way(store: Store, head: str | None, founding: Founding) -> None:
    """Refuse to write over what the repository has under the same names, committed or not (GM-C205)."""
    base = snapshot(store, head, Layout(founding.repository.models)) if head else None
    taken = [path for path in founding.files if base and base.entry(path) and not path.startswith(".dvc/")]
    taken += dirty_paths(store, list(founding.files))
    if taken:
        raise GmError(
            "GM-C205",
            f"{taken[0]} is here already",
            where=taken[0],
            details=tuple(taken[1:8]),
            hint="move it away, commit it (.dvc/config), or choose another root with --models",
        )


def _commit(store: Store, wanted: Setup, head: str | None, founding: Founding, ident: Ident, signer: Signer) -> str:
    message = commit_message(
        "gm: set up the model registry",
        "The first governed commit: repository, people, policy and targets.",
        [(GM_EVENT, "setup"), (GM_REASON, wanted.reason)],
    )
    tree = write_tree(store, head, founding.files)
    sign = signer.sign
    return write_commit(
        store, tree, [head] if head else [], message, ident, ident, lambda payload: sign(payload, "git")
    )


def _configure(store: Store, ident: Ident, wanted: Setup, form: str, made_key: str | None) -> None:
    """Write for this repository only what was given or asked, and the key when it was made here."""
    config = user_config(store)
    values = {
        "user.name": ident.name if wanted.name or not config.get("user.name") else None,
        "user.email": ident.email if wanted.email or not config.get("user.email") else None,
        "gpg.format": form if config.get("gpg.format") != form else None,
        "user.signingkey": made_key,
        "commit.gpgsign": "true" if made_key else None,
    }
    for name, value in values.items():
        if value:
            set_config(store, name, value)


def _publish(store: Store, wanted: Setup, remote: str | None, update: RefUpdate) -> str | None:
    if remote is None:
        return None
    push(store, remote, [update])
    if wanted.remote:
        add_remote(store, "origin", remote)
    name, line = default_remote(store) or "origin", update.name.removeprefix("refs/heads/")
    tracking = line_ref(name, line)
    update_refs(store, [RefUpdate(tracking, new=update.new, old=store.ref(tracking))], "gm: pushed")
    set_config(store, f"branch.{line}.remote", name)
    set_config(store, f"branch.{line}.merge", update.name)
    return remote
