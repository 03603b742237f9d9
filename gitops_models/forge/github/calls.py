"""What every group of calls stands on: one repository at one API."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from gitops_models.errors import GmError
from gitops_models.forge.github.fields import Fields, fields_of
from gitops_models.registry.text import visible

if TYPE_CHECKING:
    from collections.abc import Mapping

    from gitops_models.forge.github.api import Api


class Calls:
    """Asks ``api`` about the repository ``owner/name``. Every call raises GM-F401 to F409."""

    def __init__(self, api: Api, owner: str, name: str) -> None:
        self.api = api
        self.owner = owner
        self.name = name
        self.home = f"/repos/{segment(owner)}/{segment(name)}"

    @property
    def full_name(self) -> str:
        """``acme/registry``, as the remote's address has it."""
        return f"{self.owner}/{self.name}"

    def _get(self, path: str, what: str, query: Mapping[str, str] | None = None) -> Fields:
        return fields_of(self.api.get(self.home + path, query), what)

    def _list(
        self,
        path: str,
        what: str,
        query: Mapping[str, str] | None = None,
        *,
        under: str | None = None,
        key: str | None = "id",
    ) -> tuple[Fields, ...]:
        found = self.api.pages(self.home + path, query, under=under, key=key)
        return tuple(fields_of(one, what) for one in found)

    def _send(self, method: str, path: str, body: Mapping[str, Any], what: str, *, repeatable: bool = False) -> Fields:
        """Change something and read what it became; fields of ``body`` that are None are left out."""
        given = {name: value for name, value in body.items() if value is not None}
        answer = self.api.request(method, self.home + path, body=given, repeatable=repeatable)
        return fields_of(answer.data, what)


def segment(text: str) -> str:
    """One part of a path. GM-F403 for what would be another path: no such thing can be on GitHub."""
    if text in ("", ".", "..") or "\0" in text:
        raise GmError("GM-F403", f"nothing on GitHub is named `{visible(text)}`")
    return quote(text, safe="")


def cut(text: str, most: int) -> str:
    """``text`` with at most ``most`` characters, the last one ``…`` when there were more."""
    return text if len(text) <= most else text[: most - 1] + "…"
