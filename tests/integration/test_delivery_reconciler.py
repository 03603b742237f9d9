"""The reconciler whole: a bare remote, a DVC remote, a mirror of its own, signed records pushed back."""

import json
import shutil
import subprocess
import sys

import pytest

from gitops_models.artifacts.digests import hash_path
from gitops_models.artifacts.readers import object_path
from gitops_models.delivery.assemble import open_reconciler
from gitops_models.delivery.config import read_config
from gitops_models.delivery.mirror import open_mirror
from gitops_models.delivery.resolve import resolve
from gitops_models.delivery.results import Done, State
from gitops_models.errors import GmError
from tests.support.delivery import content_of
from tests.support.delivery_site import NOW, STATE_PATH, Site
from tests.support.keys import ed25519_key
from tests.support.policy import document


@pytest.fixture
def site(tmp_path, home):
    return Site(tmp_path, home)


@pytest.mark.clause("A-execution-4", "A-execution-7")
def test_the_pinned_state_is_served_and_recorded_and_a_second_run_does_nothing(site):
    (first,) = site.run().results
    assert (first.state, first.done, first.live) == (State.LIVE, Done.SWITCHED, "1.0.0")
    assert site.served() == content_of("1.0.0")
    (record,) = site.records()
    assert (record.body.version, record.body.result, record.main) == ("1.0.0", "succeeded", site.pin)
    assert (record.body.observed, record.fingerprint) == (first.digest, ed25519_key("reconciler").fingerprint)
    again = site.run()
    assert (again.results[0].done, again.records.sent, len(site.records())) == (Done.NOTHING, 0, 1)


def test_drift_is_healed_from_what_was_fetched_before_and_recorded(site):
    site.run()
    (resolve(site.srv / "fraud/production") / "model.onnx").chmod(0o644)
    (resolve(site.srv / "fraud/production") / "model.onnx").write_bytes(b"spoiled")
    shutil.rmtree(site.remote / "files")
    (result,) = site.run().results
    assert (result.state, result.done) == (State.LIVE, Done.HEALED)
    assert site.served() == content_of("1.0.0")
    assert [record.body.result for record in site.records()] == ["succeeded", "healed"]


@pytest.mark.clause("A-execution-2", "B-9-3")
def test_a_step_that_nobody_signed_changes_nothing_and_what_is_live_is_still_healed(site):
    site.run()
    site.work.commit({STATE_PATH: site.stage_state("1.1.0")}, "Promote by force")
    site.push()
    (site.srv / "fraud/production/current").unlink()
    (result,) = site.run().results
    assert (result.state, result.desired, result.live) == (State.VERIFY_FAILED, "1.0.0", "1.0.0")
    assert result.done is Done.HEALED
    assert site.served() == content_of("1.0.0")


@pytest.mark.clause("A-execution-3", "A-testing-5", "A-snapshots-11")
def test_bytes_swapped_in_the_remote_are_refused_and_the_last_good_model_stays(site):
    site.run()
    md5 = hash_path(site.root / "bytes/1.1.0/model.onnx").md5
    (site.remote / object_path(md5)).write_bytes(b"x" * len(content_of("1.1.0")["model.onnx"]))
    second = site.work.commit({STATE_PATH: site.stage_state("1.1.0")}, "Promote")
    site.push()
    site.configure(second)
    report = site.run()
    assert (report.results[0].state, report.results[0].live) == (State.VERIFY_FAILED, "1.0.0")
    assert report.first_error.exit_status == 5
    assert site.served() == content_of("1.0.0")
    site.upload(site.root / "bytes/1.1.0/model.onnx", hash_path(site.root / "bytes/1.1.0/model.onnx"))
    again = site.run()
    assert (again.results[0].done, again.results[0].error.code) == (Done.WAITING, report.first_error.code)
    assert site.run(retry=True).ok
    assert site.served() == content_of("1.1.0")


def test_a_missing_object_leaves_the_last_good_model(site):
    site.run()
    shutil.rmtree(site.remote / "files")
    site.configure(site.work.commit({STATE_PATH: site.stage_state("1.1.0")}, "Promote"))
    site.push()
    report = site.run()
    assert report.first_error.code == "GM-A311"
    assert site.served() == content_of("1.0.0")


def test_a_rewound_line_is_refused_and_nothing_changes(site):
    site.work.commit({"README.md": "more"}, "More")
    site.push()
    site.run()
    site.work.git("reset", "--quiet", "--hard", site.pin)
    site.work.commit({STATE_PATH: site.stage_state("1.1.0")}, "Another past")
    site.push("--force")
    (site.srv / "fraud/production/current").unlink()
    report = site.run()
    assert (report.first_error.code, report.first_error.exit_status) == ("GM-T600", 5)
    assert (report.results[0].done, report.retryable) == (Done.HEALED, False)
    assert site.served() == content_of("1.0.0")


def test_a_remote_that_is_away_is_an_external_error_and_what_is_served_is_still_healed(site):
    site.run()
    site.origin.rename(site.root / "away")
    (site.srv / "fraud/production/current").unlink()
    report = site.run()
    assert (report.first_error.exit_status, report.retryable, report.ok) == (9, True, False)
    assert report.results[0].done is Done.HEALED
    assert report.records.waiting == 1
    assert site.served() == content_of("1.0.0")
    (site.root / "away").rename(site.origin)
    assert site.run().records.sent == 1
    assert [record.body.result for record in site.records()] == ["succeeded", "healed"]


def test_a_remote_that_was_never_reached_is_an_error(site):
    site.origin.rename(site.root / "away")
    with pytest.raises(GmError) as error:
        site.run()
    assert error.value.exit_status == 9
    assert not site.srv.exists()


def test_a_pin_of_another_history_is_refused_and_nothing_is_healed_by_the_old_one(site):
    site.run()
    (site.srv / "fraud/production/current").unlink()
    site.configure("0" * 40)
    with pytest.raises(GmError):
        site.run()
    assert not (site.srv / "fraud/production/current").is_symlink()


def test_a_mirror_that_is_now_of_another_repository_is_refused(site):
    site.run()
    site.configure(site.work.commit({"gm.yaml": document("Repository", id="registry-b")}, "Another"))
    site.push()
    with pytest.raises(GmError) as error:
        site.run()
    assert error.value.code == "GM-T501"


def test_one_process_that_runs_again_folds_only_when_something_moved(site):
    with open_reconciler(read_config(site.config), clock=lambda: NOW) as reconciler:
        first = reconciler.load_history().history
        assert reconciler.load_history().history is first
        site.origin.rename(site.root / "away")
        assert reconciler.load_history().history is first


def test_without_a_pin_nothing_is_served(site):
    site.configure(None)
    with pytest.raises(GmError) as error:
        site.run()
    assert error.value.code == "GM-T502"
    assert not site.srv.exists()


def test_records_wait_in_the_outbox_when_the_remote_takes_none(site):
    hook = site.origin / "hooks" / "update"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text("#!/bin/sh\necho closed for maintenance; exit 1\n")
    hook.chmod(0o755)
    report = site.run()
    assert report.results[0].state is State.LIVE
    assert report.records.problem is not None
    assert site.records() == []


def test_what_a_killed_run_left_in_the_state_directory_stops_nothing(site):
    site.run()
    mirror = site.root / "state" / "mirror.git"
    for name in ("packed-refs.lock", "HEAD.lock", "config.lock", "refs/remotes/origin/main.lock"):
        (mirror / name).parent.mkdir(parents=True, exist_ok=True)
        (mirror / name).write_bytes(b"")
    (mirror / "objects/pack/tmp_pack_x").write_bytes(b"half")
    site.work.commit({"README.md": "more"}, "More")
    site.push()
    assert site.run().ok
    assert not (mirror / "objects/pack/tmp_pack_x").exists()
    mirror.rename(mirror.with_name(".mirror.git.new"))
    (mirror.with_name(".mirror.git.new") / "HEAD").unlink()
    assert site.run().ok


def test_deleting_the_state_directory_loses_nothing_but_time(site):
    site.run()
    shutil.rmtree(site.root / "state")
    report = site.run()
    assert (report.ok, report.results[0].done) == (True, Done.NOTHING)


def test_a_second_process_is_refused_while_the_first_works(site):
    code = (
        "import sys; from datetime import datetime, UTC; from pathlib import Path\n"
        "from gitops_models.delivery.assemble import open_reconciler\n"
        "from gitops_models.delivery.config import read_config\n"
        "from gitops_models.errors import GmError\n"
        "try:\n"
        "    with open_reconciler(read_config(Path(sys.argv[1])), clock=lambda: datetime.now(UTC), lock_wait=0.1):\n"
        "        print('entered')\n"
        "except GmError as error:\n"
        "    print(error.code)\n"
    )
    with open_mirror(site.root / "state", str(site.origin)):
        done = subprocess.run([sys.executable, "-c", code, site.config], capture_output=True, check=True, text=True)
    assert done.stdout == "GM-R101\n"


def test_a_state_directory_that_cannot_be_made_is_told(site):
    (site.root / "state").write_bytes(b"")
    with pytest.raises(GmError) as error:
        site.run()
    assert error.value.code == "GM-R302"


def test_an_interrupted_record_is_not_sent_twice(site):
    with open_reconciler(read_config(site.config), clock=lambda: NOW) as reconciler:
        recorder, kept = reconciler.recorder, []
        original = recorder.put
        recorder.put = lambda record: (original(record), original(record), kept.append(record))
        report = reconciler.run()
    assert (report.records.sent, len(kept), len(site.records())) == (1, 1, 1)
    assert json.loads((site.srv / "fraud/production/deployed.json").read_text())["commit"] == site.pin
