import logging
import os
import subprocess
import sys
import threading

import pytest

from gitops_models.errors import Exit, GmError
from gitops_models.store.refs import RefUpdate, update_refs
from gitops_models.store.repository import Store
from gitops_models.store.transport import RETRYABLE, fetch, is_retryable, ls_remote, push
from tests.support.git import clone_repository, init_repository, install_hook
from tests.support.refusals import refusal

MAIN = "refs/heads/main"
TAG = "refs/tags/fraud@v1.0.0"
RECORD = "refs/gm/changes/" + "a" * 64
LEDGER = "+refs/gm/*:refs/gm-remote/origin/*"


@pytest.fixture
def bare(tmp_path, home):
    return init_repository(tmp_path / "server.git", home, bare=True)


@pytest.fixture
def repo(tmp_path, home, bare):
    """A clone with one pushed commit and a second one that is not."""
    repo = clone_repository(bare.path, tmp_path / "clone", home)
    repo.git("checkout", "--quiet", "-B", "main")
    repo.commit({"x": "1"})
    repo.git("push", "--quiet", "origin", "main")
    repo.commit({"x": "2"})
    return repo


@pytest.fixture
def store(repo):
    return Store.open(repo.path)


@pytest.fixture
def oids(repo):
    return repo.rev("main~1"), repo.rev("main")


def test_branch_tag_and_record_land_in_one_atomic_push(store, bare, oids):
    updates = [RefUpdate(RECORD, oids[1], None), RefUpdate(TAG, oids[1], None), RefUpdate(MAIN, oids[1], oids[0])]
    result = push(store, "origin", updates)
    assert {ref.name: ref.flag for ref in result.refs} == {RECORD: "*", TAG: "*", MAIN: " "}
    assert Store.open(bare.path).refs() == dict.fromkeys(sorted([RECORD, TAG, MAIN]), oids[1])
    assert push(store, "origin", []).refs == ()
    assert push(store, "origin", [RefUpdate(RECORD, None, oids[1])]).refs[0].flag == "-"


def test_a_stale_lease_fails_the_whole_push(store, bare, oids):
    before = Store.open(bare.path).refs()
    error = refusal(push, store, "origin", [RefUpdate(RECORD, oids[1], None), RefUpdate(MAIN, oids[1], None)])
    assert (error.code, error.exit_status, is_retryable(error)) == ("GM-S204", Exit.CONFLICT, True)
    assert Store.open(bare.path).refs() == before


def test_a_lease_also_guards_against_a_ref_that_is_gone(store, bare, oids):
    bare.git("update-ref", "-d", MAIN)
    assert refusal(push, store, "origin", [RefUpdate(MAIN, oids[1], oids[0])]).code == "GM-S204"


def test_a_taken_tag_has_its_own_code_and_is_not_retried(store, bare, oids):
    bare.git("update-ref", TAG, oids[0])
    error = refusal(push, store, "origin", [RefUpdate(TAG, oids[1], None), RefUpdate(MAIN, oids[1], oids[0])])
    assert (error.code, is_retryable(error), error.where) == ("GM-S205", False, TAG)
    assert Store.open(bare.path).ref(MAIN) == oids[0]


@pytest.mark.parametrize("hook", ["pre-receive", "update"])
def test_a_refusing_hook_denies_with_the_lines_of_the_remote(store, bare, oids, hook):
    script = "#!/bin/sh\nprintf 'error[GM-P401]: lacks 1 approval\\n\\033[31mred\\n' >&2\nexit 1\n"
    install_hook(bare.path, hook, script)
    error = refusal(push, store, "origin", [RefUpdate(RECORD, oids[1], None), RefUpdate(MAIN, oids[1], oids[0])])
    assert (error.code, error.exit_status) == ("GM-S203", Exit.DENIED)
    assert error.details[:2] == ("error[GM-P401]: lacks 1 approval", "\\x1b[31mred")
    assert Store.open(bare.path).refs() == {MAIN: oids[0]}


def test_hooks_that_agree_are_heard(store, bare, oids):
    install_hook(bare.path, "pre-receive", "#!/bin/sh\necho accepted\n")
    assert push(store, "origin", [RefUpdate(MAIN, oids[1], oids[0])]).lines == ("accepted",)


def test_a_remote_without_atomic_pushes_is_an_error(store, bare, oids):
    bare.git("config", "receive.advertiseAtomic", "false")
    assert refusal(push, store, "origin", [RefUpdate(MAIN, oids[1], oids[0])]).code == "GM-S206"
    assert push(store, "origin", [RefUpdate(MAIN, oids[1], oids[0])], atomic=False).refs


def test_a_lock_at_the_remote_is_retryable(store, bare, oids):
    (bare.path / "refs" / "heads" / "main.lock").write_text("")
    error = refusal(push, store, "origin", [RefUpdate(MAIN, oids[1], oids[0])])
    assert (error.code, is_retryable(error)) == ("GM-S209", True)


@pytest.mark.usefixtures("repo")
def test_of_racing_pushes_each_lands_once_and_none_is_lost(tmp_path, home, bare):
    landed = []

    def write(number):
        clone = clone_repository(bare.path, tmp_path / f"writer{number}", home)
        store = Store.open(clone.path)
        while True:
            fetch(store, "origin", ["+refs/heads/main:refs/remotes/origin/main"])
            tip = store.ref("refs/remotes/origin/main")
            clone.git("reset", "--quiet", "--hard", tip)
            oid = clone.commit({f"m{number}": "1"}, f"writer {number}")
            try:
                push(store, "origin", [RefUpdate(f"refs/gm/w{number}", oid, None), RefUpdate(MAIN, oid, tip)])
            except GmError as error:
                if error.code not in RETRYABLE:
                    raise
                continue
            landed.append(number)
            return

    threads = [threading.Thread(target=write, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(landed) == [0, 1, 2, 3]
    assert sorted(bare.git("ls-tree", "--name-only", "main").split()) == ["m0", "m1", "m2", "m3", "x"]
    assert len(Store.open(bare.path).refs("refs/gm/")) == 4
    bare.git("fsck", "--strict", "--no-dangling")


def test_a_fetch_moves_exactly_what_was_asked_for(store, repo, bare, tmp_path, home):
    other = clone_repository(bare.path, tmp_path / "other", home)
    new = other.commit({"y": "1"})
    other.git("tag", "v9")
    other.git("push", "--quiet", "origin", "main", "v9", f"{new}:{RECORD}")
    before = store.refs()
    fetch(store, "origin", [LEDGER])
    assert store.refs() == {**before, RECORD.replace("refs/gm/", "refs/gm-remote/origin/"): new}
    assert not (repo.path / ".git" / "FETCH_HEAD").exists()


@pytest.mark.parametrize("form", ["name", "path", "relative", "url"])
def test_a_remote_may_be_a_name_a_path_or_an_address(store, bare, oids, form, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    remote = {"name": "origin", "path": str(bare.path), "relative": "server.git", "url": f"file://{bare.path}"}[form]
    fetch(store, remote, ["+refs/heads/main:refs/remotes/x/main"])
    assert store.ref("refs/remotes/x/main") == oids[0]
    assert ls_remote(store, remote, "refs/heads/*") == {MAIN: oids[0]}


def test_an_address_is_rewritten_as_the_user_configured(store, bare, home, oids):
    (home / ".gitconfig").write_text(f'[url "{bare.path}"]\n\tinsteadOf = https://git.example/m.git\n')
    assert ls_remote(store, "https://git.example/m.git") == {"HEAD": oids[0], MAIN: oids[0]}


def test_peeled_tags_are_left_out_of_a_listing(store, bare):
    bare.git("tag", "--no-sign", "-a", "-m", "1", "v1", "main")
    assert ls_remote(store, "origin", "refs/tags/*") == {"refs/tags/v1": bare.rev("v1")}


def test_one_refused_ref_stops_an_atomic_fetch(store, bare, oids):
    update_refs(store, [RefUpdate(TAG, oids[1], None)])
    bare.git("update-ref", TAG, oids[0])
    refspecs = ["+refs/heads/main:refs/remotes/x/main", f"{TAG}:{TAG}"]
    error = refusal(fetch, store, "origin", refspecs)
    assert (error.code, store.ref("refs/remotes/x/main"), store.ref(TAG)) == ("GM-S210", None, oids[1])
    refusal(fetch, store, "origin", refspecs, atomic=False)
    assert (store.ref("refs/remotes/x/main"), store.ref(TAG)) == (oids[0], oids[1])


def test_pruning_happens_only_when_asked_for(store, repo, oids):
    repo.git("config", "fetch.prune", "true")
    gone = "refs/gm-remote/origin/changes/old"
    update_refs(store, [RefUpdate(gone, oids[0], None)])
    fetch(store, "origin", [LEDGER])
    assert store.ref(gone) == oids[0]
    fetch(store, "origin", [LEDGER], prune=True)
    assert store.ref(gone) is None


@pytest.mark.parametrize(
    ("remote", "code", "status"),
    [
        ("/nowhere/at/all.git", "GM-S201", Exit.EXTERNAL),
        ("nosuchremote", "GM-S018", Exit.NOT_FOUND),
        ("https://127.0.0.1:1/m.git", "GM-S201", Exit.EXTERNAL),
        ("ssh://127.0.0.1:1/m.git", "GM-S201", Exit.EXTERNAL),
        ("ext::touch /tmp/x", "GM-S017", Exit.USAGE),
        ("--upload-pack=touch x", "GM-S017", Exit.USAGE),
    ],
)
def test_a_remote_that_cannot_be_used_has_a_code_for_each_verb(store, oids, remote, code, status):
    calls = (
        lambda: fetch(store, remote, [LEDGER]),
        lambda: ls_remote(store, remote),
        lambda: push(store, remote, [RefUpdate(MAIN, oids[1], oids[0])]),
    )
    for call in calls:
        error = refusal(call)
        assert (error.code, error.exit_status) == (code, status)


def test_a_configured_remote_that_runs_a_command_is_refused_by_git(store, repo, tmp_path):
    repo.git("config", "remote.evil.url", f"ext::sh -c 'touch {tmp_path / 'ran'}'")
    repo.git("config", "protocol.ext.allow", "always")
    assert refusal(fetch, store, "evil", [LEDGER]).code == "GM-S017"
    assert not (tmp_path / "ran").exists()


@pytest.mark.parametrize("refspec", ["main", "--all", "refs/heads/*:--x", "+refs/heads/a b:refs/x", "refs/*/*:refs/y"])
def test_a_refspec_that_is_not_made_of_full_names_is_refused(store, refspec):
    assert refusal(fetch, store, "origin", [refspec]).code == "GM-S015"


def test_a_ref_that_the_remote_does_not_have_is_not_found(store):
    assert refusal(fetch, store, "origin", ["refs/heads/none:refs/x/none"]).code == "GM-S207"
    fetch(store, "origin", [])


def test_objects_that_fail_gits_checks_do_not_come_in(store, bare):
    raw = f"tree {bare.rev('main^{tree}')}\nauthor A a 1 +0000\ncommitter A <a> 1 +0000\n\nm\n".encode()
    bad = bare.git("hash-object", "-t", "commit", "-w", "--stdin", "--literally", stdin=raw)
    bare.git("update-ref", "refs/heads/bad", bad)
    error = refusal(fetch, store, "origin", ["refs/heads/bad:refs/x/bad"])
    assert (error.code, error.exit_status, store.ref("refs/x/bad")) == ("GM-S208", Exit.INTEGRITY, None)


def test_injected_settings_do_not_reach_the_transfer(repo, oids, tmp_path, monkeypatch):
    marker = tmp_path / "ran"
    for name, value in {
        "GIT_CONFIG_COUNT": "1",
        "GIT_CONFIG_KEY_0": "core.hooksPath",
        "GIT_CONFIG_VALUE_0": str(tmp_path),
        "GIT_DIR": "/nowhere",
        "GIT_TRACE": str(marker),
        "GIT_SSH_COMMAND": f"touch {marker}",
    }.items():
        monkeypatch.setenv(name, value)
    install_hook(repo.path / ".git", "pre-push", f"#!/bin/sh\ntouch {marker}\n")
    push(Store.open(repo.path), "origin", [RefUpdate(MAIN, oids[1], oids[0])])
    assert not marker.exists()


def test_a_stale_lock_here_does_not_stop_a_fetch(store, repo, oids, caplog):
    lock = repo.path / ".git" / "refs" / "remotes" / "origin" / "x.lock"
    lock.write_text("")
    os.utime(lock, (1_700_000_000, 1_700_000_000))
    with caplog.at_level(logging.WARNING):
        fetch(store, "origin", ["+refs/heads/main:refs/remotes/origin/x"])
    assert store.ref("refs/remotes/origin/x") == oids[0]
    assert str(lock) in caplog.text


def test_progress_is_told_line_by_line(store):
    said = []
    fetch(store, "origin", ["+refs/heads/main:refs/remotes/y/main"], progress=said.append)
    assert all("\n" not in line for line in said)


def test_a_transfer_that_takes_too_long_is_ended(store, repo, tmp_path):
    slow = tmp_path / "slow"
    slow.write_text("#!/bin/sh\nexec sleep 60\n")
    slow.chmod(0o755)
    repo.git("config", "remote.slow.url", "/anywhere")
    repo.git("config", "remote.slow.uploadpack", str(slow))
    error = refusal(fetch, store, "slow", ["refs/heads/main:refs/x/main"], timeout=0.5)
    assert (error.code, error.exit_status) == ("GM-S201", Exit.EXTERNAL)


def test_the_room_costs_no_gitpython_until_something_is_transferred():
    code = "import sys; import gitops_models.store.transport; print('git' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"


def test_a_lock_that_a_killed_push_left_in_a_remote_on_this_machine_stops_no_later_push(tmp_path, home):
    remote = init_repository(tmp_path / "remote.git", home, bare=True)
    repo = init_repository(tmp_path / "mine", home)
    first = repo.commit({"x": "1"})
    store = Store.open(repo.path)
    lock = remote.path / "refs" / "heads" / "main.lock"
    for address in (str(remote.path), f"file://{remote.path}"):
        lock.touch()
        with pytest.raises(GmError) as busy:
            push(store, address, [RefUpdate("refs/heads/main", first, None)])
        assert (busy.value.code, lock.exists()) == ("GM-S209", True)
        os.utime(lock, (0, 0))
        assert push(store, address, [RefUpdate("refs/heads/main", first, None)]).refs[0].name == "refs/heads/main"
        assert not lock.exists()
        remote.git("update-ref", "-d", "refs/heads/main")
