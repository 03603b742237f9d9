"""What a chain of records is about, and a chain that cannot be read to its end."""

from gitops_models.store.objects import Ident
from gitops_models.store.worktree import init
from gitops_models.store.writer import write_commit, write_tree
from gitops_models.trust.chain import speaks_on
from gitops_models.trust.ledgerview import _grew
from tests.support.signed import decision, deployment

WHO = Ident("ann", "ann@example.org", 1_795_000_000)


def test_a_deployment_belongs_to_the_chain_of_its_target_only():
    record = deployment()
    assert speaks_on(f"deployments/{record.body.target}", record)
    assert not speaks_on("deployments/another", record)


def test_a_decision_belongs_to_the_chain_of_its_change_only():
    record = decision()
    assert speaks_on(f"changes/{record.change_id}", record)
    assert not speaks_on(f"changes/{'0' * 64}", record)


def test_a_chain_whose_beginning_is_missing_did_not_grow_from_what_was_seen(tmp_path):
    store = init(tmp_path / "r", bare=True)
    tree = write_tree(store, None, {"a.json": b"{}"})
    seen = write_commit(store, tree, [], "seen", WHO, WHO)
    grown = write_commit(store, tree, [seen], "grown", WHO, WHO)
    torn = write_commit(store, tree, ["1" * 40], "torn", WHO, WHO)
    assert _grew(store, seen, grown)
    assert not _grew(store, seen, torn)
