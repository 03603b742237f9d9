import json
import threading

import pytest

from gitops_models.errors import GmError
from gitops_models.trust import memory as module
from gitops_models.trust.memory import (
    Memory,
    Pin,
    load_memory,
    memory_path,
    require_memory,
    save_memory,
    update_memory,
)

PLAIN = Memory(repository="registry-1", line="main", pin=Pin(commit="a" * 40))


@pytest.fixture
def path(tmp_path):
    return memory_path(tmp_path)


def test_what_is_saved_is_read_back(path):
    full = PLAIN.model_copy(
        update={
            "accepted": "b" * 40,
            "ledger": {"changes/x": "c" * 40},
            "policy_version": 3,
            "epochs": (Pin(commit="d" * 40, reason="lost key"),),
        }
    )
    save_memory(path, full)
    assert load_memory(path) == full
    assert [entry.name for entry in path.parent.iterdir()] == ["memory.json"]


def test_no_file_is_no_memory(path):
    assert load_memory(path) is None
    with pytest.raises(GmError) as caught:
        require_memory(path)
    assert caught.value.code == "GM-T502"


@pytest.mark.parametrize(
    "content",
    [b"", b"{", b"[]", b"\xff", b'{"repository":"r"}', PLAIN.model_dump_json().replace("a" * 40, "x").encode()],
)
def test_a_damaged_memory_is_an_error_and_stays_as_it_is(path, content):
    path.parent.mkdir()
    path.write_bytes(content)
    with pytest.raises(GmError) as caught:
        update_memory(path, lambda known: known or PLAIN)
    assert (caught.value.code, caught.value.where) == ("GM-T500", str(path))
    assert "repin" in caught.value.hint
    assert path.read_bytes() == content


def test_an_unknown_field_is_not_dropped(path):
    path.parent.mkdir()
    path.write_text(json.dumps({**PLAIN.model_dump(mode="json"), "later": 1}))
    with pytest.raises(GmError, match="later"):
        load_memory(path)


def test_a_memory_that_cannot_be_read_is_not_taken_for_none(path):
    path.mkdir(parents=True)
    with pytest.raises(GmError) as caught:
        load_memory(path)
    assert caught.value.code == "GM-T500"


def test_a_memory_that_cannot_be_written_says_so(tmp_path):
    (tmp_path / "gm").write_text("in the way")
    with pytest.raises(GmError) as caught:
        save_memory(memory_path(tmp_path), PLAIN)
    assert caught.value.code == "GM-C003"


def test_the_memory_of_another_repository_or_line_is_refused(path):
    save_memory(path, PLAIN)
    assert require_memory(path, repository="registry-1", line="main") == PLAIN
    for other in ({"repository": "registry-2"}, {"line": "release"}):
        with pytest.raises(GmError) as caught:
            load_memory(path, **other)
        assert caught.value.code == "GM-T501"


def test_a_failed_write_leaves_the_old_memory_and_no_litter(path, monkeypatch):
    save_memory(path, PLAIN)
    before = path.read_bytes()

    def full_disk(_handle):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(module.os, "fsync", full_disk)
    with pytest.raises(GmError, match="No space left"):
        save_memory(path, PLAIN.advanced("b" * 40))
    assert path.read_bytes() == before
    assert [entry.name for entry in path.parent.iterdir()] == ["memory.json"]


def test_concurrent_updates_are_all_kept(path):
    def add(number):
        def change(known):
            ledger = dict((known or PLAIN).ledger)
            return (known or PLAIN).model_copy(update={"ledger": {**ledger, f"changes/{number}": "a" * 40}})

        update_memory(path, change)

    threads = [threading.Thread(target=add, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(load_memory(path).ledger) == 8


def test_repinning_starts_an_epoch_and_keeps_the_old_pin():
    fresh = PLAIN.advanced("b" * 40, policy_version=4).repinned("c" * 40, "lost key")
    assert fresh.pin == Pin(commit="c" * 40, reason="lost key")
    assert fresh.epochs == (PLAIN.pin,)
    assert (fresh.accepted, fresh.policy_version) == (None, None)


def test_advancing_keeps_the_policy_version_unless_a_new_one_is_given():
    assert PLAIN.advanced("b" * 40, policy_version=4).advanced("c" * 40).policy_version == 4
