"""The wheel, built once for all workers and installed into an environment of its own, and its ``gm`` as a process."""

import fcntl
import importlib.util
import json
import os
import subprocess
import sys
import sysconfig
import venv
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

SECONDS = 120


@dataclass(frozen=True)
class Ran:
    """How one process ended."""

    status: int
    out: str
    err: str

    @property
    def json(self) -> dict:
        """The one object on standard output."""
        return json.loads(self.out)

    @property
    def error(self) -> dict:
        """The error object on standard error (its last line; messages may stand before it)."""
        return json.loads(self.err.splitlines()[-1])["error"]


@dataclass(frozen=True)
class Installed:
    """An environment with the wheel in it."""

    root: Path

    @property
    def bin(self) -> Path:
        """Where ``gm`` and ``python`` are."""
        return self.root / "bin"

    def gm(self, cwd: Path, *words: str, **settings) -> Ran:
        """Run ``gm --no-input`` there."""
        return run([str(self.bin / "gm"), "--no-input", *words], cwd, **settings)

    def python(self, cwd: Path, *words: str, **settings) -> Ran:
        """Run its interpreter there, isolated from the working directory."""
        return run([str(self.bin / "python"), "-P", *words], cwd, **settings)


def run(words: Sequence[str], cwd: Path, *, env: dict[str, str] | None = None, stdin: str = "") -> Ran:
    """Run a process without a terminal."""
    done = subprocess.run(
        words,
        cwd=cwd,
        env=os.environ | (env or {}),
        input=stdin,
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=False,
    )
    return Ran(done.returncode, done.stdout, done.stderr)


def install(project: Path, shared: Path) -> Installed:
    """Build and install into ``shared``, or take what another worker put there."""
    root = shared / "installed"
    with _alone(shared / "installed.lock"):
        if not (root / "ready").exists():
            wheel = _build(project, shared / "wheels")
            _environment(root, wheel)
            (root / "ready").touch()
    return Installed(root)


def _build(project: Path, folder: Path) -> Path:
    """Build with the hatchling of this environment; without one, pip brings its own as for any user."""
    if importlib.util.find_spec("hatchling"):
        command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)]
    else:
        python = str(Path(sysconfig.get_config_var("BINDIR"), f"python3.{sys.version_info.minor}"))
        command = [python, "-m", "pip", "wheel", "--quiet", "--no-deps", "-w", str(folder), "."]
    done = run(command, project)
    assert done.status == 0, done.err
    return next(folder.glob("gitops_models-*.whl"))


def _environment(root: Path, wheel: Path) -> None:
    """An environment that borrows the libraries of this one: nothing is downloaded."""
    venv.create(root, with_pip=True)
    done = run(
        [str(root / "bin" / "python"), "-m", "pip", "install", "-q", "--no-deps", "--no-index", str(wheel)], root
    )
    assert done.status == 0, done.err
    site = next(root.glob("lib/python3.*/site-packages"))
    (site / "borrowed.pth").write_text(f"{sysconfig.get_path('purelib')}\n")


@contextmanager
def _alone(path: Path) -> Iterator[None]:
    with path.open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
