"""The few words that an operator may leave open in addresses, paths and arguments of checks. Pure.

Exactly ``{model}``, ``{stage}``, ``{version}``, ``{sha256}`` and ``{path}``; nothing else between braces means anything
and nothing is read from the environment. What is filled in are names and digests that were judged, and a path of ours.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from urllib.parse import quote

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from gitops_models.delivery.values import Deployment

WORDS = ("model", "stage", "version", "sha256", "path")
_OPEN = re.compile(r"\{([a-z0-9_]*)\}")


def unknown_words(text: str) -> tuple[str, ...]:
    """Return the words between braces that nobody can fill in."""
    return tuple(sorted({word for word in _OPEN.findall(text) if word not in WORDS}))


def known_words(text: str) -> str:
    """Return ``text`` where each word that it leaves open can be filled in. Raises ``ValueError``."""
    if unknown := unknown_words(text):
        raise ValueError(f"{{{unknown[0]}}} means nothing here")
    return text


def meaning(wanted: Deployment, folder: Path | None) -> dict[str, str]:
    """Return what the words mean for one version; ``path`` is missing where no directory of it is known."""
    known = {"model": wanted.model, "stage": wanted.stage, "version": wanted.version, "sha256": wanted.digest}
    return known if folder is None else {**known, "path": str(folder)}


def filled(text: str, words: Mapping[str, str]) -> str:
    """Return ``text`` with its words filled in, once. Raises ``KeyError`` with the word that has no meaning here."""
    return _OPEN.sub(lambda match: words[match[1]], text)


def filled_address(text: str, words: Mapping[str, str]) -> str:
    """Return an address with its words filled in as one segment each."""
    return filled(text, {word: quote(value, safe="") for word, value in words.items()})
