"""gm gc: what a reconciler's store loses, in words and as JSON."""

import io
import json
import os
import sys

import pytest

from gitops_models.cli import progress
from gitops_models.cli.run import run
from gitops_models.delivery.assemble import open_reconciler
from gitops_models.delivery.config import read_config
from tests.support.delivery import content_of
from tests.support.delivery_site import NOW, STATE_PATH, Site


@pytest.fixture
def site(tmp_path, home):
    """A site that went on to its second version, with bytes in the store that no version knows."""
    made = Site(tmp_path, home)
    made.run()
    made.configure(made.work.commit({STATE_PATH: made.stage_state("1.1.0")}, "Promote"))
    made.push()
    made.run()
    stray = made.root / "state/content/ab" / ("0" * 62)
    stray.parent.mkdir(exist_ok=True)
    stray.write_bytes(b"x" * 3000)
    for path in (made.root / "state/content").rglob("*"):
        if path.is_file():
            os.utime(path, (NOW.timestamp() - 90_000,) * 2)
    made.stray = stray
    return made


class Terminal(io.StringIO):
    def isatty(self):
        return True


def gm(site, *words):
    return run(["-C", str(site.root), *words])


def test_a_trial_then_the_real_thing(site, capsys):
    assert gm(site, "gc", "--config", "reconciler.yaml", "--dry-run") == 0
    said = capsys.readouterr().out
    assert "WOULD GO" in said
    assert "2.9 KiB" in said
    assert site.stray.is_file()
    assert gm(site, "--json", "gc", "--config", "reconciler.yaml") == 0
    (store,) = json.loads(capsys.readouterr().out)["stores"]
    assert (store["removed"], store["removedBytes"]) == (1, 3000)
    assert not site.stray.exists()


def test_what_a_rollback_needs_is_still_there_without_the_remote(site):
    assert gm(site, "gc", "--config", "reconciler.yaml") == 0
    (site.root / "dvc").rename(site.root / "gone")
    site.configure(site.work.commit({STATE_PATH: site.stage_state("1.0.0")}, "Back"))
    site.push()
    assert site.run().ok
    assert site.served() == content_of("1.0.0")


def test_the_file_is_found_under_its_usual_name_and_a_running_reconciler_clears_up_itself(site, capsys):
    site.config.rename(site.root / "gm-reconciler.yaml")
    with open_reconciler(read_config(site.root / "gm-reconciler.yaml"), clock=lambda: NOW, lock_wait=0.1):
        assert gm(site, "gc") != 0
    assert "GM-R101" in capsys.readouterr().err
    assert gm(site, "gc") == 0
    assert not site.stray.exists()


def test_a_clone_that_deploys_to_no_directory_has_nothing_to_clear(site, capsys):
    assert run(["-C", str(site.work.path), "gc"]) == 6
    assert "GM-A624" in capsys.readouterr().err


def test_on_a_terminal_a_reconcile_says_how_many_bytes_came(site, monkeypatch):
    monkeypatch.setattr(progress, "STEP", 100)
    monkeypatch.setattr(sys, "stderr", Terminal())
    (site.srv / "fraud/production/current/model.onnx").chmod(0o644)
    (site.srv / "fraud/production/current/model.onnx").write_bytes(b"spoiled")
    assert gm(site, "reconcile", "--config", "reconciler.yaml", "--once") == 0
    assert "\rfetching: 0 MiB" in sys.stderr.getvalue()
    monkeypatch.setattr(sys, "stderr", io.StringIO())
    assert gm(site, "reconcile", "--config", "reconciler.yaml", "--once") == 0
    assert "fetching" not in sys.stderr.getvalue()
