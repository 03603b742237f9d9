"""The committed workflows, run by act with the real ``gm`` over a real registry: what passes the gate and what not.

No API of a forge is asked: documents come from the pull request's commits, approvals from the ledger.
"""

import shutil
import subprocess
import sys

import pytest

from gitops_models.errors import GmError
from gitops_models.workflows.checking import check_range
from tests.support import policy as documents
from tests.support.act import ROOT, Hosted, pull_request
from tests.support.registry import NO_EVIDENCE
from tests.support.team import Team

PEOPLE = {"engineer": ["ml-engineer"], "lead": ["technical-lead"], "raio": ["raio"], "raio2": ["raio"]}
PEOPLE |= {"domain": ["domain-lead"], "both": ["raio", "domain-lead"]}
PEOPLE |= {name: ["oversight-committee"] for name in ("board1", "board2")}
PEOPLE |= {name: ["emergency-committee"] for name in ("rescue1", "rescue2")}
PEOPLE |= {"operator": ["operator"], "owner": ["policy-owner"]}
MINIMAL = {**NO_EVIDENCE, "stages": ["staging", "production"]}

pytestmark = pytest.mark.slow


class Registered(Hosted):
    """A remote that holds a registry, and a work tree that holds the committed workflows."""

    def __init__(self, folder, home):
        self.folder = folder
        self.team = Team(folder, home, PEOPLE, policy="minimal", stages=["staging", "production"])
        self.registry = self.team.registry
        self.remote, self.clone = self.team.path, folder / "work"
        self.registry.version("fraud", "1.0.0", risk="medium")
        subprocess.run(["git", "init", "--quiet", str(self.clone)], check=True)
        shutil.copytree(ROOT / ".github" / "workflows", self.clone / ".github" / "workflows")
        self.path = folder / "bin"
        self.path.mkdir()
        (self.path / "gm").write_text(f'#!/bin/sh\nexec {sys.executable} -m gitops_models "$@"\n')
        (self.path / "gm").chmod(0o755)

    def propose(self, files, *, by="engineer"):
        """A pull request's head: a signed commit that is on no branch of the base."""
        head = self.registry.commit(files, by=by)
        self.registry.force(head, "refs/heads/proposal")
        return head

    def judge(self, head, *, workflow="gm-policy.yml", event="pull_request_target", pin=True):
        """Run a workflow for the pull request: exit status and everything that was printed."""
        variables = {"GM_PIN": self.registry.pin} if pin else {}
        payload = pull_request(self.registry.tip, head)
        environment = {"PYTHONPATH": str(ROOT)}
        done = self.run(workflow, event, payload, path=self.path, environment=environment, variables=variables)
        return done.returncode, done.stdout

    def lint(self, head):
        """Run the workflow that gives fast feedback."""
        return self.judge(head, workflow="gm-lint.yml", event="pull_request")


@pytest.fixture
def hosted(tmp_path, home):
    return Registered(tmp_path, home)


def test_a_promotion_passes_when_its_signed_approval_is_in_the_ledger_and_not_before(hosted):
    proposal = hosted.registry.promote("fraud", "1.0.0", "staging")
    status, said = hosted.judge(proposal.head)
    assert (status, "::error" in said and "title=GM-P401" in said) == (1, True), said
    hosted.registry.approve(proposal, "raio")
    status, said = hosted.judge(proposal.head)
    assert (status, "::error" in said) == (0, False), said


def test_without_a_pin_the_same_is_denied_and_a_warning_is_given(hosted):
    proposal = hosted.registry.promote("fraud", "1.0.0", "staging")
    status, said = hosted.judge(proposal.head, pin=False)
    assert (status, "title=GM-P401" in said, "no pin" in said) == (1, True, True), said


def test_a_pull_request_that_weakens_its_own_policy_is_judged_by_the_policy_of_the_base(hosted):
    weak = documents.policy_yaml("minimal", **MINIMAL, policy_changes={"approve": "none"})
    head = hosted.propose({"policies/policy.yaml": weak})
    status, said = hosted.judge(head)
    assert (status, "title=GM-P401" in said) == (1, True), said


def test_without_a_pin_a_history_that_does_not_hold_from_its_beginning_is_never_passed(hosted):
    registry = hosted.registry
    # The policy was replaced by force and trusted anew from there: the gate must be told which of the two judges.
    strict = documents.policy_yaml("minimal", **MINIMAL, version=2)
    epoch = registry.commit({"policies/policy.yaml": strict}, by="lead", land=True)
    proposal = registry.commit(documents.version_files("1.1.0"))
    hosted.team.git("clone", "--quiet", "--bare", str(registry.path), str(hosted.folder / "gate"), path=hosted.folder)
    hosted.team.git("fetch", "--quiet", str(registry.path), proposal, path=hosted.folder / "gate")
    with pytest.raises(GmError) as refused:
        check_range(hosted.folder / "gate", registry.tip, proposal, registry.clock)
    assert refused.value.code == "GM-T502"
    assert check_range(hosted.folder / "gate", registry.tip, proposal, registry.clock, pin=epoch).pinned
    registry.force(proposal, "refs/heads/proposal")
    status, said = hosted.judge(proposal, pin=False)
    assert (status, "title=GM-T502" in said) == (1, True), said


def test_a_malformed_document_fails_lint_with_its_place(hosted):
    head = hosted.propose({"models/fraud/model.yaml": b"apiVersion: gitops-models/v1\nkind: Model\nname: [unclosed\n"})
    status, said = hosted.lint(head)
    assert (status, "file=models/fraud/model.yaml" in said, "title=GM-D003" in said) == (1, True, True), said


def test_a_released_lineage_that_was_edited_fails_lint(hosted):
    path = "models/fraud/versions/1.0.0/lineage.yaml"
    edited = hosted.registry.history().state.snapshot.data(path) + b"notes: better than it was\n"
    status, said = hosted.lint(hosted.propose({path: edited}))
    assert (status, "title=GM-P101" in said or "GM-D" in said) == (1, True), said


def test_good_documents_pass_lint(hosted):
    head = hosted.propose(documents.version_files("1.1.0"))
    status, said = hosted.lint(head)
    assert (status, "::error" in said) == (0, False), said


def test_the_tests_of_the_policy_are_run_and_one_that_fails_fails_lint(hosted, repository_root):
    path = "policies/tests/risk-table.yaml"
    good = (repository_root / path).read_bytes()
    status, said = hosted.lint(hosted.propose({path: good}))
    assert (status, "20 tests, 0 failed" in said) == (0, True), said
    status, said = hosted.lint(hosted.propose({path: good.replace(b"expect: pending", b"expect: denied", 1)}))
    assert (status, "20 tests, 1 failed" in said) == (1, True), said
