"""The content of a DVC pointer, as far as the judge looks at it (format: doc/user-guide/project-structure/dvc-files).

Only a plain output is accepted: ``wdir``, ``deps``, ``cmd``, imports and ``isexec`` make DVC act on other paths or run
something when the file is used (treeverse/dvc#11101). ``hash: md5`` is DVC 3's word that the digest is of the bytes as
they are: pointers of DVC 2 have none, hash text with its line ends changed, and lie at another place in the remote.
Fetching refuses the same (``artifacts.pointers``), so what is accepted can be served.
"""

from functools import lru_cache
from typing import Any

from gitops_models.errors import GmError
from gitops_models.registry import yamls
from gitops_models.registry.values import dataclass

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
    if not isinstance(output, dict) or not set(output) <= _OUTPUT_KEYS or output.get("hash") != "md5":
        keys = ", ".join(sorted(_OUTPUT_KEYS))
        raise GmError("GM-P109", f"an output holds {keys} only, and says `hash: md5` (DVC 3)", where=where)
    path, md5, size = output.get("path"), output.get("md5"), output.get("size")
    if not isinstance(path, str) or not isinstance(md5, str) or type(size) is not int:
        raise GmError("GM-P109", "an output needs path, md5 and size", where=where)
    counted = "nfiles" in output
    if counted != md5.endswith(".dir") or (counted and (type(output["nfiles"]) is not int or output["nfiles"] < 0)):
        raise GmError("GM-P109", "a directory needs its number of files, nfiles, and a file has none", where=where)
    return PointerFacts(path, md5, size)
