"""R1 to R14 (what counts as agreement), each for signed decisions and for forge reviews given as data.

A forge review is an opinion with ``source="forge"``; the reviews of a receipt become such opinions (``reviews``).
"""

from datetime import timedelta
from types import SimpleNamespace

import pytest

from gitops_models.policy.document import load_policy
from gitops_models.policy.risk import effective_risk
from gitops_models.registry.documents import parse_document
from gitops_models.trust.records import Receipt
from gitops_models.verification.reviews import standing_opinions
from tests.support.policy import (
    AT,
    CHANGE,
    LENIENT,
    PIN,
    World,
    approve,
    finding,
    model_yaml,
    people_yaml,
    policy_yaml,
    version_files,
    waiver_file,
)
from tests.support.recorded import refused

SOURCES = ("signed", "forge")
HEAD, OLD = "a" * 40, "b" * 40
ACCOUNTS = {"lead": 11, "lead2": 12, "engineer": 13}
TRAINING = {"topics": ["versioning", "rollback", "incident"], "valid_days": 365}


def world(policy=None, **people):
    """``fraud`` 1.0.0 of low risk, which one technical lead may agree to promote."""
    return World(policy_yaml(**{**LENIENT, **(policy or {})}), people_yaml(**people)).registered("1.0.0")


def promote(here, *approvals, **facts):
    """The verdict on the promotion to the first stage."""
    return here.judge(here.stage("1.0.0", "development"), approvals=approvals, **facts)


def ignored(verdict, person):
    """Why somebody is ignored."""
    return next(one.why for quorum in verdict.quorums for one in quorum.ignored if one.person == person)


@pytest.fixture(params=SOURCES)
def says(request):
    """Makes opinions of one source."""
    return lambda person, **fields: approve(person, source=request.param, **fields)


# R1


def test_r1_the_accepted_policy_judges_the_change_of_the_policy(says):
    here = World(policy_yaml(**LENIENT, policy_changes={"approve": ["raio", "policy-owner"], "evidence": "forge"}))
    weaker = policy_yaml(**LENIENT, version=2, policy_changes={"approve": "none"})
    edits = {"policies/policy.yaml": weaker}
    assert "GM-P401" in here.judge(edits).codes
    assert here.judge(edits, approvals=(says("raio"), says("owner"))).allowed


def test_r1_somebody_whom_the_change_itself_names_does_not_count(says):
    here = World()
    edits = {"policies/people.yaml": people_yaml({"newcomer": ["raio", "policy-owner"]})}
    verdict = here.judge(edits, approvals=(says("newcomer"),))
    assert "GM-P401" in verdict.codes
    assert ignored(verdict, "newcomer") == "not a person in the accepted people file"


def test_r1_policy_and_model_paths_do_not_mix(says):
    here = world()
    edits = {**here.stage("1.0.0", "development"), **waiver_file()}
    assert here.judge(edits, approvals=(says("lead"), says("raio"), says("owner"))).codes == ("GM-P004",)


# R2


def test_r2_one_person_is_one_opinion_however_often_and_wherever_it_is_given():
    both = (approve("raio"), approve("raio", source="forge"), approve("raio", sha256="1" * 64))
    here = World(policy_yaml(**LENIENT), people_yaml(raio={"roles": ["raio", "domain-lead"]}))
    here.registered("1.0.0", risk="high")
    verdict = promote(here, *both)
    assert verdict.codes == ("GM-P401",)
    assert [one.person for one in verdict.quorums[0].counted] == ["raio"]


@pytest.mark.parametrize("other", SOURCES)
def test_r2_a_rejection_by_an_eligible_approver_blocks_beside_any_approval(says, other):
    verdict = promote(world(), approve("lead", source=other), says("lead2", decision="reject"))
    assert verdict.codes == ("GM-P402",)


def test_r2_a_rejection_by_nobody_eligible_blocks_nothing(says):
    assert promote(world(), approve("lead"), says("visitor", decision="reject")).allowed


def test_r2_what_is_withdrawn_neither_counts_nor_blocks(says):
    assert promote(world(), says("lead", decision="withdraw")).codes == ("GM-P401",)
    assert promote(world(), approve("lead2"), says("lead", decision="withdraw")).allowed


OF_ANOTHER = "the review is of bbbbbbbbbb, which aaaaaaaaaa does not build on"
"""What looking into the repository says of a review of another commit."""


def review(person, state, number, commit=HEAD, minutes=0):
    """One review as a receipt tells it."""
    account = ACCOUNTS.get(person, person)
    at = f"2026-11-21T11:{minutes or number:02}:00Z"
    return {"id": number, "user_id": account, "state": state, "commit_id": commit, "submitted_at": at}


def opinions(*said):
    """Opinions of the reviews in a receipt."""
    listed = {name: {"logins": [{"forge": "github", "login": name, "id": one}]} for name, one in ACCOUNTS.items()}
    receipt = Receipt.model_validate(
        {
            "main": PIN,
            "forge": "github",
            "pull_request": 7,
            "head": HEAD,
            "base": "1" * 40,
            "merge": "2" * 40,
            "change_id": CHANGE,
            "at": "2026-11-21T12:00:00Z",
            "reviews": list(said),
            "verdict": "allowed",
            "policy_sha256": "a" * 64,
        }
    )
    people = parse_document(people_yaml(**listed), "policies/people.yaml", "People")
    shown = SimpleNamespace(change_id=CHANGE, silent=lambda commit: None if commit == HEAD else OF_ANOTHER)
    return standing_opinions(receipt.reviews, receipt.forge, people, shown)


@pytest.mark.parametrize(
    ("states", "standing"),
    [
        (("approved",), "approve"),
        (("approved", "commented"), "approve"),
        (("changes-requested", "commented"), "reject"),
        (("changes-requested", "approved"), "approve"),
        (("approved", "changes-requested"), "reject"),
        (("approved", "dismissed"), None),
        (("changes-requested", "dismissed"), None),
        (("approved", "changes-requested", "dismissed"), None),
        (("approved", "dismissed", "commented"), None),
        (("dismissed", "approved"), "approve"),
        (("commented",), None),
        ((), None),
    ],
)
def test_r2_of_a_forge_the_latest_opinionated_review_of_each_account_stands(states, standing):
    said = [review("lead", state, number) for number, state in enumerate(states, 1)]
    for order in (said, said[::-1]):
        assert [one.decision for one in opinions(*order)] == ([standing] if standing else [])


def test_r2_reviews_of_one_moment_are_told_apart_by_their_number():
    said = (review("lead", "approved", 1, minutes=5), review("lead", "changes-requested", 2, minutes=5))
    assert [one.decision for one in opinions(*said)] == ["reject"]


def test_r2_a_dismissal_takes_back_nobody_elses_review():
    found = opinions(review("lead", "dismissed", 2), review("lead2", "approved", 1))
    assert [(one.person, one.decision) for one in found] == [("lead2", "approve")]
    assert promote(world(), *found).allowed


# R3


def test_r3_a_decision_speaks_for_one_content(says):
    verdict = promote(world(), says("lead", change_id="d" * 64))
    assert verdict.codes == ("GM-P401",)
    assert ignored(verdict, "lead") == "stale: approved change dddddddd"
    assert promote(world(), approve("lead2"), says("lead", decision="reject", change_id="d" * 64)).allowed


def test_r3_an_approval_on_the_forge_speaks_for_the_commit_it_is_of():
    (stale,) = opinions(review("lead", "approved", 1, commit=OLD))
    verdict = promote(world(), stale)
    assert verdict.codes == ("GM-P401",)
    assert ignored(verdict, "lead") == OF_ANOTHER


def test_r3_a_request_for_changes_is_not_shaken_off_by_another_commit():
    found = opinions(review("lead", "approved", 1), review("lead2", "changes-requested", 2, commit=OLD))
    assert promote(world(), *found).codes == ("GM-P402",)


# R4


def test_r4_the_proposer_does_not_count(says):
    here = world(engineer={"roles": ["ml-engineer", "technical-lead"]})
    verdict = promote(here, says("engineer"))
    assert verdict.codes == ("GM-P401",)
    assert ignored(verdict, "engineer") == "author of the change"


def test_r4_the_registering_person_does_not_count(says):
    here = world(engineer={"roles": ["ml-engineer", "technical-lead"]})
    verdict = promote(here, says("engineer"), by="engineer2")
    assert ignored(verdict, "engineer") == "registered the version"


def test_r4_where_the_policy_lets_people_approve_themselves_it_is_said():
    policy = {"approvals": {"self_approval": ["low"]}}
    here = world(policy, engineer={"roles": ["ml-engineer", "technical-lead"]})
    verdict = promote(here)
    assert verdict.allowed
    assert [one.how for one in verdict.quorums[0].counted] == ["self"]


# R5


@pytest.mark.parametrize(
    ("fields", "why"),
    [
        ({"roles": ["raio"]}, "holds none of the roles that are needed here"),
        ({"suspended": True}, "suspended"),
        ({"until": "2026-11-20"}, "past 2026-11-20"),
        ({"training": {"versioning": "2026-06-01"}}, "untrained"),
    ],
)
def test_r5_who_lacks_role_training_or_standing_does_not_count(says, fields, why):
    verdict = promote(world({"training": TRAINING}, lead=fields), says("lead"))
    assert verdict.codes == ("GM-P401",)
    assert why.partition("untrained")[0] in ignored(verdict, "lead")


def test_r5_until_is_the_last_day_that_counts(says):
    assert promote(world(lead={"until": "2026-11-21"}), says("lead")).allowed


@pytest.mark.parametrize("name", ["ci", "forge", "monitor"])
def test_r5_bots_and_forges_never_count(says, name):
    verdict = promote(world(), says(name))
    assert ignored(verdict, name) == "not a person in the accepted people file"


def test_r5_an_account_of_nobody_counts_by_no_number_or_name():
    (stranger,) = opinions(review(999, "approved", 1))
    verdict = promote(world(), stranger)
    assert verdict.codes == ("GM-P401",)
    assert "account 999 of github belongs to nobody" in ignored(verdict, "github:999")
    for account in ("lead", "11", 0):
        with pytest.raises(ValueError, match="user_id"):
            opinions({**review("lead", "approved", 1), "user_id": account})


# R6


def test_r6_slots_ask_for_distinct_persons():
    here = World(policy_yaml(**LENIENT), people_yaml()).registered("1.0.0", risk="high")
    assert promote(here, approve("both")).codes == ("GM-P401",)
    assert promote(here, approve("both"), approve("raio")).allowed


def test_r6_a_role_for_other_models_does_not_count(says):
    scoped = {"roles": [{"role": "technical-lead", "models": ["spam*"]}]}
    assert "none of the roles" in ignored(promote(world(lead=scoped), says("lead")), "lead")
    here = {"roles": [{"role": "technical-lead", "models": ["fraud*"]}]}
    assert promote(world(lead=here), says("lead")).allowed


# R7, R11: an approval that comes later, or from elsewhere, is judged at the time of the acceptance


def test_r7_a_decision_that_is_later_than_the_acceptance_does_not_count_for_it(says):
    verdict = promote(world(), says("lead", created=AT + timedelta(minutes=6)))
    assert ignored(verdict, "lead") == "made after the acceptance"
    assert promote(world(), says("lead", created=AT + timedelta(minutes=5))).allowed


def test_r11_an_old_decision_is_bound_by_the_same_age(says):
    policy = {"approvals": {"max_age_days": 30}}
    verdict = promote(world(policy), says("lead", created=AT - timedelta(days=31)))
    assert ignored(verdict, "lead") == "older than 30 days"
    assert ignored(promote(world(), says("lead", expires=AT)), "lead") == "expired"


# R8


def test_r8_what_a_decision_claims_of_its_maker_is_no_evidence(says):
    verdict = promote(world(), says("visitor", roles=("technical-lead", "raio")))
    assert "none of the roles" in ignored(verdict, "visitor")


def test_r8_a_review_has_no_place_for_words():
    with pytest.raises(ValueError, match="body"):
        opinions({**review("lead", "approved", 1), "body": "approved by raio"})


# R9


def test_r9_each_decision_is_listed_as_counted_or_with_its_reason(says):
    given = (says("lead"), says("lead2"), says("visitor"), says("engineer"), says("stranger"))
    (quorum,) = promote(world(), *given).quorums
    listed = [one.person for one in quorum.counted] + [one.person for one in quorum.ignored]
    assert sorted(listed) == ["engineer", "lead", "lead2", "stranger", "visitor"]
    assert all(one.why for one in quorum.ignored)


# R10


def test_r10_the_reviews_of_a_receipt_count_without_the_forge():
    assert promote(world(), *opinions(review("lead", "approved", 1))).allowed


def test_r10_where_only_signed_decisions_count_a_receipt_fills_no_slot():
    here = World(policy_yaml(**LENIENT)).registered("1.0.0", risk="high")
    verdict = promote(here, approve("raio"), approve("domain", source="forge"))
    assert verdict.codes == ("GM-P401",)
    assert "counts only signed decisions" in ignored(verdict, "domain")


# R12


def test_r12_without_a_time_nothing_counts(says):
    verdict = promote(world(), says("lead"), at=None)
    assert "GM-P401" in verdict.codes
    assert ignored(verdict, "lead") == "no time of acceptance to count it at"


def test_r12_unknown_risk_is_the_highest_and_no_policy_is_none_at_all():
    assert effective_risk(None, None, ()) == "critical"
    with refused():
        load_policy(b"", "policies/policy.yaml")


def test_r12_a_problem_that_trust_found_is_never_overruled(says):
    assert ignored(promote(world(), says("lead", problem="signature is bad")), "lead") == "signature is bad"


# R13


def test_r13_a_lower_risk_is_agreed_to_by_those_of_the_higher():
    here = World(policy_yaml(**LENIENT)).registered("1.0.0", risk="high")
    edits = {"models/fraud/model.yaml": model_yaml(risk="low")}
    assert "GM-P401" in here.judge(edits, approvals=(approve("lead"),)).codes
    assert here.judge(edits, approvals=(approve("raio"), approve("domain"))).allowed


# R14 stands in test_waivers.py; here: it replaces no agreement


def test_r14_a_waiver_replaces_no_approval(says):
    here = world().accept(waiver_file(models=["*"]))
    assert promote(here).codes == ("GM-P401",)
    assert promote(here, says("lead")).allowed
    refused = here.judge(waiver_file(id="w-2", code="GM-P401"), approvals=(approve("raio"), approve("owner")))
    assert refused.codes == ("GM-P708",)
    assert finding(refused, "GM-P708").message == "GM-P401 cannot be waived"


def test_a_version_of_low_risk_is_registered_without_agreement():
    assert world().judge(version_files("1.1.0")).allowed


def test_who_is_counted_is_known_with_the_time_at_which_it_was_said(says):
    verdict = promote(world(), says("lead", created=AT - timedelta(hours=1)))
    assert [(one.person, one.at) for one in verdict.quorums[0].counted] == [("lead", AT - timedelta(hours=1))]
