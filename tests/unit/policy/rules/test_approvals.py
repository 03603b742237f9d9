"""The approval matrix, and why each decision counts or does not."""

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gitops_models.policy.render.text import to_text
from tests.support.policy import (
    AT,
    LENIENT,
    PERSONS,
    World,
    actor,
    approve,
    commit,
    finding,
    hold_file,
    model_yaml,
    people_yaml,
    policy_yaml,
    status_file,
    version_files,
)

FULL = {
    "low": ("lead",),
    "medium": ("raio",),
    "high": ("raio", "domain"),
    "critical": ("raio", "domain", "board1", "board2"),
}
WRONG = {"low": "raio", "medium": "lead", "high": "lead", "critical": "lead"}
RISKS = tuple(FULL)


def world(risk="low", **people):
    return World(people=people_yaml(**people)).registered("1.0.0", risk=risk)


def promote(here, approvals=(), by="engineer", **facts):
    return here.judge(here.stage("1.0.0", "development"), by=by, approvals=approvals, **facts)


def why_ignored(verdict, person):
    return next(one.why for quorum in verdict.quorums for one in quorum.ignored if one.person == person)


@pytest.mark.clause("B-5.1-1", "B-5.1-2", "B-5.1-3", "B-5.1-4", "B-5.1-5", "B-5.2-3")
@pytest.mark.parametrize("risk", RISKS)
class TestMatrix:
    def test_without_approvals_the_change_is_pending(self, risk):
        verdict = promote(world(risk))
        assert verdict.codes == ("GM-P401",)
        assert verdict.missing_only
        assert verdict.quorum_needed

    def test_with_some_of_them_the_rest_is_missing(self, risk):
        verdict = promote(world(risk), FULL[risk][:-1])
        assert verdict.codes == ("GM-P401",)
        assert len(verdict.quorums[0].missing) == 1

    def test_the_wrong_role_does_not_count(self, risk):
        verdict = promote(world(risk), (*FULL[risk][:-1], WRONG[risk]))
        assert verdict.codes == ("GM-P401",)
        assert "none of the roles" in why_ignored(verdict, WRONG[risk])

    def test_the_same_person_twice_counts_once(self, risk):
        last = FULL[risk][-1]
        given_twice = (*FULL[risk][1:], approve(last, sha256="1" * 64), approve(last, sha256="2" * 64))
        verdict = promote(world(risk), given_twice)
        assert verdict.allowed == (len(FULL[risk]) == 1)
        assert "once" in why_ignored(verdict, last)

    def test_one_person_with_two_roles_fills_one_slot(self, risk):
        here = world(risk, raio={"roles": ["raio", "domain-lead", "technical-lead", "oversight-committee"]})
        verdict = promote(here, ("raio",))
        assert verdict.allowed == (len(FULL[risk]) == 1)

    def test_the_author_does_not_count(self, risk):
        author = FULL[risk][-1]
        here = world(risk, **{author: {"roles": [*PERSONS[author], "ml-engineer"]}})
        verdict = promote(here, FULL[risk], by=author)
        assert verdict.codes == ("GM-P401",)
        assert why_ignored(verdict, author) == "author of the change"

    def test_an_approval_of_an_earlier_content_is_stale(self, risk):
        stale = approve(FULL[risk][-1], change_id="d" * 64)
        verdict = promote(world(risk), (*FULL[risk][:-1], stale))
        assert verdict.codes == ("GM-P401",)
        assert "stale" in why_ignored(verdict, FULL[risk][-1])

    def test_with_all_of_them_it_is_allowed(self, risk):
        verdict = promote(world(risk), FULL[risk])
        assert verdict.allowed
        assert {one.person for one in verdict.quorums[0].counted} == set(FULL[risk])


def test_the_matching_is_exact_where_a_greedy_choice_fails():
    assert promote(world("high"), ("both", "raio")).allowed
    assert promote(world("high"), ("both", "domain")).allowed


@pytest.mark.parametrize(
    ("opinion", "why"),
    [
        (approve("lead", problem="bad signature"), "bad signature"),
        (approve("lead", decision="withdraw"), "withdrawn"),
        (approve("lead", expires=AT), "expired"),
        (approve("lead", created=AT + timedelta(minutes=6)), "after the acceptance"),
        (approve("lead", created=AT - timedelta(days=31)), "older than 30 days"),
        (approve("stranger"), "not a person"),
        (approve("ci"), "not a person"),
        (approve("forge"), "not a person"),
        (approve("visitor"), "none of the roles"),
    ],
)
def test_a_decision_that_does_not_count_is_listed_with_its_reason(opinion, why):
    here = World(policy_yaml(**LENIENT, approvals={"max_age_days": 30})).registered("1.0.0")
    verdict = promote(here, (opinion,))
    assert verdict.codes == ("GM-P401",)
    assert why in why_ignored(verdict, opinion.person)


def test_a_key_of_nobody_is_listed_by_its_fingerprint():
    verdict = promote(world(), (approve(None, fingerprint="SHA256:abc"), approve(None, fingerprint=None)))
    assert why_ignored(verdict, "SHA256:abc").startswith("not a person")
    assert why_ignored(verdict, "unknown").startswith("not a person")


@pytest.mark.clause("B-2-4", "B-11-2")
@pytest.mark.parametrize(
    ("fields", "why"),
    [({"suspended": True}, "suspended"), ({"until": "2026-11-20"}, "past 2026-11-20"), ({"until": "2026-11-21"}, None)],
)
def test_a_suspended_or_expired_person_does_not_count(fields, why):
    verdict = promote(world(lead=fields), ("lead",))
    assert verdict.allowed == (why is None)
    if why:
        assert why_ignored(verdict, "lead") == why


@pytest.mark.clause("B-5.1-5")
def test_the_registering_person_does_not_approve_the_promotion():
    here = World().registered("1.0.0", by="lead")
    verdict = promote(here, ("lead",))
    assert verdict.codes == ("GM-P401",)
    assert why_ignored(verdict, "lead") == "registered the version"
    assert promote(here, ("lead2",)).allowed


def test_the_recorded_author_of_a_version_from_before_the_pin_does_not_approve_it():
    files = {"models/fraud/model.yaml": model_yaml(), **version_files("1.0.0", author="lead")}
    here = World(files=files)
    assert why_ignored(promote(here, ("lead",)), "lead") == "registered the version"


def test_a_role_for_other_models_does_not_count_here():
    verdict = promote(world("high"), ("raio", "domain-of-other"))
    assert verdict.codes == ("GM-P401",)
    assert "none of the roles" in why_ignored(verdict, "domain-of-other")
    here = World().registered("1.0.0", model="other", risk="high")
    edits = here.stage("1.0.0", "development", model="other")
    assert here.judge(edits, approvals=("raio", "domain-of-other")).allowed


def test_a_forge_review_counts_where_the_policy_says_so():
    assert promote(world("low"), (approve("lead", source="forge"),)).allowed
    verdict = promote(world("high"), ("raio", approve("domain", source="forge")))
    assert verdict.codes == ("GM-P401",)
    assert "only signed decisions" in why_ignored(verdict, "domain")


def test_a_signed_decision_is_preferred_to_the_same_persons_review():
    verdict = promote(world("high"), ("raio", approve("domain", source="forge"), approve("domain")))
    assert verdict.allowed
    assert "only signed" in why_ignored(verdict, "domain")


def test_without_a_time_of_acceptance_nothing_counts():
    verdict = promote(world(), ("lead",), at=None)
    assert verdict.codes == ("GM-P401",)
    assert "no time" in why_ignored(verdict, "lead")


def test_a_surplus_approval_is_listed_too():
    verdict = promote(world(), ("lead", "lead2"))
    assert verdict.allowed
    assert "no slot left" in why_ignored(verdict, "lead2")


@pytest.mark.parametrize("expires", [None, AT - timedelta(minutes=30)])
def test_a_rejection_by_an_eligible_approver_blocks(expires):
    no = approve("lead2", decision="reject", expires=expires)
    verdict = promote(world(), ("lead", no))
    assert verdict.codes == ("GM-P402",)
    assert not verdict.missing_only
    assert "lead2" in finding(verdict, "GM-P402").message


def test_a_review_that_requests_changes_blocks_even_where_only_signed_decisions_count():
    no = approve("both", decision="reject", source="forge")
    assert promote(world("high"), ("raio", "domain", no)).codes == ("GM-P402",)


@pytest.mark.parametrize(
    "opinion",
    [
        approve("visitor", decision="reject"),
        approve("engineer", decision="reject"),
        approve("lead2", decision="reject", change_id="d" * 64),
        approve("lead2", decision="withdraw"),
        approve("lead2", decision="reject", created=AT + timedelta(hours=1)),
    ],
)
def test_a_rejection_that_does_not_count_blocks_nothing(opinion):
    assert promote(world(), ("lead", opinion)).allowed


def test_a_person_who_approves_and_rejects_rejects():
    verdict = promote(world(), (approve("lead"), approve("lead", decision="reject")))
    assert verdict.codes == ("GM-P401", "GM-P402")


SOLO = policy_yaml("solo", lineage={})
ME = people_yaml({"me": ["ml-engineer", "technical-lead", "raio", "domain-lead", "operator", "policy-owner"]})


def solo(risk="low"):
    return World(SOLO, ME).registered("1.0.0", risk=risk, by="me")


def test_alone_at_low_risk_the_proposal_is_the_approval():
    here = solo()
    verdict = here.judge(here.stage("1.0.0", "staging"), by="me")
    assert verdict.allowed
    assert not verdict.quorum_needed
    assert verdict.quorums[0].counted[0].how == "self"
    assert here.judge(here.stage("1.0.0", "staging"), by="me", approvals=("me",)).allowed


def test_alone_a_new_model_can_be_added_and_versions_registered():
    here = World(SOLO, ME)
    edits = {"models/fraud/model.yaml": model_yaml(), **version_files("1.0.0", author="me")}
    assert here.judge(edits, by="me").allowed


@pytest.mark.parametrize("risk", ["medium", "high", "critical"])
def test_alone_at_a_higher_risk_a_second_person_is_needed(risk):
    here = solo(risk)
    verdict = here.judge(here.stage("1.0.0", "staging"), by="me", approvals=("me",))
    assert verdict.codes == ("GM-P401",)
    assert "nobody is left" in finding(verdict, "GM-P401").hint


def test_alone_an_unavailable_person_does_not_approve_themselves():
    gone = people_yaml({"me": ["ml-engineer", "technical-lead"]}, me={"suspended": True})
    here = World(SOLO, gone).registered("1.0.0", by="me")
    assert here.codes(here.stage("1.0.0", "staging"), by="me") == ("GM-P401", "GM-P403")


def test_a_workload_or_two_authors_do_not_approve_themselves():
    here = World(SOLO, people_yaml()).registered("1.0.0")
    edits = here.stage("1.0.0", "staging")
    assert here.codes(edits, by="ci") == ("GM-P401",)
    two = (commit(edits, "lead"), commit(edits, "lead2"))
    assert here.codes(edits, commits=two) == ("GM-P401",)
    assert here.judge(edits, commits=two, approvals=("lead",)).allowed
    assert here.codes(edits, by="engineer") == ("GM-P401",)
    assert here.codes(edits, by=None) == ("GM-P005", "GM-P401", "GM-P805")


def test_who_can_unblock_is_named_and_only_those():
    verdict = promote(world("high"), ("raio",), by="engineer")
    text = to_text(verdict)
    assert "ask a domain-lead (both, domain) to run `gm approve cccccccc`" in text
    assert "domain-of-other" not in text
    assert verdict.quorums[0].candidates == {"domain-lead": ("both", "domain")}


def test_somebody_helps_also_where_a_seated_person_moves_over():
    verdict = promote(world("high"), ("both",))
    assert verdict.quorums[0].missing == ("domain-lead",)
    assert verdict.quorums[0].candidates == {"domain-lead": ("domain",), "raio": ("raio", "raio2")}


def test_a_message_counts_what_is_missing():
    assert "lacks 2 approvals" in finding(promote(world("high")), "GM-P401").message
    assert "lacks 1 approval" in to_text(promote(world()))


@pytest.mark.clause("B-10-1")
@pytest.mark.parametrize(
    ("edits", "by", "codes"),
    [
        (version_files("1.1.0", author="visitor"), "visitor", ("GM-P403",)),
        (version_files("1.1.0", author="raio"), "raio", ("GM-P403",)),
        (version_files("1.1.0", author="monitor"), "monitor", ("GM-P403",)),
        (version_files("1.1.0", author="lead"), "lead", ()),
        (hold_file(), "operator", ()),
        (hold_file(by="raio"), "raio", ()),
        (hold_file(by="monitor"), "monitor", ()),
        (hold_file(by="engineer"), "engineer", ("GM-P403",)),
        (hold_file(by="ci"), "ci", ("GM-P403",)),
        (status_file("suspend"), "operator", ()),
    ],
)
def test_only_the_roles_of_an_event_propose_it(edits, by, codes):
    assert world().codes(edits, by=by) == codes


@pytest.mark.clause("B-2-4", "B-11-2")
@pytest.mark.parametrize("fields", [{"suspended": True}, {"until": "2026-11-01"}])
def test_a_suspended_or_expired_person_proposes_nothing(fields):
    assert world(engineer=fields).codes(version_files("1.1.0")) == ("GM-P403",)


def test_without_a_time_an_end_date_cannot_be_shown_to_lie_ahead():
    here = world(engineer={"until": "2027-01-01"})
    assert here.judge(version_files("1.1.0")).allowed
    assert here.codes(version_files("1.1.0"), at=None) == ("GM-P403",)


def test_somebody_who_is_no_longer_in_the_people_file_proposes_nothing():
    edits = version_files("1.1.0", author="former")
    verdict = world().judge(edits, by="former")
    assert verdict.codes == ("GM-P403",)
    assert "not in the accepted people file" in finding(verdict, "GM-P403").message


def test_every_person_who_signed_a_commit_needs_the_role():
    edits = version_files("1.1.0")
    pointer = [path for path in edits if path.endswith(".dvc")]
    verdict = world().judge(edits, commits=(commit(edits), commit(pointer, "visitor", oid="d" * 40)))
    assert verdict.codes == ("GM-P403",)
    assert finding(verdict, "GM-P403").details == ("commit dddddddddd",)


def test_a_forge_key_proposes_nothing():
    assert world().codes(version_files("1.1.0", author="forge"), by="forge") == ("GM-P403",)


def test_a_workload_without_a_list_of_what_it_may_do_may_do_nothing():
    edits = version_files("1.1.0", author="ci")
    nobody = replace(commit(edits, "ci"), actor=replace(actor("ci"), may=None))
    assert world().codes(edits, commits=(nobody,)) == ("GM-P403",)


def test_a_change_that_others_agree_to_waits_for_its_acceptance():
    verdict = promote(world(), ("lead",), accepted=False)
    assert verdict.codes == ("GM-P404",)
    assert verdict.missing_only
    here = world()
    assert here.judge(version_files("1.1.0"), accepted=False).allowed


def test_a_new_model_and_a_lower_risk_need_the_officer_too():
    here = World()
    new = {"models/fraud/model.yaml": model_yaml()}
    assert here.codes(new, approvals=("lead",)) == ("GM-P401",)
    assert here.judge(new, approvals=("lead", "raio")).allowed
    medium = world("medium")
    lower = {"models/fraud/model.yaml": model_yaml(risk="low")}
    assert medium.codes(lower, approvals=("lead",)) == ("GM-P401",)
    assert medium.judge(lower, approvals=("raio",)).allowed
    assert world().codes({"models/fraud/model.yaml": model_yaml(owners=["team"])}) == ("GM-P401",)
    assert world().judge({"models/fraud/model.yaml": model_yaml(owners=["team"])}, approvals=("lead",)).allowed


@pytest.mark.clause("B-2-2", "B-3-5")
def test_dropping_the_use_that_a_floor_names_lowers_the_risk():
    policy = policy_yaml(**LENIENT, floors=[{"use": ["clinical"], "risk": "medium"}], registration={
        "may": ["ml-engineer"], "new_model": ["policy-owner"],
    })  # fmt: skip
    here = World(policy).registered("1.0.0", use=["clinical"])
    edits = {"models/fraud/model.yaml": model_yaml()}
    assert here.codes(edits, approvals=("raio",)) == ("GM-P401",)
    assert here.judge(edits, approvals=("raio", "owner")).allowed
    kept = {"models/fraud/model.yaml": model_yaml(use=["clinical"], owners=["team"])}
    assert here.judge(kept, approvals=("raio",)).allowed


@pytest.mark.clause("B-3-5")
def test_a_higher_risk_is_judged_by_the_higher_risk():
    edits = {"models/fraud/model.yaml": model_yaml(risk="high")}
    assert world().codes(edits, approvals=("lead",)) == ("GM-P401",)
    assert world().judge(edits, approvals=("raio", "domain")).allowed


def test_a_registration_asks_for_approval_where_the_policy_says_so():
    policy = policy_yaml(**LENIENT, registration={"may": ["ml-engineer"], "approve": ["technical-lead"]})
    here = World(policy).registered()
    assert here.codes(version_files("1.0.0")) == ("GM-P401",)
    assert here.judge(version_files("1.0.0"), approvals=("lead",)).allowed


opinions = st.lists(
    st.builds(
        approve,
        st.sampled_from(sorted(PERSONS)),
        decision=st.sampled_from(["approve", "reject", "withdraw"]),
        source=st.sampled_from(["signed", "forge"]),
        sha256=st.sampled_from(["1" * 64, "2" * 64]),
    ),
    max_size=6,
)
CRITICAL, HIGH = world("critical"), world("high")


@given(
    st.sampled_from([CRITICAL, HIGH]), opinions, st.sampled_from(sorted(PERSONS)), st.sampled_from(["signed", "forge"])
)
def test_one_more_approval_never_denies_what_was_allowed(here, before, person, source):
    more = (*before, approve(person, source=source, sha256="3" * 64))
    if promote(here, before).allowed:
        assert promote(here, more).allowed
    assert len(promote(here, more).quorums[0].missing) <= len(promote(here, before).quorums[0].missing)


@given(opinions, st.data())
def test_the_same_facts_in_any_order_give_the_same_verdict(given_opinions, data):
    shuffled = data.draw(st.permutations(given_opinions))
    first, again, other = (promote(CRITICAL, tuple(facts)) for facts in (given_opinions, given_opinions, shuffled))
    assert first == again
    assert first.codes == other.codes
