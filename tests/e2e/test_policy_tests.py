"""The wheel carries the policy tests of the reference registry, and its ``gm`` passes them."""

import shutil
import subprocess

import pytest

pytestmark = pytest.mark.slow


def test_the_installed_gm_passes_the_tests_that_it_carries(installed, tmp_path):
    bundle = next(installed.root.glob("lib/python3.*/site-packages/gitops_models/_bundle"))
    shutil.copytree(bundle / "policies", tmp_path / "policies")
    subprocess.run(["git", "init", "--quiet", str(tmp_path)], check=True, timeout=60)
    ran = installed.gm(tmp_path, "--json", "check", "--policy-tests")
    assert ran.status == 0, ran.err
    assert ran.json["total"] >= 100
    assert installed.gm(tmp_path, "policy", "lint").status == 0
    explained = installed.gm(tmp_path, "--json", "policy", "explain", "p401")
    assert explained.json["rule"]["kind"] == "integrity"
