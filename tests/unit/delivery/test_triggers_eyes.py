"""What did not change is not hashed again, and nothing that may have changed is believed."""

from datetime import timedelta

from gitops_models.delivery.glimpse import Glimpse
from gitops_models.delivery.triggers.eyes import REHASH, Eyes
from gitops_models.delivery.values import Observation
from gitops_models.errors import GmError
from tests.support.delivery import NOW, deployment, desired

WANTED = desired(deployment("1.0.0"))


class Plain:
    """A target that can only be observed."""

    id = "plain"

    def __init__(self, error=None):
        self.hashed, self.error = 0, error

    def observe(self, at):
        self.hashed += 1
        if self.error:
            raise self.error
        return Observation(at)


class Quick(Plain):
    """A target that can be glimpsed at."""

    id = "quick"
    newest, same, sign = 0, True, True

    def glimpse(self, _at):
        return Glimpse((), (), self.newest) if self.sign else None

    def holds(self, _at, _glimpse):
        return self.same

    def layout(self):
        return None


def looks(target, *times, eyes=None):
    found = eyes or Eyes()
    for seconds in times:
        found.look(target, WANTED, NOW + timedelta(seconds=seconds))
    return target.hashed


def test_what_did_not_change_is_hashed_once_an_hour():
    hour = REHASH.total_seconds()
    assert looks(Quick(), 0, 30, hour - 1, hour, hour + 1) == 2
    assert looks(Quick(), 0, -10) == 2


def test_what_changed_just_now_or_gives_no_sign_is_hashed_each_time():
    young, silent, moving = Quick(), Quick(), Quick()
    young.newest = int(NOW.timestamp() * 1e9)
    silent.sign, moving.same = False, False
    assert [looks(one, 0, 1, 1) for one in (young, silent, moving, Plain())] == [3, 3, 3, 3]


def test_a_change_is_seen_at_once():
    target, eyes = Quick(), Eyes()
    assert looks(target, 0, 1, eyes=eyes) == 1
    target.same = False
    assert looks(target, 2, eyes=eyes) == 2


def test_what_cannot_be_looked_at_is_what_was_seen():
    error = GmError("GM-R302", "away")
    assert Eyes().look(Plain(error), WANTED, NOW).seen is error
