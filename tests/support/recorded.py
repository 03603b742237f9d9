"""What the policy package says, word for word, as it was last looked at.

A test asserts the codes that it is about. Beside that, everything said is compared with
``tests/unit/policy/recorded/<module>.txt``, so that no message, path, detail, hint or quorum changes unseen: each
verdict over a registry in memory, and whatever else a test hands to :func:`tell`.
``GM_RECORD=1 pytest -n 0 tests/unit/policy`` writes the records anew; the difference in Git is what to look at.
"""

import os
from contextlib import contextmanager
from pathlib import Path

import pytest

from gitops_models.errors import GmError
from gitops_models.policy.render.text import to_text
from gitops_models.policy.verdict import Verdict
from gitops_models.registry import text
from tests.support.policy import JUDGED

FOLDER = Path(__file__).resolve().parent.parent / "unit" / "policy" / "recorded"
RECORDING = bool(os.environ.get("GM_RECORD"))
_HEAD = "#### "


def tell(said: str) -> None:
    """Have ``said`` compared with the record of the test that runs."""
    JUDGED.append(said)


@contextmanager
def refused(*, match: str | None = None):
    """``pytest.raises(GmError)``, and all that the error says is compared."""
    with pytest.raises(GmError, match=match) as caught:
        yield caught
    said = caught.value
    tell(f"{said.code}: {said.message} (at {said.where}) {said.details} {said.hint}")


class Records:
    """The records of one test module, by test."""

    def __init__(self, module: str) -> None:
        self.path = FOLDER / f"{module}.txt"
        known = self.path.exists() and not RECORDING
        self.said = dict(_blocks(self.path.read_text("utf-8"))) if known else {}

    def hold(self, test: str, said: list[Verdict | str]) -> None:
        """Compare what was said in ``test`` with the record, or write it."""
        told = "\n".join(_plain(one) for one in said)
        if not RECORDING:
            assert told == self.said.get(test, ""), f"not what {self.path.name} has: see tests/support/recorded.py"
            return
        self.said |= {test: told} if told else {}
        FOLDER.mkdir(exist_ok=True)
        blocks = (f"{_HEAD}{name}\n{kept}\n" for name, kept in sorted(self.said.items()))
        self.path.write_text("".join(blocks), "utf-8")


def _blocks(content: str):
    for block in content.split(_HEAD)[1:]:
        name, _, said = block.partition("\n")
        yield name, said.removesuffix("\n")


def _plain(said: Verdict | str) -> str:
    """A text as it is; a verdict without its links, which say nothing of it, and with what its text leaves out."""
    if isinstance(said, Verdict):
        lines = [line for line in to_text(said).splitlines() if not line.startswith("  docs: ")]
        said = "\n".join([*lines, *_beside(said)])
    return text.visible(said, multiline=True)


def _beside(verdict: Verdict):
    """What programs read of a verdict and its text does not show."""
    if verdict.recorded:
        yield "  recorded"
    for one in verdict.findings:
        if one.on_replay or one.waiver:
            yield f"  {one.code} on replay: {one.on_replay}, waiver: {one.waiver}"
    for one in verdict.quorums:
        yield f"  quorum at {one.where}, missing {list(one.missing)}, touch {one.touch}, can: {dict(one.candidates)}"
