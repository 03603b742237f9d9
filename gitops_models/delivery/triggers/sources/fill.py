"""The variables of a query filled in, each escaped for who reads it. Pure."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

_SLOT = re.compile(r"\{\{([a-z]+)\}\}")


def filled(query: str, slots: Mapping[str, str], escape: Callable[[str], str]) -> str:
    """Return ``query`` with its variables filled in, once; what stands in a value is never a variable."""
    return _SLOT.sub(lambda match: escape(slots[match[1]]), query)


def in_string(value: str) -> str:
    """Escape for a quoted string of PromQL and of label matchers."""
    return value.replace("\\", "\\\\").replace('"', '\\"').replace("'", "\\'").replace("\n", "\\n")


def in_pointer(value: str) -> str:
    """Escape for one step of a JSON pointer (RFC 6901)."""
    return value.replace("~", "~0").replace("/", "~1")
