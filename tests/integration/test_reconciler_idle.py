"""A reconciler that has nothing to do: what its polls cost, what they leave behind, and what they still see.

``python -m benchmarks --only delivery`` measures the same with 1,000 models in two stages.
"""

import json
import subprocess
import sys
from datetime import UTC, datetime, timedelta

import pytest

from benchmarks.delivering import site
from gitops_models.delivery.assemble import open_reconciler
from gitops_models.delivery.config import read_config
from gitops_models.delivery.results import Done
from gitops_models.store import transport

MODELS = 12
CYCLES = 100


@pytest.fixture(scope="module")
def many(tmp_path_factory):
    folder = tmp_path_factory.mktemp("idle") / "many"
    site(folder, MODELS)
    return folder


@pytest.mark.slow
def test_a_hundred_polls_leave_no_memory_and_no_descriptor_behind(many, repository_root):
    words = [sys.executable, "-m", "benchmarks.delivering", str(many), str(CYCLES)]
    done = subprocess.run(words, capture_output=True, text=True, timeout=600, cwd=repository_root, check=False)
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert found["fds_after"] == found["fds_before"]
    assert found["rss_after"] < 1.05 * found["rss_before"]
    assert found["rss_after"] < 150
    assert found["cpu"] < 0.1, "the limit for a hundred times as many is 0.02; this one holds on a busy machine too"


def heard(function, started):
    """``function`` of a store and of git's arguments, which are kept."""
    return lambda *args, **options: (started.append(args[1]), function(*args, **options))[1]


def test_an_idle_poll_starts_one_git_and_still_sees_what_somebody_changed(many, monkeypatch):
    now, started = [datetime.now(UTC) + timedelta(hours=3)], []
    for name in ("bring", "transfer"):
        monkeypatch.setattr(transport, name, heard(getattr(transport, name), started))
    with open_reconciler(read_config(many / "gm-reconciler.yaml"), clock=lambda: now[0]) as reconciler:
        for _ in range(3):
            now[0] += timedelta(seconds=15)
            started.clear()
            assert reconciler.run().ok
        assert [args[0] for args in started] == ["ls-remote"]
        (many / "srv" / "model-0007" / "staging" / "current").unlink()
        now[0] += timedelta(seconds=15)
        healed = [str(one.at) for one in reconciler.run().results if one.done is Done.HEALED]
    assert healed == ["model-0007#staging"]
