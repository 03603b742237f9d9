"""Puts the servers that tests speak to under .cache/servers: Prometheus and Alertmanager, from Debian's packages.

usage: servers.py [FOLDER]

The packages are fetched and checked by apt-get and unpacked, never installed: that needs no root, changes nothing of
the machine, and no unit of theirs is started, now or at the next boot. What is on PATH already is used from there.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PACKAGES = {"prometheus": "prometheus", "alertmanager": "prometheus-alertmanager"}
PROGRAMS = {"prometheus": ("prometheus",), "alertmanager": ("alertmanager", "prometheus-alertmanager")}
# Debian's Alertmanager reads its templates from here; ours reads them from the directory that it is started in.
INSTALLED = b"/usr/share/prometheus/alertmanager"
HERE = b"./" * (len(INSTALLED) // 2)


def missing(name: str, folder: Path) -> bool:
    """Whether a server is neither on PATH nor in ``folder``."""
    unpacked = folder / name / "usr" / "bin" / PACKAGES[name]
    return not unpacked.is_file() and not any(map(shutil.which, PROGRAMS[name]))


def fetch(package: str, work: Path) -> Path:
    """Return the package as a file, by the lists that are there or else by new ones of our own."""
    own = [f"Dir::State::Lists={work}/lists", f"Dir::Cache={work}/cache", f"Dir::Cache::Archives={work}/cache"]
    for folder in ("lists", "cache"):
        (work / folder / "partial").mkdir(parents=True)
    options = [word for setting in own for word in ("-o", setting)]
    if apt(["download", package], work) != 0 and apt([*options, "update"], work) == 0:
        apt([*options, "download", package], work)
    found = list(work.glob("*.deb"))
    if not found:
        sys.exit(f"servers: apt-get cannot fetch {package}\n  remedy: put {package} on PATH yourself")
    return found[0]


def apt(words: list[str], work: Path) -> int:
    """Run apt-get, as whoever we are."""
    command = ["apt-get", "-qq", "-o", "APT::Sandbox::User=", *words]
    return subprocess.run(command, cwd=work, check=False, timeout=600).returncode


def unpack(name: str, package: Path, folder: Path, work: Path) -> None:
    """Put a package into its place, whole or not at all."""
    fresh = work / "fresh"
    subprocess.run(["dpkg-deb", "--extract", package, fresh], check=True, timeout=600)
    if name == "alertmanager":
        program = fresh / "usr" / "bin" / PACKAGES[name]
        program.write_bytes(program.read_bytes().replace(INSTALLED, HERE))
    shutil.rmtree(folder / name, ignore_errors=True)
    fresh.rename(folder / name)


def main(folder: Path) -> int:
    """Fetch what is missing and say what is there."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, package in PACKAGES.items():
        if not missing(name, folder):
            continue
        if shutil.which("apt-get") is None:
            sys.exit(f"servers: {name} is missing and there is no apt-get\n  remedy: put {name} on PATH yourself")
        with tempfile.TemporaryDirectory(dir=folder) as work:
            unpack(name, fetch(package, Path(work)), folder, Path(work))
    print(f"servers: {', '.join(PACKAGES)} are there; moto comes with .venv")
    return 0


if __name__ == "__main__":
    os.umask(0o022)
    sys.exit(main(Path(sys.argv[1]) if sys.argv[1:] else ROOT / ".cache" / "servers"))
