"""What the door keeps between pushes speeds it up and decides nothing."""

from gitops_models.verification.cache import cache_path
from gitops_models.workflows.hook import Moved, pre_receive
from tests.support.registry import Registry


def landing(registry):
    """A merge with its acceptance that was landed and taken back: the updates of its push."""
    proposal = registry.promote("fraud", "1.0.0", "development")
    registry.approve(proposal, "lead")
    before = registry.refs()
    registry.merge(proposal)
    after = registry.refs()
    moved = [
        Moved(name, before.get(name), after.get(name))
        for name in sorted({*before, *after})
        if before.get(name) != after.get(name) and name.startswith(("refs/heads/", "refs/gm/", "refs/tags/"))
    ]
    for update in moved:
        if update.old:
            registry.force(update.old, update.name)
        else:
            registry.store.libgit2.references.delete(update.name)
    return moved


def test_a_push_is_judged_the_same_with_and_without_what_was_kept(tmp_path):
    registry = Registry(tmp_path / "r")
    registry.version("fraud", "1.0.0")
    moved = landing(registry)
    kept = cache_path(registry.store.common_dir)
    kept.unlink(missing_ok=True)
    assert pre_receive(registry.path, moved, registry.clock).refusals == ()
    assert kept.exists()
    assert pre_receive(registry.path, moved, registry.clock).refusals == ()


def test_what_is_kept_rests_on_nothing_that_a_push_only_proposes(tmp_path):
    registry = Registry(tmp_path / "r")
    registry.version("fraud", "1.0.0")
    moved = landing(registry)
    kept = cache_path(registry.store.common_dir)
    kept.unlink(missing_ok=True)
    without = [update for update in moved if not update.name.startswith("refs/gm/")]
    assert pre_receive(registry.path, moved, registry.clock).refusals == ()
    assert registry.tip in kept.read_text()
    assert [refusal.code for refusal in pre_receive(registry.path, without, registry.clock).refusals] == ["GM-P404"]


def test_a_spoiled_note_is_as_good_as_none(tmp_path):
    registry = Registry(tmp_path / "r")
    registry.version("fraud", "1.0.0")
    moved = landing(registry)
    cache_path(registry.store.common_dir).write_text("{")
    assert pre_receive(registry.path, moved, registry.clock).refusals == ()
