"""Throw-away repositories made by the real git: fixed dates, a home of their own, nothing of the machine's settings."""

import os
import subprocess
from dataclasses import dataclass, field
from pathlib import Path

DATE = 1_795_000_000  # seconds since 1970 of the first commit; each further one is a minute later
NAME = "Ada Example"
EMAIL = "ada@example.org"


def git_environment(home: Path, *, date: int = DATE, name: str = NAME, email: str = EMAIL) -> dict[str, str]:
    """The whole environment of a git that knows nothing but ``home``."""
    stamp = f"{date} +0000"
    return {
        "PATH": os.environ["PATH"],
        "HOME": str(home),
        "GIT_CONFIG_GLOBAL": str(home / ".gitconfig"),
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_AUTHOR_NAME": name,
        "GIT_AUTHOR_EMAIL": email,
        "GIT_AUTHOR_DATE": stamp,
        "GIT_COMMITTER_NAME": name,
        "GIT_COMMITTER_EMAIL": email,
        "GIT_COMMITTER_DATE": stamp,
        "GIT_TERMINAL_PROMPT": "0",
        "LC_ALL": "C.UTF-8",
        "TZ": "UTC",
    }


def run_git(path: Path, *args: str, home: Path, date: int = DATE, stdin: bytes = b"", check: bool = True) -> str:
    """Run git in ``path`` and give its output without the last newline; a failure raises with git's words."""
    environment = git_environment(home, date=date)
    done = subprocess.run(
        ["git", *args], cwd=path, env=environment, input=stdin, capture_output=True, check=False, timeout=120
    )
    if check and done.returncode:
        raise AssertionError(f"git {' '.join(args)}: {done.stderr.decode()}")
    return done.stdout.decode("utf-8", "surrogateescape").removesuffix("\n")


@dataclass
class GitRepository:
    """One throw-away repository; ``commit`` writes files and commits them with the next minute's date."""

    path: Path
    home: Path
    minutes: int = field(default=0)

    def git(self, *args: str, stdin: bytes = b"", check: bool = True) -> str:
        """Run git here."""
        return run_git(self.path, *args, home=self.home, date=DATE + 60 * self.minutes, stdin=stdin, check=check)

    def write(self, files: dict[str, str | bytes | None]) -> None:
        """Write files of the work tree; None deletes."""
        for name, content in files.items():
            path = self.path / name
            if content is None:
                path.unlink()
                continue
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content if isinstance(content, bytes) else content.encode())

    def commit(self, files: dict[str, str | bytes | None] | None = None, message: str = "change") -> str:
        """Commit ``files`` on the checked-out branch and give the commit's id."""
        self.minutes += 1
        self.write(files or {})
        self.git("add", "-A")
        self.git("commit", "--quiet", "--allow-empty", "--no-gpg-sign", "-m", message)
        return self.git("rev-parse", "HEAD")

    def merge(self, branch: str, message: str = "merge") -> str:
        """Merge ``branch`` with a merge commit and give its id."""
        self.minutes += 1
        self.git("merge", "--quiet", "--no-ff", "--no-gpg-sign", "-m", message, branch)
        return self.git("rev-parse", "HEAD")

    def rev(self, revision: str) -> str:
        """The object id that git gives for a revision."""
        return self.git("rev-parse", "--verify", revision)


def init_repository(path: Path, home: Path, *, bare: bool = False, options: tuple[str, ...] = ()) -> GitRepository:
    """Make an empty repository with branch main."""
    path.mkdir(parents=True)
    run_git(path, "init", "--quiet", "--initial-branch=main", *(["--bare"] if bare else []), *options, home=home)
    return GitRepository(path, home)


def clone_repository(source: Path | str, path: Path, home: Path, *, options: tuple[str, ...] = ()) -> GitRepository:
    """Clone ``source`` to ``path``."""
    run_git(path.parent, "clone", "--quiet", *options, "--", str(source), str(path), home=home)
    return GitRepository(path, home)


def install_hook(repository: Path, name: str, script: str) -> None:
    """Put an executable hook into a bare repository."""
    hook = repository / "hooks" / name
    hook.parent.mkdir(exist_ok=True)
    hook.write_text(script)
    hook.chmod(0o755)
