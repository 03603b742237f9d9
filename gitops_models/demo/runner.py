"""Runs the story, one shell command after the other, and stops at the first that does not do what it says."""

from __future__ import annotations

import os
import signal
import subprocess
from typing import IO, TYPE_CHECKING

from gitops_models.demo.story import shell
from gitops_models.errors import GmError
from gitops_models.registry.values import dataclass
from gitops_models.workflows.ending import ended_like_interrupted

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path

    from gitops_models.demo.story import Act


@dataclass(frozen=True)
class Stage:
    """Where the demo plays: its own directory, an interpreter that has gm, and the reference registry."""

    directory: Path
    python: str
    reference: Path
    output: IO[str] | None = None

    def run(self, command: str) -> int:
        """Run one command after the prelude and return its exit status. An interrupt ends what it started."""
        environment = {**os.environ, "PYTHON": self.python, "REFERENCE": str(self.reference)}
        with subprocess.Popen(
            ["/bin/sh", "-c", f"{shell('prelude')}\n{command}"],
            cwd=self.directory,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=self.output,
            start_new_session=True,
        ) as process:
            try:
                return process.wait()
            except BaseException:
                os.killpg(process.pid, signal.SIGTERM)
                process.wait()
                raise


def play(stage: Stage, acts: Iterable[Act], tell: Callable[[str], None]) -> int:
    """Run every command and return how many; GM-C302 at the first that fails. Nothing runs on afterwards."""
    done = 0
    with ended_like_interrupted():  # nothing is left behind
        try:
            for act in acts:
                tell(f"\n## {act.title}")
                for command in act.commands:
                    tell(f"\n$ {command}")
                    _run(stage, command)
                    done += 1
        finally:
            stage.run("stop_serving")
    return done


def _run(stage: Stage, command: str) -> None:
    status = stage.run(command)
    if status:
        raise GmError("GM-C302", f"this command ended with {status}", where=command.split("\n", 1)[0])
