"""Who is told by the commands of a person: the file that the person's own Git configuration names.

``git config --global gm.notifications FILE``. A setting in the clone's own configuration is not followed, and neither
is a file inside the clone: both may have come with a copy of the repository, and would then say where alarms go and
which program runs.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from gitops_models.delivery.lookouts import usual_lookouts
from gitops_models.delivery.notify.assemble import open_post, try_secrets
from gitops_models.delivery.notify.settings import read_notifications
from gitops_models.delivery.watch import Watch
from gitops_models.errors import GmError
from gitops_models.registry.values import dataclass
from gitops_models.store.config import personal_setting

if TYPE_CHECKING:
    from collections.abc import Mapping

    from gitops_models.delivery.notify.post import Post
    from gitops_models.delivery.notify.settings import NotificationsFile
    from gitops_models.store.repository import Store
    from gitops_models.trust.ledger import Ledger
    from gitops_models.workflows.clock import Clock
    from gitops_models.workflows.session import Session

SETTING = "gm.notifications"


def post_of(session: Session) -> Post:
    """Return the post that tells what this person does; without destinations where none are configured.

    Never raises: what is wrong with the configuration is the first of its ``warnings``, because no alarm may stand in
    the way of a rollback.
    """
    return _post(_configured(session.store), session.store, session.clock, session.history.repository.id)


def watch_of(store: Store, clock: Clock, ledger: Ledger, memory: Path) -> Watch | None:
    """Return what tells the person of what this clone reconciles; None where nobody is named.

    ``ledger`` is that of the reconciler's own copy, ``memory`` the file that says what was told.
    """
    found = _configured(store)
    if found.file is None and not found.problems:
        return None
    return Watch(_post(found, store, clock), memory, usual_lookouts(ledger, clock.now))


def told(store: Store) -> str | None:
    """Name the places that this person's commands tell, None where none are set up.

    Raises GM-C215, GM-C216 or GM-R710 where the set-up is wrong, GM-R703, GM-R711 or GM-R712 where something that it
    names is missing.
    """
    path = _file(store)
    if path is None:
        return None
    found = read_notifications(path).notifications
    for place in found:
        try_secrets(place)
    return ", ".join(f"{place.id} ({', '.join(place.routes)})" for place in found) or "nobody"


@dataclass(frozen=True)
class _Configured:
    """The person's file, if one is named and good, and why it is not."""

    file: NotificationsFile | None = None
    problems: tuple[GmError, ...] = ()


def _configured(store: Store) -> _Configured:
    try:
        path = _file(store)
        return _Configured(read_notifications(path) if path else None)
    except GmError as error:
        return _Configured(problems=(error,))


def _post(found: _Configured, store: Store, clock: Clock, repository: str = "unknown") -> Post:
    file = found.file
    state = Path(file.state) if file and file.state else state_directory(os.environ, store.common_dir)
    post = open_post(file.notifications if file else (), state, clock=clock.now, repository=repository)
    post.warnings += found.problems
    return post


def state_directory(environ: Mapping[str, str], common_dir: Path) -> Path:
    """Return where a person's outbox stands: below the XDG state directory, in the clone for who has no home."""
    base = environ.get("XDG_STATE_HOME", "")
    if not Path(base).is_absolute():  # so says the specification of XDG base directories
        home = environ.get("HOME", "")
        base = f"{home}/.local/state" if Path(home).is_absolute() else str(common_dir / "gm")
    return Path(base, "gitops-models", "notifications")


def _file(store: Store) -> Path | None:
    """Return the file that is named; GM-C215 where the clone itself names it, GM-C216 where it lies in the clone."""
    setting = personal_setting(store, SETTING)
    if setting.path is None and setting.elsewhere:
        where = str(store.common_dir / "config")
        raise GmError("GM-C215", f"{SETTING} is set in the clone's own configuration only", where=where)
    if setting.path is None:
        return None
    real = Path(os.path.realpath(setting.path))
    inside = [folder for folder in (store.work_tree, store.common_dir) if folder]
    if any(real.is_relative_to(os.path.realpath(folder)) for folder in inside):
        raise GmError("GM-C216", f"{SETTING} names a file inside the clone", where=str(setting.path))
    return setting.path
