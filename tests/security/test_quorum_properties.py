"""Quorums are matched exactly: the judge seats as many distinct persons as trying every choice does."""

import itertools

from hypothesis import given
from hypothesis import strategies as st

from gitops_models.policy.matching import Slot, match, seats
from tests.support import policy as documents
from tests.support.policy import LENIENT, PERSONS, World, policy_yaml

ROLES = ("raio", "domain-lead", "oversight-committee")
SCOPES = ("fraud", "fraud*", "*", "other", "other*")

counts = st.builds(lambda role, of: {"role": role, "of": of}, st.sampled_from(ROLES), st.integers(1, 3))
quorums = st.lists(st.sampled_from(ROLES) | counts, min_size=1, max_size=3, unique_by=str)
scoped = st.builds(
    lambda role, models: {"role": role, "models": models},
    st.sampled_from(ROLES),
    st.lists(st.sampled_from(SCOPES), min_size=1, max_size=2, unique=True),
)
grants = st.lists(st.sampled_from(ROLES) | scoped, max_size=3, unique_by=str)
reviewers = st.dictionaries(st.sampled_from(["ada", "ben", "cyd", "dee", "eve"]), grants, max_size=5)


def demanded(quorum):
    """The sets of roles of which each seat of a written quorum takes one."""
    pairs = [(one, 1) if isinstance(one, str) else (one["role"], one["of"]) for one in quorum]
    return [frozenset({role}) for role, of in pairs for _ in range(of)]


def held(given_roles, model="fraud"):
    """The roles that grants give for a model."""
    scopes = {"*", model, f"{model}*"}
    return frozenset(
        one if isinstance(one, str) else one["role"]
        for one in given_roles
        if isinstance(one, str) or scopes.intersection(one["models"])
    )


def most_seats(wanted, roles):
    """How many of ``wanted`` seats distinct persons can fill, by trying every choice."""
    for size in range(min(len(wanted), len(roles)), 0, -1):
        for chosen in itertools.permutations(roles.values(), size):
            for places in itertools.combinations(wanted, size):
                if all(place & has for place, has in zip(places, chosen, strict=True)):
                    return size
    return 0


# Matching is exact

slots = st.lists(
    st.builds(Slot, st.sampled_from(ROLES), st.integers(1, 3))
    | st.builds(Slot.any_of, st.lists(st.sampled_from(ROLES), min_size=2, max_size=3, unique=True)),
    max_size=3,
)
holders = st.dictionaries(st.sampled_from("ABCDE"), st.frozensets(st.sampled_from(ROLES)), max_size=5)


@given(slots, holders)
def test_slots_of_alternatives_and_counts_are_matched_as_well_as_brute_force_can(wanted, holds):
    fits = {who: frozenset(slot.role for slot in wanted if has.intersection(slot.roles)) for who, has in holds.items()}
    found = match(wanted, fits)
    places = [frozenset(slot.roles) for slot in wanted for _ in range(slot.of)]
    assert len(found.filled) == most_seats(places, holds)
    assert sorted((*found.missing, *(role for role, _ in found.filled))) == sorted(seats(wanted))
    assert len({who for _, who in found.filled}) == len(found.filled)


def people(persons):
    """The people of the world and ``persons`` with these grants."""
    return documents.people_yaml({**PERSONS, **persons})


def risks(**low):
    """The risk table of the profile with another rule for low risk."""
    table = documents.yamls.load(policy_yaml(), "policy.yaml")["risks"]
    return {**table, "low": {**table["low"], **low}}


def waiting(verdict):
    """How many seats of the one quorum are empty."""
    (quorum,) = verdict.quorums
    assert (not quorum.met) == ("GM-P401" in verdict.codes)
    return len(quorum.missing)


@given(quorums, reviewers)
def test_the_judge_fills_as_many_seats_as_brute_force_with_counts_and_scoped_roles(quorum, persons):
    world = World(policy_yaml(**{**LENIENT, "risks": risks(approve=quorum)}), people(persons)).registered("1.0.0")
    verdict = world.judge(world.stage("1.0.0", "development"), approvals=persons)
    wanted = demanded(quorum)
    assert waiting(verdict) == len(wanted) - most_seats(wanted, {who: held(roles) for who, roles in persons.items()})


@given(quorums, quorums, reviewers)
def test_a_deeper_rollback_asks_for_one_more_of_the_risk_beside_those_who_authorize_it(authorize, quorum, persons):
    rules = risks(approve=quorum, rollback={"authorize": authorize})
    world = World(policy_yaml(**{**LENIENT, "risks": rules}), people({**persons, "fay": grants_of(authorize)}))
    world.registered("1.0.0", "1.1.0", "1.2.0")
    for version in ("1.0.0", "1.1.0", "1.2.0"):
        world.promoted(version)
    verdict = world.judge(world.stage("1.0.0"), by="fay", approvals=persons)
    wanted = [*demanded(authorize), frozenset().union(*demanded(quorum))]
    free = {who: held(roles) for who, roles in {**persons, "fay": grants_of(authorize)}.items()}
    assert waiting(verdict) == len(wanted) - most_seats(wanted, free)


def grants_of(quorum):
    """Every role of a quorum."""
    return sorted(set().union(*demanded(quorum)))
