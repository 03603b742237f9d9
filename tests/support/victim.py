"""Somebody who works in a clone of a registry that others can write to, and a canary that must stay in its cage."""

import contextlib
import io
import os
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from unittest import mock

from gitops_models.cli.run import run
from gitops_models.store.repository import Store
from tests.support import stories


class Canary:
    """A program that leaves a trace when it is run; ``command`` runs it from a shell, ``program`` is its file."""

    def __init__(self, folder):
        folder.mkdir(parents=True, exist_ok=True)
        self.trace = folder / "canary-sang"
        self.program = folder / "canary"
        self.program.write_text(f'#!/bin/sh\necho "$0 $*" >> {self.trace}\nexit 0\n')
        self.program.chmod(0o755)
        self.command = str(self.program)

    def sang(self):
        """Whether anything ran it."""
        return self.trace.exists()


class Victim:
    """A person's clone of ``server`` with the pin, and gm run there as a program."""

    def __init__(self, server, path, home, person="engineer"):
        self.server, self.path, self.person = server, path, person
        self.clone = server.clone_for(person, path, home)

    def configure(self, **settings):
        """Set values in the clone's own configuration."""
        for name, value in settings.items():
            self.clone.git("config", name, value)

    def gm(self, *words, directory=None):
        """Run gm in this process; gives exit status, stdout and stderr."""
        out, said = io.StringIO(), io.StringIO()
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(said):
            status = run(["-C", str(directory or self.path), "--no-input", *words])
        return status, out.getvalue(), said.getvalue()

    def gm_program(self, *words, directory=None, cwd=None, **environ):
        """Run gm as a program with these variables added to its environment."""
        command = [sys.executable, "-P", "-m", "gitops_models", "-C", str(directory or self.path), "--no-input", *words]
        env = {**os.environ, **environ}
        done = subprocess.run(command, capture_output=True, text=True, env=env, check=False, timeout=240, cwd=cwd)
        return done.returncode, done.stdout, done.stderr

    @property
    def store(self):
        """The clone as gm opens it."""
        return Store.open(self.path)

    def refs(self):
        """Every ref of the server: what nothing may move."""
        return self.server.refs()


def server_now(path):
    """Two models whose history ended a few minutes ago by the machine's clock, for gm run as a program."""
    begin = datetime.now(UTC).replace(microsecond=0) - timedelta(hours=1)
    with mock.patch("tests.support.registry.BEGIN", begin):
        return stories.two_models(path)
