"""Large files go through in little memory: hashed, stored, read again and fetched in blocks."""

import os
import subprocess
import sys

import pytest

MEGABYTE = 1 << 20
MOST = 150 * MEGABYTE
LARGE = 3 << 30
# Storing writes the bytes twice, so `make test` stores a file twice as large as the memory allowed.
STORED = LARGE if os.environ.get("GM_SWEEP") else 320 * MEGABYTE
PEAK = (
    "import resource, subprocess, sys; status = subprocess.run(sys.argv[1:], stdout=2).returncode; "
    "print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss); sys.exit(status)"
)


def peak(repo, *words):
    """Bytes of memory that a gm of its own needed at most."""
    command = [sys.executable, "-c", PEAK, sys.executable, "-m", "gitops_models", "--no-input", "-C", str(repo), *words]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=280, cwd=repo)
    assert done.returncode == 0, done.stderr
    return int(done.stdout) * (1 if sys.platform == "darwin" else 1024)


def sparse(path, size):
    with path.open("wb") as stream:
        stream.truncate(size)
    return path


@pytest.fixture
def repo(tmp_path):
    made = tmp_path / "reg"
    made.mkdir()
    peak(made, "init", "--profile", "solo", "--name", "Ada", "--email", "ada@example.org")
    return made


@pytest.mark.clause("A-snapshots-4")
def test_three_gigabytes_are_hashed_in_little_memory(repo, tmp_path):
    words = ("--risk", "low", "-m", "large", "--dry-run")
    assert peak(repo, "register", "large", str(sparse(tmp_path / "model.bin", LARGE)), *words) < MOST


@pytest.mark.sweep
@pytest.mark.clause("A-snapshots-4", "A-snapshots-6")
def test_a_large_file_is_stored_and_fetched_in_little_memory(repo, tmp_path):
    words = ("--risk", "low", "-m", "large", "--merge")
    path = sparse(tmp_path / "model.bin", STORED)
    assert peak(repo, "register", "large", str(path), *words) < MOST
    assert peak(repo, "fetch", "large@1.0.0", "-o", str(tmp_path / "out")) < MOST
    assert (tmp_path / "out" / "model.bin").stat().st_size == STORED
