from dataclasses import replace

import pytest

from gitops_models.audit.claims import WORDS, Truth, lies
from gitops_models.registry.events import EVENT_NAMES
from gitops_models.registry.trailers import Trailers

DIGEST = "ab" * 32
TRUTH = Truth(
    events=frozenset({"rolled-back", "hold-placed"}),
    models=frozenset({"fraud"}),
    stages=frozenset({"production"}),
    versions_from={"1.1.0": DIGEST},
    versions_to={"1.0.0": None},
    risks=frozenset({"high"}),
    change_id="c" * 64,
    approvers=frozenset({"lead-1"}),
    causes=frozenset({"regression"}),
    techniques=frozenset(),
    incidents=frozenset({"INC-1"}),
    reasons=frozenset({"it got\n worse"}),
    revertible=frozenset({"a" * 40}),
    impact=frozenset({"checkout", "target eu"}),
)
HONEST = (
    ("Gm-Event", "rollback"),
    ("Gm-Model", "fraud"),
    ("Gm-Stage", "production"),
    ("Gm-From", f"1.1.0@sha256:{DIGEST}"),
    ("Gm-To", "1.0.0"),
    ("Gm-Risk", "high"),
    ("Gm-Reason", "it got worse"),
    ("Gm-Cause", "regression"),
    ("Gm-Incident", "INC-1"),
    ("Gm-Change", "c" * 64),
    ("Reverts", "a" * 40),
    ("Approved-by", "lead-1"),
    ("Gm-Impact", "checkout, target eu"),
    ("Signed-off-by", "Somebody <s@example.org>"),
)


def test_honest_trailers_and_those_of_others_are_no_lies():
    assert lies(Trailers(HONEST), TRUTH) == ()


@pytest.mark.parametrize(
    ("key", "value", "shown"),
    [
        ("Gm-Event", "promotion", "Gm-Event: promotion (is hold-placed or rolled-back)"),
        ("Gm-Event", "nonsense", "Gm-Event: nonsense (is hold-placed or rolled-back)"),
        ("Gm-Model", "other", "Gm-Model: other (is fraud)"),
        ("Gm-Stage", "staging", "Gm-Stage: staging (is production)"),
        ("Gm-From", "0.9.0", f"Gm-From: 0.9.0 (is 1.1.0 or 1.1.0@sha256:{DIGEST})"),
        ("Gm-To", "9.9.9", "Gm-To: 9.9.9 (is 1.0.0)"),
        ("Gm-Risk", "low", "Gm-Risk: low (is high)"),
        ("Gm-Reason", "routine", "Gm-Reason: routine (is it got worse)"),
        ("Gm-Cause", "drift", "Gm-Cause: drift (is regression)"),
        ("Gm-Technique", "AML.T0020", "Gm-Technique: AML.T0020 (is none)"),
        ("Gm-Incident", "INC-2", "Gm-Incident: INC-2 (is INC-1)"),
        ("Gm-Change", "d" * 64, f"Gm-Change: {'d' * 64} (is {'c' * 64})"),
        ("Reverts", "b" * 40, f"Reverts: {'b' * 40} (is {'a' * 40})"),
        ("Approved-by", "lead-2", "Approved-by: lead-2 (is lead-1)"),
        ("Gm-Impact", "checkout, nobody", "Gm-Impact: checkout, nobody (is checkout or target eu)"),
        ("gm-risk", "low", "Gm-Risk: low (is high)"),
    ],
)
def test_a_claim_that_is_not_so_is_reported_with_what_is(key, value, shown):
    assert lies(Trailers(((key, value),)), TRUTH) == (shown,)


def test_the_same_lie_twice_is_reported_once():
    assert len(lies(Trailers((("Gm-Risk", "low"), ("Gm-Risk", "low"))), TRUTH)) == 1


def test_a_reason_is_free_where_no_document_fixes_it():
    assert lies(Trailers((("Gm-Reason", "anything"),)), replace(TRUTH, reasons=frozenset())) == ()


def test_every_event_is_meant_by_its_own_name():
    assert all(name in WORDS[name] for name in EVENT_NAMES)
