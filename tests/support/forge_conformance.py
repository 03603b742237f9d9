"""What every forge has to do, as tests: who adds one subclasses ``ForgeConformance`` and gives it a ``place``.

See docs/how-to/add-a-forge.md. Nothing here knows which forge it is; only ``merges`` tells two kinds apart: those that
make the merge themselves, and those where gm makes it and publishes it.
"""

from contextlib import AbstractContextManager, suppress
from typing import Protocol

import pytest

from gitops_models.errors import Exit, GmError
from gitops_models.forge.base import Proposal
from gitops_models.store.refs import RefUpdate
from tests.support.git import run_git

LINE = "refs/heads/main"
ID = "3fa9c1d2"
STRANGERS = (
    "gm/notes",
    "gm/promotion/fraud/1.0.0/production",
    f"gm/promotion/fraud/1.0.0/production-2/{ID}/more",
    f"gm/promotion/fraud/1.0.0/stäging/{ID}",
    ID,
    "@acme/all",
    "-m",
    "x;touch${IFS}pwned;$(id)`id`",
)


class Desk(Protocol):
    """Somebody at a clone of their own: its path, its store, and the forge as they reach it."""

    home: object
    path: object
    store: object
    forge: object


class Place(Protocol):
    """A server with the protected branch ``main``, one commit long, and what a test does there."""

    home: object
    server: object

    def desk(self, person: str) -> Desk:
        """The desk of ``ann`` or ``lead``, with everything fetched that the server has now."""

    def by_hand(self, branch: str, head: str, desk: Desk) -> None:
        """Push ``head`` as ``branch`` without gm, and ask for its merge where the forge has a page for that."""

    def down(self) -> AbstractContextManager[None]:
        """The server does not answer."""


def _git(desk, *words, stdin=b""):
    return run_git(desk.path, *words, home=desk.home, stdin=stdin).strip()


def commit(desk, text, parents=("origin/main",)):
    """A commit in a clone that changes one file; nothing is published."""
    blob = _git(desk, "hash-object", "-w", "--stdin", stdin=text.encode())
    tree = _git(desk, "mktree", stdin=f"100644 blob {blob}\tx\n".encode())
    known = [word for parent in parents for word in ("-p", _git(desk, "rev-parse", parent))]
    return _git(desk, "commit-tree", "-m", text, tree, *known)


def draft(desk, text="a change", identity=ID):
    """A proposal whose commit exists in the clone and nowhere else."""
    return Proposal("promotion", "fraud", "1.0.0", "staging", identity, commit(desk, text), title="a change")


def land(desk, proposal, expect_head):
    """Land it as ``gm merge`` does: the forge merges, or gm publishes the merge that it made; then tidy up."""
    if desk.forge.merges:
        made = desk.forge.merge(proposal, expect_head, "a change", "why\n\nGm-Event: promotion")
        desk.forge.close(proposal)
        return made
    old = _git(desk, "rev-parse", "origin/main")
    made = commit(desk, "merged", (old, expect_head))
    updates = [RefUpdate(LINE, new=made, old=old), RefUpdate(proposal.ref, new=None, old=expect_head)]
    desk.forge.publish(updates, "land")
    return made


class ForgeConformance:
    """The suite. A subclass has a fixture ``place``."""

    def refs(self, place, below="refs/heads/gm/"):
        """The server's refs and what they name."""
        listed = run_git(place.server, "for-each-ref", "--format=%(refname) %(objectname)", below, home=place.home)
        return dict(line.split(" ") for line in listed.splitlines())

    def listed(self, place, person="lead"):
        return list(place.desk(person).forge.list())

    def refused(self, exit_status, call, *arguments):
        """The code of the refusal, whose exit status is the same for every forge."""
        with pytest.raises(GmError) as caught:
            call(*arguments)
        assert caught.value.exit_status is exit_status, caught.value
        return caught.value.code

    def test_it_says_what_it_is(self, place):
        forge = place.desk("ann").forge
        assert (forge.name.isidentifier(), forge.merges in (True, False), list(forge.list())) == (True, True, [])

    def test_opening_twice_is_one_proposal_and_everybody_sees_it(self, place):
        ann = place.desk("ann")
        new = draft(ann)
        first, second = ann.forge.open(new), place.desk("ann").forge.open(new)
        assert (first.ref, first.head, second.number) == (new.ref, new.head, first.number)
        assert self.refs(place) == {new.ref: new.head}
        (found,) = self.listed(place)
        kept = ("event", "model", "version", "stage", "id", "head", "ref", "number")
        assert [getattr(found, name) for name in kept] == [getattr(first, name) for name in kept]

    def test_it_is_found_by_its_id_its_branch_and_its_number_and_by_nothing_else(self, place):
        ann = place.desk("ann")
        opened = ann.forge.open(draft(ann))
        (found,) = self.listed(place)
        names = [opened.id, opened.branch, opened.ref, "fraud@1.0.0"]
        if opened.number is not None:
            names += [str(opened.number), f"#{opened.number}", opened.url]
            assert place.desk("lead").forge.get(opened.number).head == opened.head
        assert [name for name in names if not found.answers_to(name)] == []
        assert [name for name in ("", "fraud", "1.0.0", ID[:7], "main", "0", "#") if found.answers_to(name)] == []

    def test_a_branch_that_nobody_asked_to_merge_stands_all_the_same(self, place):
        ann = place.desk("ann")
        new = draft(ann)
        ann.forge.publish([RefUpdate(new.ref, new=new.head, old=None)], "killed before it asked")
        lead = place.desk("lead").forge
        assert (lead.standing(new.ref).head, lead.standing(f"{new.ref}0")) == (new.head, None)
        place.desk("ann").forge.open(new)  # takes up what was begun
        assert [one.head for one in self.listed(place)] == [new.head]

    def test_closing_withdraws_it_and_it_can_be_opened_again(self, place):
        ann = place.desk("ann")
        opened = ann.forge.open(draft(ann))
        place.desk("ann").forge.close(opened)
        assert (self.refs(place), self.listed(place)) == ({}, [])
        place.desk("ann").forge.open(draft(ann, "another"))
        assert len(self.listed(place)) == 1

    def test_closing_leaves_what_somebody_pushed_meanwhile(self, place):
        ann = place.desk("ann")
        opened = ann.forge.open(draft(ann))
        newer = commit(ann, "newer", (opened.head,))
        place.by_hand(opened.branch, newer, ann)
        with suppress(GmError):  # that it is told is fine as well
            place.desk("ann").forge.close(opened)
        assert self.refs(place) == {opened.ref: newer}

    def test_of_two_who_open_the_same_name_one_wins(self, place):
        ann, lead = place.desk("ann"), place.desk("lead")
        mine, theirs = draft(ann), draft(lead, "something else")
        ann.forge.open(mine)
        self.refused(Exit.CONFLICT, lead.forge.open, theirs)
        assert (self.refs(place), [one.head for one in self.listed(place)]) == ({mine.ref: mine.head}, [mine.head])

    def test_refs_move_together_or_not_at_all(self, place):
        ann = place.desk("ann")
        new, late = draft(ann), commit(ann, "late")
        before = self.refs(place, "refs/")
        updates = [RefUpdate(new.ref, new=new.head, old=None), RefUpdate(LINE, new=late, old=new.head)]
        self.refused(Exit.CONFLICT, ann.forge.publish, updates, "stale")
        assert self.refs(place, "refs/") == before

    def test_what_was_judged_lands_and_is_a_proposal_no_more(self, place):
        ann = place.desk("ann")
        opened = ann.forge.open(draft(ann))
        lead = place.desk("lead")
        made = land(lead, opened, opened.head)
        assert self.refs(place, LINE) == {LINE: made}
        parents = run_git(place.server, "log", "-1", "--format=%P", made, home=place.home).split()
        assert parents[1] == opened.head
        assert (self.refs(place), self.listed(place)) == ({}, [])

    def test_a_head_that_moved_since_it_was_judged_does_not_land(self, place):
        ann = place.desk("ann")
        opened = ann.forge.open(draft(ann))
        lead = place.desk("lead")
        newer = commit(ann, "newer", (opened.head,))
        place.by_hand(opened.branch, newer, ann)
        before = self.refs(place, LINE)
        self.refused(Exit.CONFLICT, land, lead, opened, opened.head)
        assert (self.refs(place, LINE), self.refs(place)) == (before, {opened.ref: newer})

    def test_no_name_of_a_branch_takes_a_proposals_place(self, place):
        ann = place.desk("ann")
        opened = ann.forge.open(draft(ann))
        for number, branch in enumerate(STRANGERS):
            place.by_hand(branch, commit(ann, f"stranger {number}"), ann)
        listed = self.listed(place)
        for name in (opened.id, opened.branch, opened.ref):
            assert [one.head for one in listed if one.answers_to(name)] == [opened.head], name
        assert sorted(one.ref for one in listed if not one.source) == [opened.ref]

    def test_two_with_one_id_both_answer_so_that_nobody_takes_the_wrong_one(self, place):
        ann = place.desk("ann")
        opened = ann.forge.open(draft(ann))
        place.by_hand(f"gm/evidence/$(id)/;id/&&/{ID}", commit(ann, "stranger"), ann)
        assert len([one for one in self.listed(place) if one.answers_to(ID)]) == 2
        assert [one.head for one in self.listed(place) if one.answers_to(opened.branch)] == [opened.head]

    def test_nothing_was_reviewed_that_nobody_reviewed(self, place):
        ann = place.desk("ann")
        assert ann.forge.reviews(ann.forge.open(draft(ann))) == ()

    def test_a_server_that_is_away_is_told_as_such_and_trying_again_helps(self, place):
        ann = place.desk("ann")
        new = draft(ann)
        with place.down():
            self.refused(Exit.EXTERNAL, ann.forge.open, new)
            self.refused(Exit.EXTERNAL, ann.forge.publish, [RefUpdate(new.ref, new=new.head, old=None)], "away")
        assert self.refs(place) == {}
        opened = ann.forge.open(new)
        with place.down():
            self.refused(Exit.EXTERNAL, ann.forge.close, opened)
        assert self.refs(place) == {new.ref: new.head}
