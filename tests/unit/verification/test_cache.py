"""The kept prefix of history is worth what the fold is worth, and nothing where it does not fit."""

import json

import pytest

from gitops_models.verification.cache import load_prefix, save_prefix
from gitops_models.verification.fold import fold
from tests.support import stories


@pytest.fixture(scope="module")
def registry(tmp_path_factory):
    return stories.two_models(tmp_path_factory.mktemp("cache") / "r")


@pytest.fixture
def kept(registry, tmp_path):
    """The file that holds the registry's history."""
    path = tmp_path / "prefix.json"
    save_prefix(path, registry.history())
    return path


def facts(history):
    """What a history amounts to, as plain values."""
    state = history.state
    return (
        history.tip,
        history.length,
        (state.step, state.at, state.index),
        dict(state.stacks),
        dict(state.touched),
        dict(state.registered),
        dict(state.weights),
        dict(state.evidence),
        {key: set(versions) for key, versions in state.ever_staged.items()},
        {scope: dict(state.snapshot.scope(scope)) for scope in state.snapshot.scope_names()},
        history.policy,
        history.people,
        history.layout,
        state.suspect,
    )


def test_what_is_loaded_equals_what_was_folded(registry, kept):
    assert facts(load_prefix(kept, registry.store, registry.pin)) == facts(registry.history())


def test_a_fold_that_goes_on_from_it_equals_one_from_the_pin(registry, kept, tmp_path):
    copy = registry.copy(tmp_path / "r")
    copy.live("fraud", "1.1.0", "staging")
    known = load_prefix(kept, copy.store, copy.pin)
    more = fold(copy.store, pin=copy.pin, tip=copy.tip, ledger=copy.ledger, known=known)
    assert facts(more) == facts(copy.history())
    assert more.steps == copy.history().steps[-1:]


def test_a_history_with_a_blocked_scope_is_not_kept(registry, tmp_path):
    copy = registry.copy(tmp_path / "r")
    copy.commit(stories.stage_file(copy, "1.1.0", "staging"), land=True)
    save_prefix(tmp_path / "other.json", copy.history())
    assert not (tmp_path / "other.json").exists()


def test_one_of_another_pin_is_not_used(registry, kept):
    assert load_prefix(kept, registry.store, registry.tip) is None


@pytest.mark.parametrize(
    ("field", "value"),
    [("format", "0"), ("tip", "1" * 40), ("at", "yesterday"), ("stacks", [["fraud"]]), ("registered", None)],
)
def test_one_that_cannot_be_read_is_not_used(registry, kept, field, value):
    kept.write_text(json.dumps({**json.loads(kept.read_text()), field: value}))
    assert load_prefix(kept, registry.store, registry.pin) is None


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b"\xff"])
def test_garbage_is_not_used(registry, tmp_path, content):
    path = tmp_path / "prefix.json"
    path.write_bytes(content)
    assert load_prefix(path, registry.store, registry.pin) is None


def test_none_is_not_used(registry, tmp_path):
    assert load_prefix(tmp_path / "prefix.json", registry.store, registry.pin) is None
