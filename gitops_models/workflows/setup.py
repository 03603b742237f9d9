"""``gm init``: the first governed commit of a repository, and everything a clone needs to use it."""

from __future__ import annotations

import re
import secrets
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from gitops_models.errors import GmError
from gitops_models.policy.profiles import profile
from gitops_models.registry.documents import People, Repository, Targets, parse_document, render
from gitops_models.registry.documents.people import Person
from gitops_models.registry.paths import DVC_CONFIG, GM_YAML, PEOPLE_YAML, POLICY_YAML, TARGETS_YAML, Layout
from gitops_models.registry.trailers import GM_EVENT, GM_REASON, commit_message
from gitops_models.store.config import add_remote, set_config, user_config
from gitops_models.store.objects import Ident
from gitops_models.store.refs import RefUpdate
from gitops_models.store.repository import Store
from gitops_models.store.snapshots import snapshot
from gitops_models.store.transport import push
from gitops_models.store.worktree import fast_forward, init
from gitops_models.store.writer import write_commit, write_tree
from gitops_models.trust.memory import Memory, Pin, memory_path, save_memory
from gitops_models.trust.signing import generate_key, ssh_signer_from_config
from gitops_models.verification.fold import policy_of
from gitops_models.workflows.session import default_remote
from gitops_models.workflows.sync import line_ref

if TYPE_CHECKING:
    from gitops_models.trust.signing import Signer
    from gitops_models.workflows.session import Clock

NO_KEY = "GM-T200"
DVC_IGNORED = b"/config.local\n/tmp\n/cache\n"
KEEP_BYTES_OUT = b"""# Bytes live in the DVC remote; only documents and pointers belong in Git.
*
!*/
!*.yaml
!*.dvc
!.gitignore
!*.sigstore.json
!model.sig
"""


@dataclass(frozen=True)
class Setup:
    """What to set up. What stays empty is taken from Git's configuration or made."""

    path: Path
    reason: str = "set up gitops-models"
    profile: str | None = None
    name: str | None = None
    email: str | None = None
    person: str | None = None
    people: Path | None = None
    remote: str | None = None
    dvc_remote: str | None = None
    models: str | None = None
    line: str = "main"


@dataclass(frozen=True)
class Initialized:
    """What was made: the first governed commit, the pin, and what was decided on the way."""

    commit: str
    profile: str
    repository: str
    models: str
    dvc_remote: str
    key: str
    files: tuple[str, ...]
    pushed: str | None


def initialize(wanted: Setup, clock: Clock) -> Initialized:
    """Make the first governed commit, publish it where there is a remote, and pin it in this clone.

    Raises GM-C111 where gm is set up already; nothing is changed then.
    """
    store = _repository(wanted)
    head = store.ref(f"refs/heads/{wanted.line}")
    existing = snapshot(store, head, Layout()) if head else None
    if existing and existing.entry(GM_YAML):
        raise GmError("GM-C111", "this repository has a gm.yaml", where=str(store.git_dir))
    _identify(store, wanted)
    signer, key = _signer(store)
    ident = _ident(store, clock)
    files = _files(store, wanted, head, ident, signer)
    message = commit_message(
        "gm: set up the model registry",
        "The first governed commit: repository, people, policy and targets.",
        [(GM_EVENT, "setup"), (GM_REASON, wanted.reason)],
    )
    commit = write_commit(
        store,
        write_tree(store, head, files),
        [head] if head else [],
        message,
        ident,
        ident,
        lambda payload: signer.sign(payload, "git"),
    )
    followed = fast_forward(store, wanted.line, commit)
    if not followed.moved:
        raise GmError("GM-S301", followed.reason, where=wanted.line, details=followed.blocked)
    return _finish(store, wanted, commit, files, key)


def _finish(store: Store, wanted: Setup, commit: str, files: dict[str, bytes], key: str) -> Initialized:
    accepted = snapshot(store, commit, Layout())
    repository, policy = accepted.repository(), policy_of(accepted)
    pushed = _publish(store, wanted, commit)
    save_memory(
        memory_path(store.common_dir),
        Memory(repository=repository.id, line=wanted.line, pin=Pin(commit=commit)).advanced(
            commit, policy_version=policy.version
        ),
    )
    return Initialized(
        commit=commit,
        profile=policy.id,
        repository=repository.id,
        models=repository.models,
        dvc_remote=re.findall(rb"url = (.*)", files[DVC_CONFIG])[0].decode(),
        key=key,
        files=tuple(sorted(files)),
        pushed=pushed,
    )


def _repository(wanted: Setup) -> Store:
    try:
        store = Store.discover(wanted.path)
    except GmError as error:
        if error.code != "GM-S001":
            raise
        store = init(wanted.path, initial_branch=wanted.line)
    if store.work_tree is None:
        raise GmError("GM-C207", "gm init needs a clone with a work tree", where=str(store.git_dir))
    return store


def _identify(store: Store, wanted: Setup) -> None:
    """Write what was given, for this repository only."""
    for name, value in (("user.name", wanted.name), ("user.email", wanted.email)):
        if value:
            set_config(store, name, value)


def _ident(store: Store, clock: Clock) -> Ident:
    config = user_config(store)
    name, email = config.get("user.name"), config.get("user.email")
    if not name or not email:
        raise GmError(
            "GM-C120",
            "Git does not know your name and e-mail address",
            hint="give them: gm init --name NAME --email ADDRESS",
        )
    return Ident(name, email, int(clock.now().timestamp()))


def _signer(store: Store) -> tuple[Signer, str]:
    """The user's own signer, or a new key that Git uses in this repository only; and where the key is."""
    config = user_config(store)
    try:
        return ssh_signer_from_config(config.get), config.get("user.signingkey") or ""
    except GmError as error:
        if error.code != NO_KEY:
            raise
    path = store.common_dir / "gm" / "signing_key"
    signer = generate_key(path, config.get("user.email") or "gm")
    for name, value in (("gpg.format", "ssh"), ("user.signingkey", str(path)), ("commit.gpgsign", "true")):
        set_config(store, name, value)
    return signer, str(path)


def _files(store: Store, wanted: Setup, head: str | None, ident: Ident, signer: Signer) -> dict[str, bytes]:
    people = _people(wanted, ident, signer)
    chosen = wanted.profile or ("solo" if len(people.people) == 1 else "minimal")
    models = wanted.models or _free_root(store, head)
    root = store.work_tree or store.git_dir
    repository = Repository(id=f"{_slug(root.resolve().name)}-{secrets.token_hex(4)}", line=wanted.line, models=models)
    files = {
        GM_YAML: render(repository),
        POLICY_YAML: profile(chosen),
        PEOPLE_YAML: render(people),
        TARGETS_YAML: render(Targets()),
        f"{models}/.gitignore": KEEP_BYTES_OUT,
        DVC_CONFIG: _dvc_config(root, wanted),
        ".dvc/.gitignore": DVC_IGNORED,
    }
    _refuse_unknown_signer(people, signer)
    return files


def _people(wanted: Setup, ident: Ident, signer: Signer) -> People:
    if wanted.people is not None:
        document = parse_document(wanted.people.read_bytes(), str(wanted.people), "People")
        if isinstance(document, People):
            return document
    roles = sorted(_profile_roles(wanted.profile or "solo"))
    person = Person.model_validate(
        {
            "id": wanted.person or _slug(ident.name),
            "emails": [ident.email],
            "keys": [{"type": "ssh", "key": signer.public_key}],
            "roles": roles,
        }
    )
    return People(people=(person,))


def _profile_roles(name: str) -> list[str]:
    from gitops_models.policy.document import load_policy  # noqa: PLC0415 - only a new repository needs it

    return list(load_policy(profile(name), POLICY_YAML).roles)


def _refuse_unknown_signer(people: People, signer: Signer) -> None:
    if people.actor(signer.fingerprint) is None:
        raise GmError(
            "GM-C121",
            f"your signing key {signer.fingerprint} belongs to nobody in the people file",
            where=PEOPLE_YAML,
        )


def _free_root(store: Store, head: str | None) -> str:
    """``models``, or another name where something else lives there already."""
    root = store.work_tree or store.git_dir
    tracked = snapshot(store, head, Layout()).scope_names() if head else ()
    taken = any(scope.startswith("model:") for scope in tracked) or any((root / "models").glob("*"))
    return "model-registry" if taken else "models"


def _dvc_config(root: Path, wanted: Setup) -> bytes:
    """The DVC remote: what was given, else a directory beside the repository, written relative to ``.dvc``."""
    url = wanted.dvc_remote or f"../../{root.resolve().name}.artifacts"
    if wanted.dvc_remote and "://" not in url:
        url = str(Path(url).resolve())
    return f"[core]\n    remote = artifacts\n['remote \"artifacts\"']\n    url = {url}\n".encode()


def _publish(store: Store, wanted: Setup, commit: str) -> str | None:
    if wanted.remote:
        add_remote(store, "origin", wanted.remote)
    remote = default_remote(store)
    if remote is None:
        return None
    old = store.ref(line_ref(remote, wanted.line))
    push(store, remote, [RefUpdate(f"refs/heads/{wanted.line}", new=commit, old=old)])
    set_config(store, f"branch.{wanted.line}.remote", remote)
    set_config(store, f"branch.{wanted.line}.merge", f"refs/heads/{wanted.line}")
    return remote


def _slug(text: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")[:40] or "registry"
