"""The tools around the code keep their promises: locks agree, the environment of a test leaks nothing."""

import os
import re
import socket
import subprocess
import sys
import tomllib

import pygit2
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pytest_socket import SocketConnectBlockedError

PIN = re.compile(r"^(?P<name>[A-Za-z0-9._-]+)==(?P<version>[^ ;\\]+)")


def pins(root):
    lines = (root / "requirements.lock").read_text().splitlines()
    return {(found["name"], found["version"]) for found in map(PIN.match, lines) if found}


def locked(root):
    packages = tomllib.loads((root / "uv.lock").read_text())["package"]
    return [package for package in packages if "registry" in package["source"]]


def test_the_lock_for_pip_names_exactly_the_packages_of_the_lock_of_uv(repository_root):
    expected = {(package["name"], package["version"]) for package in locked(repository_root)}
    assert pins(repository_root) == expected


def test_the_lock_for_pip_carries_the_hashes_of_the_lock_of_uv(repository_root):
    files = [file for package in locked(repository_root) for file in [package.get("sdist"), *package.get("wheels", [])]]
    expected = {file["hash"] for file in files if file}
    found = set(re.findall(r"--hash=(sha256:[0-9a-f]{64})", (repository_root / "requirements.lock").read_text()))
    assert found == expected


def test_the_lock_of_uv_names_the_dependencies_of_pyproject(repository_root):
    project = tomllib.loads((repository_root / "pyproject.toml").read_text())["project"]
    (own,) = [
        package
        for package in tomllib.loads((repository_root / "uv.lock").read_text())["package"]
        if package["name"] == project["name"]
    ]
    wanted = {re.split(r"[<>=\[]", line)[0] for line in project["dependencies"]}
    assert {entry["name"] for entry in own["dependencies"]} == wanted


def run_skips(root, tmp_path, message, kind="pytest.skip"):
    report = tmp_path / "junit.xml"
    skipped = f'<skipped type="{kind}" message="{message}"/>' if message else ""
    report.write_text(
        f'<testsuites><testsuite><testcase classname="c" name="t">{skipped}</testcase></testsuite></testsuites>'
    )
    command = [sys.executable, root / ".ci" / "skips.py", report, root / ".ci" / "allowed-skips.txt"]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)


@pytest.mark.parametrize(
    "message",
    [
        "strace is not installed",
        "the shared data folder is absent: /somewhere/shared/data",
        "model-signing 1.1.1 is not installed in /somewhere/.cache/model-signing/1.1.1",
        "GitHub's example events are not in /somewhere/.cache/webhooks-examples/7.6.1: make peers",
        "prometheus is not installed: run make test-servers",
    ],
)
def test_ci_fails_on_a_skip_that_it_does_not_allow(repository_root, tmp_path, message):
    result = run_skips(repository_root, tmp_path, message)
    assert (result.returncode, result.stdout.splitlines()[0]) == (1, f"REFUSED: c::t: {message}")


@pytest.mark.parametrize(
    "message",
    [
        "",
        "model-signing 1.0.0 is not installed in /somewhere/1.0.0",
        "this machine lets nobody but root mount a disk: run it as root",
    ],
)
def test_ci_allows_no_skip_and_the_skips_that_are_listed(repository_root, tmp_path, message):
    assert run_skips(repository_root, tmp_path, message).returncode == 0


def test_ci_counts_an_expected_failure_as_no_skip(repository_root, tmp_path):
    assert run_skips(repository_root, tmp_path, "known", kind="pytest.xfail").returncode == 0


def test_ci_fails_when_pytest_left_no_report(repository_root, tmp_path):
    command = [sys.executable, repository_root / ".ci" / "skips.py", tmp_path / "none.xml"]
    command.append(repository_root / ".ci" / "allowed-skips.txt")
    assert subprocess.run(command, capture_output=True, check=False, timeout=60).returncode == 1


@pytest.mark.parametrize("script", [".ci/run", ".ci/setup"])
def test_a_script_of_ci_is_executable_and_parses(repository_root, script):
    assert os.access(repository_root / script, os.X_OK)
    assert subprocess.run(["bash", "-n", repository_root / script], check=False, timeout=60).returncode == 0


def test_set_up_names_the_remedy_when_git_is_missing(repository_root, tmp_path):
    for tool in ("bash", "env", "dirname", "printf", "sort", "head", "sed"):
        found = subprocess.run(
            ["bash", "-c", f"type -P {tool}"], capture_output=True, text=True, check=True, timeout=60
        )
        (tmp_path / tool).symlink_to(found.stdout.strip())
    environment = {"PATH": str(tmp_path)}
    command = [str(repository_root / ".ci" / "setup")]
    result = subprocess.run(command, env=environment, capture_output=True, text=True, check=False, timeout=60)
    assert result.returncode == 1
    assert result.stderr.startswith("setup: git is missing\n  remedy: install git 2.34 or newer")


def test_make_lists_its_targets(repository_root):
    command = ["make", "--no-print-directory", "-C", str(repository_root), "help"]
    listed = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60).stdout
    targets = {line.split()[0] for line in listed.splitlines()}
    assert {"demo", "test", "lint", "types", "docs", "bench", "sweep"} <= targets


def test_a_connection_past_loopback_is_refused():
    with (
        socket.socket() as outside,
        pytest.warns(UserWarning, match="A test tried"),
        pytest.raises(SocketConnectBlockedError),
    ):
        outside.connect(("192.0.2.1", 80))


def test_a_connection_on_loopback_is_allowed():
    with socket.create_server(("127.0.0.1", 0)) as server, socket.create_connection(server.getsockname()) as client:
        assert client.getpeername() == server.getsockname()


def test_git_sees_no_configuration_of_the_person_at_the_machine():
    command = ["git", "config", "--list", "--show-origin"]
    result = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60, cwd="/")
    assert result.stdout == ""


def test_libgit2_sees_no_configuration_of_the_person_at_the_machine(home):
    (home / ".gitconfig").write_text("[user]\n  name = of this test\n")
    assert pygit2.Config.get_global_config()["user.name"] == "of this test"


def test_each_test_has_a_home_of_its_own(home):
    assert os.environ["HOME"] == str(home)
    assert not (home / ".gitconfig").exists()


@given(st.integers())
def test_the_isolation_fits_a_test_with_many_examples(number):
    assert isinstance(number, int)
