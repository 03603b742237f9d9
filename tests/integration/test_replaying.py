"""How far a replay of history is, shown to who sits at a terminal and to nobody else."""

import os
import pty
import subprocess
import sys

import pytest

from tests.support import stories

SHOWN = b"replaying history: 64 of "


@pytest.fixture(scope="module")
def path(tmp_path_factory):
    """A pinned registry whose line has steps enough to be worth a word."""
    registry = stories.registry(tmp_path_factory.mktemp("replaying") / "r")
    for number in range(70):
        registry.commit({"README.md": b"%d" % number}, land=True)
    gm(registry.path, "trust", "pin", registry.pin)
    return registry.path


def gm(path, *words):
    """Run gm with a terminal for stderr; returns its status and what was shown there."""
    leading, following = pty.openpty()
    child = subprocess.Popen(
        [sys.executable, "-m", "gitops_models", "-C", str(path), *words], stdout=subprocess.PIPE, stderr=following
    )
    child.communicate(timeout=60)
    os.write(following, b"$")
    os.close(following)
    shown = os.read(leading, 65536)
    os.close(leading)
    return child.returncode, shown


def test_verify_anew_says_how_far_it_is_and_wipes_it(path):
    for words in (["verify", "--anew"], ["verify", "--pin", "main~70"]):
        status, shown = gm(path, *words)
        assert (status, SHOWN in shown, b"\r\x1b[K" in shown) == (0, True, True)
        assert b"steps" not in shown.rsplit(b"\x1b[K", 1)[1]


def test_what_was_verified_before_shows_no_progress(path):
    gm(path, "verify")
    assert SHOWN not in gm(path, "verify")[1]


@pytest.mark.parametrize("quiet", ["--json", "--quiet"])
def test_programs_and_who_wants_quiet_see_no_progress(path, quiet):
    status, shown = gm(path, quiet, "verify", "--anew")
    assert (status, shown) == (0, b"$")


def test_without_a_terminal_nothing_is_shown(path):
    command = [sys.executable, "-m", "gitops_models", "-C", str(path), "verify", "--anew"]
    done = subprocess.run(command, capture_output=True, check=False, timeout=60)
    assert (done.returncode, b"replaying history" in done.stderr) == (0, False)
