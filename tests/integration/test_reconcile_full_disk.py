"""A disk that is full, at 20 sizes of what is left: what was live stays whole, and with room the next run deploys."""

import json
import os
import subprocess
import sys

import pytest

from gitops_models.errors import Exit, find_code

SIZES = 20


@pytest.fixture(scope="module")
def namespace():
    """The words before a command that may mount a disk of its own, or a skip."""
    words = ["unshare", "--mount", *([] if os.getuid() == 0 else ["--map-root-user"])]
    tried = [*words, "sh", "-c", "mount -t tmpfs -o size=64k tmpfs /mnt"]
    if subprocess.run(tried, check=False, capture_output=True, timeout=60).returncode:
        pytest.skip("this machine lets nobody but root mount a disk: run it as root")
    return words


@pytest.mark.clause("A-snapshots-8")
def test_a_full_disk_keeps_what_is_live_and_with_room_the_next_run_deploys(namespace, tmp_path):
    command = [*namespace, sys.executable, "-m", "tests.support.full_disk", tmp_path / "site", str(SIZES)]
    done = subprocess.run(command, check=False, capture_output=True, text=True, timeout=280)
    assert done.returncode == 0, done.stderr
    found = [json.loads(line) for line in done.stdout.splitlines()]
    assert len(found) == SIZES
    wrong = [
        one
        for one in found
        if one["during"] not in (one["old"], one["new"]) or one["after"] != one["new"] or one["again"]
    ]
    assert wrong == []
    assert [one["new"] for one in found] == ["1.0.0"] * 10 + ["1.1.0"] * 10
    assert {find_code(code).exit for one in found for code in one["codes"]} == {Exit.EXTERNAL}
    assert sum(bool(one["codes"]) for one in found) >= SIZES // 2
