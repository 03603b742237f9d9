"""Whoever rolls back does not choose how deep: not by what they bar, not by what they say was poisoned."""

import pytest

from tests.support.policy import (
    LENIENT,
    World,
    artifact,
    cause_file,
    finding,
    hold_file,
    model_yaml,
    policy_yaml,
    quarantine_file,
    version_files,
)
from tests.unit.policy.rules import test_emergency as emergencies

VERSIONS = ("1.0.0", "1.1.0", "1.2.0", "1.3.0")
SHARED = artifact("shared", path="tokenizer.json", role="preprocessing")


def sharing(risk, *, policy=None):
    """Four versions that were live one after the other; all but the first have the same tokenizer."""
    here = World(policy or policy_yaml(**LENIENT))
    here.accept({"models/fraud/model.yaml": model_yaml("fraud", risk)})
    for version in VERSIONS:
        shared = [] if version == "1.0.0" else [SHARED]
        here.accept(version_files(version, artifacts=[artifact(version), *shared])).promoted(version)
    return here


def back(here, version, by, *digests):
    edits = quarantine_file("1.3.0", by=by, digests=sorted(digests)) if digests else {}
    for stage in here.policy.stages:
        edits |= here.stage(version, stage) | hold_file(stage=stage, by=by)
    return edits


OWN = artifact("1.3.0")["sha256"]


@pytest.mark.attack(
    "a rollback deeper than the last known good by barring a file that versions share", "GM-P401", by="operator"
)
@pytest.mark.parametrize(("risk", "by"), [("low", "operator"), ("medium", "operator"), ("high", "raio")])
def test_barring_a_shared_file_of_the_version_left_does_not_move_the_last_known_good(risk, by):
    here = sharing(risk)
    assert here.codes(back(here, "1.0.0", by, OWN), by=by) == ("GM-P401",)
    assert here.codes(back(here, "1.0.0", by, OWN, SHARED["sha256"]), by=by) == ("GM-P401",)
    assert here.codes(back(here, "1.0.0", by, SHARED["sha256"]), by=by) == ("GM-P401",)


@pytest.mark.attack("automation that chooses its version by barring a shared file", "GM-P503", by="ci")
def test_a_machine_gets_no_deeper_by_barring_a_shared_file():
    here = sharing("low")
    assert "GM-P503" in here.codes(back(here, "1.0.0", "monitor", OWN, SHARED["sha256"]), by="monitor")
    assert here.judge(back(here, "1.2.0", "monitor", OWN), by="monitor").allowed


@pytest.mark.parametrize(("risk", "by"), [("low", "operator"), ("high", "raio")])
def test_barring_the_weights_that_are_left_goes_with_the_last_known_good(risk, by):
    here = sharing(risk)
    assert here.judge(back(here, "1.2.0", by, OWN), by=by).allowed


def test_an_emergency_covers_a_quarantine_of_its_own_bytes_alone():
    here = sharing("medium", policy=emergencies.policy())
    here.accept(quarantine_file("1.0.0")).accept(here.stage("1.3.0"))
    edits = {}
    for stage in here.policy.stages:
        edits |= here.stage("1.2.0", stage) | emergencies.declared(stage=stage)
    assert here.judge({**edits, **quarantine_file("1.3.0", digests=[OWN])}, by="operator").allowed
    both = {**edits, **quarantine_file("1.3.0", digests=sorted([OWN, SHARED["sha256"]]))}
    assert "GM-P401" in here.codes(both, by="operator")


def made_from(*snapshots, risk="medium", **policy):
    """Versions that were live one after the other, each made from a snapshot of its own, or the same."""
    here = World(policy_yaml(**{**LENIENT, **policy}))
    here.accept({"models/fraud/model.yaml": model_yaml("fraud", risk)})
    for version, snapshot in zip(VERSIONS, snapshots, strict=False):
        here.accept(version_files(version, data=[{"name": "tx", "snapshot": snapshot}])).promoted(version)
    return here


def poisoned(data, *versions, name="c1"):
    return cause_file(name, poisoned={"data": data, "versions": list(versions)})


@pytest.mark.attack(
    "a rollback deeper than the last known good for an input that the live version has not", "GM-P522", by="operator"
)
def test_what_the_live_version_was_not_made_from_is_no_reason_to_pass_anything_over():
    here = made_from("2024-01", "2025-01", "2026-10")
    edits = back(here, "1.0.0", "operator")
    assert here.codes(edits, by="operator") == ("GM-P401",)
    verdict = here.judge({**edits, **poisoned("tx@2025-01", "1.1.0")}, by="operator")
    assert verdict.codes == ("GM-P401", "GM-P522")
    assert finding(verdict, "GM-P522").message == "fraud@1.2.0 does not descend from it"
    assert here.judge(poisoned("tx@2025-01", "1.1.0"), by="operator").allowed
    honest = made_from("2024-01", "2026-10", "2026-10")
    assert honest.judge({**edits, **poisoned("tx@2026-10", "1.1.0", "1.2.0")}, by="operator").allowed


@pytest.mark.attack("a good version taken out of service because older ones were poisoned", "GM-P522", by="operator")
def test_a_good_version_is_not_taken_out_of_service_for_what_older_ones_were_made_from():
    here = made_from("2025-01", "2025-01", "2026-10", rollback={"degrade": "undeploy"})
    edits = {}
    for stage in here.policy.stages:
        edits |= dict.fromkeys(here.stage("1.2.0", stage)) | hold_file(stage=stage)
    assert here.codes(edits, by="operator") == ("GM-P401", "GM-P403")
    verdict = here.judge({**edits, **poisoned("tx@2025-01", "1.0.0", "1.1.0")}, by="operator")
    assert verdict.codes == ("GM-P401", "GM-P403", "GM-P522")
    bad = made_from("2025-01", "2025-01", "2025-01", rollback={"degrade": "undeploy"})
    assert bad.judge({**edits, **poisoned("tx@2025-01", "1.0.0", "1.1.0", "1.2.0")}, by="operator").allowed


@pytest.mark.attack("several poisoned inputs that add up to any version", "GM-P522", by="operator")
def test_a_rollback_has_one_poisoned_input():
    here = made_from("2026-01", "2026-02", "2026-03", "2026-04")
    edits = back(here, "1.0.0", "operator")
    for number, version in enumerate(VERSIONS[1:], 2):
        edits |= poisoned(f"tx@2026-0{number}", version, name=f"c{number}")
    verdict = here.judge(edits, by="operator")
    assert verdict.codes == ("GM-P401", "GM-P522")
    messages = {one.message for one in verdict.findings if one.code == "GM-P522"}
    assert "a rollback for more than one poisoned input" in messages


def test_two_causes_of_one_input_are_one_reason():
    here = made_from("2026-01", "2026-02", "2026-02")
    causes = {**poisoned("tx@2026-02", "1.1.0"), **poisoned("tx@2026-02", "1.2.0", name="c2")}
    assert here.judge({**back(here, "1.0.0", "operator"), **causes}, by="operator").allowed
