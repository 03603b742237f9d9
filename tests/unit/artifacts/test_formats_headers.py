"""What safetensors, GGUF and MLmodel files say of themselves, and hostile ones that are refused."""

import json
import struct

import pytest

from gitops_models.artifacts.formats.describe import describe
from gitops_models.artifacts.formats.gguf import parse_gguf, read_gguf
from gitops_models.artifacts.formats.interface import interface_of
from gitops_models.artifacts.formats.safetensors import HeaderError, parse_safetensors, read_safetensors
from gitops_models.artifacts.scan import scan_tree
from gitops_models.errors import GmError
from gitops_models.registry.documents import Consumer, Interface, Requirements, TensorSpec
from gitops_models.registry.interface import compatible
from tests.support import models as onnx
from tests.support.headers import gguf, gguf_text, mlmodel, safetensors
from tests.support.pickles import zipped

SCORE = Interface(
    inputs=(TensorSpec(name="amount", dtype="float32", shape=(-1, 1)),),
    outputs=(TensorSpec(name="score", dtype="float32", shape=(-1,)),),
)


def refused(path, read=describe):
    with pytest.raises(GmError) as caught:
        read(path)
    return caught.value.code


def problem(header, size=0, length=None):
    data = header if isinstance(header, bytes) else json.dumps(header).encode()
    with pytest.raises(HeaderError) as caught:
        parse_safetensors(len(data) if length is None else length, data, size)
    return str(caught.value)


def tensor(dtype="F32", shape=(2,), offsets=(0, 8)):
    return {"dtype": dtype, "shape": list(shape), "data_offsets": list(offsets)}


def test_a_safetensors_file_says_its_tensors_and_the_interface_that_was_written_into_it(tmp_path):
    path = tmp_path / "model.safetensors"
    path.write_bytes(safetensors({"w": ("F32", [2, 3]), "b": ("BF16", [3])}, {"interface": SCORE.model_dump_json()}))
    info = read_safetensors(path)
    assert dict(info.tensors) == {"w": ("F32", (2, 3)), "b": ("BF16", (3,))}
    described = describe(path)
    assert (described.format, described.parameters, described.interface) == ("safetensors", 9, SCORE)
    assert scan_tree(path, risk="critical").clean
    path.write_bytes(safetensors({}, {"interface": "{}x"}))
    assert refused(path) == "GM-A501"
    path.write_bytes(safetensors({}))
    assert describe(path).interface is None


@pytest.mark.parametrize(
    ("header", "size", "part"),
    [
        (b"{", 0, "no JSON"),
        (b"[" * 100_000, 0, "no JSON"),
        (b"[]", 0, "no object"),
        (b'{"a": 1, "a": 1}', 0, "no JSON"),
        (b'{"a": NaN}', 0, "no JSON"),
        (b'{"a": 1e999}', 0, "no JSON"),
        ("{}".encode("utf-16"), 0, "no JSON"),
        ({"__metadata__": {"a": 1}}, 0, "no text"),
        ({"__metadata__": []}, 0, "no text"),
        ({"w": 1}, 0, "unusual form"),
        ({"w": {**tensor(), "more": 1}}, 8, "unusual form"),
        ({"w": tensor("F31")}, 8, "unknown type"),
        ({"w": tensor([])}, 8, "unknown type"),
        ({"w": tensor(shape=[True])}, 8, "unknown type"),
        ({"w": tensor(shape=[-1])}, 8, "unknown type"),
        ({"w": tensor(shape=[1] * 65)}, 8, "unknown type"),
        ({"w": tensor(offsets=[0, 9])}, 9, "shape says"),
        ({"w": tensor(offsets=[8])}, 8, "shape says"),
        ({"w": tensor(offsets=[0, -8])}, 8, "shape says"),
        ({"w": tensor(offsets=[4, 12])}, 12, "no tensor"),
        ({"w": tensor(), "v": tensor(offsets=[4, 12])}, 12, "no tensor"),
        ({"w": tensor()}, 9, "no tensor"),
        ({}, 1, "no tensor"),
    ],
)
def test_a_safetensors_header_accounts_for_every_byte(header, size, part):
    assert part in problem(header, size)


def test_a_safetensors_header_longer_than_the_file_is_refused(tmp_path):
    assert "longer than" in problem(b"{}", length=3)
    assert "longer than" in problem(b"{}", length=1 << 40)
    assert "longer than" in problem(b"{}", -1)
    path = tmp_path / "m.safetensors"
    path.write_bytes(struct.pack("<Q", 1 << 62) + b"{}")
    assert refused(path) == "GM-A501"


def test_a_gguf_file_says_its_architecture_and_vocabulary(tmp_path):
    path = tmp_path / "model.gguf"
    keys = {"general.architecture": "llama", "tokenizer.ggml.tokens": ["a", "b", "c"], "llama.rope": 0.5, "x": [1, 2]}
    path.write_bytes(gguf(keys, {"w": [4, 2]}))
    info = read_gguf(path)
    assert (info.architecture, info.vocabulary, info.parameters, info.tensors) == ("llama", 3, 8, 1)
    described = describe(path)
    assert (described.format, described.architecture) == ("gguf", "gguf:llama")
    assert described.interface.inputs == (TensorSpec(name="tokens", dtype="int32", shape=(-1,)),)
    assert described.interface.outputs == (TensorSpec(name="logits", dtype="float32", shape=(-1, 3)),)
    assert scan_tree(path, risk="critical").clean
    path.write_bytes(gguf({}, {}))
    assert (describe(path).interface, describe(path).architecture) == (None, None)


BEGIN = b"GGUF" + struct.pack("<I", 3)


@pytest.mark.parametrize(
    ("data", "part"),
    [
        (b"GGUX" + bytes(40), "version"),
        (b"GGUF" + struct.pack("<I", 9) + bytes(40), "version"),
        (BEGIN, "ends inside"),
        (BEGIN + struct.pack("<QQ", 0, 1 << 40), "absurd number"),
        (BEGIN + struct.pack("<QQ", 1 << 40, 0), "absurd number"),
        (BEGIN + struct.pack("<QQQ", 0, 1, 1 << 40), "absurd length"),
        (BEGIN + struct.pack("<QQQ", 0, 1, 1) + b"\xff" + bytes(9), "UTF-8"),
        (BEGIN + struct.pack("<QQ", 0, 1) + gguf_text("a") + struct.pack("<I", 99), "unknown type"),
        (BEGIN + struct.pack("<QQ", 0, 1) + gguf_text("a") + struct.pack("<IIQ", 9, 8, 1 << 40), "absurd size"),
        (
            BEGIN + struct.pack("<QQ", 0, 1) + gguf_text("a") + struct.pack("<I", 9) + struct.pack("<IQ", 9, 1) * 6,
            "absurd size",
        ),
        (BEGIN + struct.pack("<QQ", 0, 2) + (gguf_text("a") + struct.pack("<IB", 0, 1)) * 2, "twice"),
        (BEGIN + struct.pack("<QQ", 1, 0) + gguf_text("w") + struct.pack("<I", 99), "absurd shape"),
        (BEGIN + struct.pack("<QQ", 1, 0) + gguf_text("w") + struct.pack("<IQIQ", 1, 1, 0, 1 << 40), "behind its end"),
    ],
)
def test_a_hostile_gguf_header_is_refused(data, part, tmp_path):
    with pytest.raises(HeaderError) as caught:
        parse_gguf(data)
    assert part in str(caught.value)
    (tmp_path / "m.gguf").write_bytes(data)
    assert refused(tmp_path / "m.gguf") == "GM-A501"
    if data.startswith(b"GGUF"):
        assert [finding.code for finding in scan_tree(tmp_path / "m.gguf").findings] == ["GM-A702"]


def test_an_empty_gguf_file_is_refused(tmp_path):
    (tmp_path / "m.gguf").write_bytes(b"")
    assert refused(tmp_path / "m.gguf") == "GM-A501"


@pytest.mark.parametrize("template", ["{{ ''.__class__ }}", "{{ x | attr('mro') }}"])
def test_a_chat_template_that_reaches_into_python_is_found(tmp_path, template):
    (tmp_path / "m.gguf").write_bytes(gguf({"tokenizer.chat_template": template}, {}))
    assert [finding.code for finding in scan_tree(tmp_path).findings] == ["GM-A701"]
    (tmp_path / "m.gguf").write_bytes(gguf({"tokenizer.chat_template": "{{ messages }}"}, {}))
    assert scan_tree(tmp_path).clean


def test_an_mlflow_folder_says_the_interface_of_its_signature(tmp_path):
    columns = [{"name": "amount", "type": "double"}, {"type": "string", "required": False}]
    tensors = [{"type": "tensor", "tensor-spec": {"dtype": "float32", "shape": [-1, 2]}}]
    (tmp_path / "MLmodel").write_text(mlmodel(columns, tensors))
    described = describe(tmp_path)
    assert described.format == "mlflow"
    assert described.interface.inputs == (
        TensorSpec(name="amount", dtype="float64", shape=(-1,)),
        TensorSpec(name="input-1", dtype="str", shape=(-1,), optional=True),
    )
    assert described.interface.outputs == (TensorSpec(name="output", dtype="float32", shape=(-1, 2)),)
    assert interface_of(tmp_path) == described.interface
    assert scan_tree(tmp_path).clean
    (tmp_path / "MLmodel").write_text("flavors: {}\n")
    assert describe(tmp_path).interface is None
    (tmp_path / "MLmodel").write_text(mlmodel(columns, None))
    assert describe(tmp_path).interface.outputs == ()


@pytest.mark.parametrize(
    "text", ["a: [", "signature: 1\n", "signature: {inputs: 'x'}\n", "signature: {inputs: '[{}]'}\n"]
)
def test_an_mlmodel_file_that_is_not_understood_is_refused(tmp_path, text):
    (tmp_path / "MLmodel").write_text(text)
    assert refused(tmp_path) == "GM-A501"


@pytest.mark.parametrize(
    ("function", "codes"),
    [
        ("{loader_module: mlflow.sklearn}", []),
        ("{loader_module: mlflow.pyfunc.model}", ["GM-A701"]),
        ("{loader_module: os}", ["GM-A701"]),
        ("{loader_module: mlflow.sklearn, code: code}", ["GM-A701"]),
        ("text", ["GM-A701"]),
        ("{loader_module: {a: b}}", ["GM-A701"]),
        ("[", ["GM-A702"]),
    ],
)
def test_what_mlflow_would_import_is_held_to_a_list(tmp_path, function, codes):
    (tmp_path / "MLmodel").write_text(f"flavors:\n  python_function: {function}\n")
    assert [finding.code for finding in scan_tree(tmp_path).findings] == codes


def test_a_huge_mlmodel_file_is_not_read(tmp_path):
    (tmp_path / "MLmodel").write_text("# x\n" * 300_000)
    assert [finding.code for finding in scan_tree(tmp_path).findings] == ["GM-A702"]


def test_onnx_weights_outside_of_the_folder_are_refused(tmp_path):
    def with_weights(location):
        entry = onnx.blob(13, onnx.blob(1, "location") + onnx.blob(2, location))
        weights = onnx.blob(1, onnx.varint(1)) + onnx.blob(8, "w") + entry
        ends = [onnx.value_info("x", [1])], [onnx.value_info("y", [1])]
        return onnx.model(onnx.graph([onnx.node("Identity", ["x"], ["y"])], *ends, [weights]))

    for location, codes in {"weights.bin": [], "../x": ["GM-A703"], "/etc/passwd": ["GM-A703"]}.items():
        (tmp_path / "m.onnx").write_bytes(with_weights(location))
        assert [finding.code for finding in scan_tree(tmp_path, risk="high").findings] == codes


def test_a_large_file_is_mapped(tmp_path, monkeypatch):
    monkeypatch.setattr("gitops_models.artifacts.scan.headers._LARGEST_READ", 16)
    onnx.write_linear(tmp_path / "m.onnx")
    (tmp_path / "m.zip").write_bytes(zipped({"m": onnx.linear_onnx()}))
    assert scan_tree(tmp_path).clean


def test_the_interface_of_a_folder_is_that_of_the_file_that_is_asked(tmp_path):
    onnx.write_linear(tmp_path / "a.onnx")
    (tmp_path / "notes.txt").write_text("x")
    alone = interface_of(tmp_path)
    assert alone == interface_of(tmp_path / "a.onnx") == interface_of(tmp_path, ["notes.txt", "a.onnx"])
    assert interface_of(tmp_path, ["notes.txt"]) is None
    (tmp_path / "b.onnx").write_bytes(onnx.identity_onnx())
    assert interface_of(tmp_path) is None
    assert interface_of(tmp_path, ["a.onnx"]) == alone


def test_what_consumers_need_is_part_of_being_compatible():
    wants = Consumer(name="checkout", requires=Requirements(outputs=("score", "reason")))
    assert compatible(SCORE, SCORE) == ()
    assert compatible(SCORE, SCORE, (wants,)) == ("checkout: output reason is missing",)


def test_bytes_tell_more_than_a_name(tmp_path):
    (tmp_path / "model.bin").write_bytes(safetensors({"w": ("F32", [1])}))
    assert describe(tmp_path / "model.bin").format == "safetensors"
    for name, form in {"a.npy": "pickle", "a": "pickle", "a.joblib": "joblib", "a.pt": "torch"}.items():
        (tmp_path / name).write_bytes(b"\x80\x04N.")
        assert describe(tmp_path / name).format == form
    (tmp_path / "a.json").write_bytes(b'{"learner": {}}')
    assert describe(tmp_path / "a.json").format == "xgboost-json"
    for name in ("m.onnx", "m.gguf", "m.safetensors"):
        (tmp_path / name).write_bytes(b"\x80\x04N.")
        assert refused(tmp_path / name) == "GM-A501"
