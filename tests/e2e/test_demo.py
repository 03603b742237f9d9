"""``gm demo`` from the installed wheel: it ends well, plain tools confirm what it made, its script does the same."""

import fcntl
import os
import re
import signal
import subprocess
import time
from pathlib import Path

import pytest

from gitops_models.demo.story import shell, story
from tests.support.installed import Ran, run

pytest.importorskip("onnxruntime")

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]

# A developer's machine at its worst: what must not reach the demo.
HOSTILE = """[user]
    name = Somebody Else
[commit]
    gpgsign = true
[gpg]
    program = /bin/false
[core]
    hooksPath = /nowhere
[init]
    defaultBranch = trunk
[url "https://example.invalid/"]
    insteadOf = /
"""


class Played:
    """One finished run: what it printed, and the directory that it left."""

    def __init__(self, folder: Path) -> None:
        self.directory = folder / "kept"
        self.out = (folder / "out").read_text()
        self.err = (folder / "err").read_text()
        self.status = int((folder / "status").read_text())


def once(shared, name, work):
    """Do ``work`` in one of the workers and keep how it ended for all of them."""
    folder = shared / name
    with (shared / f"{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (folder / "status").exists():
            folder.mkdir()
            ran = work(folder)
            (folder / "out").write_text(ran.out)
            (folder / "err").write_text(ran.err)
            (folder / "status").write_text(str(ran.status))
    return Played(folder)


@pytest.fixture(scope="session")
def shared(tmp_path_factory):
    base = tmp_path_factory.getbasetemp()
    return base.parent if os.environ.get("PYTEST_XDIST_WORKER") else base


@pytest.fixture(scope="session")
def hostile(tmp_path_factory):
    home = tmp_path_factory.mktemp("hostile")
    (home / ".gitconfig").write_text(HOSTILE)
    return {
        "HOME": str(home),
        "GIT_CONFIG_GLOBAL": str(home / ".gitconfig"),
        "GIT_DIR": "/nowhere",
        "GIT_AUTHOR_DATE": "1970-01-01T00:00:00Z",
        "XDG_CONFIG_HOME": str(home),
        "SSH_AUTH_SOCK": "/nowhere",
        "LC_ALL": "C.UTF-8",
        "TZ": "Pacific/Kiritimati",
    }


@pytest.fixture(scope="session")
def played(installed, shared, hostile):
    def work(folder: Path) -> Ran:
        return _long([str(installed.bin / "gm"), "demo", "--keep", str(folder / "kept")], folder, hostile)

    return once(shared, "demo", work)


@pytest.fixture(scope="session")
def scripted(installed, shared, hostile):
    def work(folder: Path) -> Ran:
        text = installed.gm(folder, "demo", "--script").out
        (folder / "demo.sh").write_text(text)
        return _long(["sh", str(folder / "demo.sh"), str(folder / "kept")], folder, hostile)

    return once(shared, "script", work)


def _long(words, cwd, settings):
    done = subprocess.run(
        words, cwd=cwd, env=os.environ | settings, capture_output=True, text=True, timeout=600, check=False
    )
    return Ran(done.returncode, done.stdout, done.stderr)


def git(folder, *words):
    ran = run(["git", "-C", str(folder), *words], folder)
    assert ran.status == 0, ran.err
    return ran.out


def test_it_ends_well(played):
    assert (played.status, played.err[-2000:] if played.status else "") == (0, "")


def test_it_prints_every_command_that_it_runs_and_runs_no_other(played):
    printed = re.findall(r"^\$ (.+?)\n(?=\n|[^\n])", played.out, re.MULTILINE)
    commands = [command for act in story() for command in act.commands]
    assert printed == [command.split("\n", 1)[0] for command in commands]
    assert all(f"\n$ {command}\n" in played.out for command in commands)


def test_it_says_that_six_attempts_were_refused_and_with_which_codes(played):
    codes = re.findall(r"^==> refused, as it must be: (GM-\w+)", played.out, re.MULTILINE)
    assert codes == ["GM-P401", "GM-P101", "GM-A314", "GM-T600", "GM-T600", "GM-P401", "GM-P304"]


def test_what_is_served_gets_better_then_worse_then_good_again(played):
    assert re.findall(r'"accuracy": (0\.\d+)', played.out) == ["0.9357", "0.9766", "0.8363", "0.9766"]


def test_plain_git_accepts_every_commit_and_tag(played):
    remote, signers = played.directory / "remote.git", played.directory / "allowed_signers"
    trusting = ("-c", f"gpg.ssh.allowedSignersFile={signers}")
    commits = git(remote, "rev-list", "--all").split()
    assert len(commits) > 40
    git(remote, *trusting, "verify-commit", *commits)
    tags = git(remote, "tag").split()
    assert tags == [f"breast-cancer@v{version}" for version in ("1.0.0", "1.1.0", "1.2.0")]
    git(remote, *trusting, "verify-tag", *tags)


def test_the_server_has_whole_objects_only(played):
    git(played.directory / "remote.git", "fsck", "--strict")


def test_plain_dvc_pulls_the_same_bytes_file_and_directory(played, installed, tmp_path):
    git(tmp_path, "clone", "--quiet", str(played.directory / "remote.git"), "clone")
    pulled = run([str(installed.bin / "python"), "-m", "dvc", "pull", "--quiet"], tmp_path / "clone")
    assert pulled.status == 0, pulled.err
    for version in ("1.0.0", "1.1.0", "1.2.0"):
        registered = played.directory / version
        folder = tmp_path / "clone" / "models" / "breast-cancer" / "versions" / version
        files = sorted(path.relative_to(registered) for path in registered.rglob("*") if path.is_file())
        assert {Path("model.onnx"), Path("card/README.md")} <= set(files)
        assert [(folder / path).read_bytes() for path in files] == [(registered / path).read_bytes() for path in files]


def test_the_script_ends_well_and_its_log_is_that_of_the_demo(played, scripted, installed):
    assert (scripted.status, scripted.err[-2000:] if scripted.status else "") == (0, "")
    assert log_of(installed, scripted.directory) == log_of(installed, played.directory)


def log_of(installed, directory):
    """What `gm log` says, without times and commit ids."""
    ran = installed.gm(directory, "-C", "operator", "log")
    assert ran.status == 0, ran.err
    rows = [re.split(r"\s{2,}", line, maxsplit=2) for line in ran.out.splitlines()]
    assert len(rows) > 20
    return [row[2:] for row in rows]


def test_the_script_is_the_settings_and_the_commands(installed, tmp_path):
    text = installed.gm(tmp_path, "demo", "--script").out
    assert shell("prelude") in text
    assert all(f"\n{command}\n" in text for act in story() for command in act.commands)


def test_an_interrupt_leaves_nothing_behind(installed, tmp_path):
    (tmp_path / "tmp").mkdir()
    with (tmp_path / "out").open("w") as out:
        process = subprocess.Popen(
            [str(installed.bin / "gm"), "demo"],
            env=os.environ | {"TMPDIR": str(tmp_path / "tmp")},
            stdout=out,
            stderr=subprocess.STDOUT,
        )
        until = time.monotonic() + 120
        while "lead init" not in (tmp_path / "out").read_text() and time.monotonic() < until:
            assert process.poll() is None, (tmp_path / "out").read_text()
            time.sleep(0.05)
        process.send_signal(signal.SIGINT)
        assert process.wait(60) == 130
    assert list((tmp_path / "tmp").iterdir()) == []


def test_a_directory_that_holds_something_is_left_alone(installed, tmp_path):
    (tmp_path / "mine").write_text("mine")
    ran = installed.gm(tmp_path, "--json", "demo", "--keep", str(tmp_path))
    assert (ran.status, ran.error["code"]) == (7, "GM-C301")
    assert [path.name for path in tmp_path.iterdir()] == ["mine"]
