"""A server with its door and people with clones of their own: the real git, ssh-keygen, hook and ``gm`` processes.

The history is written by ``Registry`` in this process, because signing in processes would take minutes; everything
after it goes through the command line, at the machine's own clock.
"""

import json
import os
import subprocess
import sys
import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from unittest import mock

from gitops_models.workflows.door import install_hook
from gitops_models.workflows.pin import pin
from tests.support.git import clone_repository, init_repository, run_git
from tests.support.measured import measuring
from tests.support.policy import document
from tests.support.registry import NO_EVIDENCE, Registry

SECONDS = 240


@dataclass(frozen=True)
class Ran:
    """How one ``gm`` ended; ``seconds`` is its wall time."""

    status: int
    out: str
    err: str
    seconds: float = 0.0

    @property
    def json(self):
        """The object on standard output."""
        return json.loads(self.out)

    @property
    def error(self):
        """The error object, the last line of standard error."""
        return json.loads(self.err.splitlines()[-1])["error"]


def command(clone, *words):
    """The argument list of ``gm`` in a clone."""
    return [sys.executable, "-m", "gitops_models", "-C", str(clone), "--no-input", *words]


def start(clone, *words, **settings):
    """Start ``gm`` and do not wait for it."""
    pipe = subprocess.PIPE
    environment = os.environ | measuring(words) | settings
    return subprocess.Popen(command(clone, *words), stdout=pipe, stderr=pipe, text=True, env=environment)


def finish(process, begun=None):
    """Wait for a started ``gm``."""
    out, err = process.communicate(timeout=SECONDS)
    return Ran(process.returncode, out, err, time.monotonic() - begun if begun else 0.0)


def gm(clone, *words, **settings):
    """Run ``gm`` in a clone."""
    begun = time.monotonic()
    return finish(start(clone, *words, **settings), begun)


def together(*starts):
    """Start several ``gm`` at once, each given as (clone, words...); how they ended, in the same order."""
    begun = time.monotonic()
    processes = [start(clone, *words) for clone, *words in starts]
    return [finish(process, begun) for process in processes]


class Team:
    """A bare repository ``server.git`` with the hook, and a clone for whoever is asked for.

    ``people`` maps ids to roles, ``policy`` names a profile of which ``changes`` replaces fields.
    """

    def __init__(self, root, home, people, *, policy="solo", **changes):
        self.root = root
        self.home = home
        self.path = root / "server.git"
        begin = datetime.now(UTC).replace(microsecond=0) - timedelta(days=1)
        with mock.patch.multiple("tests.support.registry", BEGIN=begin, PEOPLE=people):
            self.registry = Registry(self.path, policy=policy, changes={**NO_EVIDENCE, **changes})

    def install_door(self):
        """From now on every push is judged."""
        return install_hook(self.path)

    def clone(self, person, name=None):
        """The clone of a person, pinned, with name and signing key in its own configuration."""
        path = self.root / (name or person)
        if not path.exists():
            self.registry.clone_for(person, path, self.home)
        return path

    def git(self, *args, path=None):
        """Run git in the server's repository or in ``path``."""
        return run_git(path or self.path, *args, home=self.home)

    def fresh(self, name="fresh"):
        """A new clone of nobody, pinned: what somebody who was not there sees."""
        path = self.root / name
        clone_repository(self.path, path, self.home)
        pin(path, self.registry.pin)
        return path

    def locks(self):
        """Lock files that stayed in the server's repository or a clone."""
        found = [path for path in self.root.rglob("*.lock") if path.name != "memory.json.lock"]
        return sorted(str(path.relative_to(self.root)) for path in found)


def lines_of(text):
    """Non-empty lines."""
    return [line for line in text.splitlines() if line]


__all__ = ["Ran", "Team", "command", "document", "finish", "gm", "init_repository", "start", "together"]
