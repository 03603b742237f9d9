"""What every verb begins with: the repository, fresh refs, the accepted state, and who asks."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import field
from functools import partial
from typing import TYPE_CHECKING

from gitops_models.audit import replaying
from gitops_models.errors import GmError
from gitops_models.registry.paths import GM_YAML, Layout
from gitops_models.registry.values import dataclass
from gitops_models.store.config import user_config
from gitops_models.store.history import first_parents, on_first_parent_line
from gitops_models.store.objects import Ident
from gitops_models.store.repository import Store
from gitops_models.store.snapshots import snapshot
from gitops_models.store.trees import MalformedTreeError, has_file
from gitops_models.trust.ledger import Ledger, Scribe
from gitops_models.trust.memory import Memory, load_memory, memory_path, update_memory
from gitops_models.verification.cache import cache_path, load_prefix, renew_prefix, save_prefix
from gitops_models.verification.checkpoints import Checkpoints, judge_checkpoints
from gitops_models.verification.fold import fold, steps_after
from gitops_models.workflows.clock import SystemClock
from gitops_models.workflows.sync import fetch_all, go_online, line_ref

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from gitops_models.artifacts.remotes import RemoteSpec
    from gitops_models.forge.base import Hosted
    from gitops_models.registry.documents import Actor
    from gitops_models.registry.snapshot import Snapshot
    from gitops_models.trust.signing import Signer
    from gitops_models.verification.history import History
    from gitops_models.workflows.clock import Clock


@dataclass
class Session:
    """One command's view of a repository. ``offline`` says why the remote could not be asked, if it could not.

    ``checkpoints`` are the newest ones, held against the history when it was opened, ``undecided`` what the clone
    remembers of steps that it saw unaccepted (see ``Memory``).
    ``attended`` says that somebody sits at a terminal, whom ssh-keygen may ask for a passphrase.
    ``artifacts`` is the artifact remote where an operator's file names it instead of the clone.
    ``hosted`` is the forge with pull requests once it was asked, ``unheard`` why its word is missing, if it is.
    """

    store: Store
    clock: Clock
    remote: str | None
    line: str
    history: History
    ledger: Ledger
    pinned: bool
    offline: str | None = None
    attended: bool = False
    checkpoints: Checkpoints = field(default_factory=Checkpoints)
    undecided: Mapping[str, str] = field(default_factory=dict)
    hosted: Hosted | None = field(default=None, repr=False)
    unheard: GmError | None = None
    artifacts: RemoteSpec | None = None

    @property
    def accepted(self) -> Snapshot:
        """The accepted documents."""
        return self.history.state.snapshot

    def writer(self) -> Ledger:
        """The ledger with somebody to write it."""
        ident = self.ident()
        scribe = Scribe(self.signer(), ident.name, ident.email, now=lambda: self.clock.now().timestamp())
        return Ledger(self.store, self.remote, scribe=scribe)

    def refresh(self) -> None:
        """Fetch again and judge what came since."""
        if self.remote:
            fetch_all(self.store, self.remote, self.line)
        self.ledger = Ledger(self.store, self.remote)
        self.ledger.remember_seen()
        tip = self.store.ref(line_ref(self.remote, self.line)) or self.history.tip
        # A blocked scope may be released by what came to the ledger meanwhile: then all is judged anew.
        known = None if self.history.blocked else self.history
        self.history = fold(
            self.store,
            pin=self.history.pin,
            tip=tip,
            ledger=self.ledger,
            known=known,
            now=self.clock.now(),
            undecided=self.undecided,
        )
        if self.pinned:
            remember(self.store, self.history)

    def signer(self) -> Signer:
        """The user's own signer, from the Git configuration. Raises GM-T2nn, which say what to set."""
        from gitops_models.trust.usersigner import signer_from_config  # noqa: PLC0415 - most commands sign nothing

        return signer_from_config(user_config(self.store).get, interactive=self.attended)

    def ident(self) -> Ident:
        """Who commits, from the Git configuration, at the session's clock; GM-C120 when Git knows nobody."""
        config = user_config(self.store)
        name, email = config.get("user.name"), config.get("user.email")
        if not name or not email:
            raise GmError("GM-C120", "Git does not know your name and e-mail address", where=str(self.store.git_dir))
        return Ident(name, email, int(self.clock.now().timestamp()))

    def actor(self, signer: Signer) -> Actor:
        """The person or workload that the signer's key belongs to; GM-C121 for a key that nobody here has.

        Whoever signs commits with one key and records with another must have both.
        """
        actor = self._owner(signer.fingerprint)
        for fingerprint in getattr(signer, "also", ()):
            if (owner := self._owner(fingerprint)).id != actor.id:
                why = f"your key for records, {fingerprint}, is {owner.id}'s, and your commits are signed by {actor.id}"
                raise GmError("GM-C121", why, where="policies/people.yaml")
        return actor

    def _owner(self, fingerprint: str) -> Actor:
        actor = self.history.people.actor(fingerprint)
        if actor is None:
            raise GmError(
                "GM-C121",
                f"your signing key {fingerprint} belongs to nobody in the accepted people file",
                where="policies/people.yaml",
            )
        return actor


def open_session(
    path: Path,
    *,
    clock: Clock | None = None,
    online: bool = True,
    pin: str | None = None,
    replay: bool = False,
    progress: Callable[[int, int], None] | None = None,
) -> Session:
    """Open the repository at ``path``: fetch, find the pin, and fold history up to the line's tip.

    ``replay`` judges every step since the pin again; otherwise the prefix that this clone has verified is taken over,
    but never with a ``pin`` from outside: who names one may hold a copy whose ``.git`` somebody else made.
    ``progress`` is told how many of the steps to judge are done.

    Raises GM-S codes for what is no usable repository, GM-C110 where gm is not set up, GM-T600 for rewritten history;
    in a clone that has accepted nothing yet GM-T610, GM-T602 or GM-T615 where a checkpoint speaks against the history.
    """
    store = Store.discover(path)
    memory = load_memory(memory_path(store.common_dir))
    remote = default_remote(store)
    line = memory.line if memory else guess_line(store, remote)
    offline = go_online(store, remote, line) if remote and online else None
    ledger = Ledger(store, remote)
    if remote and online and offline is None:
        ledger.remember_seen()
    tip = store.ref(line_ref(remote, line)) or store.ref(line_ref(None, line))
    if tip is None:
        raise GmError("GM-C110", f"there is no branch {line} here", where=str(path))
    start = pin or (memory.pin.commit if memory else None)
    cache = cache_path(store.common_dir)
    known = None if replay or pin else verified_before(store, memory, tip)
    clock = clock or SystemClock()
    begun = start or first_governed(store, tip)
    undecided = memory.undecided if memory and pin is None else {}
    judge = partial(replaying.replay, progress=progress) if progress and known is None else partial(fold, known=known)
    history = judge(store, ledger=ledger, pin=begun, tip=tip, now=clock.now(), undecided=undecided)
    checkpoints = judge_checkpoints(store, history, ledger.recent_checkpoints(), now=clock.now())
    if memory and pin is None:
        # Who remembers a tip has a waypoint of its own, and must be able to take a lying workload's right away.
        if memory.accepted in {None, memory.pin.commit}:
            checkpoints.refuse()
        remember(store, history)
        if known is None or known.tip != history.tip:
            (renew_prefix if replay else save_prefix)(cache, history)
    asked = (store, clock, remote, line, history, ledger, start is not None, offline)
    return Session(*asked, checkpoints=checkpoints, undecided=undecided)


def verified_before(store: Store, memory: Memory | None, tip: str) -> History | None:
    """What this clone has verified of the line of ``tip``; None when it is nothing or another line."""
    known = load_prefix(cache_path(store.common_dir), store, memory.pin.commit) if memory else None
    return known if known and on_first_parent_line(store, known.tip, tip) else None


def remember(store: Store, history: History) -> None:
    """Check the remembered tip against the history and advance the memory.

    Raises GM-T600 when the remembered accepted tip is not on the first-parent line any more: that is how a rewound,
    forked or foxtrot-merged line is noticed. Raises GM-T602 when a policy that was accepted here no longer is.
    """

    def advance(memory: Memory | None) -> Memory:
        if memory is None:
            raise GmError("GM-T502", "this clone has no pin")
        if memory.accepted:
            steps_after(store, memory.accepted, history.tip)
        seen = memory.looked(history.tip, undecided=history.undecided, decided=history.decided)
        return seen.advanced(history.tip, policy_version=history.policy.version)

    path = memory_path(store.common_dir)
    known = load_memory(path, repository=history.repository.id, line=history.repository.line)
    if known:
        known.refuse_older_policy(history.policy.version)
    if known is None or advance(known) != known:
        update_memory(path, advance)


def default_remote(store: Store) -> str | None:
    """``origin``, or the only remote there is."""
    remotes = user_config(store).remotes()
    if "origin" in remotes:
        return "origin"
    return next(iter(remotes)) if len(remotes) == 1 else None


def guess_line(store: Store, remote: str | None) -> str:
    """The protected branch of a clone without memory: what gm.yaml at HEAD says, else the current branch, else main."""
    for ref in ("HEAD", f"refs/remotes/{remote}/HEAD", f"refs/remotes/{remote}/main"):
        try:
            found = snapshot(store, store.resolve(ref), Layout())
        except GmError:
            continue
        if found.entry(GM_YAML):
            return found.repository().line
    return store.head_branch() or "main"


def first_governed(store: Store, tip: str) -> str:
    """The first first-parent commit that has a gm.yaml: where an unpinned, advisory history begins."""
    for oid in first_parents(store, tip):
        with suppress(MalformedTreeError):  # what cannot be read has no gm.yaml that counts
            if has_file(store, oid, GM_YAML):
                return oid
    raise GmError("GM-C110", "this repository has no gm.yaml", where=f"{tip[:12]}:{GM_YAML}")
