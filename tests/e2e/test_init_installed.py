"""What an installed gm brings to a repository on GitHub: the wheel holds the workflows."""

import subprocess

from gitops_models.workflows.forgefiles import WORKFLOWS


def test_the_installed_gm_founds_a_repository_with_the_workflows_of_this_one(installed, tmp_path, repository_root):
    gm = installed.bin / "gm"
    words = ["init", "--forge", "github", "--name", "Ada", "--email", "ada@example.org"]
    done = subprocess.run([str(gm), "-C", str(tmp_path / "new"), *words], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    for name in WORKFLOWS:
        path = f".github/workflows/{name}"
        assert (tmp_path / "new" / path).read_bytes() == (repository_root / path).read_bytes()
