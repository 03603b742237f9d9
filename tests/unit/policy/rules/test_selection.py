"""Rollbacks to before a poisoned input: how far they go, on whose word, and what the judge looks up itself."""

import pytest

from gitops_models.registry.documents import Poisoned, validate
from tests.support.policy import World, cause_file, finding, quarantine_file, version_files
from tests.support.recorded import refused

OLD = {"name": "transactions", "snapshot": "2026-09", "sha256": "a" * 64}
BAD = {"name": "transactions", "snapshot": "2026-10", "uri": "s3://lake/tx", "sha256": "b" * 64}
SHA = "c" * 40
LATER = "d" * 40


def told(lineages, risk="low", **world):
    """A model whose versions, each with these further fields of lineage, were promoted one after the other."""
    here = World(**world).registered(risk=risk)
    for version, fields in lineages.items():
        here.accept(version_files(version, **fields)).promoted(version)
    return here


def poisoned(*, by="operator", model="fraud", name="c1", **fields):
    return cause_file(name, model=model, by=by, poisoned=fields)


THREE = {"1.0.0": {"data": [OLD]}, "1.1.0": {"data": [BAD]}, "1.2.0": {"base": "fraud@1.1.0"}}


def back(here, cause, version="1.0.0", by="operator", approvals=(), **facts):
    return here.judge({**here.stage(version), **cause}, by=by, approvals=approvals, **facts)


@pytest.mark.clause("A-summary-3")
@pytest.mark.parametrize("name", ["transactions@2026-10", "s3://lake/tx", "b" * 64])
def test_what_was_made_from_poisoned_data_is_passed_over_without_a_further_approver(name):
    here = told(THREE)
    assert back(here, {}).codes == ("GM-P401",)
    verdict = back(here, poisoned(data=name, versions=["1.1.0", "1.2.0"]))
    assert (verdict.allowed, verdict.quorum_needed) == (True, False)


@pytest.mark.attack("a skipped version that is named and does not descend", "GM-P522", by="author")
def test_the_claim_of_a_document_is_not_believed():
    here = told({**THREE, "1.1.0": {"data": [OLD]}, "1.2.0": {"data": [BAD]}})
    verdict = back(here, poisoned(data="transactions@2026-10", versions=["1.1.0", "1.2.0"]))
    assert verdict.codes == ("GM-P401", "GM-P522")
    assert finding(verdict, "GM-P522").message == "fraud@1.1.0 does not descend from it"


def test_a_skipped_version_that_is_not_named_needs_the_further_approver():
    here = told(THREE)
    assert back(here, poisoned(data="transactions@2026-10", versions=["1.2.0"])).codes == ("GM-P401",)
    assert back(here, poisoned(data="transactions@2026-10")).codes == ("GM-P401",)
    assert back(here, poisoned(data="transactions@2026-10", versions=["1.2.0"]), approvals=("lead",)).allowed


def test_a_poisoning_told_of_another_model_or_before_excuses_nothing():
    here = told(THREE).registered("1.1.0", model="churn")
    other = poisoned(model="churn", data="transactions@2026-10", versions=[])
    assert back(here, other).codes == ("GM-P006", "GM-P401")
    here = told(THREE).accept(poisoned(data="transactions@2026-10", versions=["1.1.0", "1.2.0"]))
    assert back(here, {}).codes == ("GM-P401",)


@pytest.mark.attack("a rollback for poisoned data to a version made from it", "GM-P521", by="operator")
def test_the_target_has_none_of_it():
    here = told(THREE)
    verdict = back(here, poisoned(data="transactions@2026-10", versions=["1.2.0"]), "1.1.0")
    assert verdict.codes == ("GM-P521",)
    assert finding(verdict, "GM-P521").message == "fraud@1.1.0 was made from transactions@2026-10"


def test_descent_goes_through_the_versions_of_other_models():
    here = World().registered().registered(model="embedding")
    here.accept(version_files("1.0.0", model="embedding", data=[{"name": "corpus"}]))
    for version, base in (("1.0.0", None), ("1.1.0", "embedding@1.0.0"), ("1.2.0", "fraud@1.1.0")):
        here.accept(version_files(version, **({"base": base} if base else {}))).promoted(version)
    assert back(here, poisoned(data="corpus", versions=["1.1.0", "1.2.0"])).allowed
    verdict = back(here, poisoned(data="corpus", versions=["1.2.0"]), "1.1.0")
    assert finding(verdict, "GM-P521").message.endswith("built on embedding@1.0.0, which was made from corpus")


def test_automation_gets_no_further_by_naming_an_input():
    here = told(THREE)
    monitored = {"by": "monitor"}
    cause = poisoned(data="transactions@2026-10", versions=["1.1.0", "1.2.0"], **monitored)
    assert "GM-P503" in back(here, cause, by="monitor").codes


@pytest.mark.clause("A-summary-4")
def test_commits_of_code_are_compared_and_their_order_is_a_fact_of_the_repository():
    code = {version: {"code": {"commit": commit}} for version, commit in (("1.1.0", SHA), ("1.2.0", LATER))}
    here = told({"1.0.0": {"code": {"commit": "e" * 40}}, **code})
    cause = poisoned(commit=SHA, versions=["1.1.0", "1.2.0"])
    assert back(here, cause).codes == ("GM-P401", "GM-P522")
    assert back(here, cause, follows=frozenset({(SHA, LATER)})).allowed
    to_later = back(here, poisoned(commit=SHA), "1.1.0", follows=frozenset({(SHA, LATER)}))
    assert finding(to_later, "GM-P521").message == f"fraud@1.1.0 was made by commit {SHA[:12]}"


def test_versions_built_in_a_circle_or_on_nothing_known_descend_from_what_they_name():
    circle = {"1.0.0": {"base": "fraud@1.1.0"}, "1.1.0": {"base": "fraud@1.0.0"}, "1.2.0": {"base": "lost@1.0.0"}}
    here = told(circle)
    verdict = back(here, poisoned(data="transactions@2026-10", versions=["1.0.0", "1.1.0", "1.2.0", "9.0.0"]))
    assert finding(verdict, "GM-P522").details == ("1.1.0", "1.2.0", "9.0.0")


def test_at_high_risk_the_rollback_is_still_authorized():
    here = told(THREE, "high")
    cause = poisoned(data="transactions@2026-10", versions=["1.1.0", "1.2.0"], by="raio")
    assert back(here, cause, by="raio").allowed
    assert back(here, poisoned(data="transactions@2026-10", versions=["1.1.0", "1.2.0"]), by="operator").codes == (
        "GM-P401",
        "GM-P403",
    )


def test_siblings_are_quarantined_in_the_same_change():
    here = told({**THREE, "1.3.0": {"data": [BAD]}})
    bars = {path: data for one in ("1.1.0", "1.2.0", "1.3.0") for path, data in quarantine_file(one).items()}
    edits = {**bars, **poisoned(data="transactions@2026-10", versions=["1.1.0", "1.2.0", "1.3.0"])}
    for stage in here.policy.stages:
        edits |= here.stage("1.0.0", stage)
    assert here.judge(edits, by="operator").allowed
    kept = {path: data for path, data in edits.items() if not path.endswith("stages/staging.yaml")}
    assert "GM-P504" in here.codes(kept, by="operator")


def test_a_poisoned_input_is_data_or_a_commit_or_both():
    with refused() as caught:
        validate(Poisoned, {"versions": ["1.0.0"]}, "here")
    assert caught.value.code == "GM-D021"
    here = told({"1.0.0": {}, "1.1.0": {"code": {"commit": SHA}}, "1.2.0": {"data": [BAD]}})
    both = poisoned(data="transactions@2026-10", commit=SHA, versions=["1.1.0", "1.2.0"])
    assert here.judge(both, by="operator").allowed
    assert back(here, both).codes == ("GM-P522",)


def test_a_snapshot_alone_names_no_data_and_the_name_of_a_data_set_names_every_snapshot_of_it():
    others = {"name": "labels", "snapshot": "2026-10"}
    here = told({"1.0.0": {"data": [others]}, "1.1.0": {"data": [others, OLD]}, "1.2.0": {"data": [BAD]}})
    verdict = back(here, poisoned(data="2026-10", versions=["1.1.0", "1.2.0"]))
    assert verdict.codes == ("GM-P401", "GM-P522")
    assert back(here, poisoned(data="transactions", versions=["1.1.0", "1.2.0"])).allowed
