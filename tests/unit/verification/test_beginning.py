"""The state at a pin."""

import pytest

from gitops_models.errors import GmError
from gitops_models.registry.paths import Layout
from gitops_models.verification.beginning import begin, laid_out
from gitops_models.verification.fold import fold
from gitops_models.workflows.review import check
from tests.support import policy as documents
from tests.support import stories


@pytest.fixture(scope="module")
def registry(tmp_path_factory):
    return stories.two_models(tmp_path_factory.mktemp("beginning") / "r")


@pytest.mark.clause("B-1-1")
@pytest.mark.parametrize(
    ("gone", "code"), [("gm.yaml", "GM-C110"), ("policies/policy.yaml", "GM-P701"), ("policies/people.yaml", "GM-D030")]
)
def test_a_pin_needs_the_documents_that_rule(registry, gone, code):
    with pytest.raises(GmError) as caught:
        begin(registry.store, registry.commit({gone: None}))
    assert caught.value.code == code


def test_readers_with_different_pins_find_the_same_change_ids(registry):
    middle = registry.history().steps[-2].oid
    later = fold(registry.store, pin=middle, tip=registry.tip, ledger=registry.ledger, now=None)
    proposal = registry.promote("fraud", "1.1.0", "staging")
    whole = registry.session("lead")
    short = registry.session("lead")
    short.history = later
    assert check(whole, proposal).change_id == check(short, proposal).change_id


def test_a_pin_on_a_history_older_than_its_gm_yaml_finds_no_anchors_there(registry):
    before = registry.commit({"README.md": b"x"}, parents=[])
    tree = registry.store.commit(registry.pin).tree
    first = registry.commit({"README.md": b"x"}, parents=[before], tree=tree)
    assert dict(begin(registry.store, first).state.touched) == {}
    model = registry.commit({"models/fraud/model.yaml": documents.model_yaml()}, parents=[first])
    touched = begin(registry.store, model).state.touched
    assert {path: touch.step for path, touch in touched.items()} == {"models/fraud/model.yaml": model}


def test_the_same_layout_changes_nothing(registry):
    history = registry.history()
    assert laid_out(registry.store, history, history.layout) is history


def test_another_layout_reads_the_policy_scope_anew_and_keeps_the_models(registry):
    history = registry.history()
    again = laid_out(registry.store, history, Layout(history.layout.models, ("README.md",)))
    assert again.state.snapshot.models() == history.state.snapshot.models()
    assert again.layout.governed == ("README.md",)
    assert again.state.snapshot.layout is again.layout
