"""What the demo needs before it begins: programs, packages, the reference registry and an empty directory."""

from __future__ import annotations

import shutil
import sys
import tempfile
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from gitops_models.errors import GmError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

PACKAGES = ("numpy", "onnxruntime")
PROGRAMS = ("git", "ssh-keygen", "sed", "tar", "xargs")


def require(packages: Iterable[str] = PACKAGES, programs: Iterable[str] = PROGRAMS) -> None:
    """Raise GM-C300 where a package or program that the demo runs is missing."""
    missing = [name for name in packages if find_spec(name) is None]
    if missing:
        raise GmError("GM-C300", f"{', '.join(missing)} cannot be imported here", where=sys.executable)
    absent = [name for name in programs if shutil.which(name) is None]
    if absent:
        hint = "install git 2.34 or newer and OpenSSH 8.2 or newer"
        raise GmError("GM-C300", f"{', '.join(absent)} cannot be found", where="PATH", hint=hint)


def reference() -> Path:
    """The reference registry: beside an installed package, or the repository that an editable install points to."""
    package = Path(__file__).resolve().parent.parent
    for candidate in (package / "_bundle", package.parent):
        if (candidate / "examples" / "remote").is_dir():
            return candidate
    raise GmError("GM-C300", "the reference registry is not there", where=str(package / "_bundle"))


@contextmanager
def place(keep: Path | None) -> Iterator[Path]:
    """A directory to play in: ``keep``, which must be empty and stays, or one that is removed in the end."""
    if keep is not None:
        if keep.exists() and (not keep.is_dir() or any(keep.iterdir())):
            raise GmError("GM-C301", f"{keep} is not an empty directory", where=str(keep))
        keep.mkdir(parents=True, exist_ok=True)
        yield keep.absolute()
        return
    made = Path(tempfile.mkdtemp(prefix="gm-demo-"))
    try:
        yield made.resolve()
    finally:
        shutil.rmtree(made)
