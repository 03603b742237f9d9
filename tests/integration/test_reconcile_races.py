"""Four reconcilers race for one directory, each killed again and again: readers never find a mix."""

import os
import subprocess
import sys
from collections import Counter

import pytest

from gitops_models.delivery.resolve import resolve
from gitops_models.delivery.results import Done, State
from tests.support.delivery import chosen, content_of, reconciler
from tests.support.killing import SEED, note

SECONDS = 30 if os.environ.get("GM_SWEEP") else 5
WHOLE = {version: content_of(version) for version in ("1.0.0", "1.1.0")}

pytestmark = [pytest.mark.slow, pytest.mark.sweep]


def seen(place):
    """What a reader gets, by version; ``torn`` where it is none of them."""
    try:
        live = resolve(place)
        found = {str(file.relative_to(live)): file.read_bytes() for file in live.rglob("*") if file.is_file()}
    except OSError as error:
        return f"unreadable: {error}"
    return next((version for version, whole in WHOLE.items() if found == whole), "torn")


@pytest.mark.clause("A-snapshots-8")
def test_four_reconcilers_that_race_and_die_never_show_a_reader_a_mix(tmp_path):
    srv, states, reads = tmp_path / "srv", tmp_path / "states", Counter()
    place = srv / "fraud/production"
    command = [sys.executable, "-m", "tests.support.racing", srv, states, str(SECONDS), str(SEED)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as race:
        while race.poll() is None:
            if (place / "current").is_symlink():
                reads[seen(place)] += 1
        runs, kills, bugs = map(int, race.stdout.read().split())
    assert set(reads) == set(WHOLE), reads
    assert (race.returncode, bugs) == (0, 0)
    assert kills >= SECONDS
    for version in ("1.1.0", "1.0.0"):
        (result,) = reconciler(srv, chosen(version), state=states / "last", keep=1).run().results
        assert (result.state, result.error, seen(place)) == (State.LIVE, None, version)
    (again,) = reconciler(srv, chosen("1.0.0"), state=states / "last", keep=1).run().results
    assert (again.state, again.done) == (State.LIVE, Done.NOTHING)
    assert list((srv / "fraud").rglob(".*.new")) == []
    note(
        f"4 reconcilers on one target for {SECONDS} s: {runs} runs, {kills} killed, {sum(reads.values())} reads, 0 torn"
    )
