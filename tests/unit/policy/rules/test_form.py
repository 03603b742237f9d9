import pytest

from gitops_models.registry.scopes import Entry
from tests.support.policy import (
    LENIENT,
    World,
    artifact,
    cause_file,
    commit,
    document,
    evidence_file,
    finding,
    lineage_yaml,
    model_yaml,
    people_yaml,
    pointer,
    policy_yaml,
    version_files,
)


def world():
    return World().registered("1.0.0")


def test_a_change_of_nothing_is_refused():
    assert world().codes({}) == ("GM-P000",)


def test_a_registration_by_an_engineer_is_allowed():
    verdict = world().judge(version_files("1.1.0"))
    assert verdict.allowed
    assert not verdict.quorum_needed


def test_a_document_that_does_not_parse_is_refused_with_line_and_code():
    verdict = world().judge({"models/fraud/causes/c1.yaml": b"kind: Cause\n\tbad"})
    assert verdict.codes == ("GM-P001",)
    assert "line 2" in finding(verdict, "GM-P001").message


def test_a_document_with_an_unknown_field_is_refused():
    assert world().codes({"models/fraud/model.yaml": model_yaml(mood="good")}) == ("GM-P001",)


def test_a_policy_with_an_unenforced_clause_is_refused():
    assert world().codes({"policies/policy.yaml": policy_yaml(version=2, soak=4)}) == ("GM-P001",)


def test_a_digest_that_is_not_well_formed_is_refused():
    bad = {**artifact("1.1.0"), "sha256": "ABC"}
    assert world().codes(version_files("1.1.0", artifacts=[bad])) == ("GM-P001",)


def test_a_pointer_with_code_in_it_is_refused():
    entry = artifact("1.1.0")
    files = version_files("1.1.0")
    path = "models/fraud/versions/1.1.0/model.onnx.dvc"
    assert world().codes({**files, path: pointer(entry, isexec=True)}) == ("GM-P001",)
    assert "GM-P109" in finding(world().judge({**files, path: pointer(entry, isexec=True)}), "GM-P001").message


@pytest.mark.clause("B-4.1-1", "B-4.1-2")
def test_a_document_that_speaks_for_another_path_is_refused():
    lineage = lineage_yaml("9.9.9", artifacts=[artifact("1.1.0")])
    files = {**version_files("1.1.0"), "models/fraud/versions/1.1.0/lineage.yaml": lineage}
    assert world().codes(files) == ("GM-P002",)


def test_a_symlink_an_executable_and_an_unknown_file_are_refused():
    for mode in (0o120000, 0o100755, 0o160000):
        assert world().codes({"models/fraud/causes/c1.yaml": Entry(mode, "0" * 40)}) == ("GM-P003",)
    assert world().codes({"models/fraud/run.sh": b"echo"}) == ("GM-P003",)
    assert world().codes({"models/fraud/versions/2.0.0/evidence/model.sig": b"{}"}) == ("GM-P003",)


def test_attached_signatures_are_no_documents():
    assert world().judge({"models/fraud/versions/1.0.0/evidence/model.sig": b"{}"}).allowed


def test_policy_and_models_in_one_change_are_refused():
    edits = {"policies/people.yaml": people_yaml(visitor={"suspended": True}), **version_files("1.1.0")}
    assert world().codes(edits) == ("GM-P004",)


@pytest.mark.clause("B-7-1", "A-execution-1")
def test_an_event_without_a_reason_is_refused():
    here = world()
    edits = version_files("1.1.0")
    for reason in (None, "  "):
        assert here.codes(edits, commits=(commit(edits, reason=reason),)) == ("GM-P005",)
    silent = commit(list(edits)[:1], reason=None)
    assert here.judge(edits, commits=(silent, commit(list(edits)[1:]))).allowed


def test_each_event_needs_its_own_reason():
    here = world()
    edits = {**version_files("1.1.0"), **evidence_file("1.1.0", "unit-tests", by="engineer")}
    first, *rest = sorted(edits, key=lambda path: "evidence" not in path)
    verdict = here.judge(edits, commits=(commit([first], reason=None), commit(rest)))
    assert verdict.codes == ("GM-P005",)
    assert "evidence for fraud@1.1.0" in finding(verdict, "GM-P005").message


def test_two_models_in_a_change_with_a_quorum_are_refused_unless_the_policy_allows_it():
    def promoting_two(policy):
        here = World(policy).registered("1.0.0").registered("1.0.0", model="churn")
        edits = {**here.stage("1.0.0", "development"), **here.stage("1.0.0", "development", model="churn")}
        return here.judge(edits, approvals=["lead"])

    assert promoting_two(policy_yaml(**LENIENT)).codes == ("GM-P006",)
    assert promoting_two(policy_yaml(**LENIENT, approvals={"multi_model": True})).allowed


def test_two_models_without_a_quorum_are_fine():
    here = world().registered("1.0.0", model="churn")
    edits = {**version_files("1.1.0"), **version_files("1.1.0", model="churn")}
    assert here.judge(edits).allowed


def test_a_kind_that_this_version_does_not_know_is_refused():
    assert world().codes({"models/fraud/triggers.yaml": document("Wishes", model="fraud")}) == ("GM-P001",)


def test_of_a_cause_only_the_resolution_is_edited():
    here = world().accept(cause_file(severity="low"), by="operator")
    settled = {"root_cause": "bad labels", "by": "operator", "at": "2026-11-21T12:00:00Z"}
    assert here.judge(cause_file(severity="low", resolution=settled), by="operator").allowed
    assert here.codes(cause_file(severity="high", resolution=settled), by="operator") == ("GM-P102",)


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"code": {"repository": "https://u:secret@h/x"}}, "code.repository"),
        ({"parameters": {"values": {"https://u:secret@h/x": ["https://token@h"]}}}, "parameters.values.a key"),
        ({"parameters": {"values": {"tables": ["a", "postgres://u:secret@h"]}}}, "parameters.values.tables.1"),
    ],
)
def test_an_address_with_a_password_is_refused_without_being_shown(fields, field):
    verdict = world().judge(version_files("1.1.0", **fields))
    assert verdict.codes == ("GM-P007",)
    assert finding(verdict, "GM-P007").message == f"{field} has an address with user information"
    assert "secret" not in str(verdict)
