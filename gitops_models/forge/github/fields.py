"""Reading the fields of an answer that are used, and no others: new fields and new words of GitHub's are fine.

A used field that is missing or of another type is GM-F408: a wrong guess could be an approval.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, TypeVar

from gitops_models.errors import GmError
from gitops_models.registry.text import visible
from gitops_models.registry.times import parse_time
from gitops_models.registry.values import dataclass

if TYPE_CHECKING:
    from collections.abc import Mapping

_T = TypeVar("_T")
CODE = "GM-F408"
MOST_WORDS = 1024
_OID = re.compile(r"[0-9a-f]{40}(?:[0-9a-f]{24})?")
_LARGEST = 2**63


def unlike(message: str) -> GmError:
    """The error for an answer that is not what GitHub documents."""
    return GmError(CODE, message)


@dataclass(frozen=True)
class Fields:
    """One object of an answer. ``what`` names it in errors: ``pull request``, ``review.user``.

    Where a field may be ``None``, missing and null are the same.
    """

    values: Mapping[str, Any]
    what: str

    def text(self, name: str) -> str:
        """A text as it came, which may be empty."""
        return self._need(name, self.maybe_text(name))

    def maybe_text(self, name: str) -> str | None:
        """A text as it came."""
        return self._typed(name, str, "text")

    def word(self, name: str) -> str:
        """A name or a state: not empty, not long, made visible."""
        return self._need(name, self.maybe_word(name))

    def maybe_word(self, name: str) -> str | None:
        """As ``word``; an empty one counts as missing."""
        said = self.maybe_text(name)
        if said is not None and len(said) > MOST_WORDS:
            raise unlike(f"{self._name(name)} has {len(said)} characters")
        return visible(said) if said else None

    def number(self, name: str) -> int:
        """An id or a count: not negative, at most 63 bits."""
        return self._need(name, self.maybe_number(name))

    def maybe_number(self, name: str) -> int | None:
        """As ``number``."""
        found = self._typed(name, int, "a number")
        if found is not None and not 0 <= found < _LARGEST:
            raise unlike(f"{self._name(name)} is out of range")
        return found

    def flag(self, name: str) -> bool:
        """True or false."""
        return self._need(name, self.maybe_flag(name))

    def maybe_flag(self, name: str) -> bool | None:
        """As ``flag``."""
        return self._typed(name, bool, "true or false")

    def oid(self, name: str) -> str:
        """An object id: 40 or 64 hex digits."""
        return self._need(name, self.maybe_oid(name))

    def maybe_oid(self, name: str) -> str | None:
        """As ``oid``."""
        found = self.maybe_text(name)
        if found is not None and not _OID.fullmatch(found):
            raise unlike(f"{self._name(name)} is no object id")
        return found

    def maybe_time(self, name: str) -> str | None:
        """A UTC time, RFC 3339 with ``Z``."""
        found = self.maybe_text(name)
        try:
            if found is not None:
                parse_time(found)
        except GmError as error:
            raise unlike(f"{self._name(name)} is no UTC time") from error
        return found

    def child(self, name: str) -> Fields:
        """An object within."""
        return self._need(name, self.maybe_child(name))

    def maybe_child(self, name: str) -> Fields | None:
        """As ``child``."""
        found = self._typed(name, dict, "an object")
        return None if found is None else Fields(found, self._name(name))

    def children(self, name: str) -> tuple[Fields, ...]:
        """A list of objects."""
        return self._need(name, self.maybe_children(name))

    def maybe_children(self, name: str) -> tuple[Fields, ...] | None:
        """As ``children``."""
        found = self._typed(name, list, "a list")
        return None if found is None else tuple(fields_of(one, self._name(name)) for one in found)

    def words(self, name: str) -> tuple[str, ...]:
        """A list of names."""
        found = self._need(name, self._typed(name, list, "a list"))
        return tuple(Fields({"": one}, self._name(name)).word("") for one in found)

    def _typed(self, name: str, kind: type[_T], said: str) -> _T | None:
        found = self.values.get(name)
        # bool is an int to Python, and nothing is a number that GitHub sent as true.
        if found is None:
            return None
        if not isinstance(found, kind) or (kind is int and isinstance(found, bool)):
            raise unlike(f"{self._name(name)} is not {said}")
        return found

    def _need(self, name: str, found: _T | None) -> _T:
        if found is None:
            raise unlike(f"{self._name(name)} is missing")
        return found

    def _name(self, name: str) -> str:
        return f"{self.what}.{name}"


def fields_of(value: Any, what: str) -> Fields:
    """Take ``value`` as an object; GM-F408 when it is none."""
    if not isinstance(value, dict):
        raise unlike(f"{what} is not an object")
    return Fields(value, what)
