"""The command that comes next, with this registry's own names in it, so that it can be copied."""

from __future__ import annotations

import os
import shlex
from typing import TYPE_CHECKING

from gitops_models.errors import GmError
from gitops_models.forge.base import ABSENT
from gitops_models.workflows.deliver import places

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from gitops_models.forge.base import Proposal
    from gitops_models.store.repository import Store
    from gitops_models.workflows.deliver import Place
    from gitops_models.workflows.session import Session

SERVING = "serving"


def after_landing(session: Session, proposal: Proposal) -> str:
    """What a person most likely does once ``proposal`` has landed."""
    if proposal.event == "registration":
        return f"gm promote {proposal.about} -m WHY"
    if proposal.event in {"promotion", "rollback", "quarantine", "lift"}:
        return deploy(session.store)
    return "gm status" if proposal.model in {ABSENT, "policy"} else f"gm show {proposal.about}"


def deploy(store: Store) -> str:
    """Reconcile the directory that this clone deploys to; one beside the clone where there was none yet."""
    known = _places(store)
    if known:
        stages = [word for stage in known[0].stages for word in ("--stage", stage)]
        return shlex.join(["gm", "reconcile", "--dir", _nearby(known[0].directory), *stages, "--once"])
    beside = (store.work_tree or store.git_dir).parent / SERVING
    return shlex.join(["gm", "reconcile", "--dir", _nearby(beside), "--once"])


def _places(store: Store) -> Sequence[Place]:
    try:
        return [place for place in places(store) if place.directory.is_dir()]
    except GmError:
        return ()


def _nearby(path: Path) -> str:
    """The shorter of the relative and the absolute path."""
    return min(os.path.relpath(path), str(path), key=len)
