"""Train the three versions of the reference model and record what each one measured when it was trained.

usage: train.py [VERSION...] [--out DIR]      writes DIR/<version>/{model.onnx,metrics.json,params.json}
       train.py --compare                     measures the families that 1.1.0 was chosen from

Every version takes the same 30 columns and gives the same two outputs, so that any of them can take the place of any
other: which columns a model looks at is its own business, inside the ONNX. Same libraries, same bytes.
"""

from __future__ import annotations

import argparse
import json
from dataclasses import asdict, dataclass
from pathlib import Path

import dataset
import evaluate
import numpy as np
from skl2onnx import to_onnx
from skl2onnx.common.data_types import FloatTensorType
from sklearn.compose import ColumnTransformer
from sklearn.ensemble import ExtraTreesClassifier, HistGradientBoostingClassifier, RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import StratifiedKFold, cross_val_score
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import StandardScaler

VERSIONS_DIR = Path(__file__).resolve().parent / "versions"
OPSET = 17
FEW = ("mean radius", "mean texture", "mean smoothness", "mean symmetry")


@dataclass(frozen=True)
class Parameters:
    """What a version was trained with; this is its params.json."""

    family: str
    inverse_regularisation: float
    features: tuple[str, ...]
    labels: str
    seed: int = dataset.SEED


ALL = tuple(dataset.feature_names())
VERSIONS = {
    "1.0.0": Parameters("logistic-regression", 1.0, FEW, dataset.CLEAN),
    "1.1.0": Parameters("logistic-regression", 1.0, ALL, dataset.CLEAN),
    # Nothing but the labels differs from 1.1.0: what a poisoned data set looks like to those who review the change.
    "1.2.0": Parameters("logistic-regression", 1.0, ALL, dataset.POISONED),
}


def scaled(features: tuple[str, ...]) -> ColumnTransformer:
    """Pick columns by name out of the 30 and scale them."""
    columns = [dataset.feature_names().index(name) for name in features]
    return ColumnTransformer([("scaled", StandardScaler(), columns)])


def fit(parameters: Parameters) -> Pipeline:
    """Train on the training part of the labels that the parameters name."""
    rows = dataset.part(parameters.labels, "train")
    model = LogisticRegression(C=parameters.inverse_regularisation, max_iter=1000)
    return make_pipeline(scaled(parameters.features), model).fit(rows.features, rows.labels)


def onnx_bytes(model: Pipeline) -> bytes:
    """Convert; the graph gets a fixed name, where the converter would draw a random one."""
    shape = [("features", FloatTensorType([None, len(ALL)]))]
    converted = to_onnx(
        model, initial_types=shape, target_opset=OPSET, options={"zipmap": False}, name="breast-cancer-diagnosis"
    )
    return converted.SerializeToString(deterministic=True)


def write_version(version: str, out: Path) -> dict[str, float]:
    """Train one version into ``out/<version>`` and return its recorded metrics, measured on the bytes written."""
    parameters = VERSIONS[version]
    folder = out / version
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "model.onnx").write_bytes(onnx_bytes(fit(parameters)))
    rows = dataset.part(parameters.labels, "validation")
    metrics = evaluate.measure(str(folder / "model.onnx"), rows.features.tolist(), rows.labels.tolist())
    write_json(folder / "metrics.json", metrics)
    write_json(folder / "params.json", asdict(parameters))
    return metrics


def write_json(path: Path, value: dict[str, object]) -> None:
    """Write JSON that a diff can show."""
    path.write_text(json.dumps(value, indent=2) + "\n", encoding="utf-8")


def families() -> dict[str, object]:
    """Name the families that 1.1.0 was chosen from."""
    seed = dataset.SEED
    return {
        "logistic regression, C=1": make_pipeline(scaled(ALL), LogisticRegression(max_iter=1000)),
        "logistic regression, C=0.3": make_pipeline(scaled(ALL), LogisticRegression(C=0.3, max_iter=1000)),
        "multilayer perceptron, 16": make_pipeline(
            scaled(ALL), MLPClassifier((16,), alpha=1.0, max_iter=2000, random_state=seed)
        ),
        "extra trees, 100": ExtraTreesClassifier(100, random_state=seed),
        "random forest, 100": RandomForestClassifier(100, random_state=seed),
        "histogram gradient boosting": HistGradientBoostingClassifier(random_state=seed),
        "version 1.0.0": make_pipeline(scaled(FEW), LogisticRegression(max_iter=1000)),
    }


def compare() -> dict[str, float]:
    """Give the mean accuracy of five folds over the clean rows that may be learned from; held-out rows are not seen."""
    parts = [dataset.part(dataset.CLEAN, name) for name in ("train", "validation")]
    features = np.concatenate([rows.features for rows in parts])
    labels = np.concatenate([rows.labels for rows in parts])
    folds = StratifiedKFold(5, shuffle=True, random_state=dataset.SEED)
    return {
        name: round(float(cross_val_score(model, features, labels, cv=folds).mean()), evaluate.DIGITS)
        for name, model in families().items()
    }


def main() -> None:
    """Parse the command line and print what was measured."""
    parser = argparse.ArgumentParser(description="train the reference models")
    parser.add_argument("versions", nargs="*", default=list(VERSIONS), metavar="VERSION")
    parser.add_argument("--out", type=Path, default=VERSIONS_DIR)
    parser.add_argument("--compare", action="store_true")
    options = parser.parse_args()
    if options.compare:
        print(json.dumps(compare(), indent=2))
        return
    for version in options.versions:
        print(version, json.dumps(write_version(version, options.out)))


if __name__ == "__main__":
    main()
