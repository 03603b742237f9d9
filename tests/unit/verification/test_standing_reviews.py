"""Which reviews stand: whatever order the API lists them in, and however many say nothing."""

from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

from hypothesis import given
from hypothesis import strategies as st

from gitops_models.forge.base import SeenReview
from gitops_models.verification.reviews import recorded, seen_opinions, standing_opinions

HEAD, OTHER = "1" * 40, "2" * 40
BEGIN = datetime(2026, 11, 21, 12, tzinfo=UTC)
OWNERS = {11: "lead", 21: "lead", 12: "lead2"}
STATES = ["approved", "changes-requested", "dismissed", "commented", "pending"]


class Page:
    """What was shown, where only reviews of HEAD speak for it."""

    change_id = "c" * 64

    def silent(self, commit):
        return None if commit == HEAD else "stale"


class People:
    def person_of_login(self, forge, account):
        assert forge == "github"
        return SimpleNamespace(id=OWNERS[account]) if account in OWNERS else None


def review(number, account, state, commit, minute, bot):
    return SeenReview(number, account, f"a{account}", bot, state, commit, BEGIN + timedelta(minutes=minute))


LISTS = st.lists(
    st.tuples(
        st.sampled_from([11, 21, 12, 999, None]),
        st.sampled_from(STATES),
        st.sampled_from([HEAD, OTHER, None]),
        st.integers(0, 3),
        st.booleans(),
    ),
    max_size=12,
).map(lambda rows: [review(number, *row) for number, row in enumerate(rows, 1)])


def opinions(seen):
    return seen_opinions(seen, "github", People(), Page())


@given(LISTS, st.randoms())
def test_the_order_of_the_list_says_nothing(seen, random):
    shuffled = random.sample(seen, len(seen))
    assert set(opinions(shuffled)) == set(opinions(seen))
    assert recorded(shuffled, bool) == recorded(seen, bool)


@given(LISTS)
def test_a_receipt_of_what_was_seen_is_worth_the_same(seen):
    kept = standing_opinions(recorded(seen, bool), "github", People(), Page())
    before = opinions(seen)
    assert before[: len(kept)] == kept
    assert all(one.problem for one in before[len(kept) :])  # who is nobody is shown, and in no receipt


@given(LISTS)
def test_only_the_last_opinion_of_an_account_that_is_somebody_counts(seen):
    for one in opinions(seen):
        if one.problem is None:
            account = int(one.fingerprint.partition(":")[2])
            mine = [each for each in seen if each.account == account and not each.bot and each.state in STATES[:3]]
            last = max(mine, key=lambda each: (each.submitted, each.id))
            assert (OWNERS[account], last.state) == (
                one.person,
                {"approve": "approved", "reject": "changes-requested"}[one.decision],
            )
            assert one.decision == "reject" or last.commit == HEAD


@given(LISTS)
def test_what_says_nothing_changes_nothing(seen):
    spoken = [each for each in seen if each.state in STATES[:3]]
    assert opinions(spoken) == opinions(seen)
