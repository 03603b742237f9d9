"""Paths that become other paths where file names ignore case (macOS, Windows).

``.DVC/config`` beside ``.dvc/config`` is one file there, and whichever is written last is the one that tools read
(CVE-2014-9390 is the same trick on ``.git``).
"""

from collections.abc import Iterable

_WORKFLOWS = ".github/workflows"


def disguised(path: str, roots: Iterable[str]) -> bool:
    """Whether ``path`` lies at or below one of ``roots`` (governed files and directories) in other letters only."""
    folded = path.casefold()
    return any(_lies_at(folded, start.casefold()) and not path.startswith(start) for start in map(_start, roots))


def _start(root: str) -> str:
    """Of the workflows only gm's own are governed."""
    return f"{root}/gm-" if root == _WORKFLOWS else root


def _lies_at(path: str, start: str) -> bool:
    return path == start or path.startswith(start if start.endswith("-") else f"{start}/")
