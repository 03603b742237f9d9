"""Clients in threads that ask without pause and check every answer, while something is switched under them."""

from contextlib import contextmanager
from dataclasses import dataclass, field
from threading import Event, Thread


@dataclass
class Crowd:
    """What the clients saw: how often each version answered, and everything that was wrong."""

    answers: dict = field(default_factory=dict)
    wrong: list = field(default_factory=list)
    over: Event = field(default_factory=Event)

    @property
    def asked(self):
        return sum(self.answers.values())

    def _ask(self, look, count):
        while not self.over.is_set():
            try:
                seen = look()
            except Exception as error:  # noqa: BLE001 - whatever a client meets counts
                self.wrong.append(error)
                return
            count[seen] = count.get(seen, 0) + 1


@contextmanager
def crowd(looks):
    """Have each of ``looks`` (functions that give the version seen, or raise) called over and over during the block."""
    made = Crowd()
    counts = [{} for _ in looks]
    threads = [Thread(target=made._ask, args=pair) for pair in zip(looks, counts, strict=True)]
    for thread in threads:
        thread.start()
    try:
        yield made
    finally:
        made.over.set()
        for thread in threads:
            thread.join()
        for count in counts:
            for version, times in count.items():
                made.answers[version] = made.answers.get(version, 0) + times
