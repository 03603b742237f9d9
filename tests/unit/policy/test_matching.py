import itertools

from hypothesis import given
from hypothesis import strategies as st

from gitops_models.policy.matching import Slot, improves, match, seats

ROLES = ("raio", "lead", "board")
slots = st.lists(st.builds(Slot, st.sampled_from(ROLES), st.integers(1, 2)), max_size=3)
people = st.dictionaries(st.sampled_from("ABCDE"), st.frozensets(st.sampled_from(ROLES)), max_size=5)


def best_by_trying_everything(wanted, roles):
    best = 0
    for size in range(min(len(wanted), len(roles)), 0, -1):
        for chosen in itertools.permutations(roles, size):
            for places in itertools.combinations(range(len(wanted)), size):
                if all(wanted[place] in roles[who] for place, who in zip(places, chosen, strict=True)):
                    return size
    return best


def test_a_greedy_choice_would_fail_and_this_does_not():
    found = match((Slot("raio"), Slot("lead")), {"A": frozenset({"raio", "lead"}), "B": frozenset({"raio"})})
    assert found.filled == (("raio", "B"), ("lead", "A"))
    assert found.missing == ()


def test_one_person_with_two_roles_fills_one_slot():
    found = match((Slot("raio"), Slot("lead")), {"A": frozenset({"raio", "lead"})})
    assert found.missing == ("lead",)


def test_a_committee_needs_that_many_persons():
    board = frozenset({"board"})
    assert match((Slot("board", 2),), {"A": board}).missing == ("board",)
    assert match((Slot("board", 2),), {"A": board, "B": board}).missing == ()


def test_a_person_without_a_role_in_demand_is_not_seated():
    assert match((Slot("raio"),), {"A": frozenset({"lead"})}).filled == ()


def test_persons_named_first_are_preferred():
    raio = frozenset({"raio"})
    assert match((Slot("raio"),), {"B": raio, "A": raio}).filled == (("raio", "B"),)


def test_a_slot_of_alternatives_takes_any_of_them():
    slot = Slot.any_of(("raio", "lead", "raio"))
    assert (str(slot), slot.roles) == ("raio or lead", ("raio", "lead"))
    assert str(Slot("board", 2)) == "2 x board"
    assert Slot("board").roles == ("board",)


def test_somebody_who_already_counts_cannot_improve_the_quorum():
    raio = frozenset({"raio"})
    assert not improves((Slot("raio"),), {"A": raio}, "A", raio)
    assert improves((Slot("raio"),), {}, "A", raio)
    assert not improves((Slot("raio"),), {"A": raio}, "B", raio)


@given(slots, people)
def test_the_matching_is_as_large_as_brute_force_finds(wanted, roles):
    found = match(wanted, roles)
    assert len(found.filled) == best_by_trying_everything(seats(wanted), roles)
    assert len(found.filled) + len(found.missing) == len(seats(wanted))
    assert len({who for _, who in found.filled}) == len(found.filled)
    assert all(role in roles[who] for role, who in found.filled)


@given(slots, people, st.sampled_from("FG"), st.frozensets(st.sampled_from(ROLES)))
def test_one_more_person_never_empties_a_seat(wanted, roles, who, held):
    before = match(wanted, roles)
    after = match(wanted, {**roles, who: held})
    assert len(after.missing) <= len(before.missing)
    assert {person for _, person in before.filled} <= {person for _, person in after.filled}
