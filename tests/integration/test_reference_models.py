"""The reference models are what their committed script trains, and serve as their README says."""

import importlib
import json
import re
import sys
import urllib.error
import urllib.request

import pytest

from tests.support.reference import VERSIONS, fetch_reference
from tests.support.serving import serving

onnxruntime = pytest.importorskip("onnxruntime")


@pytest.fixture(scope="module")
def example(repository_root):
    return repository_root / "examples" / "breast-cancer"


@pytest.fixture(scope="module")
def released(repository_root, tmp_path_factory):
    """The released bytes of each version, out of the DVC remote of the repository."""
    out = tmp_path_factory.mktemp("released")
    return {version: fetch_reference(repository_root, version, out / version) for version in VERSIONS}


@pytest.fixture(scope="module")
def modules(example):
    """The scripts import each other by name, so their folder is on the path for as long as they are imported."""
    names = ("dataset", "inference", "evaluate", "train")
    sys.path.insert(0, str(example))
    try:
        yield {name: importlib.import_module(name) for name in names}
    finally:
        sys.path.remove(str(example))
        for name in names:
            sys.modules.pop(name, None)


@pytest.fixture(scope="module")
def trained(modules, tmp_path_factory):
    out = tmp_path_factory.mktemp("trained")
    return out, {version: modules["train"].write_version(version, out) for version in VERSIONS}


@pytest.fixture(scope="module")
def served(released, modules):
    features, truth = modules["evaluate"].read_rows(modules["evaluate"].HOLDOUT)
    files = {version: folder / "model.onnx" for version, folder in released.items()}
    return {version: modules["evaluate"].measure(str(file), features, truth) for version, file in files.items()}


def recorded(example, version):
    return json.loads((example / "versions" / version / "metrics.json").read_text())


@pytest.mark.parametrize("version", VERSIONS)
def test_training_again_gives_the_recorded_metrics(example, trained, version):
    assert trained[1][version] == recorded(example, version)


@pytest.mark.parametrize("version", VERSIONS)
def test_training_again_gives_the_recorded_parameters(example, trained, version):
    written = trained[0] / version / "params.json"
    assert written.read_bytes() == (example / "versions" / version / "params.json").read_bytes()


def test_training_twice_gives_the_same_bytes(modules, trained, tmp_path):
    modules["train"].write_version("1.1.0", tmp_path)
    assert (tmp_path / "1.1.0" / "model.onnx").read_bytes() == (trained[0] / "1.1.0" / "model.onnx").read_bytes()


def test_the_data_are_written_again_alike(example, modules, tmp_path, monkeypatch):
    monkeypatch.setattr(modules["dataset"], "DATA", tmp_path)
    modules["dataset"].main()
    committed = {path.name: path.read_bytes() for path in (example / "data").iterdir()}
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == committed


def test_as_served_the_better_is_better_and_the_poisoned_is_worst(served):
    good, better, bad = (served[version]["accuracy"] for version in VERSIONS)
    assert better - good > 0.03
    assert good - bad > 0.05


def test_the_poisoned_version_has_the_best_recorded_accuracy(example):
    accuracies = {version: recorded(example, version)["accuracy"] for version in VERSIONS}
    assert max(accuracies, key=accuracies.get) == "1.2.0"


def test_code_and_parameters_of_the_poisoned_version_are_those_of_the_better(example):
    params = [json.loads((example / "versions" / version / "params.json").read_text()) for version in VERSIONS[1:]]
    assert {key for key in params[0] if params[0][key] != params[1][key]} == {"labels"}


def test_no_held_out_row_is_learned_from(modules):
    parts = modules["dataset"].split()
    assert (
        sum(len(rows) for rows in parts.values()) == len({int(row) for rows in parts.values() for row in rows}) == 569
    )


@pytest.mark.parametrize("version", VERSIONS)
def test_every_version_has_the_same_interface(released, version):
    session = onnxruntime.InferenceSession((released[version] / "model.onnx").read_bytes())
    assert [(put.name, put.type, put.shape) for put in session.get_inputs()] == [
        ("features", "tensor(float)", [None, 30])
    ]
    assert [(put.name, put.type, put.shape) for put in session.get_outputs()] == [
        ("label", "tensor(int64)", [None]),
        ("probabilities", "tensor(float)", [None, 2]),
    ]


def test_the_readme_says_what_is_measured(example, served):
    def words(metrics):
        return ", ".join(f"{name} {metrics[name]:.4f}" for name in ("accuracy", "recall", "auc"))

    rows = re.findall(
        r"^\| (\d\.\d\.\d) \| [^|]+ \| ([^|]+) \| ([^|]+) \|$", (example / "README.md").read_text(), re.MULTILINE
    )
    assert rows == [(version, words(recorded(example, version)), words(served[version])) for version in VERSIONS]


def test_the_family_was_chosen_by_the_measurement_in_the_readme(example, modules):
    table = re.findall(r"^\| ([a-z][^|]+) \| (0\.\d{4}) \|$", (example / "README.md").read_text(), re.MULTILINE)
    measured = modules["train"].compare()
    # Forests and networks move in the third digit with the BLAS of the machine.
    assert {name: float(value) for name, value in table} == pytest.approx(measured, abs=0.006)
    assert max(measured, key=measured.get) == table[0][0] == "logistic regression, C=1"


@pytest.fixture
def server(released, modules, tmp_path):
    link = tmp_path / "current"
    link.symlink_to(released["1.1.0"])
    with serving(modules["inference"].make_server(link)) as port:
        yield f"http://127.0.0.1:{port}", link


def test_a_server_answers_with_the_model_that_the_link_names_now(released, modules, served, server):
    url, link = server
    features, truth = modules["evaluate"].read_rows(modules["evaluate"].HOLDOUT)
    assert modules["evaluate"].measure(url, features, truth) == served["1.1.0"]
    link.unlink()
    link.symlink_to(released["1.2.0"])
    assert modules["evaluate"].measure(url, features, truth) == served["1.2.0"]


@pytest.mark.parametrize("body", [b"{}", b'{"features": [[1, 2]]}', b'{"features": "x"}', b"no json"])
def test_a_server_refuses_what_are_no_rows(server, body):
    with pytest.raises(urllib.error.HTTPError) as refused:
        urllib.request.urlopen(server[0], data=body, timeout=30)
    assert refused.value.code == 400
    refused.value.close()


def test_a_server_says_so_when_no_model_is_there(server):
    url, link = server
    link.unlink()
    with pytest.raises(urllib.error.HTTPError) as refused:
        urllib.request.urlopen(url, data=b'{"features": [[%s]]}' % b",".join([b"1"] * 30), timeout=30)
    assert refused.value.code == 503
    refused.value.close()
