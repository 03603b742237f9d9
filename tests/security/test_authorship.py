"""Attacks on whose word a document is: content put under somebody else's signature, or over it."""

import pytest

from tests.support import policy as documents
from tests.support.stories import last


def landed(story, head, by="engineer"):
    """Land a proposal by hand; how the step was judged."""
    story.merge_by_hand(head, by=by)
    step = last(story)
    return step.status, step.verdict.codes


def evaluated(result, **fields):
    return documents.evidence_file("1.0.0", "evaluation", result=result, **fields)


@pytest.mark.attack("a failed result overwritten under the name of CI", "GM-P310", by="author")
def test_a_failed_result_that_ci_signed_is_not_overwritten_under_its_name(registry):
    failed = registry.commit(evaluated("failed"), by="ci")
    passed = registry.commit(evaluated("passed"), parents=[failed])
    assert landed(registry, passed) == ("denied", ("GM-P310",))
    assert registry.history().state.snapshot.evidence("fraud", "1.0.0") == ()


@pytest.mark.lookalike("a result that CI signed, in a person's proposal")
def test_a_failed_result_that_ci_signed_lands_as_it_is(registry):
    failed = registry.commit(evaluated("failed"), by="ci")
    assert landed(registry, failed) == ("accepted", ())


def test_ci_corrects_its_own_result_before_it_lands(registry):
    failed = registry.commit(evaluated("failed"), by="ci")
    passed = registry.commit(evaluated("passed"), by="ci", parents=[failed])
    assert landed(registry, passed) == ("accepted", ())


def test_a_file_that_went_through_other_hands_is_nobodys_word(registry):
    """The final bytes are those that CI signed; an engineer had them otherwise in between."""
    first = registry.commit(evaluated("passed"), by="ci")
    other = registry.commit(evaluated("failed"), parents=[first])
    again = registry.commit(evaluated("passed"), parents=[other])
    assert landed(registry, again) == ("denied", ("GM-P310",))


def test_a_name_taken_over_by_who_writes_the_final_content_is_refused_too(registry):
    ci = registry.commit(evaluated("failed"), by="ci")
    mine = registry.commit(evaluated("passed", by="engineer"), parents=[ci])
    assert landed(registry, mine) == ("denied", ("GM-P310",))


@pytest.mark.attack("content made up by a merge inside the proposal", "GM-P310", by="author")
def test_a_merge_inside_the_proposal_signs_what_it_makes_up(registry):
    failed = registry.commit(evaluated("failed"), by="ci")
    beside = registry.commit({"README.md": b"1"})
    tree = registry.store.commit(registry.commit(evaluated("passed"), parents=[failed])).tree
    made_up = registry.commit({}, parents=[beside, failed], tree=tree)
    assert landed(registry, made_up) == ("denied", ("GM-P310",))


@pytest.mark.attack("a hold reworded under its signer's name", "GM-P506", by="author")
@pytest.mark.parametrize(
    "record",
    [
        lambda reason: documents.hold_file(by="operator", reason=reason),
        lambda reason: documents.quarantine_file("1.1.0", by="operator", reason=reason),
        lambda reason: documents.status_file("suspend", by="operator", reason=reason),
        lambda reason: documents.cause_file(by="operator", reason=reason),
    ],
)
def test_a_record_that_somebody_signed_is_not_reworded_under_their_name(registry, record):
    signed = registry.commit(record("it fell"), by="operator")
    reworded = registry.commit(record("all is well"), by="lead", parents=[signed])
    status, codes = landed(registry, reworded, by="lead")
    assert (status, codes) == ("denied", ("GM-P506",))


@pytest.mark.attack("a lineage rewritten under its author's name", "GM-P204", by="author")
def test_a_lineage_is_not_rewritten_under_its_authors_name(registry):
    signed = registry.commit(documents.version_files("1.2.0", author="engineer2"), by="engineer2")
    path = "models/fraud/versions/1.2.0/lineage.yaml"
    claimed = documents.lineage_yaml("1.2.0", author="engineer2", metrics=[{"name": "auc", "value": 0.99}])
    rewritten = registry.commit({path: claimed}, parents=[signed])
    assert landed(registry, rewritten) == ("denied", ("GM-P204",))


@pytest.mark.lookalike("two engineers on different files of one proposal")
def test_two_engineers_work_on_different_files_of_one_proposal(registry):
    version = registry.commit(documents.version_files("1.2.0", author="engineer2"), by="engineer2")
    artifact = [documents.artifact("1.2.0")["sha256"]]
    files = documents.evidence_file("1.2.0", "evaluation", by="ci", artifacts_sha256=artifact)
    evidence = registry.commit(files, by="ci", parents=[version])
    assert landed(registry, evidence) == ("accepted", ())


@pytest.mark.attack("content that no commit of the proposal left", "GM-P805", by="author")
def test_content_that_no_proposal_commit_left_is_nobodys(registry):
    """An unsigned merge takes an old file from far back; the junk that touched the path is not what results."""
    promotion = registry.promote("fraud", "1.1.0", "staging")
    registry.approve(promotion, "lead")
    registry.merge(promotion)
    stage = "models/fraud/stages/staging.yaml"
    old = registry.commit({"README.md": b"1"}, parents=registry.store.commit(registry.tip).parents[:1])
    junk = registry.commit({stage: None})
    tree = registry.store.commit(old).tree
    taken = registry.commit({}, parents=[junk, old], tree=tree, signer="unsigned", reason=None)
    status, codes = landed(registry, taken)
    assert status == "denied"
    assert "GM-P805" in codes
    assert registry.live_version("fraud", "staging") == "1.1.0"


def test_removing_a_file_in_a_signed_commit_is_content_too(registry):
    proposal = registry.draft("fraud", {"models/fraud/stages/staging.yaml": None}, event="rollback")
    registry.approve(proposal, "lead")
    registry.merge(proposal)
    assert registry.live_version("fraud", "staging") is None
