"""Attacks on the order of a ledger: what an acceptance knew is what stood before it on the chain, and nothing else."""

import subprocess

import pytest

from gitops_models.store.objects import Ident
from gitops_models.store.repository import Store
from gitops_models.store.writer import write_commit
from gitops_models.trust.chain import ChainReader, extend
from gitops_models.trust.ledger import Ledger
from gitops_models.verification.fold import fold
from gitops_models.workflows.hook import Moved, pre_receive
from tests.support.keys import ed25519_key
from tests.support.stories import acceptance, append, decision, last, ledger_ref

MAIN = "refs/heads/main"
WHO = Ident("engineer", "engineer@example.org", 1)


def knock(registry, *updates):
    """The codes with which the door refuses ``(ref, new)`` updates."""
    moved = [Moved(name, registry.store.ref(name), new) for name, new in updates]
    with registry.untouched():
        judgement = pre_receive(registry.path, moved, registry.clock)
    return tuple(refusal.code for refusal in judgement.refusals)


def side(registry, *records):
    """A chain of its own with these records."""
    return extend(registry.store, None, records, ed25519_key("engineer"), WHO)


def join(registry, *parents):
    """A merge of chains with the tree of the last parent; it adds nothing that is not there."""
    tree = registry.store.commit(parents[-1]).tree
    return write_commit(
        registry.store, tree, list(parents), "join", WHO, WHO, lambda data: ed25519_key("engineer").sign(data, "git")
    )


def status_for_a_newcomer(registry, path):
    """The last step as somebody judges it who has never seen this repository before."""
    subprocess.run(["git", "clone", "-q", "--mirror", str(registry.path), str(path)], check=True)
    store = Store.open(path)
    for name in store.refs("refs/gm-seen/"):
        subprocess.run(["git", "-C", str(path), "update-ref", "-d", name], check=True)
    return fold(store, pin=registry.pin, tip=store.ref(MAIN), ledger=Ledger(store), now=None).steps[-1].status


@pytest.fixture
def approved(registry):
    """A promotion with an approval: the proposal, its change id and the approval."""
    proposal = registry.promote("fraud", "1.1.0", "staging")
    (ok,) = registry.approve(proposal, "lead")
    return registry, proposal, registry.check(proposal).change_id, ok


@pytest.mark.attack("a merge on the ledger that hides a rejection", "GM-F304", by="forge")
@pytest.mark.parametrize(("person", "word", "honest"), [("lead2", "reject", "denied"), ("lead", "withdraw", "pending")])
def test_a_merge_on_the_ledger_does_not_put_an_acceptance_before_a_rejection(approved, person, word, honest):
    registry, proposal, change, ok = approved
    registry.approve(proposal, person, decision=word)
    main, ref = registry.tip, ledger_ref(change)
    step = registry.merge_by_hand(proposal.head, land=False)
    accept = acceptance(registry, by="engineer", merge=step, head=proposal.head, change_id=change, main=main)
    joined = join(registry, side(registry, ok, accept), registry.store.ref(ref))
    assert knock(registry, (ref, joined), (MAIN, step)) == ("GM-F304", "GM-P402" if word == "reject" else "GM-P401")
    # Where no door stands, whoever saw the chain before still reads what it saw first.
    registry.force(joined, ref)
    registry.force(step)
    assert last(registry).status == honest


def test_a_merge_on_the_ledger_does_not_put_a_rejection_before_an_acceptance(approved, tmp_path):
    registry, proposal, change, ok = approved
    registry.merge(proposal)
    ref = ledger_ref(change)
    no = decision(by="lead2", change_id=change, like=ok, decision="reject")
    joined = join(registry, side(registry, no), registry.store.ref(ref))
    assert knock(registry, (ref, joined)) == ("GM-F304",)
    behind = join(registry, registry.store.ref(ref), side(registry, no))
    assert knock(registry, (ref, behind)) == ("GM-F304",)
    registry.force(behind, ref)
    assert status_for_a_newcomer(registry, tmp_path / "newcomer") == "accepted"


@pytest.mark.lookalike("a rejection after the acceptance")
def test_a_rejection_after_the_acceptance_comes_in_and_changes_nothing(approved, tmp_path):
    registry, proposal, change, ok = approved
    registry.merge(proposal)
    ref, no = ledger_ref(change), decision(by="lead2", change_id=change, like=ok, decision="reject")
    grown = extend(registry.store, registry.store.ref(ref), [no], ed25519_key("lead2"), WHO)
    assert knock(registry, (ref, grown)) == ()
    append(registry, change, no)
    assert status_for_a_newcomer(registry, tmp_path / "newcomer") == "accepted"


@pytest.mark.attack("records reached over a second parent", "GM-T402", by="forge")
def test_what_is_reached_over_a_second_parent_is_ignored_and_counted(approved):
    registry, _, change, ok = approved
    tip, hidden = registry.store.ref(ledger_ref(change)), decision(by="lead2", change_id=change, like=ok)
    beside = side(registry, hidden)
    chain = ChainReader(registry.store).read([join(registry, beside, tip), tip])
    assert [record.sha256 for record in chain.records] == [hidden.sha256, ok.sha256]
    chain = ChainReader(registry.store).read([join(registry, tip, beside)])
    assert [(ignored.commit, ignored.code) for ignored in chain.ignored] == [(beside, "GM-T402")]


def test_the_order_of_what_was_seen_first_stays(approved):
    registry, _, change, ok = approved
    no = decision(by="lead2", change_id=change, like=ok, decision="reject")
    one, other = side(registry, ok, no), side(registry, no, ok)
    for tips in ([one, other], [one, join(registry, other, one)]):
        assert [record.sha256 for record in ChainReader(registry.store).read(tips).records] == [ok.sha256, no.sha256]


def test_who_saw_a_ledger_before_it_was_joined_keeps_its_order(approved):
    registry, _, change, ok = approved
    no = decision(by="lead2", change_id=change, like=ok, decision="reject")
    append(registry, change, no)
    ref = ledger_ref(change)
    registry.force(join(registry, side(registry, ok), registry.store.ref(ref)), ref)
    ledger = registry.ledger
    ledger.remember_seen()
    assert [record.sha256 for record in ledger.records(change)] == [ok.sha256, no.sha256]


@pytest.mark.parametrize("case", ["nothing", "two records", "no record", "edited", "removed", "of another change"])
def test_a_link_that_adds_anything_but_one_record_of_its_change_stays_out(approved, case):
    registry, _, change, ok = approved
    ref = ledger_ref(change)
    tip = registry.store.ref(ref)
    no, yes = (decision(by="lead2", change_id=change, like=ok, decision=word) for word in ("reject", "approve"))
    foreign = decision(by="lead2", change_id="0" * 64, like=ok)
    files = {
        "nothing": {},
        "two records": {f"{record.sha256}.json": record.envelope for record in (no, yes)},
        "no record": {f"{no.sha256}.json": no.envelope + b" "},
        "edited": {f"{ok.sha256}.json": no.envelope},
        "removed": {f"{ok.sha256}.json": None},
        "of another change": {f"{foreign.sha256}.json": foreign.envelope},
    }
    bad = registry.commit(files[case], parents=[tip])
    assert knock(registry, (ref, bad)) == ("GM-F304",)
    assert knock(registry, (ref, registry.commit({f"{no.sha256}.json": no.envelope}, parents=[tip]))) == ()


# Acceptances that are kept for later


@pytest.mark.attack("an acceptance of a merge that is not landing", "GM-F308", by="author")
def test_an_acceptance_of_a_merge_that_is_not_landing_stays_out(approved):
    registry, proposal, change, _ = approved
    main, ref = registry.tip, ledger_ref(change)
    step = registry.merge_by_hand(proposal.head, land=False)
    record = acceptance(registry, by="engineer", merge=step, head=proposal.head, change_id=change, main=main)
    ledger = registry.session("engineer").writer().prepare(change, record).new
    assert knock(registry, (ref, ledger)) == ("GM-F308",)
    assert knock(registry, (ref, ledger), (MAIN, step)) == ()
