"""The kept prefix of history is worth what the fold is worth, and nothing where it does not fit."""

from dataclasses import MISSING, fields, replace

import pytest

from gitops_models.registry.scopes import Entry
from gitops_models.registry.state import AcceptedState
from gitops_models.verification import cache
from gitops_models.verification.cache import _sealed, _unsealed, load_prefix, renew_prefix, save_prefix, with_kept_steps
from gitops_models.verification.fold import fold
from gitops_models.verification.packing import PARTS
from gitops_models.verification.table import FILE
from tests.support import policy as documents
from tests.support import stories


@pytest.fixture(scope="module")
def registry(tmp_path_factory):
    story = stories.two_models(tmp_path_factory.mktemp("cache") / "r")
    files = documents.evidence_file("1.1.0", "evaluation", by="ci")
    story.merge(story.draft("fraud", files, by="ci", event="evidence", version="1.1.0"))
    return story


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
    more = fold(copy.store, pin=copy.pin, tip=copy.tip, ledger=copy.ledger, known=known, now=None)
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
    [
        ("format", "0"),
        ("tip", "1" * 40),
        ("at", "yesterday"),
        ("parts", {"stacks": [["fraud"]]}),
        ("files", None),
        ("layout", ["elsewhere"]),
        ("table", {}),
        ("table", {"digest": "0" * 40}),
    ],
)
def test_one_that_cannot_be_read_is_not_used(registry, kept, field, value):
    kept.write_bytes(_sealed({**_unsealed(kept.read_bytes()), field: value}))
    assert load_prefix(kept, registry.store, registry.pin) is None


@pytest.mark.parametrize("which", ["prefix.json", "prefix-*.lines"])
def test_one_changed_byte_anywhere_is_noticed(registry, kept, which):
    (path,) = kept.parent.glob(which)
    whole = path.read_bytes()
    for place in range(0, len(whole), 101):
        path.write_bytes(whole[:place] + bytes([whole[place] ^ 1]) + whole[place + 1 :])
        assert load_prefix(kept, registry.store, registry.pin) is None, place
    path.write_bytes(whole[:-1])
    assert load_prefix(kept, registry.store, registry.pin) is None
    path.write_bytes(whole)
    assert load_prefix(kept, registry.store, registry.pin) is not None


def test_every_mapping_of_the_accepted_state_is_kept():
    assert {part.name for part in PARTS} | {"blocked"} == {
        field.name for field in fields(AcceptedState) if field.default_factory is not MISSING
    }
    assert len({part.kind for part in PARTS} | {FILE}) == len(PARTS) + 1


def test_what_came_since_stands_beside_the_table_until_it_is_much(registry, kept, tmp_path, monkeypatch):
    copy = registry.copy(tmp_path / "r")
    (table,) = kept.parent.glob("prefix-*.lines")
    written = table.read_bytes()
    for version in ("1.2.0", "1.3.0"):
        copy.version("fraud", version)
        known = load_prefix(kept, copy.store, copy.pin)
        more = fold(copy.store, pin=copy.pin, tip=copy.tip, ledger=copy.ledger, known=known, now=None)
        save_prefix(kept, more)
        assert table.read_bytes() == written
        assert facts(load_prefix(kept, copy.store, copy.pin)) == facts(copy.history())
    monkeypatch.setattr(cache, "_BESIDE", 0)
    copy.version("spam", "1.2.0")
    known = load_prefix(kept, copy.store, copy.pin)
    more = fold(copy.store, pin=copy.pin, tip=copy.tip, ledger=copy.ledger, known=known, now=None)
    save_prefix(kept, more)
    assert not table.exists()
    assert len(list(kept.parent.glob("prefix-*.lines"))) == 1
    assert facts(load_prefix(kept, copy.store, copy.pin)) == facts(copy.history())


def test_where_the_table_is_gone_all_is_written_again(registry, kept, tmp_path):
    copy = registry.copy(tmp_path / "r")
    known = load_prefix(kept, copy.store, copy.pin)
    (table,) = kept.parent.glob("prefix-*.lines")
    table.unlink()
    assert load_prefix(kept, copy.store, copy.pin) is None
    copy.version("fraud", "1.2.0")
    more = fold(copy.store, pin=copy.pin, tip=copy.tip, ledger=copy.ledger, known=known, now=None)
    save_prefix(kept, more)
    assert facts(load_prefix(kept, copy.store, copy.pin)) == facts(copy.history())


def test_steps_not_accepted_are_told_without_reading_the_steps(registry, tmp_path):
    copy, path = registry.copy(tmp_path / "r"), tmp_path / "prefix.json"
    before = copy.history().state.snapshot
    place = next(path for path in before.scope("model:fraud") if "/stages/" in path)
    copy.commit({place: before.data(place).replace(b"1.0.0", b"1.1.0")}, land=True)
    copy.commit({place: before.data(place)}, land=True)
    whole = copy.history()
    save_prefix(path, whole)
    known = load_prefix(path, copy.store, copy.pin)
    assert known.steps == ()
    assert (known.unaccepted, known.statuses) == (whole.unaccepted, whole.statuses)
    assert [step.status for step in known.unaccepted] == ["denied"]
    again = with_kept_steps(path, copy.store, known)
    assert (again.unaccepted, again.statuses) == (whole.unaccepted, whole.statuses)
    tail = with_kept_steps(path, copy.store, known, after=whole.length - 1)
    assert (tail.steps, tail.length, tail.statuses) == (whole.steps[-1:], whole.length, whole.statuses)


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b"\xff"])
def test_garbage_is_not_used(registry, tmp_path, content):
    path = tmp_path / "prefix.json"
    path.write_bytes(content)
    assert load_prefix(path, registry.store, registry.pin) is None


def test_none_is_not_used(registry, tmp_path):
    assert load_prefix(tmp_path / "prefix.json", registry.store, registry.pin) is None


def test_the_skipped_steps_come_back(registry, kept, tmp_path):
    known = load_prefix(kept, registry.store, registry.pin)
    whole = with_kept_steps(kept, registry.store, known)
    assert (whole.steps, whole.skipped) == (registry.history().steps, 0)
    copy = registry.copy(tmp_path / "r")
    copy.live("fraud", "1.1.0", "staging")
    known = load_prefix(kept, copy.store, copy.pin)
    more = fold(copy.store, pin=copy.pin, tip=copy.tip, ledger=copy.ledger, known=known, now=None)
    assert with_kept_steps(kept, copy.store, more).steps == copy.history().steps
    save_prefix(kept, more)
    known = load_prefix(kept, copy.store, copy.pin)
    assert with_kept_steps(kept, copy.store, known).steps == copy.history().steps


def test_without_the_steps_only_the_prefix_is_left(registry, kept):
    kept.with_name("steps.jsonl").unlink()
    known = load_prefix(kept, registry.store, registry.pin)
    assert known.skipped == registry.history().length
    assert with_kept_steps(kept, registry.store, known) is None


def test_what_was_judged_from_the_pin_replaces_what_was_kept(registry, kept, tmp_path):
    kept.write_text("{")
    renew_prefix(kept, registry.history())
    assert load_prefix(kept, registry.store, registry.pin) is not None
    copy = registry.copy(tmp_path / "r")
    copy.commit(stories.stage_file(copy, "1.1.0", "staging"), land=True)
    renew_prefix(kept, copy.history())
    assert not kept.exists()
    assert not kept.with_name("steps.jsonl").exists()


def test_files_of_any_mode_are_kept(registry, tmp_path):
    history = registry.history()
    odd = history.state.snapshot.with_entries({"policies/link": Entry(0o120000, "1" * 40)})
    save_prefix(tmp_path / "p", replace(history, state=replace(history.state, snapshot=odd)))
    loaded = load_prefix(tmp_path / "p", registry.store, registry.pin)
    assert loaded.state.snapshot.entry("policies/link") == Entry(0o120000, "1" * 40)
