"""Verdicts on Sigstore bundles, kept in gm's own folder of the clone.

Checking a bundle loads sigstore (a second or more), so what it gave is kept under all that it depends on. The same
folder holds the pin, and what is kept there is worth as much; deleting it costs time only.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from gitops_models._version import __version__
from gitops_models.errors import GmError
from gitops_models.registry.canonical import jcs, sha256_hex
from gitops_models.trust.memory import write_durably

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

__all__ = ["Failure", "verdict"]

Failure = tuple[str, str]
"""Code and detail of what does not hold."""


def verdict(common_dir: Path, depends_on: Mapping[str, Any], check: Callable[[], object]) -> Failure | None:
    """Return what ``check`` raises, None when it passes; asked once for each value of ``depends_on``.

    ``depends_on`` must name everything that ``check`` looks at; the versions of gm and sigstore are added here.
    """
    path = common_dir / "gm" / "keyless" / f"{_key(depends_on)}.json"
    known = _load(path)
    if known is None:
        known = []
        try:
            check()
        except GmError as error:
            known = [error.code, error.message]
        _keep(path, known)
    return (known[0], known[1]) if known else None


def _key(depends_on: Mapping[str, Any]) -> str:
    from importlib.metadata import version as installed  # noqa: PLC0415 - slow, and every verb comes here

    return sha256_hex(jcs({**depends_on, "gm": __version__, "sigstore": installed("sigstore")}))


def _load(path: Path) -> list[str] | None:
    try:
        found = json.loads(path.read_bytes())
    except (OSError, ValueError):
        return None  # a cache that cannot be used is as good as none
    right = isinstance(found, list) and len(found) in {0, 2} and all(isinstance(part, str) for part in found)
    return found if right else None


def _keep(path: Path, found: list[str]) -> None:
    try:
        write_durably(path, json.dumps(found).encode())
    except OSError:
        return  # it is checked again next time
