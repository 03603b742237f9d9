"""What an attempt depends on: with the same fingerprint it must end the same."""

from dataclasses import replace

import pytest

from gitops_models.delivery.desired import desired_state
from gitops_models.delivery.inputs import inputs_of
from gitops_models.delivery.values import ModelStage
from gitops_models.registry.state import Touch
from tests.support.delivery import chosen

AT = ModelStage("fraud", "production")


def fingerprint(accepted, *, site="", **changes):
    history = accepted.history(**changes)
    return inputs_of(history, desired_state(history, AT), site=site)


BEFORE = fingerprint(chosen("1.0.0"))


@pytest.mark.parametrize(
    "accepted",
    [
        chosen("1.1.0"),
        chosen("1.0.0").put("models/fraud/versions/1.0.0/model.onnx.dvc", "outs: []\n"),
        chosen("1.0.0").put("models/fraud/model.yaml", "kind: Model\nname: fraud\nrisk: high\nowners: [team]\n"),
        chosen("1.0.0").put("policies/policy.yaml", "kind: Policy\n"),
        chosen("1.0.0").put("policies/targets.yaml", "kind: Targets\ntargets: []\n"),
        chosen("1.0.0").status("fraud", "suspend"),
        chosen("1.0.0").status("fraud", "retire"),
    ],
    ids=["version", "pointer", "model", "policy", "targets", "suspended", "retired"],
)
def test_what_an_attempt_reads_changes_it(accepted):
    assert fingerprint(accepted) != BEFORE


def test_so_do_the_reconcilers_own_file_an_override_and_the_step_that_asks():
    assert fingerprint(chosen("1.0.0"), site="other") != BEFORE
    history = chosen("1.0.0").history()
    wanted = desired_state(history, AT)
    overridden = replace(wanted, deployment=replace(wanted.deployment, override="0" * 64))
    assert inputs_of(history, overridden, site="") != BEFORE
    touched = {"models/fraud/stages/production.yaml": Touch(1, "f" * 40)}
    history = replace(history, state=replace(history.state, touched=touched))
    assert inputs_of(history, wanted, site="") != BEFORE


def test_an_unrelated_commit_changes_nothing_of_it():
    other = chosen("1.0.0").model("risk").version("fraud", "2.0.0").hold("fraud", "staging")
    assert fingerprint(other, tip="d" * 40) == BEFORE
