"""Reviews on a forge: what they are worth before the merge, and that the receipt of them is worth the same after it."""

import pytest

from gitops_models.errors import GmError
from gitops_models.policy.profiles import profile
from gitops_models.registry import yamls
from gitops_models.registry.paths import Layout
from gitops_models.store.objects import Ident
from gitops_models.store.snapshots import snapshot
from gitops_models.store.writer import write_tag, write_tree
from gitops_models.trust.records import Receipt
from gitops_models.verification import reviews as evidence
from gitops_models.verification.commits import three_way
from gitops_models.workflows import barring
from gitops_models.workflows import review as signing
from gitops_models.workflows.receipt import receipts
from gitops_models.workflows.receiptpens import key_pen
from tests.support import stories
from tests.support.onforge import NOBODY, Pulls, judged, on_page, seen, told
from tests.support.registry import APPROVERS

LACKING = "GM-P401"
MARK = "models/fraud/stages/staging.yaml"
SECOND = {"lead": 21, "engineer": 23}


@pytest.fixture(scope="module", name="first")
def _first(tmp_path_factory):
    return told(tmp_path_factory.mktemp("told") / "r", second=SECOND)


@pytest.fixture(name="story")
def _story(first, tmp_path):
    return first.copy(tmp_path / "r")


def proposal(story, **fields):
    """The head of a pull request that puts ``fraud`` 1.0.0 into staging."""
    return story.promote("fraud", "1.0.0", "staging", **fields).head


def why(verdict):
    """Who was ignored, and why."""
    return {one.person: one.why for quorum in verdict.quorums for one in quorum.ignored}


def after(story, head, *reviews):
    """Somebody merges on the page, the workload makes its receipt of the same reviews; the step as readers see it."""
    step, pulls = on_page(story, head), Pulls()
    pulls.add(7, step, head, *reviews)
    story.clock.tick()
    receipts(story.session("scribe"), pulls, key_pen)
    return next(one for one in story.history().steps if one.oid == step)


def counts(story, head, *reviews):
    """The reviews carry the merge, before and after."""
    found = judged(story, head, *reviews)
    assert found.verdict.allowed, found.verdict.codes
    step = after(story, head, *reviews)
    assert step.status == "accepted"
    assert {one.how for quorum in step.verdict.quorums for one in quorum.counted} == {"forge"}
    assert (step.change_id, story.live_version("fraud", "staging")) == (found.change_id, "1.0.0")


def worthless(story, head, *reviews, code=LACKING):
    """The reviews do not carry the merge, neither before nor after; returns why each was ignored."""
    with story.untouched():
        found = judged(story, head, *reviews)
    assert code in found.verdict.codes
    step = after(story, head, *reviews)
    assert step.status in {"pending", "denied"}
    assert story.live_version("fraud", "staging") is None
    return why(found.verdict)


@pytest.mark.lookalike("a review of the head that is merged")
def test_a_review_of_the_head_counts(story):
    head = proposal(story)
    counts(story, head, seen(story, "lead", commit=head))


# R3: which commit was reviewed


@pytest.mark.attack("an approval of an earlier commit, before another was pushed", "GM-P401", by="author")
def test_a_stale_approval_does_not_count(story):
    before = proposal(story)
    head = story.commit(
        {"models/fraud/model.yaml": story.store.blob(_blob(story, before, "fraud")) + b"# x\n"}, parents=[before]
    )
    assert "changes something else" in worthless(story, head, seen(story, "lead", commit=before))["lead"]


@pytest.mark.lookalike("an approval before the branch was updated from the line")
def test_an_approval_before_update_branch_counts(story):
    before = proposal(story)
    other = story.promote("spam", "1.0.0", "staging")
    story.approve(other, "lead2")
    story.merge(other)
    head = updated(story, before)
    counts(story, head, seen(story, "lead", commit=before))


@pytest.mark.lookalike("an approval before a commit that changes nothing governed")
def test_an_approval_before_a_commit_of_other_files_counts(story):
    before = proposal(story)
    head = story.commit({"README.md": b"x"}, parents=[before])
    counts(story, head, seen(story, "lead", commit=before))


def test_an_approval_before_a_change_and_its_exact_reversal_counts(story):
    before = proposal(story)
    was = story.store.blob(_blob(story, before, "fraud"))
    there = story.commit({"models/fraud/model.yaml": was + b"# x\n"}, parents=[before])
    head = story.commit({"models/fraud/model.yaml": was}, parents=[there])
    counts(story, head, seen(story, "lead", commit=before))


@pytest.mark.attack("a branch updated from the line, with another change inside the merge", "GM-P401", by="author")
def test_an_update_that_changes_more_makes_approvals_stale(story):
    before = proposal(story)
    story.commit({"README.md": b"x"}, land=True)
    head = updated(story, before, {"models/fraud/stages/production.yaml": _production(story)})
    assert "changes something else" in worthless(story, head, seen(story, "lead", commit=before))["lead"]


@pytest.mark.attack("an approval of a commit that the merged head does not hold", "GM-P401", by="author")
def test_an_approval_of_a_commit_beside_the_head_does_not_count(story):
    old = proposal(story)
    rebased = story.commit({}, parents=[story.tip], tree=story.store.commit(old).tree)
    found = worthless(story, rebased, seen(story, "lead", commit=old))
    assert "does not build on" in found["lead"]  # it is an object here, but not in every clone


@pytest.mark.attack("an approval of an object that is no commit, or of none", "GM-P401", by="forge")
@pytest.mark.parametrize("what", ["unknown", "tag", "tree", "none"])
def test_an_approval_of_no_commit_does_not_count(story, what):
    head = proposal(story)
    commit = {
        "unknown": "5" * 40,
        "tree": story.store.commit(head).tree,
        "tag": write_tag(story.store, "x", head, "x", Ident("m", "m@example.org", 1)),
        "none": None,
    }[what]
    assert "does not build on" in worthless(story, head, seen(story, "lead", commit=commit))["lead"]


@pytest.mark.attack("an approval of a commit of the line itself", "GM-P401", by="forge")
def test_an_approval_of_the_line_does_not_count(story):
    head = proposal(story)
    assert "something else" in worthless(story, head, seen(story, "lead", commit=story.tip))["lead"]


@pytest.fixture(scope="module", name="rolled")
def _rolled(tmp_path_factory):
    """A promotion stays open on the forge; another of the same landed, was rolled back, and the hold was lifted."""
    story = told(tmp_path_factory.mktemp("rolled") / "r")
    story.live("fraud", "1.0.0", "staging")
    story.version("fraud", "1.1.0")
    story.left = story.promote("fraud", "1.1.0", "staging", by="engineer")
    assert judged(story, story.left.head, seen(story, "lead", commit=story.left.head)).verdict.allowed
    files = stories.stage_file(story, "1.1.0", "staging")
    again = story.draft("fraud", files, by="engineer2", event="again", version="1.1.0", stage="staging")
    story.approve(again, "lead")
    story.merge(again)
    story.merge(story.rollback("fraud", stage="staging", reason="it is worse"), by="operator")
    story.clock.tick()
    cause = "https://example.org/1"
    lift = barring.lift_hold(story.session("engineer"), "fraud", "staging", reason="it is known", root_cause=cause)
    story.approve(lift.proposal, "lead")
    story.merge(lift.proposal)
    assert story.live_version("fraud", "staging") == "1.0.0"
    return story


@pytest.fixture(name="replayed")
def _replayed(rolled, tmp_path):
    return rolled.copy(tmp_path / "r")


@pytest.mark.attack(
    "an approval on the forge from before the same change was made and rolled back", "GM-P401", by="author"
)
@pytest.mark.parametrize("update", [False, True], ids=["as it was", "branch updated since"])
def test_an_approval_is_not_replayed_after_a_rollback(replayed, update):
    story, reviewed = replayed, replayed.left.head
    head = updated(story, reviewed) if update else reviewed
    review = seen(story, "lead", commit=reviewed, minutes=-30)
    with story.untouched():
        found = judged(story, head, review)
    assert found.verdict.codes == (LACKING,)
    assert "changed the same files: update the branch and review again" in why(found.verdict)["lead"]
    assert after(story, head, review).status == "pending"
    assert story.live_version("fraud", "staging") == "1.0.0"


@pytest.mark.lookalike("an approval given anew, of a branch updated since the rollback")
def test_an_approval_after_the_rollback_counts(replayed):
    story = replayed
    head = updated(story, story.left.head)
    review = seen(story, "lead", commit=head)
    assert judged(story, head, review).verdict.allowed
    assert after(story, head, review).status == "accepted"
    assert story.live_version("fraud", "staging") == "1.1.0"


@pytest.mark.lookalike("an approval of a branch begun before other files were changed")
def test_an_approval_outlives_what_changed_other_files(story):
    head = proposal(story)
    story.live("spam", "1.0.0", "staging")
    story.version("fraud", "1.1.0")
    counts(story, head, seen(story, "lead", commit=head))


@pytest.mark.attack("content that nobody reviewed under a pull request that somebody did", "GM-P401", by="author")
def test_what_is_blocked_on_the_line_is_not_approved_by_a_page_that_does_not_show_it(story):
    smuggled = story.commit(stories.stage_file(story, "1.0.0", "staging"), by="engineer2", land=True)
    assert story.history().steps[-1].status == "pending"
    head = story.commit({"models/fraud/stages/production.yaml": _production(story)})
    found = worthless(story, head, seen(story, "lead", commit=head))
    assert "models/fraud/stages/staging.yaml, which is blocked on the line" in found["lead"]
    assert story.history().state.blocked["model:fraud"]
    assert smuggled in {one.oid for one in story.history().steps}


@pytest.mark.attack("a reviewed edit on top of an edit that nobody accepted", "GM-P401", by="author")
def test_an_edit_on_top_of_a_blocked_one_is_not_approved_by_its_page(story):
    was = story.store.blob(_blob(story, story.tip, "fraud"))
    story.commit({"models/fraud/model.yaml": was + b"# smuggled\n"}, by="engineer2", land=True)
    assert story.history().steps[-1].status == "pending"
    head = story.commit({"models/fraud/model.yaml": was + b"# smuggled\n# reviewed\n"})
    found = worthless(story, head, seen(story, "lead", commit=head), seen(story, "raio", commit=head, number=2))
    assert "models/fraud/model.yaml, which is blocked on the line" in found["lead"]


@pytest.mark.lookalike("a reviewed edit that takes a blocked one back")
def test_an_edit_that_takes_the_blocked_one_back_needs_nobody(story):
    was = story.store.blob(_blob(story, story.tip, "fraud"))
    story.commit({"models/fraud/model.yaml": was + b"# smuggled\n"}, by="engineer2", land=True)
    head = story.commit({"models/fraud/model.yaml": was, **stories.stage_file(story, "1.0.0", "staging")})
    counts(story, head, seen(story, "lead", commit=head))


def test_a_conflict_with_the_line_shows_nothing(story):
    """A commit that cannot be merged into the line speaks for no change."""
    before = proposal(story)
    was = story.store.blob(_blob(story, before, "fraud"))
    clash = story.commit({"models/fraud/model.yaml": was + b"# one\n"}, parents=[before])
    edit = story.draft("fraud", {"models/fraud/model.yaml": was + b"# other\n"})
    story.approve(edit, "lead", "raio")
    story.merge(edit)
    tree = write_tree(story.store, story.tip, {MARK: story.entry(stories.stage_file(story, "1.0.0", "staging")[MARK])})
    head = story.commit({}, parents=[clash, story.tip], tree=tree)
    assert "something else" in worthless(story, head, seen(story, "lead", commit=clash))["lead"]


# R2: one opinion a person, the latest that says anything


@pytest.mark.attack("an approval that was dismissed, or an older one that this brings back", "GM-P401", by="reviewer")
def test_a_dismissal_removes_and_revives_nothing(story):
    head = proposal(story)
    said = [
        seen(story, "lead", commit=head, number=1),
        seen(story, "lead", "dismissed", commit=head, number=2, minutes=1),
    ]
    worthless(story, head, *said)


@pytest.mark.attack("a request for changes that an approval of somebody else outvotes", "GM-P402", by="author")
@pytest.mark.parametrize("of", ["head", "earlier", "unknown", "none"])
def test_a_request_for_changes_blocks_whatever_it_is_of(story, of):
    before = proposal(story)
    head = story.commit({"README.md": b"x"}, parents=[before])
    commit = {"head": head, "earlier": before, "unknown": "5" * 40, "none": None}[of]
    blocking = seen(story, "lead2", "changes-requested", commit=commit, number=2)
    worthless(story, head, seen(story, "lead", commit=head), blocking, code="GM-P402")


@pytest.mark.lookalike("a request for changes that was withdrawn or dismissed")
@pytest.mark.parametrize("then", ["approved", "dismissed"])
def test_a_request_for_changes_that_is_gone_blocks_no_more(story, then):
    head = proposal(story)
    said = [
        seen(story, "lead2", "changes-requested", commit=head, number=2, minutes=-2),
        seen(story, "lead2", then, commit=head, number=3, minutes=-1),
    ]
    counts(story, head, seen(story, "lead", commit=head), *said)


@pytest.mark.parametrize("last", ["approved", "dismissed"])
def test_of_two_reviews_of_one_second_the_one_with_the_greater_number_stands(story, last):
    head, before = proposal(story), "dismissed" if last == "approved" else "approved"
    said = [seen(story, "lead", last, commit=head, number=2), seen(story, "lead", before, commit=head, number=1)]
    (counts if last == "approved" else worthless)(story, head, *said)


@pytest.mark.parametrize("later", ["commented", "pending", "bewildered"])
def test_what_is_no_opinion_changes_nothing(story, later):
    head = proposal(story)
    said = seen(story, "lead", later, commit=head, number=2, minutes=1)
    found = judged(story, head, seen(story, "lead", commit=head), said)
    assert found.verdict.allowed
    assert not judged(story, head, said).verdict.allowed


@pytest.mark.attack("one person with two accounts, of which one asks for changes", "GM-P402", by="reviewer")
def test_of_two_accounts_the_more_restrictive_counts(story):
    head = proposal(story)
    said = [seen(story, "lead", commit=head), seen(story, 21, "changes-requested", commit=head, number=2, minutes=-1)]
    worthless(story, head, *said, code="GM-P402")


@pytest.mark.attack("one person with two accounts fills two seats", "GM-P401", by="reviewer")
def test_two_accounts_are_one_person(tmp_path, monkeypatch):
    monkeypatch.setitem(APPROVERS, "low", ["lead", "lead2"])
    risks = {"low": {"approve": [{"role": "technical-lead", "of": 2}], "evidence": "forge"}}
    story = told(tmp_path / "r", second=SECOND, changes=_risks(risks))
    head = proposal(story)
    said = [seen(story, "lead", commit=head), seen(story, 21, commit=head, number=2)]
    assert worthless(story, head, *said)["lead"] == "counts once already"


@pytest.mark.attack("a signed withdrawal that a review on the forge outlives", "GM-P401", by="reviewer")
def test_a_signed_withdrawal_takes_the_review_back_too(story):
    found = story.promote("fraud", "1.0.0", "staging")
    story.approve(found, "lead")
    story.approve(found, "lead", decision="withdraw")
    review = seen(story, "lead", commit=found.head)
    assert worthless(story, found.head, review)["lead"] == "taken back by a signed decision"


@pytest.mark.attack("a signed rejection beside an approval on the forge", "GM-P402", by="reviewer")
def test_a_signed_rejection_blocks_beside_the_review(story):
    found = story.promote("fraud", "1.0.0", "staging")
    story.approve(found, "lead", decision="reject")
    worthless(story, found.head, seen(story, "lead", commit=found.head), code="GM-P402")


# Who is behind the account


@pytest.mark.attack("a review by an account of nobody, a bot, or one that was deleted", "GM-P401", by="forge")
@pytest.mark.parametrize(
    ("who", "fields", "reason"),
    [
        (NOBODY, {}, "belongs to nobody"),
        (NOBODY, {"login": "lead11"}, "belongs to nobody"),
        ("lead", {"bot": True}, "a bot does not review"),
        (None, {"login": "ghost"}, "the account was deleted"),
    ],
    ids=["stranger", "a name taken over", "bot", "ghost"],
)
def test_an_account_of_nobody_does_not_count(story, who, fields, reason):
    head = proposal(story)
    ignored = worthless(story, head, seen(story, who, commit=head, **fields))
    assert any(reason in said for said in ignored.values())


@pytest.mark.lookalike("a reviewer who was renamed on the forge")
def test_a_renamed_account_goes_on_counting(story):
    head = proposal(story)
    counts(story, head, seen(story, "lead", commit=head, login="lead-of-another-name"))


@pytest.mark.attack("the author approves on the forge, with the one account or the other", "GM-P401", by="author")
@pytest.mark.parametrize("account", ["lead", 21])
def test_the_author_does_not_approve(story, account):
    head = proposal(story, by="lead")
    assert worthless(story, head, seen(story, account, commit=head))["lead"] == "author of the change"


@pytest.mark.attack("somebody who only committed to the branch approves it", "GM-P401", by="author")
def test_who_added_a_commit_does_not_approve(story):
    before = proposal(story)
    was = story.store.blob(_blob(story, before, "fraud"))
    head = story.commit({"models/fraud/model.yaml": was + b"# x\n"}, parents=[before], by="lead")
    assert worthless(story, head, seen(story, "lead", commit=head))["lead"] == "author of the change"


# Evidence by risk


@pytest.fixture(scope="module", name="signed")
def _signed(tmp_path_factory):
    risks = {"low": {"approve": ["technical-lead"], "evidence": "signed"}}
    return told(tmp_path_factory.mktemp("signed") / "r", changes=_risks(risks))


@pytest.mark.attack("a forge that makes reviews up, where signed decisions are asked for", "GM-P401", by="forge")
def test_where_decisions_are_signed_reviews_are_shown_and_count_for_nothing(signed, tmp_path):
    story = signed.copy(tmp_path / "r")
    found = story.promote("fraud", "1.0.0", "staging")
    review = seen(story, "lead", commit=found.head)
    verdict = judged(story, found.head, review).verdict
    assert verdict.codes == (LACKING,)
    assert [quorum.missing for quorum in verdict.quorums] == [("technical-lead",)]
    assert why(verdict)["lead"].startswith("a forge review; ")
    assert after(story, found.head, review).status == "pending"
    assert story.live_version("fraud", "staging") is None


@pytest.mark.lookalike("a signed decision beside the review, on a merge that the forge made")
def test_signed_decisions_are_taken_up_by_the_receipt(signed, tmp_path):
    story = signed.copy(tmp_path / "r")
    found = story.promote("fraud", "1.0.0", "staging")
    story.approve(found, "lead")
    step = after(story, found.head, seen(story, "lead", commit=found.head))
    assert step.status == "accepted"
    assert [(one.person, one.how) for quorum in step.verdict.quorums for one in quorum.counted] == [("lead", "signed")]
    assert signing.check(story.session("lead"), story.promote("spam", "1.0.0", "staging")).verdict.codes == (LACKING,)


# What the forge says of the merge


def give(story, pulls):
    """The receipts of a run of the workload."""
    story.clock.tick()
    return receipts(story.session("scribe"), pulls, key_pen).given


@pytest.mark.attack("an API that names another merged head than Git has", "GM-F431", by="forge")
def test_an_api_that_lies_about_the_head_gets_no_receipt(story):
    head, pulls = proposal(story), Pulls()
    step = on_page(story, head)
    pulls.add(7, step, "9" * 40, seen(story, "lead", commit=head))
    with story.untouched():
        (one,) = (one for one in give(story, pulls) if one.step == step)
    assert (one.word, one.problem.code, one.status) == ("disagrees", "GM-F431", "pending")


@pytest.mark.attack("a second pull request of one head, without the request for changes", "pending", by="author")
def test_the_reviews_of_every_pull_request_of_a_head_count(story):
    head, pulls = proposal(story), Pulls()
    step = on_page(story, head)
    pulls.add(7, step, head, seen(story, "lead", commit=head))
    pulls.add(8, step, head, seen(story, "lead2", "changes-requested", commit=head, number=9))
    pulls.add(9, step, head, seen(story, "lead2", commit=head, number=10), merged=False)
    give(story, pulls)
    last = story.history().steps[-1]
    assert (last.status, story.live_version("fraud", "staging")) == ("pending", None)
    assert story.ledger.records(last.change_id)[0].body.pull_request == 7


@pytest.mark.attack(
    "a pull request into another branch, or one that was closed, lends its reviews", "pending", by="author"
)
def test_a_pull_request_that_was_not_merged_into_the_line_says_nothing(story):
    head, pulls = proposal(story), Pulls()
    step = on_page(story, head)
    review = seen(story, "lead", commit=head)
    for number, fields in ((7, {"base_ref": "other"}), (8, {"merged": False})):
        pulls.add(number, step, head, review, **fields)
    with story.untouched():
        (one,) = (one for one in give(story, pulls) if one.step == step)
    assert (one.word, one.status) == ("none", "pending")


# What a receipt holds


@pytest.mark.attack("so many reviews of strangers that no receipt has room for one that counts", "ignored", by="forge")
def test_reviews_of_strangers_crowd_nobody_out(story):
    head = proposal(story)
    crowd = [seen(story, 1000 + at, "changes-requested", commit=head, number=1000 + at) for at in range(300)]
    counts(story, head, *crowd, seen(story, "lead", commit=head))


def test_only_what_stands_is_recorded(story):
    head = proposal(story)
    said = [
        seen(story, "lead", "changes-requested", commit=head, number=1, minutes=-3),
        seen(story, "lead", commit=head, number=2, minutes=-2),
        seen(story, "lead2", "dismissed", commit=None, number=3),
        seen(story, "lead2", "commented", commit=head, number=4),
        seen(story, None, commit=head, number=5),
    ]
    step = after(story, head, *said)
    (record,) = (one for one in story.ledger.records(step.change_id) if isinstance(one.body, Receipt))
    assert [(one.id, one.user_id, one.state) for one in record.body.reviews] == [
        (2, 11, "approved"),
        (3, 12, "dismissed"),
    ]


def test_more_reviews_than_a_receipt_holds_are_refused(story, monkeypatch):
    monkeypatch.setattr(evidence, "LIMIT", 1)
    head = proposal(story)
    said = [seen(story, "lead", commit=head), seen(story, "lead2", commit=head, number=2)]
    with story.untouched(), pytest.raises(GmError) as refusal:
        judged(story, head, *said)
    assert refusal.value.code == "GM-T120"
    assert judged(story, head, said[0], seen(story, NOBODY, commit=head)).verdict.allowed


@pytest.mark.attack("a review that is none as forges write them", "GM-T120", by="forge")
@pytest.mark.parametrize("fields", [{"number": 0}, {"number": 2**60}, {"commit": "main"}], ids=repr)
def test_a_malformed_review_is_an_error(story, fields):
    head = proposal(story)
    with story.untouched(), pytest.raises(GmError) as refusal:
        judged(story, head, seen(story, "lead", **{"commit": head, **fields}))
    assert refusal.value.code == "GM-T120"


def _risks(changed):
    risks = yamls.load(profile("minimal"), "policy.yaml")["risks"]
    return {"risks": {**risks, **{name: {**risks[name], **one} for name, one in changed.items()}}}


def _blob(story, commit, model):
    return snapshot(story.store, commit, Layout()).entry(f"models/{model}/model.yaml").oid


def _production(story):
    return stories.stage_file(story, "1.0.0", "production")["models/fraud/stages/production.yaml"]


def updated(story, head, files=None):
    """ "Update branch": the line merged into the head of a pull request, by the forge unless something is added."""
    merged = three_way(story.store, head, story.tip, None)
    updates = {**merged.updates, **{path: story.entry(data) for path, data in (files or {}).items()}}
    tree = write_tree(story.store, story.store.commit(head).tree, updates)
    return story.commit({}, by="engineer", parents=[head, story.tip], tree=tree, reason="because" if files else None)
