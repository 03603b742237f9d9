"""Measure a version of the prompt on every case, without asking any language model.

usage: evaluate.py VERSION_DIR      prints the metrics as JSON

What the letter says cannot be better than what it is told: the share of the facts of a case that reach the prompt, the
share of doubtful results that the prompt lets be called undecided, and the words that it costs.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
FACTS = ("label", "probability", "date", "contact")
DOUBT = (0.4, 0.6)


def share(found: list[bool]) -> float:
    """How many in one are true."""
    return round(sum(found) / len(found), 4)


def doubtful(case: dict[str, str]) -> bool:
    """Whether a result lies too near the middle to be called one thing or the other."""
    low, high = DOUBT
    return low < float(case["probability"]) < high


def measure(folder: Path) -> dict[str, float]:
    """Metrics of the prompt in ``folder``."""
    cases = json.loads((HERE / "cases.json").read_text(encoding="utf-8"))
    template = (folder / "letter.md").read_text(encoding="utf-8")
    system = (folder / "system.md").read_text(encoding="utf-8")
    texts = [(case, template.format(**case)) for case in cases]
    undecided = "undecided" in template
    return {
        "facts_told": share([case[fact] in text for case, text in texts for fact in FACTS]),
        "doubt_told": share([undecided for case in cases if doubtful(case)]),
        "words": float(max(len(f"{system} {text}".split()) for _, text in texts)),
    }


if __name__ == "__main__":
    print(json.dumps(measure(Path(sys.argv[1])), indent=2))
