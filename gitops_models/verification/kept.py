"""Verdicts on Sigstore bundles, kept for the person who runs gm.

Checking a bundle loads sigstore (a second or more), so what it gave is kept under all that it depends on: never in the
repository that is judged, whose ``.git`` somebody else may have made (see ``trust.verdicts``). What may turn out
otherwise the next time is not kept. Deleting all of it costs time only.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from gitops_models.errors import GmError
from gitops_models.registry.canonical import jcs
from gitops_models.trust.verdicts import PASSING, Judged, VerdictCache, digest_of, places_of, verdict_folder

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from gitops_models.store.repository import Store

__all__ = ["Failure", "verdict"]

Failure = tuple[str, str]
"""Code and detail of what does not hold."""

_FOLDER = "keyless"
_FILES = 4096
_ONLY = "bundle"


def verdict(store: Store, depends_on: Mapping[str, Any], check: Callable[[], object]) -> Failure | None:
    """Return what ``check`` raises, None when it passes; asked once for each value of ``depends_on``.

    ``depends_on`` must name everything that ``check`` looks at; the versions of gm and sigstore are added here.
    """
    folder = verdict_folder(os.environ, places_of(store), _FOLDER)
    cache = VerdictCache(folder, _digest(depends_on), most=_FILES)
    known = cache.load().get(_ONLY)
    if known is None:
        known = _judged(check)
        if known.code not in PASSING:
            cache.save({_ONLY: known})
    return None if known.code is None else (known.code, known.detail)


def _judged(check: Callable[[], object]) -> Judged:
    try:
        check()
    except GmError as error:
        return Judged("untrusted", error.code, error.message)
    return Judged("good")


def _digest(depends_on: Mapping[str, Any]) -> str:
    from importlib.metadata import version as installed  # noqa: PLC0415 - slow, and every verb comes here

    return digest_of([jcs({**depends_on, "sigstore": installed("sigstore")})])
