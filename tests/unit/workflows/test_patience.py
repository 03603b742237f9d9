import itertools

from gitops_models.workflows.patience import Patience


class Watch:
    """A clock that only pauses move on."""

    def __init__(self):
        self.time = 0.0
        self.waits = []

    def pause(self, seconds):
        self.waits.append(seconds)
        self.time += seconds

    def patience(self, jitter=1.0, **fields):
        return Patience(clock=lambda: self.time, pause=self.pause, jitter=lambda: jitter, **fields)


def test_the_longest_possible_pause_doubles_up_to_a_limit():
    watch = Watch()
    assert list(watch.patience(seconds=10, first=1, longest=4).attempts()) == [1, 2, 3, 4]
    assert watch.waits == [1, 2, 4]


def test_no_pause_goes_past_the_deadline():
    watch = Watch()
    list(watch.patience(seconds=30).attempts())
    assert watch.time <= 30


def test_no_patience_is_one_attempt():
    watch = Watch()
    assert (list(watch.patience(seconds=0).attempts()), watch.waits) == ([1], [])


def test_the_jitter_may_take_a_pause_away_whole():
    watch = Watch()
    attempts = watch.patience(jitter=0.0, seconds=1).attempts()
    assert list(itertools.islice(attempts, 2000))[-1] == 2000
    assert watch.time == 0
