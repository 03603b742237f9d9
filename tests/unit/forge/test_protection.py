"""What a forge's settings leave open: each finding with its level, its code and its remedy."""

from dataclasses import replace

import pytest

from gitops_models.forge.protection import Need, Pin, Settings, Source, judge

NOBODY = (Source("ruleset gm", ()),)
TIGHT = Settings(
    "main",
    dict.fromkeys(Need, NOBODY),
    pins=(Pin.APP,),
    methods=frozenset({"merge"}),
    message=True,
    tags=True,
    remedies={"GM-F451": "gh api ..."},
)


def without(*needs):
    return {need: met for need, met in TIGHT.met.items() if need not in needs}


def open_ends(**changes):
    """Level and code of everything that is not well."""
    found = judge(replace(TIGHT, **changes))
    return [(one.level, one.code) for one in found if one.level != "ok"]


def test_a_tight_repository_leaves_nothing_open():
    assert open_ends() == []


@pytest.mark.parametrize(
    ("need", "level", "code"),
    [
        (Need.FORWARD, "problem", "GM-F451"),
        (Need.STAYS, "problem", "GM-F452"),
        (Need.GATE, "problem", "GM-F453"),
        (Need.PULL_REQUEST, "problem", "GM-F456"),
        (Need.STALE, "warning", "GM-F459"),
        (Need.LAST_PUSH, "warning", "GM-F460"),
    ],
)
def test_what_nothing_asks_for_is_found_and_what_cannot_be_seen_counts_as_missing(need, level, code):
    assert open_ends(met=without(need)) == [(level, code)]
    assert open_ends(met=without(need), unseen=("branch protection",)) == [(level, "GM-F450")]


def test_settings_that_nobody_needs_to_see_hide_nothing():
    assert open_ends(unseen=("branch protection",)) == []


@pytest.mark.parametrize(
    ("pins", "expected"),
    [
        ((Pin.NOBODY,), [("problem", "GM-F454")]),
        ((Pin.WORKFLOWS,), [("warning", "GM-F455")]),
        ((Pin.NOBODY, Pin.WORKFLOWS), [("warning", "GM-F455")]),
        ((Pin.WORKFLOWS, Pin.APP), []),
        ((Pin.REQUIRED_WORKFLOW,), []),
    ],
)
def test_of_all_places_that_ask_for_the_gate_the_strictest_counts(pins, expected):
    assert open_ends(pins=pins) == expected


@pytest.mark.parametrize(
    ("sources", "expected"),
    [
        ((Source("a", ("Team 7",)),), [("problem", "GM-F461")]),
        ((Source("a", ("Team 7",)), Source("b", ())), []),
        ((Source("a", None),), [("not checked", None)]),
        ((Source("a", ("Team 7",)), Source("b", None)), [("not checked", None)]),
    ],
)
def test_one_place_that_nobody_passes_by_is_enough(sources, expected):
    assert open_ends(met=TIGHT.met | {Need.GATE: sources}) == expected


def test_who_may_pass_by_is_named_and_a_review_that_can_be_passed_by_is_no_hole():
    (found,) = (
        one
        for one in judge(replace(TIGHT, met=TIGHT.met | {Need.GATE: (Source("ruleset gm", ("Team 7", "Team 7")),)}))
        if one.code
    )
    assert (found.what, found.found) == ("bypass of required check", "Team 7 may pass by ruleset gm")
    assert open_ends(met=TIGHT.met | {Need.STALE: (Source("a", ("Team 7",)),)}) == []


@pytest.mark.parametrize(
    ("changes", "expected", "says"),
    [
        ({"methods": frozenset({"merge", "squash", "rebase"})}, "GM-F457", "rebase, squash allowed"),
        ({"methods": frozenset()}, "GM-F457", "merge commits are not allowed"),
        ({"methods": None}, "GM-F450", "the settings of the repository"),
        ({"message": False}, "GM-F458", "loses title and trailers"),
        ({"message": None}, "GM-F450", "cannot be seen"),
        ({"asleep": ("gm: tags",)}, "GM-F462", "gm: tags is not in force"),
        ({"tags": False}, "GM-F463", "no ruleset keeps them"),
        ({"tags": None, "unseen": ("rulesets",)}, "GM-F450", "rulesets"),
    ],
)
def test_what_no_writer_can_use_to_pass_the_gate_is_a_warning(changes, expected, says):
    assert open_ends(**changes) == [("warning", expected)]
    (found,) = (one for one in judge(replace(TIGHT, **changes)) if one.code)
    assert says in found.found


def test_what_no_answer_tells_is_named_as_not_checked_with_the_command_that_tells_it():
    (found,) = (one for one in judge(replace(TIGHT, untold={"bots": "gh api bots"})) if one.level != "ok")
    assert (found.what, found.level, found.remedy, found.code) == ("bots", "not checked", "gh api bots", None)


def test_the_remedy_is_the_forges_own():
    (found,) = (one for one in judge(replace(TIGHT, met=without(Need.FORWARD))) if one.code)
    assert found.remedy == "gh api ..."
