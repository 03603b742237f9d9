"""Verdicts word for word: what the judge says in every test over a registry in memory, as it was last looked at.

A test asserts the codes that it is about. Beside that, everything a verdict says is compared with
``tests/unit/policy/recorded/<module>.txt``, so that no message, path, detail, hint or quorum changes unseen.
``GM_RECORD=1 pytest -n 0 tests/unit/policy`` writes the records anew; the difference in Git is what to look at.
"""

import os
from pathlib import Path

from gitops_models.policy.render.text import to_text
from gitops_models.policy.verdict import Verdict
from gitops_models.registry import text

FOLDER = Path(__file__).resolve().parent.parent / "unit" / "policy" / "recorded"
RECORDING = bool(os.environ.get("GM_RECORD"))
_HEAD = "#### "


class Records:
    """The records of one test module, by test."""

    def __init__(self, module: str) -> None:
        self.path = FOLDER / f"{module}.txt"
        known = self.path.exists() and not RECORDING
        self.said = dict(_blocks(self.path.read_text("utf-8"))) if known else {}

    def hold(self, test: str, verdicts: list[Verdict]) -> None:
        """Compare what was said in ``test`` with the record, or write it."""
        told = "\n".join(_plain(verdict) for verdict in verdicts)
        if not RECORDING:
            assert told == self.said.get(test, ""), f"not what {self.path.name} has: see tests/support/recorded.py"
            return
        self.said |= {test: told} if told else {}
        FOLDER.mkdir(exist_ok=True)
        blocks = (f"{_HEAD}{name}\n{said}\n" for name, said in sorted(self.said.items()))
        self.path.write_text("".join(blocks), "utf-8")


def _blocks(content: str):
    for block in content.split(_HEAD)[1:]:
        name, _, said = block.partition("\n")
        yield name, said.removesuffix("\n")


def _plain(verdict: Verdict) -> str:
    """The verdict without its links, which say nothing of it."""
    lines = (line for line in to_text(verdict).splitlines() if not line.startswith("  docs: "))
    return text.visible("\n".join(lines), multiline=True)
