"""The environment as one canonical text."""

import hashlib
import importlib.metadata
import platform

import pytest

from gitops_models.artifacts import small_files
from gitops_models.artifacts.environment import lock_environment
from gitops_models.errors import GmError

UV = """version = 1
requires-python = ">=3.11"
[[package]]
name = "zeta"
version = "2.0"
source = { registry = "https://pypi.org/simple" }
[[package]]
name = "alpha"
version = "1.0"
source = { git = "https://git.example/alpha?rev=1#abc" }
[[package]]
name = "me"
version = "0.1"
source = { editable = "." }
[[package]]
name = "local"
version = "0.1"
source = { directory = "../local" }
"""
POETRY = """[[package]]
name = "zeta"
version = "2.0"
[[package]]
name = "alpha"
version = "1.0"
[package.source]
type = "git"
url = "https://git.example/alpha"
resolved_reference = "abc"
[[package]]
name = "beta"
version = "1.0"
[package.source]
type = "url"
url = "https://files.example/beta.whl"
[[package]]
name = "gamma"
version = "1.0"
[package.source]
type = "legacy"
url = "https://mirror.example/simple"
"""
CONDA = """name: x
dependencies:
- python=3.12.6
- numpy = 1.26
- pip:
  - onnxruntime==1.20.0
"""


def lines(lock):
    return lock.text.decode().splitlines()


def write(folder, name, text):
    (folder / name).write_text(text)
    return hashlib.sha256(text.encode()).hexdigest()


def refused(folder):
    with pytest.raises(GmError) as caught:
        lock_environment(folder)
    assert caught.value.code == "GM-A604"


def test_uv_lock_comes_first_and_leaves_the_project_out(tmp_path):
    digest = write(tmp_path, "uv.lock", UV)
    write(tmp_path, "requirements.txt", "other==1\n")
    lock = lock_environment(tmp_path, "3.12.6")
    assert lines(lock) == [
        f"# from uv.lock (sha256 {digest})",
        "# python 3.12.6",
        "alpha @ git+https://git.example/alpha?rev=1#abc",
        "local @ ../local",
        "zeta==2.0",
    ]
    assert (lock.python, lock.source) == ("3.12.6", "uv.lock")
    assert lock.sha256 == hashlib.sha256(lock.text).hexdigest()


def test_poetry_lock_is_read(tmp_path):
    write(tmp_path, "poetry.lock", POETRY)
    assert lines(lock_environment(tmp_path))[2:] == [
        "alpha @ git+https://git.example/alpha@abc",
        "beta @ https://files.example/beta.whl",
        "gamma==1.0",
        "zeta==2.0",
    ]


def test_requirements_lose_comments_and_breaks_but_keep_hashes(tmp_path):
    write(tmp_path, "requirements.txt", "# top\nzeta==2 \\\n    --hash=sha256:aa  # via x\n\nalpha==1\n-r more.txt\n")
    assert lines(lock_environment(tmp_path))[2:] == ["-r more.txt", "alpha==1", "zeta==2 --hash=sha256:aa"]


def test_several_requirements_files_count_together(tmp_path):
    write(tmp_path, "requirements-b.txt", "b==1\n")
    write(tmp_path, "requirements-a.txt", "a==1\nb==1\n")
    lock = lock_environment(tmp_path)
    assert lock.source == "requirements-a.txt, requirements-b.txt"
    assert lines(lock)[3:] == ["a==1", "b==1"]


def test_a_conda_environment_pins_python_too(tmp_path):
    write(tmp_path, "environment.yml", CONDA)
    lock = lock_environment(tmp_path)
    assert lock.python == "3.12.6"
    assert lines(lock)[2:] == ["numpy=1.26", "onnxruntime==1.20.0", "python=3.12.6"]


def test_without_a_lock_the_installed_distributions_count(tmp_path):
    lock = lock_environment(tmp_path)
    assert (lock.python, lock.source) == (platform.python_version(), "installed distributions")
    assert f"pytest=={importlib.metadata.version('pytest')}" in lines(lock)
    assert lines(lock)[2:] == sorted(set(lines(lock)[2:]))
    assert lock == lock_environment(tmp_path)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("uv.lock", "not toml ="),
        ("uv.lock", "package = 1"),
        ("uv.lock", "package = [1]"),
        ("uv.lock", "[[package]]\nversion = '1'\n"),
        ("poetry.lock", "[[package]]\nname = 'x'\n"),
        ("environment.yml", "dependencies: {}\n"),
        ("environment.yml", "dependencies: [1]\n"),
        ("environment.yml", "dependencies: [{pip: [1]}]\n"),
        ("conda.yaml", "a: &x 1\n"),
    ],
)
def test_a_file_that_is_not_understood_is_refused(tmp_path, name, text):
    write(tmp_path, name, text)
    refused(tmp_path)


def test_bytes_that_are_no_text_and_files_too_large_are_refused(tmp_path, monkeypatch):
    (tmp_path / "requirements.txt").write_bytes(b"\xff")
    refused(tmp_path)
    monkeypatch.setattr(small_files, "MAX_BYTES", 10)
    write(tmp_path, "requirements.txt", "x" * 11)
    refused(tmp_path)
