"""The ledger on real repositories: appending, racing, being offline, being rewritten by somebody with push access."""

import random
import shutil
import subprocess
import threading

import pytest

from gitops_models.errors import GmError
from gitops_models.registry.snapshot import Entry
from gitops_models.store.objects import Ident
from gitops_models.store.refs import RefUpdate, update_refs
from gitops_models.store.repository import Store
from gitops_models.store.transport import fetch, push
from gitops_models.store.worktree import init
from gitops_models.store.writer import write_blob, write_commit, write_tree
from gitops_models.trust import ledger as module
from gitops_models.trust.chain import is_commit
from gitops_models.trust.ledger import Ledger, Scribe
from gitops_models.trust.verify import verify_commit
from tests.support.keys import ed25519_key
from tests.support.signed import CHANGE, WHEN, acceptance, decision, deployment, people

TOPIC = f"changes/{CHANGE}"
REF = f"refs/gm/{TOPIC}"
IDENT = Ident("eve", "eve@example.org", WHEN)


def scribe(name="ann", **options):
    plain = {"now": lambda: WHEN, "pause": lambda _seconds: None, "jitter": lambda: 0.5}
    return Scribe(ed25519_key(name), name, f"{name}@example.org", **{**plain, **options})


@pytest.fixture
def remote(tmp_path):
    return init(tmp_path / "remote.git", bare=True)


@pytest.fixture
def clone(tmp_path, remote):
    def make(name="ann"):
        store = init(tmp_path / name)
        subprocess.run(["git", "-C", store.work_tree, "remote", "add", "origin", remote.git_dir], check=True)
        return Ledger(Store.open(store.work_tree), "origin", scribe=scribe(name))

    return make


def put(store, ref, files, *, old=None, parents=()):
    """Write a commit by hand as anybody with push access can, and move ``ref`` to it."""
    tip = write_commit(store, write_tree(store, parents[0] if parents else None, files), parents, "x", IDENT, IDENT)
    update_refs(store, [RefUpdate(ref, tip, old)])
    return tip


def test_what_one_clone_appends_another_reads_in_order(clone):
    ann, bob = clone("ann"), clone("bob")
    first, second = decision("ann"), acceptance("bob")
    assert ann.append(CHANGE, first).waiting is None
    assert bob.append(CHANGE, second).tip is not None
    ann.fetch()
    assert ann.records(CHANGE) == (first, second) == bob.records(CHANGE)
    assert ann.changes() == (CHANGE,)
    assert ann.rewritten() == ()


def test_the_commits_of_the_chain_are_signed_by_who_appends(clone):
    ann = clone("ann")
    tip = ann.append(CHANGE, decision("ann")).tip
    found = verify_commit(ann.store.commit(tip).raw, people("ann"))
    assert (found.signature.verdict, found.actor.id, found.email_ok) == ("good", "ann", True)


def test_without_a_remote_the_ledger_is_the_repositorys_own(tmp_path):
    ledger = Ledger(init(tmp_path / "alone"), scribe=scribe())
    ledger.append(CHANGE, decision("ann"))
    ledger.append(CHANGE, acceptance("ann"))
    ledger.fetch()
    assert [record.kind for record in ledger.records(CHANGE)] == ["decision", "acceptance"]
    assert ledger.store.ref(REF) == ledger.tip(TOPIC)


def test_without_a_remote_a_moved_ref_is_looked_at_again(tmp_path):
    store = init(tmp_path / "alone")
    one, other = Ledger(store, scribe=scribe("ann")), Ledger(store, scribe=scribe("bob"))
    assert one.records(CHANGE) == other.records(CHANGE) == ()
    one.append(CHANGE, decision("ann"))
    other.append(CHANGE, decision("bob"))
    assert len(other.records(CHANGE)) == 2


def test_appending_what_is_there_changes_nothing(clone):
    ann = clone("ann")
    tip = ann.append(CHANGE, decision("ann")).tip
    assert ann.append(CHANGE, decision("ann")).tip == tip
    assert list(ann.outbox.topics()) == []


def test_a_prepared_record_is_pushed_by_the_caller_with_other_refs(clone, remote):
    ann = clone("ann")
    main = write_commit(ann.store, write_tree(ann.store, None, {"a": b"a"}), [], "main", IDENT, IDENT)
    update = ann.prepare(CHANGE, decision("ann"), acceptance("ann"))
    push(ann.store, "origin", [RefUpdate("refs/heads/main", main, None), update])
    ann.pushed(update)
    assert len(ann.records(CHANGE)) == 2
    assert remote.ref(REF) == update.new
    assert ann.prepare(CHANGE, decision("ann")) is None


def test_a_ledger_without_a_scribe_can_only_read(clone):
    ann = clone("ann")
    ann.append(CHANGE, decision("ann"))
    reader = Ledger(ann.store, "origin")
    assert len(reader.records(CHANGE)) == 1
    with pytest.raises(GmError) as caught:
        reader.prepare(CHANGE, decision("bob"))
    assert caught.value.code == "GM-T404"


def test_writers_at_the_same_time_all_get_in(clone):
    ledgers = [clone(f"p{number}") for number in range(4)]
    patient = [
        Ledger(each.store, "origin", scribe=scribe(f"p{number}", jitter=random.random, pause=threading.Event().wait))
        for number, each in enumerate(ledgers)
    ]
    threads = [
        threading.Thread(target=each.append, args=(CHANGE, decision(f"p{number}")))
        for number, each in enumerate(patient)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    ledgers[0].fetch()
    assert {record.body.person for record in ledgers[0].records(CHANGE)} == {"p0", "p1", "p2", "p3"}


def test_a_record_waits_while_the_remote_is_away_and_goes_with_the_next(clone, remote, tmp_path):
    ann = clone("ann")
    shutil.move(remote.git_dir, tmp_path / "away.git")
    outcome = ann.append(CHANGE, decision("ann"))
    assert (outcome.tip, outcome.waiting.code) == (None, "GM-S201")
    assert ann.records(CHANGE) == ()
    assert ann.records(CHANGE, waiting=True) == (decision("ann"),)
    shutil.move(tmp_path / "away.git", remote.git_dir)
    ann.append_deployment("edge-1", deployment("ann"))
    assert ann.records(CHANGE) == (decision("ann"),)
    assert ann.deployments("edge-1") == (deployment("ann"),)
    assert list(ann.outbox.topics()) == []


def test_deployment_records_lie_in_one_directory_for_each_month(clone, remote):
    ann = clone("ann")
    ann.append_deployment("edge-1", deployment("ann"))
    command = ["git", "--git-dir", remote.git_dir, "ls-tree", "-r", "--name-only", "refs/gm/deployments/edge-1"]
    listed = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    assert listed == f"2026-11/{deployment('ann').sha256}.json\n"


def test_what_the_remotes_hook_refuses_is_denied_and_set_aside(clone, remote):
    hook = remote.git_dir / "hooks" / "pre-receive"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text("#!/bin/sh\necho no thanks >&2\nexit 1\n")
    hook.chmod(0o755)
    ann = clone("ann")
    with pytest.raises(GmError) as caught:
        ann.append(CHANGE, decision("ann"))
    assert (caught.value.code, int(caught.value.exit_status)) == ("GM-S203", 3)
    assert list(ann.outbox.topics()) == []
    assert len(list((ann.store.common_dir / "gm" / "refused").rglob("*.json"))) == 1


def test_a_ref_that_keeps_moving_is_a_conflict_and_the_record_waits(clone, monkeypatch):
    ann = clone("ann")

    def busy(*_arguments):
        raise GmError("GM-S204", "moved")

    monkeypatch.setattr(ann, "_move", busy)
    with pytest.raises(GmError) as caught:
        ann.append(CHANGE, decision("ann"))
    assert (caught.value.code, int(caught.value.exit_status)) == ("GM-T401", 7)
    assert ann.outbox.waiting(TOPIC) == (decision("ann"),)


def test_waits_between_attempts_grow_and_are_jittered(clone, monkeypatch):
    waits = []
    ann = clone("ann")
    ledger = Ledger(ann.store, "origin", scribe=scribe(pause=waits.append))
    monkeypatch.setattr(ledger, "_move", lambda _update: (_ for _ in ()).throw(GmError("GM-S209", "busy")))
    with pytest.raises(GmError):
        ledger.append(CHANGE, decision("ann"))
    assert waits[:3] == [0.01, 0.02, 0.04]
    assert (len(waits), max(waits)) == (module.ATTEMPTS, 0.5)


def test_a_remote_that_dies_between_refusal_and_fetch_leaves_the_record_waiting(clone, remote, tmp_path, monkeypatch):
    ann = clone("ann")

    def refuse_and_die(_update):
        shutil.move(remote.git_dir, tmp_path / "away.git")
        raise GmError("GM-S204", "moved")

    monkeypatch.setattr(ann, "_move", refuse_and_die)
    assert ann.append(CHANGE, decision("ann")).waiting.code == "GM-S201"


def test_the_ledger_is_reached_by_address_too(clone, remote, tmp_path):
    clone("ann").append(CHANGE, decision("ann"))
    node = Ledger(init(tmp_path / "node", bare=True), "origin", address=str(remote.git_dir))
    node.fetch()
    assert node.records(CHANGE) == (decision("ann"),)


def test_a_fetch_with_nothing_new_moves_nothing(clone):
    ann = clone("ann")
    ann.append(CHANGE, decision("ann"))
    before = ann.store.refs("refs/")
    ann.fetch()
    assert ann.store.refs("refs/") == before


@pytest.mark.parametrize("deleted", [False, True], ids=["truncated", "deleted"])
def test_a_ref_that_lost_a_record_is_reported_believed_from_memory_and_restored(clone, remote, deleted):
    ann = clone("ann")
    ann.append(CHANGE, decision("ann"))
    short = ann.tip(TOPIC)
    withdrawn = decision("ann", "withdraw", previous=decision("ann"))
    ann.append(CHANGE, withdrawn)
    update_refs(remote, [RefUpdate(REF, None if deleted else short, remote.ref(REF))])
    ann.fetch()
    (finding,) = ann.rewritten()
    assert (finding.code, finding.ref) == ("GM-T400", REF)
    assert finding.lost[-1] == withdrawn
    assert ann.records(CHANGE) == (decision("ann"), withdrawn)
    assert ann.restore() == (finding,)
    ann.fetch()
    assert ann.rewritten() == ()
    bob = clone("bob")
    bob.fetch()
    assert set(bob.records(CHANGE)) == {decision("ann"), withdrawn}


def test_a_ref_rewritten_to_another_history_keeps_both(clone, remote):
    ann = clone("ann")
    ann.append(CHANGE, decision("ann"))
    for name in ("bob", "eve"):
        record = decision(name)
        put(remote, REF, {f"{record.sha256}.json": record.envelope}, old=remote.ref(REF))
        ann.fetch()
    assert ann.rewritten()[0].lost == (decision("ann"), decision("bob"))
    assert [record.body.person for record in ann.records(CHANGE)] == ["ann", "bob", "eve"]
    kept = ann.store.refs("refs/gm-seen/origin/diverged/")
    ann.remember_seen()
    assert ann.store.refs("refs/gm-seen/origin/diverged/") == kept
    assert len(kept) == 2


def test_a_ref_rewritten_with_every_record_is_no_finding(clone, remote):
    ann = clone("ann")
    ann.append(CHANGE, decision("ann"))
    put(remote, REF, {f"{decision('ann').sha256}.json": decision("ann").envelope}, old=remote.ref(REF))
    ann.fetch()
    assert ann.rewritten() == ()


def test_what_was_fetched_elsewhere_is_seen_after_a_refresh(clone):
    ann, bob = clone("ann"), clone("bob")
    assert bob.records(CHANGE) == ()
    ann.append(CHANGE, decision("ann"))
    fetch(bob.store, "origin", [bob.names.refspec])
    bob.refresh()
    bob.remember_seen()
    assert bob.records(CHANGE) == (decision("ann"),)
    assert bob.tips() == {TOPIC: bob.tip(TOPIC)}


def test_a_deleted_ref_is_noticed_while_appending(clone, remote):
    ann = clone("ann")
    ann.append(CHANGE, decision("ann"))
    update_refs(remote, [RefUpdate(REF, None, remote.ref(REF))])
    ann.append(CHANGE, acceptance("ann"))
    assert ann.records(CHANGE) == (decision("ann"), acceptance("ann"))
    assert ann.rewritten()[0].lost == (decision("ann"),)


def test_whatever_is_no_record_is_ignored_and_counted(clone, remote):
    ann = clone("ann")
    ann.append(CHANGE, decision("ann"))
    good = decision("bob")
    files = {
        "junk.json": b"junk",
        "large.json": b" " * 70_000,
        "renamed.json": good.envelope,
        f"{good.sha256}.json": Entry(0o100755, write_blob(remote, good.envelope)),
    }
    put(remote, REF, files, old=remote.ref(REF), parents=[remote.ref(REF)])
    ann.fetch()
    chain = ann.read(TOPIC)
    assert chain.records == (decision("ann"),)
    assert sorted(found.code for found in chain.ignored) == ["GM-T100", "GM-T101", "GM-T402", "GM-T402"]


def test_a_commit_that_removes_a_record_takes_nothing_back(clone, remote):
    ann = clone("ann")
    ann.append(CHANGE, decision("ann"))
    tip = remote.ref(REF)
    put(remote, REF, {f"{decision('ann').sha256}.json": None, "note": b"gone"}, old=tip, parents=[tip])
    ann.fetch()
    assert ann.records(CHANGE) == (decision("ann"),)
    assert ann.rewritten() == ()


def test_other_refs_below_the_ledger_are_no_changes(clone, remote):
    put(remote, "refs/gm/changes/not-an-id", {"a": b"a"})
    put(remote, "refs/gm/deployments/edge-1", {"a": b"a"})
    ann = clone("ann")
    ann.fetch()
    assert ann.changes() == ()


def test_a_ref_that_is_no_chain_is_ignored_and_begun_anew(clone, remote):
    ann = clone("ann")
    ann.append(CHANGE, decision("ann"))
    update_refs(remote, [RefUpdate(REF, write_blob(remote, b"nothing"), remote.ref(REF))])
    ann.fetch()
    chain = ann.read(TOPIC)
    assert chain.records == (decision("ann"),)
    assert [found.path for found in chain.ignored] == [""]
    assert ann.rewritten()[0].lost == (decision("ann"),)
    ann.restore()
    assert ann.rewritten() == ()


def test_a_commit_with_a_damaged_tree_is_ignored(tmp_path):
    store = init(tmp_path / "alone")
    ledger = Ledger(store, scribe=scribe())
    ledger.append(CHANGE, decision("ann"))
    tip = ledger.tip(TOPIC)
    broken = write_commit(store, write_blob(store, b"no tree"), [tip], "x", IDENT, IDENT)
    update_refs(store, [RefUpdate(REF, broken, tip)])
    ledger.refresh()
    chain = ledger.read(TOPIC)
    assert chain.records == (decision("ann"),)
    assert [(found.commit, found.code) for found in chain.ignored] == [(broken, "GM-S014")]


def test_a_tip_that_vanished_is_no_commit(tmp_path):
    store = init(tmp_path / "alone")
    assert not is_commit(store, "a" * 40)


def test_what_another_remote_shows_is_not_mixed_in(clone):
    ann = clone("ann")
    tip = ann.append(CHANGE, decision("ann")).tip
    update_refs(ann.store, [RefUpdate(f"refs/gm-remote/fork/changes/{'d' * 64}", tip, None)])
    ann.refresh()
    assert ann.changes() == (CHANGE,)
