"""``gm merge`` and ``gm promote --merge`` killed by SIGKILL: all of a landing is there or nothing, and the next works.

``make sweep`` tries every point.
"""

import os
import signal
from collections import Counter

import pytest

from tests.support.killing import TRACED, Shop, note, sample

SAMPLE = 12

pytestmark = [*TRACED, pytest.mark.timeout(3600)]
PROMOTE = ("promote", "fraud@1.0.0", "--to", "staging", "-m", "measured better")


@pytest.fixture(scope="module")
def shop(tmp_path_factory):
    """A registry kept before a registration that needs somebody's signature, and before a promotion."""
    made = Shop(tmp_path_factory.mktemp("kills"))
    made.keep("promote")
    made.gm("register", "spam", str(made.bytes_of("1.0.0")), "--risk", "medium", "-m", "another")
    (branch,) = made.git("for-each-ref", "--format=%(refname)", "refs/heads/gm").splitlines()
    made.proposal = branch.rpartition("/")[2]
    made.become("ria")
    made.gm("approve", made.proposal)
    made.become("ada")
    made.keep("merge")
    return made


def landed(shop, about):
    """Which parts of a landing the server shows: the step, its acceptance, its tag; and whether the branch is left."""
    refs = shop.git("for-each-ref", "--format=%(refname)").splitlines()
    merges = shop.git("log", "--first-parent", "--format=%s", "main").splitlines()
    changes = [name for name in refs if name.startswith("refs/gm/changes/")]
    kinds = " ".join(shop.git("log", "--format=%s", name) for name in changes)
    return (
        sum(subject.startswith(f"merge: {about}") for subject in merges),
        kinds.count("Add acceptance"),
        sum(name.startswith("refs/tags/spam@") for name in refs),
        sum(name.startswith("refs/heads/gm/") for name in refs),
    )


def cut_short(point, found, *, acceptances=0):
    """Git moves the refs of a transaction one by one, deletions last: a receiving git that dies then leaves some.

    Records stand before the line, so nothing lands without its acceptance; an acceptance without its step is idle.
    """
    step, accepted, tag, branch = found
    return bool(point.git and branch) and accepted == acceptances and tag <= step


def whole(shop):
    """Nothing is broken, and what a killed git locked is free for everybody as soon as it is old enough."""
    assert shop.git("fsck", "--full", "--strict", "--no-dangling") == ""
    for path in shop.left_over():
        os.utime(shop.now / path, (0, 0))
    shop.gm("verify")
    # Locks at the server go when somebody needs them (tests/integration/test_store_transport.py).
    assert [path for path in shop.left_over() if not path.startswith("server.git/")] == []


@pytest.mark.clause("A-snapshots-8")
def test_a_merge_killed_anywhere_landed_whole_or_not_at_all(shop, kills):
    words = ("merge", shop.proposal)
    shop.back_to("merge")
    before = landed(shop, "register(spam)")
    points = kills.count(shop.clone, words)
    after = landed(shop, "register(spam)")
    assert (before, after) == ((0, 0, 0, 1), (1, 1, 1, 0))
    tried, ends = sample(points, SAMPLE), Counter()
    for point in tried:
        shop.back_to("merge")
        status = kills.kill(shop.clone, words, point)
        assert status == -signal.SIGKILL or point.git, f"{point}: {status}"
        found = landed(shop, "register(spam)")
        assert found in (before, after) or cut_short(point, found, acceptances=1), f"{point}: {found}"
        ends[status, found == after] += 1
        # Once more is all that anybody has to do; where it has landed there is nothing left to merge.
        shop.gm(*words, expect=6 if found == after else 7 if found[0] else 0)
        assert landed(shop, "register(spam)")[0::3] == after[0::3], str(point)
        whole(shop)
    assert not any(status == 1 for status, _ in ends)
    note(f"merge: {len(tried)} of {len(points)} points, ends (status, landed) {dict(ends)}")


def test_a_promotion_in_one_go_killed_anywhere_is_finished_by_the_same_command(shop, kills):
    words = (*PROMOTE, "--merge")
    shop.back_to("promote")
    points = kills.count(shop.clone, words)
    assert landed(shop, "promote(fraud")[0] == 1
    tried, ends = sample(points, SAMPLE), Counter()
    for point in tried:
        shop.back_to("promote")
        status = kills.kill(shop.clone, words, point)
        assert status == -signal.SIGKILL or point.git, f"{point}: {status}"
        found = landed(shop, "promote(fraud")
        ends[status, found[0] == 1] += 1
        assert found[0] <= 1, str(point)
        assert not (found[0] and found[3]) or cut_short(point, found), f"{point}: the branch stayed although it landed"
        if not found[0]:
            shop.gm(*words)
        elif found[3]:
            shop.gm("merge", "fraud@1.0.0", expect=7)
        assert landed(shop, "promote(fraud")[0::3] == (1, 0), str(point)
        whole(shop)
    assert not any(status == 1 for status, _ in ends)
    note(f"promote --merge: {len(tried)} of {len(points)} points, ends (status, landed) {dict(ends)}")
