"""Names of signed resources: a path in the model, and for shards the range of bytes.

model_signing sorts by the parts of the path (``sub/b`` before ``sub-x``), other writers by the text; either order is
one spelling, anything else is refused.
"""

import re
from collections.abc import Sequence
from pathlib import PurePosixPath

from gitops_models.errors import GmError
from gitops_models.registry.values import dataclass

__all__ = ["Resource", "check_order", "check_path", "order", "parse_name"]

_SHARD = re.compile(r"(.+):(0|[1-9][0-9]{0,18}):([1-9][0-9]{0,18})", re.DOTALL)


@dataclass(frozen=True)
class Resource:
    """A whole file (``end`` is None) or its bytes from ``start`` up to ``end``, and their digest."""

    path: str
    start: int
    end: int | None
    digest: bytes

    @property
    def name(self) -> str:
        """The name as signed."""
        return self.path if self.end is None else f"{self.path}:{self.start}:{self.end}"


def parse_name(name: str, digest: bytes, *, sharded: bool) -> Resource:
    """Read a signed name; GM-T722 when a shard has no range, GM-T724 when the path is not one in the model."""
    if not sharded:
        return Resource(check_path(name), 0, None, digest)
    found = _SHARD.fullmatch(name)
    if not found or int(found[2]) >= int(found[3]):
        raise GmError("GM-T722", f"{name!r} names no shard `path:start:end`")
    return Resource(check_path(found[1]), int(found[2]), int(found[3]), digest)


def check_path(path: str) -> str:
    """Return ``path`` if it is a plain relative path in its one spelling; GM-T724 otherwise."""
    if "\0" in path or {"", ".", ".."} & set(path.split("/")) or not _is_text(path):
        raise GmError("GM-T724", f"{path!r} is not a plain path inside the model")
    return path


def order(resource: Resource) -> tuple[tuple[str, ...], int, int]:
    """The order in which model_signing writes."""
    return PurePosixPath(resource.path).parts, resource.start, resource.end or 0


def check_order(resources: Sequence[Resource]) -> None:
    """Raise GM-T723 unless the names stand in one of the two orders, each once."""
    names = [each.name for each in resources]
    if len(set(names)) != len(names):
        raise GmError("GM-T723", "a name is signed twice")
    if names != sorted(names) and list(resources) != sorted(resources, key=order):
        raise GmError("GM-T723", "the signed names are not sorted")


def _is_text(path: str) -> bool:
    """Whether ``path`` can be shown and written: JSON can spell lone surrogates, which are no characters."""
    try:
        path.encode()
    except UnicodeEncodeError:
        return False
    return True
