"""``gm policy show | lint | explain`` as people run them."""

import json
import subprocess

import pytest

from gitops_models.cli.policy_explain_cmd import complete
from gitops_models.cli.run import run
from gitops_models.policy.profiles import PROFILES, profile
from tests.support.policy import waiver_file

WHO = ["--name", "Ada", "--email", "ada@example.org"]


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
    return folder


def edited(folder, old, new):
    path = folder / "policies" / "policy.yaml"
    path.write_text(path.read_text().replace(old, new))
    return path


def test_show_prints_the_accepted_policy_and_not_the_edit_in_the_work_tree(registry, gm):
    edited(registry, "stages: [staging, production]", "stages: [production]")
    status, out, err = gm(registry, "--json", "policy", "show")
    body = json.loads(out)
    assert (status, body["kind"], body["policy"]["stages"]) == (0, "EffectivePolicy", ["staging", "production"])
    assert body["policy"]["approvals"]["distinct_persons"] is True
    row = next(row for row in body["entitlements"] if row["what"] == "promote")
    assert row["agree"] == {
        "low": ["technical-lead"],
        "medium": ["raio"],
        "high": ["raio", "domain-lead"],
        "critical": ["raio", "domain-lead"],
    }
    status, out, err = gm(registry, "policy", "show")
    assert (status, "WHO MAY DO WHAT" in out, "registration:" in out, "next: gm" in err) == (0, True, True, True)


@pytest.mark.parametrize("name", PROFILES)
def test_what_init_writes_passes_lint(name, tmp_path, gm):
    (tmp_path / "policy.yaml").write_bytes(profile(name))
    status, out, _ = gm(tmp_path, "policy", "lint", str(tmp_path / "policy.yaml"))
    assert (status, "0 errors" in out) == (0, True)


def test_the_documents_of_init_pass_lint_with_their_people(registry, gm):
    status, out, _ = gm(registry, "--json", "policy", "lint")
    body = json.loads(out)
    assert (status, body["kind"], body["passed"], body["errors"]) == (0, "PolicyLint", True, 0)


def test_lint_reads_the_work_tree_and_fails_on_errors(registry, gm):
    edited(registry, "policy_changes: {approve: none}", "policy_changes: {approve: [raio, raio, raio]}")
    status, out, _ = gm(registry, "policy", "lint")
    assert (status, "error[GM-P723]: distinct people cannot agree to policy changes" in out) == (3, True)
    edited(registry, "approve: [raio, raio, raio]", "approve: []")
    status, out, err = gm(registry, "policy", "lint")
    assert (status, "error[GM-P720]: policy_changes.approve is empty" in out) == (3, True)
    assert "policy explain CODE" in err


def test_lint_knows_what_is_registered(registry, gm):
    policy = registry / "policies" / "policy.yaml"
    policy.write_text(f"{policy.read_text()}rollback: {{degrade: 'fallback:fraud@1.0.0'}}\n")
    status, out, _ = gm(registry, "policy", "lint")
    assert (status, "error[GM-P734]" in out) == (3, True)


def test_warnings_fail_only_when_asked_to(registry, gm):
    edited(registry, "roles: [", "roles: [spectator, ")
    assert gm(registry, "policy", "lint")[0] == 0
    status, out, _ = gm(registry, "--json", "policy", "lint", "--strict")
    assert (status, json.loads(out)["passed"], json.loads(out)["strict"]) == (3, False, True)


def test_lint_of_a_bare_repository_is_of_what_is_committed(registry, tmp_path, gm):
    bare = tmp_path / "bare.git"
    subprocess.run(["git", "clone", "--quiet", "--bare", str(registry), str(bare)], check=True, timeout=60)
    status, out, _ = gm(bare, "policy", "lint")
    assert (status, "0 errors" in out) == (0, True)


def test_lint_follows_no_link_out_of_a_proposal_and_reads_no_endless_file(registry, tmp_path, gm):
    policy, secret = registry / "policies" / "policy.yaml", tmp_path / "secret.yaml"
    secret.write_text("password: one\npassword: two\n")
    policy.unlink()
    policy.symlink_to(secret)
    status, _, err = gm(registry, "policy", "lint")
    assert (status != 0, "GM-A102" in err, "password" in err) == (True, True, False)
    policy.unlink()
    policy.write_bytes(b"#" * (256 * 1024 + 1))
    status, _, err = gm(registry, "policy", "lint")
    assert (status, "GM-D001" in err) == (2, True)


def test_without_a_policy_there_is_nothing_to_lint(tmp_path, gm):
    status, _, err = gm(tmp_path, "policy", "lint")
    assert (status, "GM-P701" in err) == (3, True)
    subprocess.run(["git", "init", "--quiet", str(tmp_path)], check=True, timeout=60)
    assert gm(tmp_path, "policy", "lint")[0] == 3


def test_a_repository_that_cannot_be_used_is_no_missing_one(tmp_path, gm):
    (tmp_path / ".git").write_text("gitdir: /nowhere\n")
    status, _, err = gm(tmp_path, "policy", "lint")
    assert (status != 0, "GM-S" in err or "GM-P701" in err) == (True, True)


def test_explain_prints_rule_kind_severity_since_and_remedy(tmp_path, gm):
    status, out, _ = gm(tmp_path, "policy", "explain", "p107")
    assert status == 0
    for said in ("GM-P107: version tag is wrong", "admission", "deny", "rule set 1", "gm tag --restore", "rules.md#"):
        assert said in out
    body = json.loads(gm(tmp_path, "--json", "policy", "explain", "GM-P107")[1])
    assert (body["kind"], body["rule"]["kind"], body["exitStatus"]) == ("Explanation", "admission", 3)
    assert json.loads(gm(tmp_path, "--json", "policy", "explain", "GM-D021")[1])["rule"] is None


def test_an_unknown_code_is_not_found_and_near_ones_are_named(tmp_path, gm):
    status, _, err = gm(tmp_path, "policy", "explain", "GM-P40l")
    assert (status, "GM-C209" in err, "GM-P401" in err) == (6, True, True)
    status, _, err = gm(tmp_path, "policy", "explain", "\x1b[2J")
    assert (status, "\x1b" in err) == (6, False)


def test_codes_complete_with_and_without_their_prefix():
    assert complete("gm-p40") == complete("p40")
    assert {"GM-P401", "GM-P402"} <= set(complete("P40"))
    assert complete("nothing") == []


def test_lint_reads_the_waivers_of_the_work_tree_and_refuses_a_misnamed_one(registry, gm):
    (path, data) = next(iter(waiver_file(code="GM-P401", expires="2026-11-21T13:00:00Z").items()))
    (registry / path).parent.mkdir()
    (registry / path).write_bytes(data)
    status, out, _ = gm(registry, "--json", "policy", "lint")
    found = {one["code"]: one["where"] for one in json.loads(out)["findings"]}
    assert status == 3
    assert found.items() >= {"GM-P708": path, "GM-P735": path}.items()
    (registry / path).rename(registry / "policies/waivers/other.yaml")
    status, _, err = gm(registry, "policy", "lint")
    assert (status != 0, "GM-D023" in err) == (True, True)


@pytest.mark.parametrize(("code", "waivable"), [("GM-P316", True), ("GM-P401", False)])
def test_explain_says_what_may_be_waived(tmp_path, gm, code, waivable):
    assert ("a waiver may let it only warn" in gm(tmp_path, "policy", "explain", code)[1]) is waivable
    assert json.loads(gm(tmp_path, "--json", "policy", "explain", code)[1])["rule"]["waivable"] is waivable
