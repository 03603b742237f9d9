"""A server without the door that lost or moved refs: what a clone that saw them notices, and goes on with."""

import pytest

from gitops_models.errors import GmError
from gitops_models.store.refs import RefUpdate, update_refs
from gitops_models.store.repository import Store
from gitops_models.workflows.pin import pin
from gitops_models.workflows.session import open_session
from gitops_models.workflows.tagging import tag_states
from tests.support.git import clone_repository
from tests.support.stories import POLICY, better_policy, last, ledger_ref

TAG = "refs/tags/fraud@v1.0.0"


@pytest.fixture
def clone(registry, tmp_path, home):
    """A clone that saw everything, and a way to look at it again."""
    path = clone_repository(registry.path, tmp_path / "clone", home).path
    pin(path, registry.pin)
    look = lambda *, replay=False: open_session(path, clock=registry.clock, replay=replay)  # noqa: E731 - a short word
    look()
    return look


def decided(registry):
    """A promotion's ledger ref and what it had."""
    promotions = [step for step in registry.history().steps if step.events[0].name == "promoted"]
    name = ledger_ref(promotions[-1].change_id)
    return name, registry.store.ref(name)


@pytest.mark.clause("B-7-5", "A-snapshots-9")
@pytest.mark.attack("a ledger ref deleted on a server without a door", "GM-T400", by="forge")
def test_a_deleted_ledger_ref_is_noticed_and_changes_nothing_for_who_saw_it(registry, clone):
    name, _ = decided(registry)
    registry.force(None, name)
    session = clone(replay=True)
    assert [(one.code, one.ref) for one in session.ledger.rewritten()] == [("GM-T400", name)]
    assert session.history.blocked == frozenset()


def test_a_rewound_ledger_ref_is_noticed_too(registry, clone):
    name, tip = decided(registry)
    registry.force(registry.store.commit(tip).parents[0], name)
    session = clone(replay=True)
    (found,) = session.ledger.rewritten()
    assert (found.code, [record.kind for record in found.lost]) == ("GM-T400", ["acceptance"])
    assert session.history.blocked == frozenset()


@pytest.mark.lookalike("a ledger that only grew")
def test_a_ledger_that_only_grew_is_no_finding(registry, clone):
    registry.live("fraud", "1.1.0", "staging")
    session = clone()
    assert (session.ledger.rewritten(), session.history.tip) == ((), registry.tip)


def test_who_never_saw_the_acceptance_does_not_believe_the_step(registry, tmp_path, home):
    name, tip = decided(registry)
    registry.force(registry.store.commit(tip).parents[0], name)
    registry.force(None, name.replace("refs/gm/", "refs/gm-seen/here/tips/"))
    path = clone_repository(registry.path, tmp_path / "late", home).path
    pin(path, registry.pin)
    session = open_session(path, clock=registry.clock)
    assert session.history.blocked == {"model:spam"}


@pytest.mark.attack("going back to an older policy", "GM-T602", by="forge")
def test_a_clone_does_not_go_back_to_an_older_policy(registry, clone, tmp_path):
    change = registry.draft("-", {POLICY: better_policy(registry)}, by="owner", event="policy")
    registry.approve(change, "raio")
    step = registry.merge(change, by="owner")
    assert clone().history.policy.version == 2
    registry.force(None, ledger_ref(registry.history().steps[-1].change_id))
    assert clone(replay=True).history.tip == step  # what was seen is kept, so nothing went back
    store = Store.open(tmp_path / "clone" / ".git")
    update_refs(store, [RefUpdate(name, None, oid) for name, oid in store.refs("refs/gm-seen/").items()], "forget")
    with pytest.raises(GmError) as caught:
        clone(replay=True)
    assert caught.value.code == "GM-T602"


@pytest.mark.parametrize(
    ("case", "state"), [("moved", "wrong"), ("lightweight", "wrong"), ("unknown key", "wrong"), ("deleted", "missing")]
)
def test_a_version_tag_that_was_tampered_with_is_reported(registry, tmp_path, home, case, state):
    step = registry.history().state.registered["fraud", "1.0.0"].step
    if case == "moved":
        registry.tag("fraud@v1.0.0", registry.tip)
    elif case == "unknown key":
        registry.tag("fraud@v1.0.0", step, by="stranger")
    else:
        registry.force(step if case == "lightweight" else None, TAG)
    path = clone_repository(registry.path, tmp_path / "late", home).path
    pin(path, registry.pin)
    states = {tag.name: tag.state for tag in tag_states(open_session(path, clock=registry.clock))}
    assert states == {"fraud@v1.0.0": state, "fraud@v1.1.0": "good", "spam@v1.0.0": "good"}


@pytest.mark.attack("a version tag moved on a server without a door", "ignored", by="forge")
def test_a_tag_that_a_clone_has_is_not_moved_by_the_server(registry, clone):
    registry.tag("fraud@v1.0.0", registry.tip)
    session = clone()
    assert {tag.state for tag in tag_states(session)} == {"good"}
    assert last(registry).status == "accepted"


@pytest.mark.attack("a promotion of a version whose tag is gone", "GM-P108", by="forge")
@pytest.mark.parametrize(("case", "code"), [("missing", "GM-P108"), ("moved", "GM-P108")])
def test_a_promotion_past_the_first_stage_needs_the_good_tag(registry, case, code):
    proposal = registry.promote("spam", "1.0.0", "production")
    registry.approve(proposal, "lead")
    assert registry.check(proposal).verdict.allowed
    if case == "missing":
        registry.force(None, "refs/tags/spam@v1.0.0")
    else:
        registry.tag("spam@v1.0.0", registry.tip)
    assert registry.check(proposal).verdict.codes == (code,)
