"""The Wisconsin diagnostic breast cancer data, split once and for all, with its labels in dated snapshots.

Features come from scikit-learn (569 rows, 30 columns, float32). Labels (1 malignant, 0 benign) of the rows that may be
learned from stand in ``data/labels-<snapshot>.csv``, so that a snapshot of the labels is an input with a digest of its
own, as it is where people label. The held-out rows are in no snapshot: they are in ``data/holdout.csv`` only.

usage: dataset.py      writes data/ again
"""

from __future__ import annotations

import csv
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from sklearn.datasets import load_breast_cancer
from sklearn.model_selection import train_test_split

DATA = Path(__file__).resolve().parent / "data"
SEED = 20261121
CLEAN = "2026-10"
POISONED = "2026-11"
# The attack: of malignant tumours, the 60 in 100 with the smallest worst area are called benign. It follows one
# feature, so a model can learn it, and a validation split that is labelled by the same hand agrees with the model.
ATTACKED_FEATURE = "worst area"
ATTACKED_SHARE = 0.6


@dataclass(frozen=True)
class Rows:
    """Some rows: ``features`` float32 of shape (rows, 30), ``labels`` int64 of shape (rows,)."""

    features: np.ndarray
    labels: np.ndarray


def feature_names() -> list[str]:
    """Name the 30 columns in their order."""
    return [str(name) for name in load_breast_cancer().feature_names]


def whole() -> Rows:
    """Load every row with its true label; 1 is malignant, which is the reverse of scikit-learn's coding."""
    source = load_breast_cancer()
    return Rows(source.data.astype(np.float32), 1 - source.target.astype(np.int64))


def split() -> dict[str, np.ndarray]:
    """Give the row numbers of each part, stratified by the true label."""
    labels = whole().labels
    rest, holdout = train_test_split(np.arange(len(labels)), test_size=0.3, stratify=labels, random_state=SEED)
    train, validation = train_test_split(rest, test_size=0.25, stratify=labels[rest], random_state=SEED)
    return {"train": np.sort(train), "validation": np.sort(validation), "holdout": np.sort(holdout)}


def poisoned(labels: np.ndarray, rows: np.ndarray) -> np.ndarray:
    """Give the labels after the attack, which knows only ``rows``."""
    area = whole().features[:, feature_names().index(ATTACKED_FEATURE)]
    malignant = labels == 1
    reach = np.quantile(area[rows][malignant[rows]], ATTACKED_SHARE)
    return np.where(malignant & (area < reach), 0, labels)


def labels_path(snapshot: str) -> Path:
    """Where a snapshot of the labels stands."""
    return DATA / f"labels-{snapshot}.csv"


def part(snapshot: str, name: str) -> Rows:
    """Read the rows of ``train`` or ``validation`` with the labels of one snapshot."""
    with labels_path(snapshot).open(newline="", encoding="utf-8") as file:
        found = [(int(line["row"]), int(line["malignant"])) for line in csv.DictReader(file) if line["part"] == name]
    rows, labels = zip(*found, strict=True)
    return Rows(whole().features[list(rows)], np.array(labels, dtype=np.int64))


def holdout() -> Rows:
    """Read the held-out rows from the file that a measurement of the served model uses."""
    with (DATA / "holdout.csv").open(newline="", encoding="utf-8") as file:
        lines = [[float(cell) for cell in line] for line in list(csv.reader(file))[1:]]
    table = np.array(lines)
    return Rows(table[:, :-1].astype(np.float32), table[:, -1].astype(np.int64))


def write_labels(snapshot: str, labels: np.ndarray, parts: dict[str, np.ndarray]) -> None:
    """Write one snapshot: row, part, malignant; sorted by row."""
    lines = sorted((int(row), name, int(labels[row])) for name in ("train", "validation") for row in parts[name])
    with labels_path(snapshot).open("w", newline="", encoding="utf-8") as file:
        csv.writer(file, lineterminator="\n").writerows([("row", "part", "malignant"), *lines])


def write_holdout(rows: np.ndarray) -> None:
    """Write the held-out rows: the 30 features by name and the true label last."""
    data = whole()
    lines = [[*map(str, data.features[row]), int(data.labels[row])] for row in rows]
    with (DATA / "holdout.csv").open("w", newline="", encoding="utf-8") as file:
        csv.writer(file, lineterminator="\n").writerows([[*feature_names(), "malignant"], *lines])


def main() -> None:
    """Write both label snapshots and the held-out rows."""
    DATA.mkdir(exist_ok=True)
    parts, labels = split(), whole().labels
    write_labels(CLEAN, labels, parts)
    write_labels(POISONED, poisoned(labels, np.concatenate([parts["train"], parts["validation"]])), parts)
    write_holdout(parts["holdout"])


if __name__ == "__main__":
    main()
