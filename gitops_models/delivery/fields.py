"""Kinds of field that the operator's own files share, and how paths in them are read."""

from pathlib import Path
from typing import Annotated, Protocol
from urllib.parse import SplitResult, urlsplit

from pydantic import AfterValidator

from gitops_models.delivery.checks.fill import known_words
from gitops_models.registry.documents._base import Line
from gitops_models.registry.text import names_a_user


class _Named(Protocol):
    @property
    def id(self) -> str: ...


def _no_option(text: str) -> str:
    if text.startswith("-"):
        raise ValueError("must not begin with a dash")
    return text


Place = Annotated[Line, AfterValidator(_no_option)]


def local(text: str, base: Path) -> str:
    """Return the path ``text`` of a file in directory ``base`` as an absolute one; ``~`` is the home."""
    return str(base / Path(text).expanduser())


def web_parts(text: str) -> SplitResult:
    """Return the parts of a plain web address: no user, blank or fragment in it. Raises ``ValueError``."""
    if not text.isascii() or " " in text or "#" in text or names_a_user(text):
        raise ValueError("must be a plain address without a user, a blank or a fragment")
    parts = urlsplit(text)
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.port == 0:  # no number is ValueError too
        raise ValueError("must begin with http:// or https:// and name a host")
    return parts


def _host_named(text: str) -> str:
    if "{" in web_parts(known_words(text)).netloc:
        raise ValueError("must name the host itself")
    return text


Address = Annotated[Line, AfterValidator(_host_named)]
"""A web address that may leave words open (``checks.fill``), but not in its host."""


def distinct(what: str) -> AfterValidator:
    """Return what refuses two of one id in a list; ``what`` is the plural of what it lists."""

    def check(found: tuple[_Named, ...]) -> tuple[_Named, ...]:
        ids = [one.id for one in found]
        if len(set(ids)) != len(ids):
            raise ValueError(f"two {what} have the same id")
        return found

    return AfterValidator(check)
