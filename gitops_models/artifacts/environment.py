"""The environment of a training run as one text: what was locked beside the code, else what is installed here.

The text is canonical (requirement lines, sorted, under a comment that binds it to the file it came from), so the same
lock gives the same bytes and a reviewer can diff two versions.
"""

import importlib.metadata
import platform
import re
from collections.abc import Callable, Iterable
from pathlib import Path

from gitops_models.artifacts.lockfiles import conda_lines, poetry_lines, requirement_lines, uv_lines
from gitops_models.artifacts.small_files import read_small
from gitops_models.registry.canonical import sha256_hex
from gitops_models.registry.values import dataclass

_INSTALLED = "installed distributions"
_READERS: tuple[tuple[str, Callable[[bytes, str], Iterable[str]]], ...] = (
    ("uv.lock", uv_lines),
    ("poetry.lock", poetry_lines),
    ("requirements.txt", requirement_lines),
    ("requirements*.txt", requirement_lines),
    ("environment.yml", conda_lines),
    ("environment.yaml", conda_lines),
    ("conda.yaml", conda_lines),
    ("conda.yml", conda_lines),
)


@dataclass(frozen=True, slots=True)
class EnvironmentLock:
    """``text`` is UTF-8, ``python`` the version that runs or is pinned, ``source`` the files it is from."""

    text: bytes
    python: str
    source: str

    @property
    def sha256(self) -> str:
        """The digest that lineage records."""
        return sha256_hex(self.text)


def lock_environment(directory: Path, python: str | None = None) -> EnvironmentLock:
    """Derive the lock from the first of uv.lock, poetry.lock, requirements, conda files in ``directory``.

    Without any of them the installed distributions of this interpreter count. GM-A604 when a file is not understood.
    """
    running = python or platform.python_version()
    for pattern, read in _READERS:
        paths = sorted(path for path in directory.glob(pattern) if path.is_file())
        if paths:
            return _from_files(paths, read, running)
    return _rendered([f"# from {_INSTALLED}"], _installed(), running, _INSTALLED)


def _from_files(paths: list[Path], read: Callable[[bytes, str], Iterable[str]], python: str) -> EnvironmentLock:
    heads: list[str] = []
    lines: list[str] = []
    for path in paths:
        data = read_small(path, "GM-A604")
        heads.append(f"# from {path.name} (sha256 {sha256_hex(data)})")
        lines += read(data, str(path))
    return _rendered(heads, lines, _pinned_python(lines) or python, ", ".join(path.name for path in paths))


def _rendered(heads: list[str], lines: Iterable[str], python: str, source: str) -> EnvironmentLock:
    body = [*heads, f"# python {python}", *sorted(set(lines))]
    return EnvironmentLock("".join(f"{line}\n" for line in body).encode(), python, source)


def _installed() -> Iterable[str]:
    for distribution in importlib.metadata.distributions():
        name = distribution.metadata["Name"]
        if name:
            yield f"{normal_name(name)}=={distribution.version}"


def _pinned_python(lines: Iterable[str]) -> str | None:
    """Find the Python that a conda environment pins exactly."""
    pins = (re.fullmatch(r"python==?(\d+(?:\.\d+)+)(?:=\S+)?", line) for line in lines)
    return next((pin[1] for pin in pins if pin), None)


def normal_name(name: str) -> str:
    """Normalise a distribution's name (PEP 503)."""
    return re.sub(r"[-_.]+", "-", name).lower()
