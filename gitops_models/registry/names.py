"""Names, versions, references and tags (DESIGN.md section 3)."""

import re
from collections.abc import Iterable
from functools import lru_cache
from typing import Any, Literal, cast

from gitops_models.errors import GmError
from gitops_models.registry.text import visible
from gitops_models.registry.values import dataclass

NAME_PATTERN = r"^[a-z0-9]+([._-][a-z0-9]+)*$"
NAME_LENGTH = 64
_NAME = re.compile(NAME_PATTERN.strip("^$"))
# SemVer 2.0.0 (semver.org, section 9 and the suggested expression), lower case, no build metadata.
_NUMBER = r"(?:0|[1-9][0-9]*)"
_IDENTIFIER = rf"(?:{_NUMBER}|[0-9]*[a-z-][0-9a-z-]*)"
VERSION_PATTERN = rf"^({_NUMBER}\.{_NUMBER}\.{_NUMBER}(-{_IDENTIFIER}(\.{_IDENTIFIER})*)?|sha256-[0-9a-f]{{12}})$"
_VERSION = re.compile(VERSION_PATTERN.strip("^$"))
_SEMVER = re.compile(rf"({_NUMBER})\.({_NUMBER})\.({_NUMBER})(?:-(.+))?")
LATEST = "latest"

Bump = Literal["major", "minor", "patch"]
VersionKey = tuple[Any, ...]


@dataclass(frozen=True)
class Reference:
    """What a user names: a model, and optionally one version (or ``latest``) or the version live in a stage."""

    model: str
    version: str | None = None
    stage: str | None = None

    def __str__(self) -> str:
        if self.version is not None:
            return f"{self.model}@{self.version}"
        return self.model if self.stage is None else f"{self.model}#{self.stage}"


@lru_cache(maxsize=1 << 12)  # every path of a registry asks for the same few
def is_name(text: str) -> bool:
    """Whether ``text`` may name a model, stage, person or document."""
    return len(text) <= NAME_LENGTH and _NAME.fullmatch(text) is not None and not text.endswith(".lock")


@lru_cache(maxsize=1 << 12)
def is_version(text: str) -> bool:
    """Whether ``text`` is a version: SemVer without build metadata, or ``sha256-<12 hex>``."""
    # `.lock` would make a tag name that Git refuses (git-check-ref-format).
    return len(text) <= NAME_LENGTH and _VERSION.fullmatch(text) is not None and not text.endswith(".lock")


def check_name(text: str, what: str = "name") -> str:
    """Return ``text`` if it is a name; ``GM-D010`` otherwise. ``what`` names the thing in the message."""
    if is_name(text):
        return text
    raise GmError("GM-D010", f"`{visible(text)}` is not a valid {what}")


def check_version(text: str) -> str:
    """Return ``text`` if it is a version; ``GM-D011`` otherwise."""
    if is_version(text):
        return text
    raise GmError("GM-D011", f"`{visible(text)}` is not a valid version")


def parse_reference(text: str) -> Reference:
    """Read ``fraud``, ``fraud@1.2.0``, ``fraud@latest`` or ``fraud#production``; ``GM-D012`` otherwise.

    The tag form ``fraud@v1.2.0`` is understood too.
    """
    model, at, version = text.partition("@")
    if at:
        return Reference(_part(text, model), version=_version_part(text, version))
    model, hash_sign, stage = text.partition("#")
    return Reference(_part(text, model), stage=_part(text, stage) if hash_sign else None)


def _part(text: str, part: str) -> str:
    if is_name(part):
        return part
    raise GmError("GM-D012", f"`{visible(text)}` is not a reference to a model")


def _version_part(text: str, part: str) -> str:
    version = part.removeprefix("v")
    if part == LATEST or is_version(version):
        return version
    raise GmError("GM-D012", f"`{visible(text)}` does not name a version")


@lru_cache(maxsize=65536)
def version_key(version: str) -> VersionKey:
    """Return the sort key of a version: SemVer precedence; content-named versions come first, by their text."""
    found = _SEMVER.fullmatch(version)
    if found is None:
        return (0, version)
    major, minor, patch, pre = found.groups()
    # A pre-release sorts before its release (SemVer section 11).
    return (1, int(major), int(minor), int(patch), pre is None, tuple(map(_identifier_key, (pre or "").split("."))))


def _identifier_key(identifier: str) -> tuple[bool, int, str]:
    if identifier.isdigit():
        return (False, int(identifier), "")
    return (True, 0, identifier)


def next_version(existing: Iterable[str], bump: Bump = "minor") -> str:
    """Return the version after the highest SemVer one in ``existing``; the first is ``1.0.0``.

    A pre-release that already announces a version of this bump is followed by that version itself.
    """
    keys = [version_key(version) for version in existing if _SEMVER.fullmatch(version)]
    if not keys:
        return "1.0.0"
    _, major, minor, patch, released, _ = cast("tuple[int, int, int, int, bool, object]", max(keys))
    if bump == "major":
        return f"{major + (released or (minor, patch) != (0, 0))}.0.0"
    if bump == "minor":
        return f"{major}.{minor + (released or patch != 0)}.0"
    return f"{major}.{minor}.{patch + released}"


def tag_name(model: str, version: str) -> str:
    """Return the tag of a version, ``fraud@v1.2.0``: the grammar GTO reads."""
    return f"{check_name(model, 'model name')}@v{check_version(version)}"


def parse_tag(name: str) -> tuple[str, str] | None:
    """Return model and version of a tag name without ``refs/tags/``, or None for a tag that is not ours."""
    model, at, version = name.partition("@v")
    return (model, version) if at and is_name(model) and is_version(version) else None
