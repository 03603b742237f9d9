"""Texts and archives that hold code for the one loader that they are written for."""

import json

import pytest

from gitops_models.artifacts.scan import looking, scan_tree
from tests.support.pickles import PACK, npy, tarred, zipped

CODE, UNREAD, UNKNOWN = "GM-A701", "GM-A702", "GM-A704"
ARRAY = npy("{'descr': '<f8', 'fortran_order': False, 'shape': (1,), }", bytes(8))
KERAS = {"metadata.json": b"{}", "config.json": b"{}", "model.weights.npz": zipped({"a.npy": ARRAY})}


def found(tmp_path, data, name="model.zip"):
    (tmp_path / name).write_bytes(data)
    return [finding.code for finding in scan_tree(tmp_path, risk="low").findings]


@pytest.mark.attack("a model of Keras with weights of NumPy", "GM-A704", by="author")
def test_a_model_of_keras_is_not_looked_into(tmp_path):
    assert found(tmp_path, zipped(KERAS)) == [UNKNOWN]
    assert found(tmp_path, zipped({f"m/{name}": data for name, data in KERAS.items()})) == [UNKNOWN]
    assert found(tmp_path, zipped({"inner": zipped(KERAS)})) == [UNKNOWN]
    assert found(tmp_path, tarred({"a/b": PACK["gzip"](zipped(KERAS))})) == [UNKNOWN]
    (tmp_path / "model.zip").unlink()
    assert found(tmp_path, zipped({"a.npy": ARRAY}), "Model.KERAS") == [UNKNOWN]


@pytest.mark.lookalike("a zip with a configuration, or with both in different folders")
@pytest.mark.parametrize("names", [("config.json",), ("a/config.json", "b/metadata.json")])
def test_other_archives_with_a_configuration_pass(tmp_path, names):
    assert found(tmp_path, zipped(dict.fromkeys(names, b"{}"))) == []


LAYER = {"class_name": "Lambda", "config": {"function": {"class_name": "__lambda__", "config": {"code": "4wEA"}}}}
TEXTS = [
    b"!!python/object/apply:os.system ['id']\n",
    b"a: !<tag:yaml.org,2002:python/object/apply:os.system> [id]\n",
    b"a: !<tag:yaml.org,2002:%70ython/object/apply:os.system> [id]\n",
    b"a: !!%70ython/object/apply:os.system [id]\n",
    b"%TAG !p! tag:yaml.org,2002:pyth\n---\n!p!on/object/apply:os.system [id]\n",
    b"%TAG !p! tag\n---\n!p!:yaml.org,2002:python/object/apply:os.system [id]\n",
    json.dumps({"layers": [LAYER]}).encode(),
]


@pytest.mark.attack("a text whose loader runs the code that it names", "GM-A701", by="author")
@pytest.mark.parametrize("data", TEXTS)
def test_a_text_that_makes_its_loader_call_is_found(tmp_path, data):
    assert found(tmp_path, data, "pipe.yaml") == [CODE]
    assert found(tmp_path, b"# x\n" * (1 << 18) + data, "pipe.yaml") == [CODE]
    assert found(tmp_path, b"#" * ((1 << 20) - 5) + b"\n" + data, "pipe.yaml") == [CODE]
    assert found(tmp_path, zipped({"a/b.yaml": data}), "pipe.yaml") == [CODE]


@pytest.mark.lookalike("texts of YAML with plain tags")
@pytest.mark.parametrize(
    "data",
    [b"a: !!str 1\n", b"%TAG !u! tag:unity3d.com,2011:\n", b"a: !Ref x\n", b"100 !% of python\n", b"!!a b%20c\n"],
)
def test_plain_texts_pass(tmp_path, data):
    assert found(tmp_path, data, "a.yaml") == []


@pytest.mark.attack("an array whose header has a number of 5000 digits", "GM-A702", by="storage")
@pytest.mark.parametrize("shape", ["9" * 5000 + ",", "1, " * 65])
def test_a_shape_that_no_array_has_is_refused(tmp_path, shape):
    header = f"{{'descr': '<f8', 'fortran_order': False, 'shape': ({shape}), }}"
    assert found(tmp_path, npy(header), "a.npy") == [UNREAD]


@pytest.mark.parametrize("error", [ValueError, OverflowError, RecursionError, MemoryError])
def test_a_fault_of_the_scanner_is_a_finding(tmp_path, monkeypatch, error):
    def fail(_member):
        raise error

    monkeypatch.setattr(looking, "look_npy", fail)
    assert found(tmp_path, ARRAY, "a.npy") == [UNREAD]
