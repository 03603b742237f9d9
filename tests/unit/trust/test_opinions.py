import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gitops_models.trust.opinions import opinions, previous_of
from tests.support.keys import TestSigner, ed25519_key
from tests.support.signed import CHANGE, acceptance, decision, key_entry, people, person, standing_by

TEAM = people("ann", "bob", workloads=[{"id": "ci", "keys": [key_entry("ci")]}])
APPROVED = decision("ann")
WITHDRAWN = decision("ann", "withdraw", previous=APPROVED)
AGAIN = decision("ann", previous=WITHDRAWN, reason="after all")
REJECTED = decision("ann", "reject")


def standing_of(records, known=TEAM):
    """(person, decision) of what stands, and (person, problem) of what is ignored."""
    found = opinions(CHANGE, records, standing_by(known))
    return (
        [(each.person, each.decision) for each in found if each.problem is None],
        [(each.person, each.problem) for each in found if each.problem],
    )


def test_a_single_decision_stands():
    (found,) = opinions(CHANGE, [decision("ann", expires="2026-12-01T00:00:00Z")], standing_by(TEAM))
    assert (found.person, found.decision, found.problem, found.roles) == ("ann", "approve", None, ("raio",))
    assert (found.change_id, found.source) == (CHANGE, "signed")
    assert found.created < found.expires


def test_the_head_of_the_chain_stands():
    assert standing_of([APPROVED, WITHDRAWN])[0] == [("ann", "withdraw")]
    assert standing_of([APPROVED, WITHDRAWN, AGAIN])[0] == [("ann", "approve")]


def test_the_order_in_the_ledger_means_nothing():
    for order in itertools.permutations([APPROVED, WITHDRAWN, AGAIN, decision("bob")]):
        assert standing_of(order) == standing_of([APPROVED, WITHDRAWN, AGAIN, decision("bob")])


def test_a_copied_old_approval_does_not_undo_a_withdrawal():
    stands, ignored = standing_of([APPROVED, WITHDRAWN, APPROVED])
    assert stands == [("ann", "withdraw")]
    assert ignored == [("ann", "superseded by a later decision of the same person")]


def test_an_old_approval_in_another_envelope_does_not_undo_a_withdrawal():
    respelled = decision("ann", signer=TestSigner(ed25519_key("ann").private, hash_alg=b"sha256"))
    stands, ignored = standing_of([APPROVED, WITHDRAWN, respelled])
    assert stands == [("ann", "withdraw")]
    assert len(ignored) == 2


def test_an_old_withdrawal_in_another_envelope_does_not_undo_a_later_approval():
    signer = TestSigner(ed25519_key("ann").private, hash_alg=b"sha256")
    respelled = decision("ann", "withdraw", previous=APPROVED, signer=signer)
    assert standing_of([APPROVED, WITHDRAWN, AGAIN, respelled])[0] == [("ann", "approve")]


@pytest.mark.parametrize(
    ("decisions", "stands"),
    [
        (("approve", "reject"), "reject"),
        (("approve", "withdraw"), "withdraw"),
        (("withdraw", "reject"), "reject"),
        (("approve", "withdraw", "reject"), "reject"),
    ],
)
def test_of_several_heads_the_most_restrictive_stands(decisions, stands):
    records = [decision("ann", word, reason=word) for word in decisions]
    found, ignored = standing_of(records)
    assert found == [("ann", stands)]
    assert ignored == [("ann", "another decision of the same person stands")] * (len(decisions) - 1)


def test_of_two_approvals_the_one_that_expires_first_stands():
    soon = decision("ann", expires="2026-12-01T00:00:00Z")
    found = opinions(CHANGE, [decision("ann"), soon], standing_by(TEAM))
    assert found[0].sha256 == soon.sha256


def test_an_approval_that_follows_something_missing_does_not_count():
    assert standing_of([AGAIN]) == ([], [("ann", "the decision it follows is not in the ledger")])


def test_a_rejection_or_withdrawal_counts_though_what_it_follows_is_missing():
    assert standing_of([WITHDRAWN])[0] == [("ann", "withdraw")]
    assert standing_of([WITHDRAWN, decision("ann", previous=AGAIN)])[0] == [("ann", "withdraw")]


def test_a_decision_cannot_supersede_somebody_elses():
    foreign = decision("bob", "approve", previous=WITHDRAWN)
    stands, ignored = standing_of([APPROVED, WITHDRAWN, foreign])
    assert stands == [("ann", "withdraw")]
    assert ("bob", "the decision it follows is not in the ledger") in ignored


@pytest.mark.parametrize(
    ("record", "who", "why"),
    [
        (decision("ann", change_id="d" * 64), "ann", "it is a decision on another change"),
        (decision("eve"), None, "belongs to nobody"),
        (decision("ci"), "ci", "ci is a workload and cannot decide"),
        (decision("bob", signer=ed25519_key("ann")), "ann", "it names bob, but ann signed it"),
    ],
)
def test_what_is_not_counted_is_shown_with_its_reason(record, who, why):
    stands, ignored = standing_of([record, REJECTED])
    assert stands == [("ann", "reject")]
    ((person_id, problem),) = ignored
    assert person_id == who
    assert why in problem


def test_a_key_that_may_not_approve_is_shown_with_its_reason():
    limited = people(people=[person("ann", keys=[key_entry("ann", namespaces=["git"])])])
    assert standing_of([APPROVED], limited) == ([], [("ann", "the key of ann is limited to git")])


def test_two_keys_of_one_person_are_one_person():
    both = people(people=[person("ann", keys=[key_entry("ann"), key_entry("ann-laptop")])])
    elsewhere = decision("ann", "withdraw", previous=APPROVED, signer=ed25519_key("ann-laptop"))
    assert standing_of([APPROVED, elsewhere], both)[0] == [("ann", "withdraw")]


def test_records_that_are_no_decisions_are_no_opinions():
    assert opinions(CHANGE, [acceptance("ann")], standing_by(TEAM)) == ()


def test_the_next_decision_names_the_head_of_the_persons_chain():
    records = [APPROVED, WITHDRAWN, decision("bob"), decision("ann", change_id="d" * 64), acceptance("ann")]
    assert previous_of("ann", CHANGE, records) == WITHDRAWN.sha256
    assert previous_of("ann", CHANGE, [*records, REJECTED]) == REJECTED.sha256
    assert previous_of("eve", CHANGE, records) is None


POOL = [APPROVED, WITHDRAWN, AGAIN, REJECTED, decision("ann", "reject", previous=AGAIN), decision("bob")]


@given(st.lists(st.sampled_from(POOL), max_size=12))
def test_at_most_one_decision_of_a_person_stands_and_none_is_lost(records):
    found = opinions(CHANGE, records, standing_by(TEAM))
    people_standing = [each.person for each in found if each.problem is None]
    assert len(people_standing) == len(set(people_standing))
    assert {each.sha256 for each in found} == {record.sha256 for record in records}


@given(st.lists(st.sampled_from(POOL), max_size=12), st.lists(st.sampled_from(POOL), max_size=6))
def test_copies_of_what_is_there_change_nothing(records, copies):
    there = [record for record in copies if record in records]
    assert standing_of([*records, *there]) == standing_of(records)
