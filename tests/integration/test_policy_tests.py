"""``gm check --policy-tests``, and tests as governed documents."""

import json
import re
import subprocess

import pytest

from gitops_models.cli.run import run
from gitops_models.policy.document import Policy
from gitops_models.policy.profiles import profile
from gitops_models.policy.simulation import load_simulation
from gitops_models.policy.trials import run as run_tests
from gitops_models.registry.documents import parse_document
from tests.support.policy import LENIENT, World, document, policy_yaml, yamls

WHO = ["--name", "Ada", "--email", "ada@example.org"]
PATH = "policies/tests/mine.yaml"
CASE = {
    "name": "nobody agreed",
    "propose": [{"event": "promoted", "version": "1.0.0", "stage": "staging"}],
    "expect": "pending",
    "codes": ["GM-P401"],
}


def mine(*cases, **fields):
    models = [{"name": "fraud", "risk": "high", "versions": [{"version": "1.0.0"}]}]
    return document("PolicyTest", **{"name": "mine", "models": models, "tests": list(cases), **fields})


@pytest.fixture
def gm(capsys):
    def call(folder, *words):
        status = run(["-C", str(folder), "--no-input", *words])
        return status, *capsys.readouterr()

    return call


@pytest.fixture
def registry(tmp_path, gm):
    folder = tmp_path / "registry"
    folder.mkdir()
    assert gm(folder, "init", *WHO)[0] == 0
    (folder / "policies" / "tests").mkdir()
    (folder / PATH).write_bytes(mine(CASE))
    return folder


def test_the_tests_of_this_repository_pass(repository_root, gm):
    status, out, _ = gm(repository_root, "--json", "check", "--policy-tests")
    body = json.loads(out)
    assert (status, body["kind"], body["passed"], body["failed"]) == (0, "PolicyTests", True, 0)
    assert body["total"] >= 25


def test_each_test_is_shown_and_all_pass(registry, gm):
    status, out, err = gm(registry, "check", "--policy-tests")
    assert (status, out) == (0, "ok    mine: nobody agreed\n1 tests, 0 failed\n")
    assert "next: gm" in err


def test_a_test_that_fails_shows_what_is_other_and_the_findings(registry, gm):
    (registry / PATH).write_bytes(mine({**CASE, "expect": "allowed", "codes": []}))
    status, out, _ = gm(registry, "check", "--policy-tests")
    assert status == 3
    for said in ("FAIL  mine", "expected allowed, it is pending", "error[GM-P401]", "1 tests, 1 failed"):
        assert said in out
    body = json.loads(gm(registry, "--json", "check", "--policy-tests")[1])
    (one,) = body["tests"]
    assert (one["passed"], one["expected"]["outcome"], one["verdict"]["outcome"]) == (False, "allowed", "pending")


def test_a_case_that_cannot_be_set_up_fails_too(registry, gm):
    (registry / PATH).write_bytes(mine({**CASE, "propose": [{"event": "exploded"}]}))
    status, out, _ = gm(registry, "check", "--policy-tests")
    assert (status, "GM-P733" in out) == (3, True)


def test_the_policy_of_the_work_tree_is_what_is_tested(registry, gm):
    policy = registry / "policies" / "policy.yaml"
    policy.write_text(policy.read_text().replace("high: {approve: [raio, domain-lead]", "high: {approve: none"))
    assert gm(registry, "check", "--policy-tests")[0] == 3


def test_a_file_or_a_directory_may_be_named(registry, tmp_path, gm):
    (tmp_path / "mine.yaml").write_bytes(mine(CASE))
    for where in (tmp_path / "mine.yaml", tmp_path):
        status, out, _ = gm(registry, "check", "--policy-tests", str(where))
        assert (status, "1 tests, 0 failed" in out) == (0, True)


def test_a_bare_repository_runs_what_is_committed(registry, tmp_path, gm):
    subprocess.run(["git", "-C", str(registry), "add", PATH], check=True, timeout=60)
    subprocess.run(["git", "-C", str(registry), "commit", "--quiet", "-m", "a test"], check=True, timeout=60)
    bare = tmp_path / "bare.git"
    subprocess.run(["git", "clone", "--quiet", "--bare", str(registry), str(bare)], check=True, timeout=60)
    status, out, _ = gm(bare, "check", "--policy-tests")
    assert (status, "1 tests, 0 failed" in out) == (0, True)


def test_a_commit_may_be_tested_that_is_not_checked_out(registry, tmp_path, gm):
    subprocess.run(["git", "-C", str(registry), "add", PATH], check=True, timeout=60)
    subprocess.run(["git", "-C", str(registry), "commit", "--quiet", "-m", "a test"], check=True, timeout=60)
    policy = registry / "policies" / "policy.yaml"
    policy.write_text(policy.read_text().replace("high: {approve: [raio, domain-lead]", "high: {approve: none"))
    assert gm(registry, "check", "--policy-tests")[0] == 3
    assert gm(registry, "check", "--policy-tests", "--head", "HEAD")[0] == 0
    status, _, err = gm(registry, "check", "--policy-tests", "--head", "HEAD~1")
    assert (status, "GM-C210" in err) == (6, True)
    assert gm(tmp_path, "check", "--policy-tests", "--head", "HEAD")[0] != 0


def test_without_a_test_or_a_policy_nothing_was_tested(registry, tmp_path, gm):
    (registry / PATH).unlink()
    status, _, err = gm(registry, "check", "--policy-tests")
    assert (status, "GM-C210" in err) == (6, True)
    (registry / "policies" / "tests").rmdir()
    assert gm(registry, "check", "--policy-tests")[0] == 6
    empty = tmp_path / "empty"
    empty.mkdir()
    status, _, err = gm(empty, "check", "--policy-tests")
    assert (status, "GM-P701" in err) == (3, True)


def test_a_policy_in_the_work_tree_of_an_unborn_repository_has_no_committed_tests(tmp_path, gm):
    subprocess.run(["git", "init", "--quiet", str(tmp_path)], check=True, timeout=60)
    (tmp_path / "policies").mkdir()
    (tmp_path / "policies" / "policy.yaml").write_bytes(policy_yaml("minimal"))
    status, _, err = gm(tmp_path, "check", "--policy-tests")
    assert (status, "GM-C210" in err) == (6, True)
    assert gm(tmp_path, "policy", "lint")[0] == 0


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (mine(CASE, name="other"), "GM-D023"),
        (mine({**CASE, "expects": "allowed"}), "GM-D021"),
        (document("Targets"), "GM-D022"),
        (b"a: &b c\n", "GM-D004"),
    ],
)
def test_a_test_that_is_not_valid_runs_nothing(data, code, registry, gm):
    (registry / PATH).write_bytes(data)
    status, out, err = gm(registry, "check", "--policy-tests")
    assert (status, out, code in err) == (2, "", True)


@pytest.mark.parametrize("extra", [["--documents"], ["--base", "main"], ["--format", "sarif"]])
def test_it_is_asked_for_alone(extra, registry, gm):
    status, _, err = gm(registry, "check", "--policy-tests", *extra)
    assert (status, "GM-C002" in err) == (2, True)


# A policy test is a governed document


def governed(data):
    """The verdict on a change that brings a policy test."""
    world = World(policy=policy_yaml(**LENIENT))
    return world.judge({PATH: data}, by="raio2", approvals=["raio", "owner"])


def test_a_valid_one_is_accepted_with_the_quorum_of_the_policy():
    assert governed(mine(CASE)).allowed
    world = World(policy=policy_yaml(**LENIENT))
    assert world.codes({PATH: mine(CASE)}) == ("GM-P401",)


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (mine({**CASE, "codes": []}), "GM-P001"),
        (mine(), "GM-P001"),
        (document("Targets"), "GM-P001"),
        (b"not: [a, document\n", "GM-P001"),
        (mine(CASE, name="other"), "GM-P002"),
    ],
)
def test_an_invalid_one_is_refused_like_any_governed_document(data, code):
    assert governed(data).codes == (code,)


def test_check_documents_sees_it_too(registry, gm):
    (registry / PATH).write_bytes(mine(CASE, name="other"))
    subprocess.run(["git", "-C", str(registry), "add", PATH], check=True, timeout=60)
    subprocess.run(["git", "-C", str(registry), "commit", "--quiet", "-m", "a test"], check=True, timeout=60)
    status, out, _ = gm(registry, "check", "--documents")
    assert (status, "GM-D023" in out) == (3, True)


def test_what_a_test_proposes_is_data_only():
    """However deep or odd its free fields are, nothing but documents comes of them."""
    hostile = {"policy": {"risks": {"low": "!!python/object:os.system"}}, "files": {"../../etc/passwd": "x"}}
    data = mine({**CASE, "propose": [{"event": "files", **hostile}]})
    assert yamls.load(data, PATH)["tests"][0]["propose"][0]["files"] == {"../../etc/passwd": "x"}
    assert governed(data).allowed


# The page that explains it is true


def test_the_example_of_the_documentation_passes_under_the_regulated_profile(repository_root):
    page = (repository_root / "docs" / "how-to" / "write-a-policy.md").read_text()
    blocks = re.findall(r"^```yaml\n(.*?)^```", page, re.MULTILINE | re.DOTALL)
    (example,) = (block for block in blocks if "kind: PolicyTest" in block)
    test = parse_document(example.encode(), "example.yaml", "PolicyTest")
    found = run_tests(test, profile("regulated"))
    assert [trial.differences for trial in found] == [()] * 3
    (supposed,) = re.findall(r"^```json\n(.*?)^```", page, re.MULTILINE | re.DOTALL)
    assert [one.decision for one in load_simulation(supposed.encode(), "x")] == ["approve", "reject"]


def test_every_field_of_the_policy_is_in_the_table_of_the_documentation(repository_root):
    page = (repository_root / "docs" / "how-to" / "write-a-policy.md").read_text()
    table = "".join(line for line in page.splitlines() if line.startswith("| `"))
    named = set(re.findall(r"`([a-z_]+)`", table))
    about_itself = {"apiVersion", "kind", "id", "version", "rules", "status", "owner", "max_staleness_minutes"}
    assert {field.alias or name for name, field in Policy.model_fields.items()} - about_itself <= named
