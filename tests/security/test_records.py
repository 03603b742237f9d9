"""Attacks with safety records: quarantines that free, causes that are reworded."""

import pytest

from gitops_models.errors import GmError
from tests.support import policy as documents
from tests.support.stories import last

WEIGHTS, OTHER = documents.artifact("1.1.0")["sha256"], documents.digest("other bytes")


def landed(story, files, by="operator"):
    """Land these files by hand; how the step was judged."""
    story.merge_by_hand(story.commit(files, by=by), by=by)
    step = last(story)
    return step.status, step.verdict.codes


def barred(story):
    return story.history().state.snapshot.quarantined_digests("fraud")


@pytest.fixture
def quarantined(registry):
    """1.1.0 is barred with two digests, one of them that of its weights."""
    files = documents.quarantine_file("1.1.0", digests=[WEIGHTS, OTHER])
    assert landed(registry, files) == ("accepted", ())
    return registry


@pytest.mark.attack("a second quarantine that names fewer bytes", "GM-P507", by="operator")
def test_a_second_quarantine_frees_no_bytes(quarantined):
    for digests in ([], [WEIGHTS]):
        before = quarantined.tip
        status, codes = landed(quarantined, documents.quarantine_file("1.1.0", 2, digests=digests))
        assert (status, codes) == ("denied", ("GM-P507",))
        assert barred(quarantined) == {WEIGHTS, OTHER}
        quarantined.force(before)


@pytest.mark.lookalike("a second quarantine that bars more")
def test_a_second_quarantine_may_bar_more(quarantined):
    more = documents.digest("more bytes")
    files = documents.quarantine_file("1.1.0", 2, digests=[WEIGHTS, OTHER, more])
    assert landed(quarantined, files) == ("accepted", ())
    assert barred(quarantined) == {WEIGHTS, OTHER, more}


def test_bytes_are_freed_by_a_release_that_others_agree_to(quarantined):
    release = documents.quarantine_file("1.1.0", 2, action="release", by="engineer")
    proposal = quarantined.draft("fraud", release, event="change")
    assert quarantined.check(proposal).verdict.codes == ("GM-P401",)
    quarantined.approve(proposal, "lead")
    quarantined.merge(proposal)
    assert barred(quarantined) == frozenset()
    assert landed(quarantined, documents.quarantine_file("1.1.0", 3)) == ("accepted", ())


@pytest.mark.clause("A-emergency-6")
@pytest.mark.attack("quarantined bytes under another role", "GM-P304", by="author")
@pytest.mark.parametrize("role", ["binary", "evaluation"])
def test_quarantined_bytes_are_not_promoted_under_another_role(quarantined, role):
    disguised = [{**documents.artifact("1.1.0"), "role": role}]
    quarantined.version("fraud", "1.3.0", artifacts=disguised, not_applicable=["weights"])
    with pytest.raises(GmError) as caught:
        quarantined.promote("fraud", "1.3.0", "staging")
    assert caught.value.code == "GM-P304"
    quarantined.version("fraud", "1.4.0")
    assert quarantined.promote("fraud", "1.4.0", "staging").head


SETTLED = {"root_cause": "mislabelled batch", "by": "operator", "at": "2026-11-21T12:00:00Z"}


@pytest.fixture
def troubled(registry):
    """An open cause, reported by the operator."""
    assert landed(registry, documents.cause_file(severity="critical")) == ("accepted", ())
    return registry


@pytest.mark.attack("an open cause reworded", "GM-P102", by="operator")
@pytest.mark.parametrize(
    "fields",
    [
        {"severity": "low"},
        {"severity": "critical", "reason": "nothing happened"},
        {"severity": "critical", "by": "raio"},
        {"severity": "critical", "opened": "2026-11-20T11:00:00Z"},
        {"severity": "critical", "incident": "INC-1"},
        {"severity": "low", "resolution": SETTLED},
    ],
)
def test_an_open_cause_is_not_reworded(troubled, fields):
    before = troubled.history().state.snapshot.causes("fraud")
    assert landed(troubled, documents.cause_file(**fields)) == ("denied", ("GM-P102",))
    assert troubled.history().state.snapshot.causes("fraud") == before


@pytest.mark.attack("a cause settled in somebody else's name", "GM-P506", by="operator")
def test_a_cause_is_not_settled_in_somebody_elses_name(troubled):
    files = documents.cause_file(severity="critical", resolution={**SETTLED, "by": "raio"})
    assert landed(troubled, files) == ("denied", ("GM-P506",))


def test_a_cause_is_not_opened_and_settled_in_somebody_elses_name(registry):
    files = documents.cause_file(resolution={**SETTLED, "by": "raio"})
    assert landed(registry, files) == ("denied", ("GM-P506",))


@pytest.mark.lookalike("a cause settled by its signer")
def test_a_cause_is_settled_by_whoever_signs_and_may_be_opened_again(troubled):
    settled = documents.cause_file(severity="critical", resolution={**SETTLED, "by": "raio"})
    assert landed(troubled, settled, by="raio") == ("accepted", ())
    assert landed(troubled, documents.cause_file(severity="critical")) == ("accepted", ())
