"""Several reconcilers that serve from one directory and disagree about what, each of them killed again and again.

``python -m tests.support.racing SRV STATES SECONDS SEED``: four agents, each with a state directory of its own, run one
reconcile after the other, each in a fork, and kill many of them wherever they are. Prints runs, kills and bugs.
"""

import os
import random
import signal
import sys
import time
from pathlib import Path

from tests.support.delivery import reconcile_once

AGENTS = 4
VERSIONS = ("1.0.0", "1.1.0")
LONGEST = 0.12  # seconds: about as long as a run that switches takes


def agent(srv, state, seconds, seed):
    """Reconcile until the time is over; runs, kills and runs that ended with a traceback."""
    dice, end = random.Random(seed), time.monotonic() + seconds
    runs = kills = bugs = 0
    while time.monotonic() < end:
        child = os.fork()
        if child == 0:
            _reconcile(srv, state, dice.choice(VERSIONS))
        runs += 1
        if dice.random() < 0.5:
            time.sleep(dice.random() * LONGEST)
            os.kill(child, signal.SIGKILL)  # not reaped yet: the number is still its own
        status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        kills += status == -signal.SIGKILL
        bugs += status == 3
    return runs, kills, bugs


def _reconcile(srv, state, version):
    """One run, and the end of the process: 0, 1 where it could not (another one writes), 3 for a bug."""
    try:
        os._exit(0 if reconcile_once(srv, state, version) else 1)
    except BaseException as error:  # noqa: BLE001 - told by the status; nothing may run on in a fork
        sys.stderr.write(f"{type(error).__name__}: {error}\n")
        os._exit(3)


def main(srv, states, seconds, seed):
    from gitops_models.registry.state import AcceptedState  # noqa: F401, PLC0415 - imported once, before the forks

    reconcile_once(srv, str(Path(states, "first")), VERSIONS[0])
    ends = []
    for number in range(AGENTS):
        reader, writer = os.pipe()
        if os.fork() == 0:
            counts = agent(srv, str(Path(states, str(number))), float(seconds), int(seed) + number)
            os.write(writer, " ".join(map(str, counts)).encode())
            os._exit(0)
        os.close(writer)
        ends.append(reader)
    said = [os.read(reader, 100).decode().split() for reader in ends]
    totals = [sum(int(counts[place]) for counts in said) for place in range(3)]
    sys.stdout.write("{} {} {}\n".format(*totals))


if __name__ == "__main__":
    main(*sys.argv[1:])
