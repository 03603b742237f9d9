"""The documents of a repository's first governed commit."""

from __future__ import annotations

import re
import secrets
from pathlib import Path
from typing import TYPE_CHECKING

from gitops_models.artifacts.remotes import RemoteSpec, remote_from_config
from gitops_models.errors import GmError
from gitops_models.policy.document import load_policy
from gitops_models.policy.profiles import profile
from gitops_models.registry.documents import People, Repository, Targets, parse_document, render, validate
from gitops_models.registry.documents.people import Person
from gitops_models.registry.paths import DVC_CONFIG, GM_YAML, PEOPLE_YAML, POLICY_YAML, TARGETS_YAML, Layout
from gitops_models.registry.values import dataclass
from gitops_models.store.snapshots import snapshot
from gitops_models.workflows.forgefiles import CODEOWNERS, forge_files

if TYPE_CHECKING:
    from gitops_models.store.objects import Ident
    from gitops_models.store.repository import Store
    from gitops_models.trust.signing import Signer

NO_REMOTE = "GM-A302"
DVC_IGNORE_FILE = ".dvc/.gitignore"
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
    line: str | None = None
    forge: str = "git"


@dataclass(frozen=True)
class Founding:
    """The files of the first governed commit and what was decided for them."""

    profile: str
    repository: Repository
    files: dict[str, bytes]
    artifacts: RemoteSpec


@dataclass(frozen=True)
class Ground:
    """What stands before the first document: the line and its head, who signs, and the people file if one was given."""

    line: str
    head: str | None
    ident: Ident
    signer: Signer
    given: People | None = None


def found(store: Store, wanted: Setup, ground: Ground) -> Founding:
    """Write every document; what an existing repository has of DVC's own is kept.

    Raises GM-C121 when the signer does not stand in the people file that was given, GM-P707 for an unknown profile,
    GM-C002 for an unknown forge, GM-D021 for names that documents do not accept.
    """
    root = store.work_tree or store.git_dir
    people = _people(wanted, ground)
    chosen = wanted.profile or ("solo" if len(people.people) == 1 else "minimal")
    models = wanted.models or _free_root(store, ground.head)
    identity = f"{slug(root.resolve().name)}-{secrets.token_hex(4)}"
    fields = {"id": identity, "line": ground.line, "models": models, "forge": wanted.forge}
    repository = validate(Repository, fields, "--models and --line")
    files = {
        GM_YAML: render(repository),
        POLICY_YAML: profile(chosen),
        PEOPLE_YAML: render(people),
        TARGETS_YAML: render(Targets()),
        f"{models}/.gitignore": KEEP_BYTES_OUT,
    }
    config, ours = _dvc_config(store, ground.head, root, wanted)
    files |= {DVC_CONFIG: config} if ours else {}
    for path, data in forge_files(wanted.forge, ground.line, people).items():
        # Whom an existing repository asks for reviews is its own business.
        files |= {} if path == CODEOWNERS and _tracked(store, ground.head, path) is not None else {path: data}
    files |= {} if _tracked(store, ground.head, DVC_IGNORE_FILE) is not None else {DVC_IGNORE_FILE: DVC_IGNORED}
    return Founding(chosen, repository, files, remote_from_config(config, root))


def slug(text: str) -> str:
    """``text`` as a name that documents accept."""
    return re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")[:40].strip("-") or "registry"


def read_people(path: Path) -> People:
    """Return the people file that a user gives. Raises GM-A101 for none, GM-Dnnn with line and column for a bad one."""
    try:
        data = path.read_bytes()
    except OSError as error:
        raise GmError("GM-A101", f"the people file cannot be read: {error.strerror}", where=str(path)) from error
    document = parse_document(data, str(path), "People")
    if not isinstance(document, People):
        raise GmError("GM-D022", "this is no People document", where=str(path))
    return document


def _people(wanted: Setup, ground: Ground) -> People:
    people = ground.given or _alone(wanted, ground.ident, ground.signer)
    if people.actor(ground.signer.fingerprint) is None:
        raise GmError(
            "GM-C121",
            f"your signing key {ground.signer.fingerprint} belongs to nobody in the people file",
            where=str(wanted.people or PEOPLE_YAML),
            hint=f"add it to your entry: {ground.signer.public_key}",
        )
    return people


def _alone(wanted: Setup, ident: Ident, signer: Signer) -> People:
    """One person who holds every role of the profile."""
    fields = {
        "id": wanted.person or slug(ident.name),
        "emails": [ident.email],
        "keys": [{"type": "ssh", "key": signer.public_key}],
        "roles": sorted(load_policy(profile(wanted.profile or "solo"), POLICY_YAML).roles),
    }
    return People(people=(validate(Person, fields, "--person, --name and --email"),))


def _free_root(store: Store, head: str | None) -> str:
    """``models``, or another name where something else lives there already."""
    root = store.work_tree or store.git_dir
    tracked = snapshot(store, head, Layout()).scope_names() if head else ()
    taken = any(scope.startswith("model:") for scope in tracked) or any((root / "models").glob("*"))
    return "model-registry" if taken else "models"


def _dvc_config(store: Store, head: str | None, root: Path, wanted: Setup) -> tuple[bytes, bool]:
    """DVC's configuration, and whether it has to be written: a remote that is there stays."""
    known = _tracked(store, head, DVC_CONFIG)
    if known is not None and not wanted.dvc_remote and _has_remote(known, root):
        return known, False
    if known is not None and _has_remote(known, root):
        raise GmError(
            "GM-C111",
            "this repository has a DVC remote",
            where=DVC_CONFIG,
            hint="leave out --dvc-remote, or change the remote first: `dvc remote modify`",
        )
    address = _address(wanted.dvc_remote, root.resolve()) or f"../../{root.resolve().name}.artifacts"
    core, remote = "[core]\n    remote = artifacts\n", f"['remote \"artifacts\"']\n    url = {address}\n"
    before = (known or b"").decode()
    head_line = re.search(r"^\[core\][^\n]*\n", before, re.MULTILINE)
    if head_line:
        before = f"{before[: head_line.end()]}    remote = artifacts\n{before[head_line.end() :]}"
    return ("".join([before if head_line else before + core, remote])).encode(), True


def _address(given: str | None, root: Path) -> str | None:
    """An absolute path for a directory, because DVC counts relative ones from ``.dvc`` and not from where the user is.

    One inside the repository is written relative all the same: every clone has it somewhere else.
    """
    if not given or "://" in given:
        return given
    directory = Path(given).expanduser().resolve()
    return f"../{directory.relative_to(root).as_posix()}" if directory.is_relative_to(root) else str(directory)


def _has_remote(config: bytes, root: Path) -> bool:
    try:
        remote_from_config(config, root)
    except GmError as error:
        if error.code == NO_REMOTE:
            return False
        raise
    return True


def _tracked(store: Store, head: str | None, path: str) -> bytes | None:
    if head is None:
        return None
    try:
        return store.blob(store.resolve(f"{head}:{path}", kind="blob"))
    except GmError:
        return None
