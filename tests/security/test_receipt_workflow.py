"""Keyless receipts: the workflow file at the commit that they were signed on must be the accepted one."""

import json

import pytest

from gitops_models.errors import GmError
from gitops_models.registry.times import format_time
from gitops_models.trust.records import make_receipt
from gitops_models.verification.receipts import Bench, Merged, hear
from tests.security.test_receipts import FLOW, RUN, add, body_of, keyless, people, put, refused, told
from tests.support import stories
from tests.support.keys import ed25519_key
from tests.support.provenance import ROOT, workflow
from tests.support.sigstore_loopback import github_claims

HOSTILE = b"on: push\njobs: {make-up: {}}\n"


@pytest.fixture(scope="module", name="first")
def _first(stack, tmp_path_factory):
    """A rollback below the last known good version, which lead has to approve, was merged without acceptance."""
    story = stories.registry(tmp_path_factory.mktemp("told") / "r")
    files = {"policies/people.yaml": people(stack), ROOT: json.dumps(stack.root).encode(), FLOW: RUN}
    story.pin = story.commit(files, land=True)
    for version in ("1.0.0", "1.1.0", "1.2.0"):
        story.version("fraud", version)
        story.live("fraud", version, "staging")
    deep = story.rollback("fraud", stage="staging", to="1.0.0")
    story.step = story.merge_by_hand(deep.head, by="lead2")
    return story


@pytest.fixture(name="story")
def _story(first, tmp_path):
    return first.copy(tmp_path / "r")


def at(story, main):
    """A receipt of the step, made where ``main`` is the tip."""
    change = next(one.change_id for one in story.history().steps if one.oid == story.step)
    return body_of(story, main=main, change_id=change)


def heard(story, record):
    """The receipt as readers at the tip hear it."""
    history, (base, head) = story.history(), story.store.commit(story.step).parents
    bench = Bench(story.store, history.people, history.state.snapshot, "main", history.state.touched)
    return hear(bench, record, Merged(story.step, base, head, record.change_id, history.tip))


def status(story):
    return next(one.status for one in story.history().steps if one.oid == story.step)


@pytest.mark.attack("a receipt signed by a run of a workflow file that nobody accepted", "GM-T108", by="author")
@pytest.mark.parametrize("files", [{FLOW: HOSTILE}, {FLOW: None}], ids=["another", "none"])
def test_a_run_of_another_file_signs_nothing(story, stack, tmp_path, files):
    later = story.commit(files, by="engineer", land=True)
    record = keyless(stack, tmp_path, at(story, later))
    with story.untouched(), pytest.raises(GmError) as refusal:
        add(story, tmp_path, record)
    assert refusal.value.code == "GM-T108"
    assert "is not the accepted one" in refusal.value.message
    put(story, record)
    assert (status(story), story.live_version("fraud", "staging")) == ("pending", "1.2.0")


@pytest.mark.attack("the accepted workflow file put back after a run of another one", "GM-T108", by="author")
def test_putting_the_file_back_helps_nobody(story, stack, tmp_path):
    was = story.store.blob(story.history().state.snapshot.entry(FLOW).oid)
    later = story.commit({FLOW: HOSTILE}, by="engineer", land=True)
    record = keyless(stack, tmp_path, at(story, later))
    story.commit({FLOW: was}, by="engineer", land=True)
    put(story, record)
    assert (status(story), story.live_version("fraud", "staging")) == ("pending", "1.2.0")
    with pytest.raises(GmError) as refusal:
        heard(story, record)
    assert refusal.value.code == "GM-T108"


@pytest.mark.attack("a receipt of a workflow whose file is not governed", "GM-T108", by="author")
@pytest.mark.parametrize("path", [".github/workflows/receipts.yml", ".github/workflows/gm-other.yml"])
def test_a_workflow_whose_file_was_never_accepted_signs_nothing(stack, tmp_path, path):
    flow = workflow(stack, identity=github_claims(workflow_path=path)["workflow_url"])
    story = told(tmp_path / "r", stack, workflows=[flow])
    assert refused(story, tmp_path, keyless(stack, tmp_path, body_of(story), workflow_path=path)) == "GM-T108"


@pytest.mark.lookalike("a receipt with the workload's key, while a workflow file waits for its acceptance")
def test_a_key_needs_no_workflow_file(story, tmp_path):
    later = story.commit({FLOW: HOSTILE}, by="engineer", land=True)
    add(story, tmp_path, make_receipt(at(story, later), ed25519_key("scribe")))
    assert (status(story), story.live_version("fraud", "staging")) == ("accepted", "1.0.0")


@pytest.mark.lookalike("a workflow file that was changed with everybody's approval")
def test_after_an_accepted_change_the_new_file_signs_and_old_receipts_stand(story, stack, tmp_path):
    old = keyless(stack, tmp_path, body_of(story))
    change = story.draft("policy", {FLOW: b"on: push\n# newer\n"}, by="owner", event="policy")
    quorums = story.check(change).verdict.quorums
    story.approve(change, *sorted({who for one in quorums for role in one.missing for who in one.candidates[role]}))
    step = story.merge(change, by="owner")
    assert story.history().steps[-1].status == "accepted"
    assert heard(story, old).workload == "scribe"  # the file that was accepted then is not known any more
    story.clock.tick()
    new = keyless(stack, tmp_path, at(story, step).model_copy(update={"at": format_time(story.clock.now())}))
    add(story, tmp_path, new)
    assert (status(story), story.live_version("fraud", "staging")) == ("accepted", "1.0.0")
