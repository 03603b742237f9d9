"""Runs the committed workflows with act, on this machine, without containers and without any API of a forge."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
IDENTITY = ("-c", "user.name=Ada", "-c", "user.email=ada@example.org")


def git(folder, *arguments):
    """Run git and give its output without the last line break."""
    command = ["git", "-C", str(folder), *IDENTITY, *arguments]
    return subprocess.run(command, check=True, capture_output=True, text=True, timeout=60).stdout.rstrip("\n")


def stand_in(folder, script):
    """A folder for PATH in which ``gm`` is this script."""
    folder.mkdir()
    (folder / "gm").write_text(script)
    (folder / "gm").chmod(0o755)
    return folder


class Hosted:
    """A bare remote and a clone whose work tree is what the forge takes workflow files from."""

    def __init__(self, folder):
        self.folder = folder
        self.remote = folder / "remote.git"
        self.clone = folder / "clone"
        git(folder, "init", "--quiet", "--bare", "--initial-branch=main", str(self.remote))
        git(folder, "clone", "--quiet", str(self.remote), str(self.clone))
        git(self.clone, "checkout", "--quiet", "-B", "main")
        shutil.copytree(ROOT / ".github" / "workflows", self.clone / ".github" / "workflows")
        self.base = self.commit("main", {"README.md": "base\n"})

    def commit(self, branch, files):
        """Commit ``files`` (path to text) on ``branch`` and push it; the work tree goes back to main."""
        git(self.clone, "checkout", "--quiet", "-B", branch)
        for name, text in files.items():
            path = self.clone / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        git(self.clone, "add", "--all")
        git(self.clone, "commit", "--quiet", "-m", branch)
        git(self.clone, "push", "--quiet", "origin", branch)
        made = git(self.clone, "rev-parse", "HEAD")
        git(self.clone, "checkout", "--quiet", "main")
        return made

    def run(self, workflow, event, payload, *, path=None, environment=None, variables=None, more=()):
        """Run one workflow for one event; ``path`` goes before PATH, ``more`` are options of act.

        Gives the finished process, output merged.
        """
        file = self.folder / "event.json"
        file.write_text(json.dumps(payload))
        act = Path(sys.executable).parent / "act"
        command = [str(act), event, "-P", "ubuntu-latest=-self-hosted", "--no-cache-server", "-e", str(file)]
        command += ["-W", f".github/workflows/{workflow}"]
        for name, value in (variables or {}).items():
            command += ["--var", f"{name}={value}"]
        command += more
        environ = {**os.environ, "GM_REMOTE_URL": f"file://{self.remote}", **(environment or {})}
        environ["PATH"] = os.pathsep.join([*([str(path)] if path else []), str(act.parent), environ["PATH"]])
        return subprocess.run(
            command,
            cwd=self.clone,
            env=environ,
            check=False,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=240,
        )


def pull_request(base, head, *, base_ref="main", head_ref="proposal"):
    """The fields of a pull request event that the workflows read."""
    return {
        "number": 7,
        "pull_request": {"number": 7, "base": {"ref": base_ref, "sha": base}, "head": {"ref": head_ref, "sha": head}},
        "repository": {"default_branch": "main"},
    }
