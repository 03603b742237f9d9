import pytest

from gitops_models.policy.facts import MergeFact, Signature
from tests.support.policy import World, actor, commit, finding, good_merge, people_yaml, version_files

EDITS = version_files("1.1.0")


def world():
    return World().registered("1.0.0")


@pytest.mark.parametrize("verdict", ["untrusted", "expired", "revoked", "bad", "malformed", "unsigned"])
def test_a_commit_without_a_good_signature_is_refused(verdict):
    judged = world().judge(EDITS, commits=(commit(EDITS, verdict=verdict),))
    assert "GM-P801" in judged.codes
    assert finding(judged, "GM-P801").message == f"commit aaaaaaaaaa is {verdict}"
    assert finding(judged, "GM-P801").details == ("GM-T001",)


def test_a_good_signature_of_nobody_known_is_refused():
    judged = world().judge(EDITS, commits=(commit(EDITS, None), commit((), None)))
    assert "GM-P801" in judged.codes
    assert "nobody known" in finding(judged, "GM-P801").message


def test_a_commit_under_another_email_than_the_signers_is_refused():
    here = world()
    assert here.codes(EDITS, commits=(commit(EDITS, email_ok=False),)) == ("GM-P802",)
    assert here.codes(EDITS, commits=(commit(EDITS), commit((), email_ok=False))) == ("GM-P802",)


@pytest.mark.parametrize("by", ["lead", "ci", "forge"])
def test_a_merge_signed_by_anybody_known_is_fine(by):
    assert world().judge(EDITS, merge=good_merge(by)).allowed
    assert world().judge(EDITS, merge=MergeFact()).allowed


@pytest.mark.parametrize(
    "fields",
    [{"signature": None}, {"signature": Signature("unsigned")}, {"actor": None}, {"email_ok": False}],
)
def test_a_merge_that_nobody_known_signed_is_refused(fields):
    assert world().codes(EDITS, merge=good_merge(**fields)) == ("GM-P803",)


def test_a_merge_by_a_person_who_does_not_count_is_refused():
    gone = good_merge(actor=actor("former"))
    verdict = world().judge(EDITS, merge=gone)
    assert verdict.codes == ("GM-P803",)
    assert "not in the accepted people file" in finding(verdict, "GM-P803").message
    here = World(people=people_yaml(lead={"until": "2026-11-20"})).registered("1.0.0")
    assert "past 2026-11-20" in finding(here.judge(EDITS, merge=good_merge()), "GM-P803").message
    assert (
        World(people=people_yaml(lead={"until": "2026-11-21"})).registered("1.0.0").codes(EDITS, merge=good_merge())
        == ()
    )


def test_a_merge_with_content_of_its_own_is_refused():
    path = next(iter(EDITS))
    judged = world().judge(EDITS, merge=good_merge(foreign=(path,)))
    assert judged.codes == ("GM-P804",)
    assert finding(judged, "GM-P804").where == path


def test_content_that_no_commit_touches_is_refused():
    first, *rest = EDITS
    judged = world().judge(EDITS, commits=(commit([first]),))
    assert judged.codes == ("GM-P805",)
    assert [one.where for one in judged.findings] == rest


def test_content_that_no_commit_left_is_refused():
    lineage, *rest = EDITS
    for left in ("d" * 40, None):
        judged = world().judge(EDITS, commits=(commit([lineage]), commit(rest, left=left)))
        assert judged.codes == ("GM-P805",)
        assert [one.where for one in judged.findings] == rest
        assert finding(judged, "GM-P805").message == "no proposal commit left this content in the file"


def blocked():
    here = world()
    here.state = here.state.block(["model:fraud"], step="9" * 40, change_id="d" * 64, codes=["GM-P401"])
    return here


def test_any_person_restores_without_a_quorum_or_a_reason():
    judged = blocked().judge({}, commits=(commit(["models/fraud/model.yaml"], "visitor", reason=None),))
    assert judged.allowed
    assert judged.quorums == ()


@pytest.mark.parametrize("by", ["ci", "forge"])
def test_a_restoration_is_made_by_a_person(by):
    assert blocked().codes({}, commits=(commit(["models/fraud/model.yaml"], by),)) == ("GM-P403",)


def test_a_restoration_by_merging_alone_is_made_by_a_person():
    assert blocked().judge({}, by=None, merge=good_merge("visitor")).allowed
    for merge in (None, MergeFact(), good_merge("forge")):
        assert blocked().codes({}, by=None, merge=merge) == ("GM-P805",)


def test_a_restoration_is_signed():
    assert blocked().codes({}, commits=(commit(["x"], verdict="unsigned"),)) == ("GM-P801",)
    assert blocked().codes({}, merge=good_merge(actor=None), by="visitor") == ("GM-P803",)


def test_an_actor_behind_a_bad_signature_is_no_proposer():
    here = world()
    change = here.change(EDITS)
    facts = here.facts(change, commits=(commit(EDITS, verdict="bad"), commit(EDITS, "lead")))
    assert set(facts.proposers) == {"lead"}
