import hashlib
import json
import os
import threading
from dataclasses import replace

import pytest

from gitops_models.delivery.plan import drift
from gitops_models.delivery.resolve import resolve
from gitops_models.delivery.targets.directory import DirectoryTarget
from gitops_models.delivery.values import DriftKind, LinkState, ModelStage, Note, Switch
from gitops_models.errors import GmError
from tests.support.delivery import STAMP, Bytes, content_of, deployment, desired, settle

AT = ModelStage("fraud", "production")
ONE, TWO = deployment("1.0.0"), deployment("1.1.0")


@pytest.fixture
def target(tmp_path):
    return DirectoryTarget(tmp_path / "srv", lock_wait=0.2)


@pytest.fixture
def place(target):
    return target.root / "fraud" / "production"


def served(place):
    live = resolve(place)
    return {str(file.relative_to(live)): file.read_bytes() for file in live.rglob("*") if file.is_file()}


def test_a_first_deployment_serves_the_bytes_read_only_and_says_so(target, place):
    settle(target, desired(ONE))
    assert served(place) == content_of("1.0.0")
    assert str((place / "current").readlink()) == f"store/{ONE.digest}"
    assert (resolve(place) / "model.onnx").stat().st_mode & 0o777 == 0o444
    said = json.loads((place / "deployed.json").read_text())
    assert (said["version"], said["sha256"], said["at"]) == ("1.0.0", ONE.digest, "2026-11-21T10:00:00Z")
    assert not (place / "previous").exists()


def test_a_second_run_finds_everything_there(target):
    settle(target, desired(ONE))
    source = Bytes()
    assert settle(target, desired(ONE), source) == ()
    assert source.asked == []


def test_a_promotion_and_its_rollback_need_no_bytes_twice(target, place):
    settle(target, desired(ONE))
    settle(target, desired(TWO))
    assert served(place) == content_of("1.1.0")
    assert str((place / "previous").readlink()) == f"store/{ONE.digest}"
    source = Bytes()
    settle(target, desired(ONE, quarantined=frozenset({TWO.digest})), source)
    assert served(place) == content_of("1.0.0")
    assert source.asked == []
    assert (place / "quarantine" / TWO.digest / "model.onnx").is_file()
    assert not (place / "store" / TWO.digest).exists()
    assert settle(target, desired(ONE, quarantined=frozenset({TWO.digest}))) == ()


def break_bytes(live):
    (live / "model.onnx").chmod(0o644)
    (live / "model.onnx").write_bytes(b"poison")


def break_directory_file(live):
    (live / "tokenizer" / "vocab.txt").chmod(0o644)
    (live / "tokenizer" / "vocab.txt").write_bytes(b"poison")


def remove_file(live):
    live.chmod(0o755)
    (live / "labels.txt").unlink()


def add_file(live):
    live.chmod(0o755)
    (live / "sitecustomize.py").write_bytes(b"print('owned')")


def link_file(live):
    live.chmod(0o755)
    (live / "model.onnx").rename(live.parent.parent / "elsewhere")
    (live / "model.onnx").symlink_to("../../elsewhere")


def add_pipe(live):
    live.chmod(0o755)
    os.mkfifo(live / "pipe")


@pytest.mark.parametrize(
    ("harm", "kind"),
    [
        (break_bytes, DriftKind.CHANGED_BYTES),
        (break_directory_file, DriftKind.CHANGED_BYTES),
        (remove_file, DriftKind.MISSING_FILE),
        (add_file, DriftKind.EXTRA_FILE),
        (link_file, DriftKind.CHANGED_BYTES),
        (add_pipe, DriftKind.EXTRA_FILE),
    ],
)
def test_a_harmed_entry_is_seen_and_replaced_by_a_new_generation(target, place, harm, kind):
    settle(target, desired(ONE))
    before = resolve(place)
    harm(before)
    assert [found.kind for found in drift(desired(ONE), target.observe(AT))] == [kind]
    settle(target, desired(ONE))
    assert served(place) == content_of("1.0.0")
    assert resolve(place).name == f"{ONE.digest}.1"
    assert (place / "quarantine" / ONE.digest).is_dir()
    assert settle(target, desired(ONE)) == ()
    break_bytes(resolve(place))
    settle(target, desired(ONE))
    assert resolve(place).name == ONE.digest
    assert sorted(entry.name for entry in (place / "store").iterdir()) == [ONE.digest]


@pytest.mark.parametrize(
    "elsewhere", ["store/" + TWO.digest, "/etc", "../../other", "store/../../../..", "store/" + "0" * 64]
)
def test_a_changed_link_is_seen_and_healed(target, place, elsewhere):
    settle(target, desired(TWO))
    settle(target, desired(ONE))
    (place / "current").unlink()
    (place / "current").symlink_to(elsewhere)
    assert DriftKind.CHANGED_LINK in {found.kind for found in drift(desired(ONE), target.observe(AT))}
    settle(target, desired(ONE))
    assert served(place) == content_of("1.0.0")
    assert settle(target, desired(ONE)) == ()


def test_a_missing_link_is_seen_and_healed(target, place):
    settle(target, desired(ONE))
    (place / "current").unlink()
    assert [found.kind for found in drift(desired(ONE), target.observe(AT))] == [DriftKind.MISSING_LINK]
    settle(target, desired(ONE))
    assert served(place) == content_of("1.0.0")


@pytest.mark.parametrize("harm", ["gone", "unreadable", "another", "a link"])
def test_a_note_that_is_lost_or_lies_is_written_again_without_a_switch(target, place, harm):
    settle(target, desired(ONE))
    note = place / "deployed.json"
    said = json.loads(note.read_text())
    note.unlink()
    if harm == "a link":
        note.symlink_to("/etc/hostname")
    elif harm != "gone":
        note.write_text("{" if harm == "unreadable" else json.dumps({**said, "version": "9.9.9"}))
    assert [type(action) for action in settle(target, desired(ONE))] == [Note]
    assert json.loads(note.read_text()) == said
    assert settle(target, desired(ONE)) == ()


@pytest.mark.parametrize("kind", ["directory", "file"])
def test_what_somebody_put_in_place_of_the_link_is_kept_aside(target, place, kind):
    settle(target, desired(ONE))
    (place / "current").unlink()
    if kind == "directory":
        (place / "current").mkdir()
        (place / "current" / "model.onnx").write_bytes(b"mine")
    else:
        (place / "current").write_bytes(b"mine")
    settle(target, desired(ONE))
    assert served(place) == content_of("1.0.0")
    assert (place / "quarantine" / "current").exists()
    assert settle(target, desired(ONE)) == ()


def test_undeploying_takes_the_link_away_and_keeps_the_bytes(target, place):
    settle(target, desired(ONE))
    settle(target, desired(None, at=AT))
    with pytest.raises(GmError) as error:
        resolve(place)
    assert error.value.code == "GM-R401"
    assert target.observe(AT).link_state is LinkState.MISSING
    assert settle(target, desired(None, at=AT)) == ()
    source = Bytes()
    settle(target, desired(ONE), source)
    assert served(place) == content_of("1.0.0")
    assert source.asked == []


def test_bytes_that_are_not_the_versions_change_nothing(target, place):
    settle(target, desired(ONE))
    swapped = Bytes({"1.1.0": {**content_of("1.1.0"), "model.onnx": b"swapped"}})
    with pytest.raises(GmError) as error:
        settle(target, desired(TWO), swapped)
    assert error.value.code == "GM-R202"
    assert served(place) == content_of("1.0.0")
    assert settle(target, desired(ONE)) == ()
    assert sorted(entry.name for entry in (place / "store").iterdir()) == [ONE.digest]


def test_a_store_entry_that_lies_beside_is_not_believed(target, place):
    settle(target, desired(TWO))
    settle(target, desired(ONE))
    break_bytes(place / "store" / TWO.digest)
    settle(target, desired(TWO))
    assert served(place) == content_of("1.1.0")


@pytest.mark.clause("A-limits-6")
def test_old_versions_go_and_the_last_known_good_stays(tmp_path):
    target = DirectoryTarget(tmp_path, keep=1)
    all_versions = [deployment(f"1.{n}.0") for n in range(6)]
    lkg = frozenset({all_versions[0].digest})
    for wanted in all_versions:
        settle(target, desired(wanted, keep=lkg))
    names = {entry.name for entry in target.observe(AT).entries}
    assert names == {all_versions[n].digest for n in (0, 3, 4, 5)}
    assert settle(target, desired(all_versions[5], keep=lkg)) == ()


def test_a_linked_stage_directory_is_refused(target, place, tmp_path):
    (tmp_path / "outside").mkdir()
    place.parent.mkdir(parents=True)
    place.symlink_to(tmp_path / "outside")
    with pytest.raises(GmError) as error:
        settle(target, desired(ONE))
    assert error.value.code == "GM-R301"
    assert list((tmp_path / "outside").iterdir()) == []


def test_a_failed_switch_is_put_back(target, place):
    settle(target, desired(ONE))
    seen = target.observe(AT)
    settle(target, desired(TWO))
    target.restore(seen)
    assert served(place) == content_of("1.0.0")
    target.restore(replace(seen, link=None, link_state=LinkState.MISSING))
    assert not (place / "current").is_symlink()


@pytest.mark.clause("A-limits-2")
def test_a_reader_that_resolves_once_never_sees_a_mix(target, place):
    settle(target, desired(ONE))
    stop, seen, problems = threading.Event(), set(), []

    def read():
        while not stop.is_set():
            try:
                live = resolve(place)
                content = tuple((live / name).read_bytes() for name in ("model.onnx", "tokenizer/vocab.txt"))
                seen.add(content)
            except (OSError, GmError) as error:
                problems.append(error)

    reader = threading.Thread(target=read)
    reader.start()
    for _ in range(10):
        settle(target, desired(TWO))
        settle(target, desired(ONE))
    stop.set()
    reader.join()
    whole = {tuple(content_of(v)[name] for name in ("model.onnx", "tokenizer/vocab.txt")) for v in ("1.0.0", "1.1.0")}
    assert problems == []
    assert seen <= whole


def test_a_switch_may_be_staged_long_before(target, place):
    settle(target, desired(ONE))
    entry = target.stage(TWO, Bytes())
    assert served(place) == content_of("1.0.0")
    unasked = Bytes()
    target.apply(Switch(TWO, previous=ONE.digest, entry=entry), unasked, STAMP)
    assert served(place) == content_of("1.1.0")
    assert unasked.asked == []


def test_the_digest_of_an_entry_is_that_of_its_lineage_entries(target, place):
    settle(target, desired(ONE))
    listed = [{"path": a.path, "sha256": a.sha256, "size": a.size} for a in ONE.artifacts]
    text = json.dumps(listed, separators=(",", ":"), sort_keys=True).encode()
    assert resolve(place).name == hashlib.sha256(text).hexdigest()
