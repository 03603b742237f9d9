"""``make fuzz``: a million inputs for the parsers, and how much of each was reached."""

import argparse
import sys
import time

from tests.fuzz.engine import run
from tests.fuzz.targets import targets

GOAL = 90.0


def main():
    """Print a row for each parser; 1 where the branch coverage is below the goal. A crash or hang ends the run."""
    options = argparse.ArgumentParser()
    options.add_argument("--executions", type=int, default=1_000_000)
    options.add_argument("--seed", type=int, default=0)
    options.add_argument("--missing", action="store_true", help="show which lines and branches were not reached")
    options.add_argument("--only", metavar="WORD", default="", help="only the parsers whose name has this word")
    chosen = options.parse_args()
    every = [target for target in targets() if chosen.only in target.name]
    unit, low = chosen.executions / sum(target.share for target in every), False
    total, began = 0, time.monotonic()
    for target in every:
        outcome = run(target, int(unit * target.share) + 1, chosen.seed)
        total += outcome.executions
        low |= outcome.covered < GOAL
        kept, refused = len(outcome.kept), 100 * outcome.refused / outcome.executions
        print(  # noqa: T201 - the figures are what it is for
            f"{target.name:18}{outcome.executions:>9} inputs  {outcome.covered:5.1f} % of branches  {kept:>5} kept  "
            f"{refused:5.1f} % refused  slowest {1000 * outcome.slowest:.1f} ms",
            flush=True,
        )
        for name, lines in outcome.missing.items() if chosen.missing else ():
            print(f"    {name}: {lines}")  # noqa: T201 - as above
    took = time.monotonic() - began
    print(f"{'in all':18}{total:>9} inputs, no crash, none over 1 s; {took:.0f} s")  # noqa: T201 - as above
    return int(low)


if __name__ == "__main__":
    sys.exit(main())
