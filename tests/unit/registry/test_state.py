from datetime import UTC, datetime

import pytest

from gitops_models.errors import GmError
from gitops_models.registry import documents as docs
from gitops_models.registry.stack import StackEntry
from gitops_models.registry.state import AcceptedState, Blocked, Registration
from tests.support.documents import Documents, History, digest

AT = datetime(2026, 11, 21, 10, tzinfo=UTC)


def base() -> Documents:
    tree = Documents().repository().policy().people().model("fraud")
    return tree.version("fraud", "1.0.0").version("fraud", "1.1.0").stage("fraud", "staging", "1.0.0")


def test_the_pin_gives_stacks_weights_and_registrations():
    state = AcceptedState.initial(base().snapshot(), "pin")
    pin = base().snapshot().lineage_sha256("fraud", "1.0.0")
    assert state.stack("fraud", "staging").versions == (StackEntry("1.0.0", pin, "pin"),)
    assert state.stack("fraud", "staging").live
    assert state.stack("fraud", "production").versions == ()
    assert state.weights["fraud", digest("fraud1.0.0model.onnx")] == "1.0.0"
    assert state.registered["fraud", "1.1.0"] == Registration("pin", frozenset(), None)
    assert {key: set(value) for key, value in state.ever_staged.items()} == {("fraud", "staging"): {"1.0.0"}}
    assert (state.step, state.at, dict(state.touched), state.blocked) == ("pin", None, {}, {})


def test_a_bad_document_at_the_pin_is_an_error():
    with pytest.raises(GmError) as caught:
        AcceptedState.initial(base().file("models/fraud/stages/staging.yaml", b"x").snapshot(), "pin")
    assert caught.value.code == "GM-D007"


def test_a_registration_is_remembered_with_its_people_and_bytes():
    history = History(base())
    prompt = docs.ArtifactEntry(path="prompt.txt", role="prompt", sha256="7" * 64, size=1)
    code = docs.ArtifactEntry(path="train.py", role="training-code", sha256="8" * 64, size=1)
    tree = base().version("fraud", "2.0.0", artifacts=(prompt, code))
    state = history.state.accept(history.diff(tree), step="s1", at=AT, persons=["a", "b"])
    assert state.registered["fraud", "2.0.0"] == Registration("s1", frozenset({"a", "b"}), AT)
    assert state.weights["fraud", "7" * 64] == "2.0.0"
    assert ("fraud", "8" * 64) not in state.weights
    assert (state.step, state.at, state.index) == ("s1", AT, 1)
    assert ("fraud", "2.0.0") not in history.state.registered


def test_stacks_follow_promotions_rollbacks_and_undeployments():
    history = History(base())
    history.accept(history.tree.copy().stage("fraud", "staging", "1.1.0"))
    history.accept(history.tree.copy().version("fraud", "1.2.0").stage("fraud", "staging", "1.2.0"))
    assert [entry.version for entry in history.state.stack("fraud", "staging").versions] == ["1.0.0", "1.1.0", "1.2.0"]
    history.accept(history.tree.copy().stage("fraud", "staging", "1.1.0"))
    history.accept(history.tree.copy().stage("fraud", "staging", "1.0.0"))
    assert [entry.version for entry in history.state.stack("fraud", "staging").versions] == ["1.0.0"]
    assert set(history.state.ever_staged["fraud", "staging"]) == {"1.0.0", "1.1.0", "1.2.0"}
    history.accept(history.tree.copy().remove("models/fraud/stages/staging.yaml"))
    stack = history.state.stack("fraud", "staging")
    assert (stack.live, stack.top.version) == (False, "1.0.0")


def test_the_anchor_is_the_last_step_that_touched_a_mutable_path_of_the_change():
    history = History(base())
    first = history.diff(base().stage("fraud", "staging", "1.1.0"))
    assert history.state.anchor(first) is None
    history.accept(history.tree.copy().stage("fraud", "staging", "1.1.0"))
    history.accept(history.tree.copy().model("fraud", risk="high"))
    history.accept(history.tree.copy().hold("fraud", "production", 1))
    tree = history.tree.copy()
    stage = history.diff(tree.copy().stage("fraud", "staging", "1.0.0"))
    both = history.diff(tree.copy().stage("fraud", "staging", "1.0.0").model("fraud", risk="low"))
    added = history.diff(tree.copy().version("fraud", "2.0.0"))
    assert history.state.anchor(stage) == "step1"
    assert history.state.anchor(both) == "step2"
    assert history.state.anchor(added) is None


def test_after_a_rollback_the_same_promotion_has_another_anchor():
    history = History(base())
    promotion = history.tree.copy().stage("fraud", "staging", "1.1.0")
    before = history.state.anchor(history.diff(promotion))
    history.accept(promotion)
    history.accept(base())
    assert history.state.anchor(history.diff(promotion)) == "step2" != before


def test_touches_before_the_pin_give_the_anchors_that_older_readers_compute():
    touched = {"models/fraud/stages/staging.yaml": "early", "models/fraud/model.yaml": "later"}
    state = AcceptedState.initial(base().snapshot(), "pin", touched=touched)
    history = History(base())
    history.state = state
    both = base().stage("fraud", "staging", "1.1.0").model("fraud", risk="high")
    assert state.anchor(history.diff(both)) == "later"
    history.accept(base().stage("fraud", "staging", "1.1.0"))
    assert history.state.anchor(history.diff(both.stage("fraud", "staging", "1.0.0"))) == "step1"


def test_blocking_keeps_the_files_and_an_accepted_change_of_the_scope_frees_it():
    history = History(base())
    blocked = history.state.block(["model:fraud", "policy"], step="s", change_id="c", codes=["GM-P401"])
    assert blocked.blocked["model:fraud"] == Blocked("s", "c", ("GM-P401",))
    assert blocked.snapshot is history.state.snapshot
    assert history.state.blocked == {}
    history.state = blocked
    change = history.diff(base().model("fraud", risk="high"), scopes=["model:fraud"])
    later = blocked.accept(change, step="s2", at=None, persons=())
    assert set(later.blocked) == {"policy"}
    history.accept(base())
    assert history.state.blocked == {}


def test_a_change_against_another_state_is_not_accepted():
    history = History(base())
    stale = history.diff(base().model("fraud", risk="high"))
    history.accept(base().people(docs.Person(id="a", emails=("a@b.c",))))
    with pytest.raises(ValueError, match="against another state"):
        history.state.accept(stale, step="s", at=None, persons=())


def test_a_state_made_of_plain_mappings_grows_too():
    plain = AcceptedState(base().snapshot(), registered={})
    history = History(base())
    history.state = plain
    history.accept(base().version("fraud", "2.0.0"))
    assert ("fraud", "2.0.0") in history.state.registered
