"""Installing the server's door in a bare repository."""

from __future__ import annotations

import shlex
import sys
from typing import TYPE_CHECKING

from gitops_models.errors import GmError
from gitops_models.store.config import set_config
from gitops_models.store.repository import Store
from gitops_models.trust.memory import write_durably

if TYPE_CHECKING:
    from pathlib import Path

MARK = "# gitops-models pre-receive"


def install_hook(repository: Path) -> Path:
    """Write the hook and the settings that keep history; GM-C148 where another hook stands already.

    Installing twice changes nothing.
    """
    store = Store.open(repository)
    hook = store.common_dir / "hooks" / "pre-receive"
    if hook.exists() and MARK not in hook.read_text(encoding="utf-8", errors="replace"):
        raise GmError("GM-C148", "another pre-receive hook stands there", where=str(hook))
    python = shlex.quote(sys.executable)
    write_durably(hook, f"#!/bin/sh\n{MARK}\nexec {python} -P -m gitops_models hook pre-receive\n".encode())
    hook.chmod(0o755)
    for name, value in (
        ("receive.denyNonFastForwards", "false"),
        ("receive.fsckObjects", "true"),
        ("receive.advertiseAtomic", "true"),
        ("core.logAllRefUpdates", "true"),
    ):
        set_config(store, name, value)
    return hook
