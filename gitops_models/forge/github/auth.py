"""Whose rights gm uses on GitHub: a token of the environment, a GitHub App, or the one that ``gh`` keeps.

A token is sent to the server that it was made for and to no other: GH_TOKEN is for github.com, and for another server
where GITHUB_API_URL names it; who adds a remote with a server of their own gets no token of anybody.
"""

from __future__ import annotations

import re
import shutil
import subprocess
from typing import TYPE_CHECKING

from gitops_models.errors import GmError
from gitops_models.registry.text import visible

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from gitops_models.forge.github.apps import Installation

_USUAL = ("GH_TOKEN", "GITHUB_TOKEN")
_ENTERPRISE = ("GH_ENTERPRISE_TOKEN", "GITHUB_ENTERPRISE_TOKEN")
_TOKEN = re.compile(r"[\x21-\x7e]{1,4096}")
_SECONDS = 20.0
# What gh needs to find its own configuration and the keyring, and nothing that steers a program.
_KEPT = (
    "PATH",
    "HOME",
    "USER",
    "LOGNAME",
    "TMPDIR",
    "LANG",
    "XDG_CONFIG_HOME",
    "XDG_STATE_HOME",
    "XDG_RUNTIME_DIR",
    "DBUS_SESSION_BUS_ADDRESS",
    "GH_CONFIG_DIR",
)


def token(environ: Mapping[str, str], host: str, app: Callable[[], Installation] | None = None) -> Callable[[], str]:
    """Where the token for the server ``host`` comes from, asked before every request.

    In this order: GH_TOKEN, GITHUB_TOKEN (for another server than github.com that no GITHUB_API_URL names:
    GH_ENTERPRISE_TOKEN, GITHUB_ENTERPRISE_TOKEN), ``app``, ``gh auth token``. GM-F410 when there is none.
    """
    for name in _USUAL if _is_meant(environ, host) else _ENTERPRISE:
        if said := environ.get(name, ""):
            found = _checked(said, name)
            return lambda: found
    if app is not None:
        return app()
    kept = _of_gh(environ, host)
    return lambda: kept


def _is_meant(environ: Mapping[str, str], host: str) -> bool:
    return bool(environ.get("GITHUB_API_URL")) or host == "github.com" or host.endswith(".ghe.com")


def _of_gh(environ: Mapping[str, str], host: str) -> str:
    """The token that GitHub's own command keeps for ``host``."""
    program = shutil.which("gh", path=environ.get("PATH", ""))
    if program is None:
        raise GmError("GM-F410", f"no token for {visible(host)}, and GitHub's command `gh` is not installed")
    command = [program, "auth", "token", "--hostname", host]
    kept = {name: environ[name] for name in _KEPT if name in environ}
    try:
        done = subprocess.run(
            command, env=kept, stdin=subprocess.DEVNULL, capture_output=True, timeout=_SECONDS, check=False, cwd="/"
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise GmError("GM-F410", f"no token for {visible(host)}: `gh auth token` did not answer") from error
    if done.returncode:
        raise GmError("GM-F410", f"no token for {visible(host)}: `gh` has none either")
    return _checked(done.stdout.decode("utf-8", "replace").strip(), "gh auth token")


def _checked(said: str, source: str) -> str:
    """The token, which is never shown."""
    if not is_token(said):
        raise GmError("GM-F410", f"what {source} holds is no token")
    return said


def is_token(said: str) -> bool:
    """Whether ``said`` can stand in a header: one word of plain characters."""
    return bool(_TOKEN.fullmatch(said))
