"""Lists over several pages, whole or not at all: a list of reviews with its end cut off could be an approval.

GitHub names the next page in the header ``Link`` (RFC 8288), often by the repository's id instead of its name
(``/repositories/42/pulls``), so the link is checked and its query used, at the address that was asked.
"""

from __future__ import annotations

import re
from dataclasses import field
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, unquote

from gitops_models.forge.github.fields import fields_of, unlike
from gitops_models.registry.values import dataclass

if TYPE_CHECKING:
    from collections.abc import Mapping

    from gitops_models.forge.github.api import Answer, Api

PER_PAGE = 100
_LINK = re.compile(r"<([^<>]*)>([^<>]*)")
_RELATION = re.compile(r';\s*rel\s*=\s*"?([^";,]+)', re.IGNORECASE)
_NAMED = re.compile(r"^/repos/[^/]+/[^/]+(?=/)")
_NUMBERED = re.compile(r"^/repositories/[0-9]+(?=/)")


def walk(
    api: Api,
    path: str,
    query: Mapping[str, str],
    *,
    under: str | None,
    key: str | None,
    per_page: int = PER_PAGE,
    most_pages: int,
) -> tuple[Any, ...]:
    """Every item of the list at ``path``. ``under`` names the list in an object, ``key`` what is unique to an item.

    GM-F408 for a list that goes on after ``most_pages``, a link to another place, a page cut short and an item that
    stands twice (the list may have moved meanwhile: ask again).
    """
    reading = _Reading(api, path, under, key, per_page)
    asked: Mapping[str, str] | None = {**query, "per_page": str(per_page), "page": "1"}
    for page in range(1, most_pages + 1):
        asked = reading.take(page, asked or {})
        if asked is None:
            return tuple(reading.items)
        if reading.last > most_pages:
            break  # said at once: strangers who make a list long use up nobody's requests
    raise unlike(f"{path} has more than {most_pages} pages")


@dataclass
class _Reading:
    """The pages so far, and what they promised of those to come."""

    api: Api
    path: str
    under: str | None
    key: str | None
    per_page: int
    items: list[Any] = field(default_factory=list)
    seen: set[Any] = field(default_factory=set)
    last: int = 1

    def take(self, page: int, query: Mapping[str, str]) -> Mapping[str, str] | None:
        """Read one page; the query of the next one, None when the list is complete."""
        answer = self.api.request("GET", self.path, query=query)
        found = self._found(answer)
        for one in found:
            self._note(one)
        self.items += found
        links = self._links(answer)
        following = links.get("next")
        self.last = max(self.last, _page(links.get("last")))
        if following is not None:
            self._check_whole(page, len(found), following)
            return following
        return self._end(page, query, answer, len(found))

    def _end(self, page: int, query: Mapping[str, str], answer: Answer, count: int) -> Mapping[str, str] | None:
        if page < self.last:
            raise unlike(f"{self.path} ends after page {page} of {self.last}")
        total = fields_of(answer.data, self.path).number("total_count") if self.under else None
        if total is not None and total != len(self.items):
            raise unlike(f"{self.path} has {len(self.items)} of the {total} items that it promises")
        if count == self.per_page and total is None and "link" not in answer.headers:
            return {
                **query,
                "page": str(page + 1),
            }  # a full page without a word of another: look whether it is the last
        return None

    def _check_whole(self, page: int, count: int, following: Mapping[str, str]) -> None:
        if count != self.per_page:
            raise unlike(f"page {page} of {self.path} has {count} items of {self.per_page}, and there are more pages")
        if _page(following) not in (0, page + 1):
            raise unlike(f"after page {page} of {self.path} GitHub names page {_page(following)}")

    def _found(self, answer: Answer) -> list[Any]:
        data = answer.data
        if self.under:
            data = fields_of(data, self.path).values.get(self.under)
        if not isinstance(data, list):
            raise unlike(f"{self.path} is not a list")
        return data

    def _note(self, one: Any) -> None:
        if self.key is None:
            return
        identity = fields_of(one, self.path).values.get(self.key)
        if not isinstance(identity, int | str) or identity in self.seen:
            raise unlike(f"an item of {self.path} stands twice or has no {self.key}")
        self.seen.add(identity)

    def _links(self, answer: Answer) -> dict[str, dict[str, str]]:
        """The query of every link by its relation; GM-F408 for one to another place."""
        said = answer.headers.get("link", "")
        if _LINK.sub("", said).strip():
            raise unlike(f"the links of {self.path} cannot be read")
        found = {}
        for address, parameters in _LINK.findall(said):
            relation = _RELATION.search(parameters)
            if relation is None:
                raise unlike(f"a link of {self.path} has no relation")
            for word in {"next", "last"} & set(relation[1].lower().split()):
                found[word] = self._query(address)
        return found

    def _query(self, address: str) -> dict[str, str]:
        ours = self.api.line.address
        parts = ours.within(address, ours.folder + self.path)
        if parts is None or not self._is_here(parts.path.removeprefix(ours.folder)):
            raise unlike(f"a link of {self.path} leads elsewhere")
        return dict(parse_qsl(parts.query))

    def _is_here(self, path: str) -> bool:
        theirs, ours = unquote(path), unquote(self.path)
        return theirs == ours or _NUMBERED.sub("", theirs) == _NAMED.sub("", ours) != ours


def _page(query: Mapping[str, str] | None) -> int:
    said = (query or {}).get("page", "")
    return int(said) if said.isascii() and said.isdigit() and len(said) < 7 else 0  # noqa: PLR2004 - no list is longer
