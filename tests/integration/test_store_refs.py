import os
import signal
import subprocess
import threading
import time

import pytest

from gitops_models.errors import Exit, GmError
from gitops_models.store import locks
from gitops_models.store.locks import break_stale_locks
from gitops_models.store.refs import RefUpdate, prepared, update_refs
from gitops_models.store.repository import Store
from gitops_models.store.transport import RETRYABLE
from tests.support.git import git_environment, init_repository
from tests.support.refusals import refusal

MAIN = "refs/heads/main"
RECORD = "refs/gm/changes/" + "a" * 64


@pytest.fixture
def repo(tmp_path, home):
    return init_repository(tmp_path / "repo", home)


@pytest.fixture
def line(repo):
    """Three commits, oldest first; main stands at the first."""
    oids = [repo.commit({"x": str(number)}) for number in range(3)]
    repo.git("update-ref", MAIN, oids[0])
    return oids


def age(path, seconds):
    moment = time.time() - seconds
    os.utime(path, (moment, moment))


def test_several_refs_move_together_and_the_reflog_says_why(repo, line):
    store = Store.open(repo.path)
    update_refs(store, [RefUpdate(RECORD, line[2], None), RefUpdate(MAIN, line[1], line[0])], "gm merge:\n fraud")
    assert store.refs() == {RECORD: line[2], MAIN: line[1]}
    assert repo.git("reflog", "-1", "--format=%gs", MAIN) == "gm merge: fraud"
    update_refs(store, [RefUpdate(RECORD, None, line[2])])
    assert store.ref(RECORD) is None
    update_refs(store, [])


@pytest.mark.parametrize("stale", ["moved", "appeared", "gone"])
def test_a_stale_ref_moves_nothing(repo, line, stale):
    store = Store.open(repo.path)
    update = {
        "moved": RefUpdate(MAIN, line[2], line[1]),
        "appeared": RefUpdate(MAIN, line[2], None),
        "gone": RefUpdate("refs/heads/gone", line[2], line[1]),
    }[stale]
    before = store.refs()
    error = refusal(update_refs, store, [RefUpdate(RECORD, line[2], None), update])
    assert (error.code, error.exit_status, error.where) == ("GM-S101", Exit.CONFLICT, update.name)
    assert store.refs() == before


def test_a_name_that_another_ref_blocks_is_a_conflict_of_names(repo, line):
    store = Store.open(repo.path)
    assert refusal(update_refs, store, [RefUpdate(MAIN + "/x", line[2], None)]).code == "GM-S103"


@pytest.mark.usefixtures("line")
def test_a_missing_object_never_gets_a_ref(repo):
    store = Store.open(repo.path)
    error = refusal(update_refs, store, [RefUpdate(RECORD, "1" * 40, None)])
    assert (error.code, store.ref(RECORD)) == ("GM-S009", None)


def test_an_update_is_checked_before_git_sees_it():
    assert refusal(RefUpdate, "--stdin", "a" * 40, None).code == "GM-S015"
    assert refusal(RefUpdate, MAIN, "main", None).code == "GM-S012"


def test_nothing_moves_when_the_body_of_a_prepared_move_fails(repo, line):
    store = Store.open(repo.path)

    def fail():
        with prepared(store, [RefUpdate(MAIN, line[1], line[0])]):
            raise KeyError

    with pytest.raises(KeyError):
        fail()
    assert store.ref(MAIN) == line[0]
    assert not (repo.path / ".git" / "refs" / "heads" / "main.lock").exists()


@pytest.mark.usefixtures("line")
def test_of_many_writers_each_lands_once_and_nothing_is_lost(repo):
    won = []

    def write(number):
        store = Store.open(repo.path)
        while True:
            old = store.ref("refs/gm/counter")
            seen = [] if old is None else store.blob(old).split()
            oid = str(store.libgit2.create_blob(b" ".join([*seen, str(number).encode()])))
            try:
                update_refs(store, [RefUpdate("refs/gm/counter", oid, old)])
            except GmError as error:
                if error.code not in RETRYABLE:
                    raise
                continue
            won.append(number)
            return

    threads = [threading.Thread(target=write, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    store = Store.open(repo.path)
    assert sorted(won) == list(range(8))
    assert sorted(int(word) for word in store.blob(store.ref("refs/gm/counter")).split()) == list(range(8))


def test_a_lock_left_by_a_killed_process_does_not_stop_the_next_command(repo, line, caplog):
    store = Store.open(repo.path)
    command = store.git.command(["update-ref", "--stdin", "-z"])
    holder = subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=dict(store.git.env), cwd=repo.path
    )
    holder.stdin.write(f"start\0update {MAIN}\0{line[1]}\0{line[0]}\0prepare\0".encode())
    holder.stdin.flush()
    holder.stdout.readline()
    holder.stdout.readline()
    holder.send_signal(signal.SIGKILL)
    holder.wait()
    holder.stdin.close()
    holder.stdout.close()
    left = repo.path / ".git" / "refs" / "heads" / "main.lock"
    assert left.exists()
    update_refs(store, [RefUpdate(MAIN, line[2], line[0])])
    assert store.ref(MAIN) == line[2]
    assert f"removed a stale lock left by a killed process: {left}" in caplog.text


def test_a_lock_that_a_living_git_holds_is_left_alone(repo, line):
    store = Store.open(repo.path)
    with prepared(store, [RefUpdate(MAIN, line[1], line[0])]):
        left = repo.path / ".git" / "refs" / "heads" / "main.lock"
        age(left, 3600)
        assert break_stale_locks(store) == ()
        error = refusal(update_refs, store, [RefUpdate(MAIN, line[2], line[0])])
        assert (error.code, error.exit_status) == ("GM-S102", Exit.CONFLICT)
        assert left.exists()
    assert store.ref(MAIN) == line[1]


@pytest.mark.usefixtures("line")
def test_a_young_lock_is_left_alone_unless_the_repository_is_ours_alone(repo):
    store = Store.open(repo.path)
    young = repo.path / ".git" / "packed-refs.lock"
    young.write_text("")
    assert break_stale_locks(store) == ()
    assert [lock.path for lock in break_stale_locks(store, exclusive=True)] == [young]
    assert not young.exists()
    assert break_stale_locks(store, exclusive=True) == ()


@pytest.mark.usefixtures("line")
def test_where_processes_cannot_be_seen_only_very_old_locks_are_stale(repo, monkeypatch, tmp_path):
    monkeypatch.setattr(locks, "PROCESSES", tmp_path / "none")
    store = Store.open(repo.path)
    lock = repo.path / ".git" / "index.lock"
    lock.write_text("")
    age(lock, 60)
    assert break_stale_locks(store) == ()
    age(lock, 3600)
    (broken,) = break_stale_locks(store)
    assert (broken.path, broken.age > 3000) == (lock, True)


@pytest.mark.usefixtures("line")
def test_a_git_that_we_may_not_look_into_counts_as_a_holder(repo, monkeypatch, tmp_path):
    seen = tmp_path / "proc"
    (seen / "self").mkdir(parents=True)
    (seen / "self" / "comm").write_text("python\n")
    (seen / "17").mkdir()
    (seen / "17" / "comm").write_text("git\n")
    monkeypatch.setattr(locks, "PROCESSES", seen)
    store = Store.open(repo.path)
    lock = repo.path / ".git" / "HEAD.lock"
    lock.write_text("")
    age(lock, 60)
    (seen / "17" / "cmdline").write_bytes(b"git\0gc\0")
    (seen / "17" / "cwd").symlink_to(repo.path)
    assert break_stale_locks(store) == ()
    (seen / "17" / "cwd").unlink()
    (seen / "17" / "cwd").symlink_to(tmp_path)
    assert [lock.path for lock in break_stale_locks(store)] == [lock]


def test_reading_refs_follows_what_others_move(repo, line):
    store = Store.open(repo.path)
    assert store.ref(MAIN) == line[0]
    environment = git_environment(repo.home)
    subprocess.run(["git", "update-ref", MAIN, line[2]], cwd=repo.path, env=environment, check=True)
    subprocess.run(["git", "pack-refs", "--all"], cwd=repo.path, env=environment, check=True)
    assert store.ref(MAIN) == line[2]
