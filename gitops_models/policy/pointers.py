"""The content of a DVC pointer, as far as the judge looks at it (format: doc/user-guide/project-structure/dvc-files).

Only a plain output is accepted: ``wdir``, ``deps``, ``cmd``, imports and ``isexec`` make DVC act on other paths or run
something when the file is used (treeverse/dvc#11101).
"""

from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from gitops_models.errors import GmError
from gitops_models.registry import yamls

_OUTPUT_KEYS = frozenset(("md5", "size", "nfiles", "hash", "path"))


@dataclass(frozen=True)
class PointerFacts:
    """What a pointer says: DVC's address (``.dir`` at the end for a directory), bytes, and the name it stands for."""

    path: str
    md5: str
    size: int


@lru_cache(maxsize=64)  # several rules look into the pointers of one change
def load_pointer(data: bytes, where: str) -> PointerFacts:
    """Return the pointer in ``data``. Raises GM-D codes for bad YAML and GM-P109 for anything that is not plain."""
    value = yamls.load(data, where)
    outputs = value.get("outs")
    if set(value) != {"outs"} or not isinstance(outputs, list) or len(outputs) != 1:
        raise GmError("GM-P109", "a pointer holds the list `outs` with one entry and nothing else", where=where)
    return _output(outputs[0], where)


def _output(output: Any, where: str) -> PointerFacts:
    if not isinstance(output, dict) or not set(output) <= _OUTPUT_KEYS or output.get("hash", "md5") != "md5":
        raise GmError("GM-P109", f"an output holds {', '.join(sorted(_OUTPUT_KEYS))} only", where=where)
    path, md5, size = output.get("path"), output.get("md5"), output.get("size")
    if not isinstance(path, str) or not isinstance(md5, str) or type(size) is not int:
        raise GmError("GM-P109", "an output needs path, md5 and size", where=where)
    return PointerFacts(path, md5, size)
