"""``gm doctor``: what a clone or server needs, each with its remedy."""

from __future__ import annotations

import shutil
import subprocess
from typing import TYPE_CHECKING

from gitops_models.errors import GmError
from gitops_models.registry.paths import TRUSTED_ROOT_JSON
from gitops_models.registry.values import dataclass
from gitops_models.store.config import user_config
from gitops_models.store.gitcli import require_git
from gitops_models.store.repository import Store
from gitops_models.trust.keyless.roots import HOW
from gitops_models.trust.keyrings import listed_keys
from gitops_models.trust.memory import load_memory, memory_path
from gitops_models.trust.usersigner import signer_from_config
from gitops_models.verification.attached import root_of
from gitops_models.workflows.door import MARK
from gitops_models.workflows.notices import told
from gitops_models.workflows.refspecs import dangers
from gitops_models.workflows.remotes import reader
from gitops_models.workflows.session import open_session
from gitops_models.workflows.tagging import tag_states

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from gitops_models.registry.documents import People
    from gitops_models.workflows.session import Session

LOSES_LEDGER = "GM-C171"
NO_ROOT = "GM-T708"


@dataclass(frozen=True)
class Examined:
    """One thing that was looked at. ``level`` is ok, warning or problem; ``remedy`` says what to do."""

    what: str
    level: str
    found: str
    remedy: str = ""


def examine(path: Path) -> list[Examined]:
    """Look at programs, signing, remotes, pin and protection; nothing is changed and nothing raises."""
    results = [_try("git", _git), _try("ssh-keygen", _ssh)]
    try:
        store = Store.discover(path)
    except GmError as error:
        return [*results, _problem("repository", error)]
    pin = _try("pin", lambda: _pin(store))
    if store.bare:
        return [*results, pin, *_settings(store), _hook(store)]
    results += [_try("signing key", lambda: _signing(store)), pin, *_clone(path, store)]
    return results


def _clone(path: Path, store: Store) -> Iterator[Examined]:
    yield from _settings(store)
    try:
        session = open_session(path)
    except GmError as error:
        yield _problem("registry", error)
        return
    yield _remote(session)
    yield _try("signer", lambda: _known_signer(session))
    yield from _root(session)
    yield _try("DVC remote", lambda: reader(session).where("0" * 32).split("/files/")[0])
    yield _try("version tags", lambda: _tags(session))
    yield from _notices(session.store)
    blocked = ", ".join(sorted(session.history.blocked))
    yield Examined(
        "history", "problem" if blocked else "ok", f"blocked: {blocked}" if blocked else "holds", "gm verify"
    )


def _settings(store: Store) -> Iterator[Examined]:
    for danger in dangers(user_config(store)):
        yield Examined("fetch and push", "problem", f"{LOSES_LEDGER}: {danger.setting}: {danger.why}", danger.remedy)


def _git() -> str:
    return ".".join(map(str, require_git()))


def _ssh() -> str:
    program = shutil.which("ssh-keygen")
    if program is None:
        raise GmError("GM-T201", "ssh-keygen is not there")
    # There is no version flag; `-Y` (OpenSSH 8.2) answers an unknown verb with its own usage.
    said = subprocess.run([program, "-Y", "help"], capture_output=True, text=True, timeout=10, check=False)
    if "-Y sign" not in said.stderr and "Unsupported operation" not in said.stderr:
        raise GmError("GM-T201", "this ssh-keygen cannot sign files")
    return program


def _signing(store: Store) -> str:
    config = user_config(store)
    return f"{signer_from_config(config.get).fingerprint} ({config.get('user.signingkey')})"


def _pin(store: Store) -> str:
    memory = load_memory(memory_path(store.common_dir))
    if memory is None:
        raise GmError("GM-T502", "this repository has no pin")
    return memory.pin.commit


def _remote(session: Session) -> Examined:
    if session.remote is None:
        return Examined(
            "remote", "warning", "none: proposals and ledger stay in this clone", "git remote add origin URL"
        )
    if session.offline:
        return Examined("remote", "problem", session.offline, "see `git remote -v`")
    return Examined("remote", "ok", session.remote)


def _known_signer(session: Session) -> str:
    return session.actor(session.signer()).id


def _root(session: Session) -> Iterator[Examined]:
    """Who lists keyless identities needs the root that they are held against."""
    if not _listed_keyless(session.history.people):
        return
    if root_of(session.accepted) is None:
        said = f"{NO_ROOT}: {TRUSTED_ROOT_JSON} is not there: no keyless signature counts"
        yield Examined("trusted root", "problem", said, HOW)
    else:
        yield Examined("trusted root", "ok", TRUSTED_ROOT_JSON)


def _listed_keyless(people: People) -> bool:
    keys = any(key.type == "sigstore" for key in listed_keys(people))
    return keys or any(workload.workflows for workload in people.workloads)


def _tags(session: Session) -> str:
    bad = [state for state in tag_states(session) if state.state != "good"]
    if bad:
        raise GmError("GM-P108", f"{bad[0].name} is {bad[0].state} ({len(bad)} in all)")
    return "good"


def _notices(store: Store) -> Iterator[Examined]:
    """Whom this person's commands tell, where that is set up: in an emergency it is too late to find out."""
    try:
        places = told(store)
    except GmError as error:
        yield _problem("notifications", error)
        return
    if places is not None:
        yield Examined("notifications", "ok", places)


def _hook(store: Store) -> Examined:
    hook = store.common_dir / "hooks" / "pre-receive"
    if hook.is_file() and MARK in hook.read_text(encoding="utf-8", errors="replace"):
        return Examined("protection", "ok", str(hook))
    return Examined("protection", "problem", "no gm hook: nothing is enforced here", f"gm hook install {store.git_dir}")


def _try(what: str, look: Callable[[], str]) -> Examined:
    try:
        return Examined(what, "ok", look())
    except GmError as error:
        return _problem(what, error)


def _problem(what: str, error: GmError) -> Examined:
    return Examined(what, "problem", f"{error.code}: {error.message}", error.hint)
