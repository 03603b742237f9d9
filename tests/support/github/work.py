"""What tests of the fake itself begin with: a few people, and a clone of one of them over HTTPS."""

import subprocess
from contextlib import contextmanager

from tests.support.git import init_repository
from tests.support.github.fake import FakeGitHub
from tests.support.keys import ed25519_key

HOME = "/repos/acme/registry"
PEOPLE = {"ann": 101, "lead": 102, "boss": 103}


@contextmanager
def peopled(folder, monkeypatch):
    """A fake with ann and lead who may write, boss who may do all, and an App; this process acts as ann."""
    with FakeGitHub(folder) as fake:
        for login, number in PEOPLE.items():
            key = ed25519_key(login).public_key
            fake.account(login, id=number, emails=[f"{login}@example.org"], keys=[key])
        fake.accounts["boss"].permission = "admin"
        fake.account("gm[bot]", id=900, kind="Bot")
        for name, value in fake.environ("ann").items():
            monkeypatch.setenv(name, value)
        yield fake


class Work:
    """A clone of ann's, over HTTPS with her token."""

    def __init__(self, fake, repo, folder, home):
        self.fake, self.repo, self.folder = fake, repo, folder
        init_repository(folder, home)
        self.git("remote", "add", "origin", repo.remote_url)
        self.main = self.commit("main", {"a.txt": "a\n"})

    def git(self, *args, check=True):
        command = ["git", "-c", "user.name=ann", "-c", "user.email=ann@example.org", *args]
        done = subprocess.run(command, cwd=self.folder, capture_output=True, text=True, check=False, timeout=120)
        assert not check or done.returncode == 0, done.stderr
        return done.stdout.strip() if check else done

    def commit(self, branch, files, *, start=None, push=True):
        """Commit files on a branch and push it."""
        self.git("checkout", "--quiet", "-B", branch, *([start] if start else []))
        for name, text in files.items():
            (self.folder / name).write_text(text)
        self.git("add", "-A")
        self.git("commit", "--quiet", "--no-gpg-sign", "-m", f"change {', '.join(files)}")
        if push:
            self.git("push", "--quiet", "--force", "origin", branch)
        return self.git("rev-parse", "HEAD")

    def propose(self, branch="change", text="b\n", *, by="ann"):
        """A pull request of one commit."""
        self.commit(branch, {f"{branch}.txt": text}, start="origin/main")
        wanted = {"title": branch, "body": "why\n\nGm-Event: promote", "head": branch, "base": "main"}
        return self.fake.ask(by, "POST", f"{HOME}/pulls", wanted).data["number"]
