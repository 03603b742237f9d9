"""The oracle of ``test_whole_registry.py`` can fail: it notices a missing rule, and a thing that is not looked at.

Each story is a few steps of the machine, an attack among them. It is told twice, to the code as it is, where all holds,
and to code that was crippled, where the oracle or the machine has to say what no longer holds.
"""

from collections import Counter
from dataclasses import replace

import pytest

from gitops_models.delivery.targets.directory import DirectoryTarget
from gitops_models.errors import GmError
from gitops_models.policy import approvals, judge
from gitops_models.registry.canonical import jcs, sha256_hex
from gitops_models.store.refs import RefUpdate, update_refs
from gitops_models.verification import changes, fold
from gitops_models.workflows import merging, session
from tests.support.attackers import Attacked
from tests.support.registry import BEGIN
from tests.support.station import Station
from tests.support.whole import YEARS, begin, claim

NEW, OTHER, FIRST = "1.2.0", "1.3.0", "staging"

# How code is crippled


def without(*codes):
    """The judge without some of its rules."""

    def cripple(patch):
        for name in ("FORM", "CONTENT", "HISTORY"):
            patch.setattr(judge, name, tuple(rule for rule in getattr(judge, name) if rule.code not in codes))

    return cripple


def author_counts(patch):
    patch.setattr(approvals, "_too_close", lambda *_: None)


def id_of_names_only(patch):
    """Of what the story promotes; what was approved before it goes on to count."""
    sound = changes.change_id

    def careless(repository, line, change, anchor):
        if not {getattr(event, "to_version", None) for event in change.events} & {NEW, OTHER}:
            return sound(repository, line, change, anchor)
        return sha256_hex(jcs([repository, line, anchor, *(path.path for path in change.paths)]))

    patch.setattr(changes, "change_id", careless)


def nobody_remembers(patch):
    patch.setattr(session, "remember", lambda *_: None)


def lands_first(patch):
    """A merge that moves the line and is judged afterwards."""
    sound = merging.merge

    def hasty(asked, proposal):
        update_refs(asked.store, [RefUpdate("refs/heads/main", proposal.head, asked.history.tip)])
        return sound(asked, proposal)

    patch.setattr(merging, "merge", hasty)


def asks_the_clock(patch):
    """A judge for whom what was approved years ago no longer is."""
    sound = fold._Walker._judge

    def late(walker, *asked):
        step = sound(walker, *asked)
        return replace(step, status="denied") if walker.timely.has_come(BEGIN + YEARS) else step

    patch.setattr(fold._Walker, "_judge", late)


def heals_nothing(patch):
    """A reconciler that takes what is there for what it put there."""
    sound = DirectoryTarget.plan
    patch.setattr(DirectoryTarget, "plan", lambda self, wanted, seen: () if seen.link else sound(self, wanted, seen))


# The stories


def promoted_alone(machine):
    machine.promote_alone(version=NEW, stage=FIRST, by="engineer")


def promoted_by_a_lead_alone(machine):
    machine.promote_alone(version=NEW, stage=FIRST, by="lead")


def promoted_against_a_lead(machine):
    machine.promote_with_all(version=NEW, stage=FIRST, by="engineer", against="lead")


def promoted_from_quarantine(machine):
    machine.quarantine(version=NEW, by="operator")
    machine.all_holds()
    machine.promote_with_all(version=NEW, stage=FIRST, by="engineer", against=None)


def promoted_onto_a_hold(machine):
    machine.roll_back(stage=FIRST, by="operator", barred=False, held=True)
    machine.all_holds()
    machine.promote_with_all(version=NEW, stage=FIRST, by="engineer", against=None)


def tampered(machine):
    machine.tamper(version=NEW, what="lineage.yaml", by="engineer")


def swapped(machine):
    machine.swap_what_was_approved(pair=[NEW, OTHER], by="engineer")


def rewound(machine):
    """A clone that has seen the line looks again after it went back, and takes what it is given."""
    machine.go_on_elsewhere(by="engineer")
    machine.all_holds()
    machine.same_to_a_newcomer()
    tip = machine.registry.tip
    machine.registry.force(str(machine.registry.store.libgit2[tip].parents[0].id))
    try:
        seen = session.open_session(machine.registry.path, clock=machine.registry.clock)
        machine.oracle.see(claim(seen.history))
    except GmError:
        machine.registry.force(tip)


def read_years_later(machine):
    machine.promote_with_all(version=NEW, stage=FIRST, by="engineer", against=None)
    machine.same_to_a_newcomer()


def overwritten(machine):
    machine.serve()
    (served,) = (machine.station.root / "srv/fraud/production/current").glob("*.onnx")
    served.parent.chmod(0o755)
    served.chmod(0o644)
    served.write_bytes(b"other bytes")
    machine.serve()


CRIPPLED = {
    "approvals are not asked for": (promoted_alone, without("GM-P401"), "lacks approvals"),
    "rejections are not heard": (promoted_against_a_lead, without("GM-P402"), "lacks approvals"),
    "authors approve": (promoted_by_a_lead_alone, author_counts, "lacks approvals"),
    "what is quarantined is promoted": (promoted_from_quarantine, without("GM-P304", "GM-P504"), "is quarantined"),
    "holds hold nothing": (promoted_onto_a_hold, without("GM-P306"), "is held"),
    "released files are edited": (tampered, without("GM-P101", "GM-P102"), "was released and is another"),
    "approvals speak for names of files": (swapped, id_of_names_only, "is not what was approved"),
    "what is refused has landed": (promoted_alone, lands_first, "changed something"),
    "nobody remembers the line": (rewound, nobody_remembers, "does not follow from"),
    "the judge asks the clock": (read_years_later, asks_the_clock, "a newcomer sees another history"),
    "served bytes are not looked at": (overwritten, heals_nothing, "serves others"),
}


@pytest.fixture
def machine(told, tmp_path, home):
    """Machines of low risk, each with a registry of its own."""
    begun = told(begin, "low")

    class Here(Attacked):
        did, serves = Counter(), True

        @classmethod
        def begin(cls):
            cls.did["begun"] += 1
            return begun.copy(tmp_path / f"copy-{cls.did['begun']}")

        @staticmethod
        def serving(registry):
            root = tmp_path / f"{registry.path.name}-site"
            root.mkdir()
            return Station(registry, root, home)

    return Here


@pytest.mark.usefixtures("hurry")
@pytest.mark.parametrize("what", CRIPPLED)
def test_the_oracle_notices(machine, monkeypatch, what):
    story, cripple, why = CRIPPLED[what]
    sound = machine()
    story(sound)
    sound.all_holds()
    sound.teardown()
    cripple(monkeypatch)
    with pytest.raises(AssertionError, match=why):
        tell(story, machine())


def tell(story, machine):
    story(machine)
    machine.all_holds()
