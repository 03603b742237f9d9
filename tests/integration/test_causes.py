"""Why something goes back, whom it concerns, and what stays red until the reason is settled."""

from typing import get_args

import pytest

from gitops_models.audit.gathering import gather
from gitops_models.audit.timeline import timeline
from gitops_models.registry.documents.safety import CauseName
from gitops_models.registry.trailers import parse_trailers
from gitops_models.workflows.barring import Opening, open_cause, resolve_cause
from gitops_models.workflows.standing import standing
from tests.support import policy as documents
from tests.support import stories

OF_THE_POLICY = (
    "safety",
    "clinical",
    "governance",
    "regression",
    "drift",
    "integrity",
    "regulatory",
    "audit",
    "oversight",
    "incident",
)
TECHNIQUES = {"tampering": "AML.T0047", "backdoor": "AML.T0018", "poisoning": "AML.T0020", "degradation": None}
SCORE = {"outputs": [{"name": "score", "dtype": "float32", "shape": [-1]}]}
TARGETS = [
    {"id": "eu", "stage": "production", "models": ["fr*"]},
    {"id": "us", "stage": "production", "models": ["spam"]},
    {"id": "lab", "stage": "staging"},
]


def said(registry, proposal):
    return dict(parse_trailers(registry.store.commit(proposal.head).message).pairs)


@pytest.fixture(scope="module")
def told(tmp_path_factory):
    registry = stories.registry(tmp_path_factory.mktemp("causes") / "r")
    consumers = [{"name": "checkout"}, {"name": "reports"}]
    for model, files, reviewers in (
        ("fraud", {"models/fraud/model.yaml": documents.model_yaml("fraud", consumers=consumers)}, ("lead", "raio")),
        ("policy", {"policies/targets.yaml": documents.document("Targets", targets=TARGETS)}, ("raio",)),
    ):
        proposal = registry.draft(model, files)
        registry.approve(proposal, *reviewers)
        registry.merge(proposal)
    for version in ("1.0.0", "1.1.0"):
        registry.version("fraud", version, interface=SCORE)
        registry.live("fraud", version, *stories.STAGES)
    assert set(registry.statuses()) == {"accepted"}
    return registry


@pytest.fixture
def registry(told, tmp_path):
    return told.copy(tmp_path / "r")


@pytest.mark.clause("B-6.1-1", "A-summary-1")
def test_every_reason_of_the_documents_is_a_cause():
    assert set(get_args(CauseName)) == {*OF_THE_POLICY, *TECHNIQUES}


@pytest.mark.clause("B-6.1-1")
@pytest.mark.parametrize("cause", get_args(CauseName))
def test_a_cause_is_opened_and_a_rollback_names_it(registry, cause):
    opened = open_cause(registry.session("operator"), Opening("fraud", "c-1", cause, "high", "seen")).proposal
    assert said(registry, opened)["Gm-Cause"] == cause
    registry.merge(opened, by="operator")
    assert [one.cause for one in registry.history().state.snapshot.causes("fraud")] == [cause]
    proposal = registry.rollback("fraud", cause=cause)
    assert said(registry, proposal)["Gm-Cause"] == cause
    registry.merge(proposal, by="operator")
    assert registry.live_version("fraud", "production") == "1.0.0"


@pytest.mark.clause("A-summary-1")
@pytest.mark.parametrize(("cause", "technique"), TECHNIQUES.items())
def test_the_commit_of_a_rollback_carries_the_technique(registry, cause, technique):
    assert said(registry, registry.rollback("fraud", cause=cause)).get("Gm-Technique") == technique


@pytest.mark.clause("B-6.1-2")
def test_an_open_cause_is_red_until_it_is_resolved(registry):
    assert standing(registry.session("operator")).red == ()
    opening = Opening("fraud", "c-1", "drift", "high", "inputs moved")
    registry.merge(open_cause(registry.session("operator"), opening).proposal, by="operator")
    assert standing(registry.session("operator")).red == ("fraud",)
    settled = resolve_cause(
        registry.session("operator"), "fraud", "c-1", root_cause="a sensor", link=None, reason="replaced"
    )
    registry.merge(settled.proposal, by="operator")
    assert standing(registry.session("operator")).red == ()


@pytest.mark.clause("B-7-4")
def test_a_promotion_names_the_consumers_and_targets_that_it_touches(registry):
    registry.version("fraud", "1.2.0", interface=SCORE)
    assert said(registry, registry.promote("fraud", "1.2.0", "staging"))["Gm-Impact"] == "checkout, reports, target lab"
    through = registry.promote("fraud", "1.2.0", None, through="production")
    assert said(registry, through)["Gm-Impact"] == "checkout, reports, target eu, target lab"


@pytest.mark.clause("B-7-4")
def test_a_rollback_names_them_too(registry):
    assert said(registry, registry.rollback("fraud"))["Gm-Impact"].startswith("checkout, reports, target eu")


def test_where_nobody_is_concerned_nothing_is_said(tmp_path):
    registry = stories.registry(tmp_path / "r")
    registry.version("spam", "1.0.0")
    assert "Gm-Impact" not in said(registry, registry.promote("spam", "1.0.0", "staging"))


@pytest.mark.clause("B-7-4")
def test_the_log_says_whom_a_step_concerned_and_finds_a_claim_that_lies(registry):
    registry.merge(registry.rollback("fraud"), by="operator")
    history = registry.history()
    rows = timeline(history, gather(registry.store, history))
    moves = [(row.event, row.stage, row.impact) for row in rows if row.stage and row.event != "hold-placed"]
    eu, lab = ("checkout", "reports", "target eu"), ("checkout", "reports", "target lab")
    assert moves == [
        *[("promoted", "staging", lab), ("promoted", "production", eu)] * 2,
        ("rolled-back", "production", eu),
    ]
    assert [row.lies for row in rows if row.lies] == []
    files = documents.cause_file("c9", by="operator")
    lying = registry.draft(
        "fraud", files, by="operator", event="cause", stage="c9", trailers=(("Gm-Impact", "nobody"),)
    )
    registry.merge(lying, by="operator")
    history = registry.history()
    assert timeline(history, gather(registry.store, history))[-1].lies == ("Gm-Impact: nobody (is none)",)
