"""The verbs that hold history up: checkpoint, ledger restore, epochs, stale views and tags, through ``gm`` itself."""

import json
from unittest import mock

import pytest

from gitops_models.store.repository import Store
from gitops_models.trust.memory import load_memory, memory_path
from gitops_models.workflows.session import open_session
from tests.support import registry as support
from tests.support.keys import ed25519_key
from tests.support.stories import ledger_ref
from tests.support.team import Team, gm

NOTARY = {**support.WORKLOADS, "notary": ["checkpoint"]}


@pytest.fixture
def team(tmp_path, home):
    """One model whose promotion the lead approved, on a server without a door."""
    with mock.patch.object(support, "WORKLOADS", NOTARY):
        bound = {"max_staleness_minutes": 3 * 24 * 60}
        found = Team(tmp_path, home, support.PEOPLE, policy="minimal", **support.SHORT, **bound)
    found.registry.version("fraud", "1.0.0")
    found.registry.live("fraud", "1.0.0", "staging")
    return found


def refs(team, prefix="refs/gm"):
    return Store.open(team.path).refs(prefix)


def verified(clone, *words):
    done = gm(clone, "--json", "verify", *words)
    return done.status, json.loads(done.out)


def test_a_workload_signs_a_checkpoint_that_everybody_verifies(team):
    clone = team.clone("notary")
    dry = gm(clone, "--json", "trust", "checkpoint", "--dry-run")
    assert (dry.status, dry.json["record"], refs(team).get("refs/gm/checkpoints")) == (0, None, None)
    done = gm(clone, "--json", "trust", "checkpoint")
    assert (done.status, done.json["by"], done.json["accepted"]) == (0, "notary", team.registry.tip)
    assert "refs/gm/checkpoints" in refs(team)
    status, answer = verified(team.fresh())
    assert (status, answer["checkpoints"]["made"], answer["notices"]) == (0, 1, [])
    assert answer["checkpoints"]["newest"]["accepted"] == team.registry.tip
    spoken = gm(clone, "verify")
    assert "checkpoint: " in spoken.out
    assert "next: gm" in gm(clone, "trust", "checkpoint").err


def test_a_person_signs_no_checkpoint(team):
    before = refs(team)
    done = gm(team.clone("engineer"), "--json", "trust", "checkpoint")
    assert (done.status, done.error["code"]) == (3, "GM-T611")
    assert refs(team) == before


def test_a_view_without_a_fresh_checkpoint_is_stale(team):
    clone = team.clone("engineer")
    status, answer = verified(clone)
    assert (status, [fault["code"] for fault in answer["faults"]]) == (9, ["GM-T616"])
    stale = gm(clone, "--json", "status").json["stale"]
    assert stale["code"] == "GM-T616"
    assert "STALE" in gm(clone, "status").out
    assert gm(team.clone("notary"), "trust", "checkpoint").status == 0
    assert verified(clone)[0] == 0
    assert gm(clone, "--json", "status").json["stale"] is None


def promotion(team):
    return ledger_ref(team.registry.history().steps[-1].change_id)


@pytest.mark.parametrize("how", ["deleted", "truncated", "replaced"])
def test_what_the_ledger_lost_is_given_back_from_any_clone(team, how):
    assert gm(team.clone("notary"), "trust", "checkpoint").status == 0
    clone, name = team.clone("lead"), promotion(team)
    assert verified(clone)[0] == 0
    whole, store = refs(team)[name], team.registry.store
    lost = {
        "deleted": None,
        "truncated": store.commit(whole).parents[0],
        "replaced": team.registry.commit({}, parents=[]),
    }[how]
    team.registry.force(lost, name)
    status, answer = verified(clone)
    assert (status, [fault["code"] for fault in answer["faults"]]) == (5, ["GM-T400"])
    dry = gm(clone, "--json", "trust", "ledger", "restore", "--dry-run")
    assert (dry.status, [one["ref"] for one in dry.json["restored"]], refs(team).get(name)) == (0, [name], lost)
    done = gm(clone, "--json", "trust", "ledger", "restore")
    (given,) = done.json["restored"]
    assert (done.status, given["anew"], given["kinds"][-1]) == (0, how == "replaced", "acceptance")
    assert (refs(team)[name] == whole) is (how != "replaced")
    assert verified(clone)[0] == 0
    assert verified(team.fresh())[1]["steps"] == {"accepted": 2}
    again = gm(clone, "trust", "ledger", "restore")
    assert (again.status, again.out) == (0, "nothing was lost\n")


def test_giving_back_needs_no_key_where_the_chain_itself_is_given(team):
    assert gm(team.clone("notary"), "trust", "checkpoint").status == 0
    clone = team.fresh()
    open_session(clone)
    whole = refs(team)
    team.registry.force(None, promotion(team))
    team.registry.force(None, "refs/gm/checkpoints")
    assert gm(clone, "trust", "ledger", "restore").status == 0
    assert refs(team, "refs/gm/") == {name: oid for name, oid in whole.items() if name.startswith("refs/gm/")}


def test_a_repin_is_shown_for_ever(team):
    clone = team.clone("engineer")
    assert gm(team.clone("notary"), "trust", "checkpoint").status == 0
    before, after = team.registry.pin, team.registry.history().steps[0].oid
    assert verified(clone)[1]["epochs"] == [{"pin": before, "at": None, "reason": None}]
    assert "epoch" not in gm(clone, "log").out
    assert gm(clone, "trust", "repin", after, "-m", "lost all keys").status == 0
    for _ in range(2):
        status, answer = verified(clone)
        assert (status, [one["pin"] for one in answer["epochs"]]) == (0, [before, after])
        assert answer["epochs"][1]["reason"] == "lost all keys"
        assert answer["epochs"][1]["at"]
        assert "epoch: pinned anew to" in gm(clone, "verify").out
        assert "lost all keys" in gm(clone, "log").out
    assert [one["pin"] for one in gm(clone, "--json", "log").json["epochs"]] == [before, after]
    assert load_memory(memory_path(Store.open(clone / ".git").common_dir)).epochs[0].commit == before


@pytest.mark.parametrize(
    ("case", "code"),
    [
        ("deleted", "GM-T620"),
        ("moved", "GM-T621"),
        ("swapped", "GM-T622"),
        ("lightweight", "GM-T623"),
        ("by a stranger", "GM-T624"),
    ],
)
def test_verify_names_what_was_done_to_a_version_tag(team, case, code):
    registry = team.registry
    registry.version("fraud", "1.1.0")
    assert gm(team.clone("notary"), "trust", "checkpoint").status == 0
    name, step = "fraud@v1.0.0", registry.history().state.registered["fraud", "1.0.0"].step
    if case == "moved":
        registry.tag(name, registry.tip)
    elif case == "by a stranger":
        registry.tag(name, step, by="stranger")
    else:
        other = registry.store.ref("refs/tags/fraud@v1.1.0")
        registry.force({"deleted": None, "swapped": other, "lightweight": step}[case], f"refs/tags/{name}")
    status, answer = verified(team.fresh())
    assert (status, [fault["code"] for fault in answer["faults"]]) == (5, [code])
    assert answer["faults"][0]["where"] == f"refs/tags/{name}"


@pytest.mark.parametrize("case", ["other", "deleted"])
def test_verify_of_a_clone_that_has_the_good_tag_names_the_remotes(team, case):
    clone = team.clone("lead")
    assert gm(team.clone("notary"), "trust", "checkpoint").status == 0
    assert verified(clone)[0] == 0
    if case == "other":
        team.registry.tag("fraud@v1.0.0", team.registry.tip)
    else:
        team.registry.force(None, "refs/tags/fraud@v1.0.0")
    status, answer = verified(clone)
    assert (status, [fault["code"] for fault in answer["faults"]]) == (5, ["GM-T625"])


def test_a_forged_checkpoint_is_a_notice(team):
    assert gm(team.clone("notary"), "trust", "checkpoint").status == 0
    forged = team.registry.ledger.checkpoints()[0].body.model_copy(update={"main": "a" * 40})
    from gitops_models.trust.records import make_checkpoint  # noqa: PLC0415 - only this test forges one

    team.registry.session("engineer").writer().append_checkpoint(make_checkpoint(forged, ed25519_key("stranger")))
    status, answer = verified(team.fresh())
    assert (status, [one["code"] for one in answer["notices"]]) == (0, ["GM-T611"])
