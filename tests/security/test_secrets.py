"""Addresses with user and password do not get into a history that everybody reads for ever."""

from types import SimpleNamespace

import pytest

from gitops_models.errors import GmError
from gitops_models.registry.paths import Layout
from gitops_models.workflows.lineage import _data
from tests.support import policy as documents
from tests.support.stories import last

SECRET = "https://u:hunter2@h.example/x"
PLAIN = "https://h.example/x"


def lineage(**fields):
    return documents.version_files("1.2.0", **fields)


def evidence(address):
    return documents.evidence_file("1.0.0", "evaluation", by="engineer", report={"uri": address})


FIELDS = {
    "code.repository": lambda address: lineage(code={"repository": address}),
    "data.0.uri": lambda address: lineage(data=[{"name": "rows", "uri": address}]),
    "parameters.values.source": lambda address: lineage(parameters={"values": {"source": address}}),
    "parameters.values.a key": lambda address: lineage(parameters={"values": {address: 1}}),
    "parameters.values.list.0": lambda address: lineage(parameters={"values": {"list": [address]}}),
    "environment.image": lambda address: lineage(environment={"image": address}),
    "report.uri": evidence,
}


def landed(registry, files, by="engineer"):
    registry.merge_by_hand(registry.commit(files, by=by), by=by)
    return last(registry)


@pytest.mark.attack("an address with a password in history", "GM-P007", by="author")
@pytest.mark.parametrize("field", FIELDS)
def test_an_address_with_a_password_is_not_accepted(registry, field):
    step = landed(registry, FIELDS[field](SECRET))
    assert (step.status, step.verdict.codes) == ("denied", ("GM-P007",))
    assert field in step.verdict.denials[0].message
    assert "hunter2" not in str(step.verdict)


@pytest.mark.lookalike("the same address without the password")
@pytest.mark.parametrize("field", FIELDS)
def test_the_same_address_without_it_is_accepted(registry, field):
    assert landed(registry, FIELDS[field](PLAIN)).status == "accepted"


def test_links_of_records_are_read_too(registry):
    for link, codes in ((SECRET, ("GM-P007",)), (PLAIN, ())):
        tip = registry.tip
        files = documents.cause_file(
            resolution={"root_cause": "x", "link": link, "by": "operator", "at": "2026-11-21T12:00:00Z"}
        )
        assert landed(registry, files, by="operator").verdict.codes == codes
        registry.force(tip)


def test_a_workflow_of_gm_is_governed_whatever_its_ending():
    for ending in ("yml", "yaml"):
        place = Layout().classify(f".github/workflows/gm-check.{ending}")
        assert (place.kind, place.scope) == ("workflow", "policy")
    assert Layout().classify(".github/workflows/ci.yaml") is None


@pytest.mark.attack("a gm workflow planted under the other ending", "GM-P401", by="author")
def test_a_gm_workflow_with_the_other_ending_is_not_planted_by_push(registry):
    step = landed(registry, {".github/workflows/gm-check.yaml": b"on: push\n"})
    assert step.status == "pending"
    assert "GM-P401" in step.verdict.codes
    assert landed(registry, {".github/workflows/ci.yaml": b"on: push\n"}).status == "untouched"


def test_the_flag_for_data_refuses_a_password():
    for address in (SECRET, "https://u:hunter2@h.example", f"{SECRET}@2026"):
        with pytest.raises(GmError) as caught:
            _data(SimpleNamespace(data=[f"rows={address}"]), [])
        assert caught.value.code == "GM-C208"
        assert "hunter2" not in caught.value.message
    found = _data(SimpleNamespace(data=[f"rows={PLAIN}@2026"]), [])
    assert found.value == [{"name": "rows", "uri": PLAIN, "snapshot": "2026"}]
