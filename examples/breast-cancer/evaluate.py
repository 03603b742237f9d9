"""Measure a diagnosis model on rows whose truth is known: the evaluation code of the reference registry.

usage: evaluate.py MODEL_OR_URL [CSV]      MODEL_OR_URL: model.onnx, or the http address of inference.py

The CSV has the 30 features and, last, 1 for malignant; without it the held-out rows beside this file are used. Prints
one JSON object: accuracy, recall (of malignant), auc, each rounded to four digits, and the number of rows.
"""

from __future__ import annotations

import csv
import json
import sys
import urllib.request
from bisect import bisect_left, bisect_right
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

HOLDOUT = Path(__file__).resolve().parent / "data" / "holdout.csv"
DIGITS = 4
SECONDS = 30


def read_rows(path: Path) -> tuple[list[list[float]], list[int]]:
    """Read features and truth from a CSV with one header line."""
    with path.open(newline="", encoding="utf-8") as file:
        lines = list(csv.reader(file))[1:]
    return [[float(cell) for cell in line[:-1]] for line in lines], [int(line[-1]) for line in lines]


def auc(scores: Sequence[float], truth: Sequence[int]) -> float:
    """Give the share of (malignant, benign) pairs in the right order; a tie counts half (Mann and Whitney's U)."""
    benign = sorted(score for score, label in zip(scores, truth, strict=True) if not label)
    malignant = [score for score, label in zip(scores, truth, strict=True) if label]
    wins = sum((bisect_left(benign, score) + bisect_right(benign, score)) / 2 for score in malignant)
    return wins / (len(benign) * len(malignant))


def summarise(labels: Sequence[int], scores: Sequence[float], truth: Sequence[int]) -> dict[str, float]:
    """Turn predictions into metrics. ``scores`` are probabilities of malignant; truth must hold both classes."""
    right = sum(label == true for label, true in zip(labels, truth, strict=True))
    caught = sum(label == true == 1 for label, true in zip(labels, truth, strict=True))
    return {
        "accuracy": round(right / len(truth), DIGITS),
        "recall": round(caught / sum(truth), DIGITS),
        "auc": round(auc(scores, truth), DIGITS),
    }


def predict_file(path: Path, features: list[list[float]]) -> dict[str, list]:
    """Ask the bytes at ``path``."""
    from inference import Model  # noqa: PLC0415 - measuring over HTTP needs only the standard library
    from numpy import array, float32  # noqa: PLC0415

    return Model(path).predict(array(features, dtype=float32))


def predict_url(url: str, features: list[list[float]]) -> dict[str, list]:
    """Ask a running server."""
    body = json.dumps({"features": features}).encode()
    with urllib.request.urlopen(url, data=body, timeout=SECONDS) as answer:  # noqa: S310 - the caller's own address
        return json.load(answer)


def measure(model: str, features: list[list[float]], truth: Sequence[int]) -> dict[str, float]:
    """Measure a model file or a server's address on the given rows."""
    asked = predict_url(model, features) if model.startswith("http") else predict_file(Path(model), features)
    return summarise(asked["label"], [benign_malignant[1] for benign_malignant in asked["probabilities"]], truth)


def main(model: str, rows: str = str(HOLDOUT)) -> None:
    """Print the metrics of one model."""
    features, truth = read_rows(Path(rows))
    print(json.dumps({**measure(model, features, truth), "rows": len(truth)}))


if __name__ == "__main__":
    main(*sys.argv[1:])
