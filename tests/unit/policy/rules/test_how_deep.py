"""Whoever rolls back does not choose how deep: not by what they bar, not by what they say was poisoned."""

import pytest

from tests.support.policy import (
    LENIENT,
    World,
    artifact,
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
