"""Bytes go behind a record that others agree to, when their time is over and nobody needs them; lineage never goes."""

from datetime import timedelta

import pytest

from tests.support.policy import (
    AT,
    LENIENT,
    World,
    approve,
    artifact,
    cause_file,
    digest,
    document,
    finding,
    hold_file,
    policy_yaml,
    quarantine_file,
    version_files,
)

LONG_AGO = AT - timedelta(days=4000)


def deletion(version="1.0.0", number=1, *, model="fraud", digests=None, by="raio"):
    """A deletion by path."""
    named = digests if digests is not None else [artifact(version, model=model)["sha256"]]
    path = f"models/{model}/deletions/{version}/{number}.yaml"
    fields = {"model": model, "version": version, "digests": named, "reason": "old", "by": by}
    return {path: document("Deletion", **fields, created="2026-11-21T11:00:00Z")}


def world(retention=None, *versions, begun=LONG_AGO, **policy):
    """Versions that were registered long ago and never staged, under this rule of retention."""
    rule = {"keep_days": 3650, "delete": ["raio", "oversight-committee"]} if retention is None else retention
    here = World(policy_yaml(**{**LENIENT, "retention": rule or None, **policy}))
    here.accept({"models/fraud/model.yaml": document("Model", name="fraud", risk="low")}, at=LONG_AGO)
    for version in versions or ("1.0.0", "1.1.0", "1.2.0"):
        here.accept(version_files(version), at=begun)
    return here


@pytest.mark.clause("B-9-4", "B-7-6")
@pytest.mark.attack("deletion without retention approval", "GM-P401", by="insider")
def test_a_deletion_needs_everybody_whom_retention_names():
    here = world()
    assert here.codes(deletion(), by="raio") == ("GM-P401",)
    assert here.codes(deletion(by="engineer"), by="engineer", approvals=("raio", "board1")) == ("GM-P403",)
    assert here.codes(deletion(by="monitor"), by="monitor", approvals=("raio", "board1")) == ("GM-P403",)
    assert here.judge(deletion(), by="raio", approvals=("raio2", "board1")).allowed


@pytest.mark.clause("B-9-4")
@pytest.mark.parametrize("retention", [{}, {"keep_days": 1, "delete": "none"}])
def test_a_policy_without_a_decision_on_retention_deletes_nothing(retention):
    verdict = world(retention).judge(deletion(), by="raio", approvals=("raio2", "board1"))
    assert verdict.codes == ("GM-P403", "GM-P526")


@pytest.mark.clause("A-limits-6", "B-7-6")
def test_bytes_are_kept_for_as_long_as_was_decided():
    agreed = {"by": "raio", "approvals": ("raio2", "board1")}
    edge = AT - timedelta(days=3650)
    assert world(begun=edge).judge(deletion(), **agreed).allowed
    here = world(begun=edge + timedelta(seconds=1))
    assert here.codes(deletion(), **agreed) == ("GM-P528",)
    assert "GM-P528" in here.codes(deletion(), at=None, **agreed)
    replayed = here.judge(deletion(), live=False, **agreed)
    assert replayed.allowed
    assert [one.code for one in replayed.findings] == ["GM-P528"]
    young = World(policy_yaml(**LENIENT, retention={"keep_days": 3650, "delete": ["raio", "oversight-committee"]}))
    young.registered("1.0.0")
    assert young.codes(deletion(), **agreed) == ("GM-P528",)
    pinned = World(
        policy_yaml(**LENIENT, retention={"keep_days": 1, "delete": ["raio"]}),
        files={"models/fraud/model.yaml": document("Model", name="fraud", risk="low"), **version_files("1.0.0")},
    )
    assert pinned.codes(deletion(), by="raio", approvals=("raio2",)) == ("GM-P528",)
    assert pinned.judge(deletion(), by="raio", approvals=("raio2",), at=AT + timedelta(days=2)).allowed


@pytest.mark.clause("A-limits-6")
def test_what_is_live_restorable_held_or_examined_keeps_its_bytes():
    agreed = {"by": "raio", "approvals": ("raio2", "board1")}
    here = world()
    for version in ("1.0.0", "1.1.0", "1.2.0"):
        here.promoted(version)
    for version, why in (("1.2.0", "it is live in development"), ("1.1.0", "it is what development would go back to")):
        verdict = here.judge(deletion(version), **agreed)
        assert verdict.codes == ("GM-P527",)
        assert finding(verdict, "GM-P527").message.endswith(why)
    assert here.judge(deletion("1.0.0"), **agreed).allowed
    here.accept(hold_file())
    verdict = here.judge(deletion("1.0.0"), **agreed)
    assert finding(verdict, "GM-P527").message.endswith("production, where it was live, is held")
    barred = world().accept(quarantine_file("1.0.0")).accept(cause_file())
    verdict = barred.judge(deletion(), **agreed)
    assert finding(verdict, "GM-P527").message.endswith("it is quarantined and a cause is open")
    falling = world(None, rollback={"degrade": "fallback:fraud@1.0.0"})
    assert finding(falling.judge(deletion(), **agreed), "GM-P527").message.endswith("the policy falls back to it")


def test_a_record_names_bytes_of_its_own_version_alone():
    agreed = {"by": "raio", "approvals": ("raio2", "board1")}
    here = world()
    other = artifact("1.1.0")["sha256"]
    assert here.codes(deletion(digests=[other]), **agreed) == ("GM-P529",)
    assert here.codes(deletion("9.0.0"), **agreed) == ("GM-P529",)
    shared = artifact("shared", path="prep.bin", role="preprocessing")
    both = World(policy_yaml(**LENIENT, retention={"keep_days": 1, "delete": ["raio", "oversight-committee"]}))
    both.accept({"models/fraud/model.yaml": document("Model", name="fraud", risk="low")}, at=LONG_AGO)
    for version in ("1.0.0", "1.1.0"):
        both.accept(version_files(version, artifacts=[artifact(version), shared]), at=LONG_AGO)
    named = [artifact("1.0.0")["sha256"], shared["sha256"]]
    verdict = both.judge(deletion(digests=named), **agreed)
    assert finding(verdict, "GM-P529").message == "fraud@1.1.0 has these bytes too"
    both.accept(deletion("1.1.0", digests=[artifact("1.1.0")["sha256"], shared["sha256"]]))
    assert both.judge(deletion(digests=named), **agreed).allowed


@pytest.mark.clause("B-9-4")
def test_a_version_without_bytes_is_served_nowhere_and_is_no_last_known_good():
    here = world()
    for version in ("1.0.0", "1.1.0", "1.2.0"):
        here.promoted(version)
    here.accept(deletion("1.1.0"))
    verdict = here.judge(here.stage("1.1.0"), by="operator", approvals=("lead",))
    assert verdict.codes == ("GM-P530",)
    assert here.judge(here.stage("1.0.0"), by="operator").allowed
    fresh = world().accept(deletion("1.0.0"))
    assert "GM-P530" in fresh.codes(fresh.stage("1.0.0", "development"), approvals=("lead",))


@pytest.mark.clause("B-9-4", "B-3-3")
def test_lineage_is_never_deleted_and_a_record_never_edited():
    here = world()
    gone = dict.fromkeys(version_files("1.0.0"))
    assert "GM-P101" in here.codes({**gone, **deletion()}, by="raio", approvals=("raio2", "board1"))
    here.accept(deletion())
    agreed = {"by": "raio", "approvals": ("raio2", "board1")}
    assert here.codes(deletion(digests=[digest("else")]), **agreed) == ("GM-P102",)
    assert here.codes(dict.fromkeys(deletion()), **agreed) == ("GM-P102",)
    assert here.codes(deletion("1.1.0", 2), **agreed) == ("GM-P103",)
    assert here.codes(deletion("1.1.0", by="raio2"), **agreed) == ("GM-P506",)


def test_a_deletion_may_be_refused_by_whoever_could_agree():
    here = world()
    opinions = (approve("raio2"), approve("board1", decision="reject"))
    assert "GM-P402" in here.codes(deletion(), by="raio", approvals=opinions)
