"""ONNX headers: read without onnx, hostile ones refused without harm."""

import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gitops_models.artifacts.formats import describe
from gitops_models.artifacts.formats import onnx as onnx_module
from gitops_models.artifacts.formats.describe import architecture_id
from gitops_models.artifacts.formats.onnx import parse_onnx, read_onnx
from gitops_models.artifacts.formats.onnx_types import OnnxValue
from gitops_models.artifacts.formats.wire import WireError
from gitops_models.errors import GmError
from tests.support import models as onnx

X = onnx.value_info("x", ["n", 2])
Y = onnx.value_info("y", ["n", 2])
NODE = onnx.node("Identity", ["x"], ["y"])


def one_graph(*, inputs=(X,), outputs=(Y,), initializers=(), nodes=(NODE,)):
    return onnx.model(onnx.graph(nodes, inputs, outputs, initializers))


def problem(data):
    with pytest.raises(WireError) as caught:
        parse_onnx(data)
    return str(caught.value)


def test_a_linear_model_describes_itself(tmp_path):
    path = onnx.write_linear(tmp_path / "model.onnx")
    info = read_onnx(path)
    assert info.inputs == (OnnxValue("features", "float32", (-1, 2)),)
    assert info.outputs == (OnnxValue("score", "float32", (-1, 1)),)
    assert (info.ops, dict(info.opset), info.parameters) == (("MatMul", "Add"), {"": 13}, 3)
    assert (info.producer, dict(info.metadata), info.external) == ("gitops-models-tests 1", {}, ())
    described = describe(path)
    assert (described.format, described.architecture, described.parameters) == ("onnx", "onnx:MatMul+Add", 3)
    assert described.interface.inputs[0].shape == (-1, 2)


def test_the_models_of_the_tests_run_in_onnxruntime():
    numpy, runtime = pytest.importorskip("numpy"), pytest.importorskip("onnxruntime")
    session = runtime.InferenceSession(onnx.linear_onnx((2.0, 1.0), 0.5))
    (scores,) = session.run(None, {"features": numpy.array([[1, 2], [3, 4]], dtype=numpy.float32)})
    assert scores.tolist() == [[4.5], [10.5]]
    same = runtime.InferenceSession(onnx.identity_onnx(2))
    assert same.run(None, {"x": numpy.ones((1, 2), dtype=numpy.float32)})[0].tolist() == [[1.0, 1.0]]


def test_a_model_of_skl2onnx_is_read_as_onnxruntime_reads_it(tmp_path):
    numpy, runtime = pytest.importorskip("numpy"), pytest.importorskip("onnxruntime")
    linear, skl2onnx = pytest.importorskip("sklearn.linear_model"), pytest.importorskip("skl2onnx")
    rows = numpy.arange(20, dtype=numpy.float32).reshape(10, 2)
    model = linear.LogisticRegression().fit(rows, [0, 1] * 5)
    data = skl2onnx.to_onnx(model, rows[:1]).SerializeToString()
    info, session = parse_onnx(data), runtime.InferenceSession(data)
    assert [value.name for value in info.inputs] == [value.name for value in session.get_inputs()]
    assert [value.name for value in info.outputs] == [value.name for value in session.get_outputs()]
    assert info.outputs[1].dtype == "sequence(map(int64,float32))"
    assert info.ops[0] == "LinearClassifier"
    (tmp_path / "m.onnx").write_bytes(data)
    assert describe(tmp_path / "m.onnx").parameters is None


def test_initializers_are_no_inputs_and_are_counted():
    weights = onnx.tensor("w", [2, 3], [0.0] * 6)
    info = parse_onnx(one_graph(inputs=(X, onnx.value_info("w", [2, 3])), initializers=(weights,)))
    assert [value.name for value in info.inputs] == ["x"]
    assert info.parameters == 6


def test_packed_dimensions_and_external_weights_are_read():
    location = onnx.blob(13, onnx.blob(1, "location") + onnx.blob(2, "weights.bin"))
    weights = onnx.blob(1, onnx.varint(4) + onnx.varint(5)) + onnx.blob(8, "w") + location
    info = parse_onnx(one_graph(initializers=(weights,)))
    assert (info.parameters, info.external) == (20, ("weights.bin",))


def test_unknown_dimensions_and_types_are_free_or_numbered():
    ends = (onnx.value_info("x", [None, -5, "batch", 3], dtype=99), onnx.blob(1, "bare"))
    info = parse_onnx(one_graph(inputs=ends))
    assert info.inputs == (OnnxValue("x", "onnx-99", (-1, -1, -1, 3)), OnnxValue("bare", "undefined", ()))


def test_sequences_optionals_and_sparse_tensors_have_names():
    tensor = onnx.blob(1, onnx.number(1, 7))
    sparse = onnx.blob(1, "s") + onnx.blob(2, onnx.blob(8, onnx.number(1, 1)))
    nested = onnx.blob(1, "o") + onnx.blob(2, onnx.blob(9, onnx.blob(1, onnx.blob(4, onnx.blob(1, tensor)))))
    opaque = onnx.blob(1, "q") + onnx.blob(2, onnx.blob(7, b""))
    info = parse_onnx(one_graph(inputs=(sparse, nested, opaque)))
    assert [value.dtype for value in info.inputs] == ["float32", "optional(sequence(int64))", "undefined"]


def test_metadata_and_long_texts_are_kept_to_their_beginning():
    data = onnx.model(onnx.graph([], [X], [Y]), metadata={"k": "é" * 5000})
    assert set(parse_onnx(data).metadata["k"]) == {"é"}
    assert len(parse_onnx(data).metadata["k"]) < 5000


def test_a_long_architecture_is_cut_with_a_count():
    nodes = [onnx.node(f"Op{index}", ["x"], ["y"]) for index in range(10)]
    assert architecture_id(parse_onnx(one_graph(nodes=nodes))).endswith("+Op7+2")
    assert architecture_id(parse_onnx(one_graph(nodes=()))) == "onnx:empty"


@pytest.mark.parametrize(
    ("data", "part"),
    [
        (b"", "0 graphs"),
        (b"\x08", "ends inside a number"),
        (b"\x80" * 11, "more than ten bytes"),
        (b"\x3a\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01", "longer than its message"),
        (b"\x0b", "wire type 3"),
        (b"\x39\x00", "longer than its message"),
        (onnx.number(7, 1), "number where a message belongs"),
        (onnx.model(onnx.graph([], [X], [Y])) + onnx.blob(7, b""), "2 graphs"),
        (one_graph(inputs=(onnx.value_info("bad\x1b[0m", [1]),)), "no short line"),
        (one_graph(inputs=(onnx.value_info("n" * 2000, [1]),)), "no short line"),
        (one_graph(inputs=(onnx.value_info("", [1]),)), "without a name"),
        (one_graph(inputs=(onnx.blob(1, b"\xff"),)), "not UTF-8"),
        (one_graph(inputs=(onnx.value_info("x", [1] * 65),)), "64 dimensions"),
        (one_graph(inputs=(onnx.value_info("x", [1 << 60]),)), "impossible size"),
        (one_graph(initializers=(onnx.number(1, -1),)), "impossible size"),
        (one_graph(initializers=(onnx.number(1, 1 << 40) * 2,)), "impossible size"),
        (one_graph(initializers=(onnx.number(1, 1) * 65,)), "64 dimensions"),
        (one_graph(initializers=(onnx.blob(1, b"\x01" * 641),)), "64 dimensions"),
        (one_graph(inputs=(onnx.blob(2, onnx.blob(1, onnx.blob(1, b"x"))),)), "bytes where a number belongs"),
    ],
)
def test_a_malformed_file_is_refused(data, part):
    assert part in problem(data)


def test_types_nested_too_deeply_are_refused():
    nested = b""
    for _ in range(20):
        nested = onnx.blob(4, onnx.blob(1, nested))
    assert "nested too deeply" in problem(one_graph(inputs=(onnx.blob(1, "x") + onnx.blob(2, nested),)))


def test_floods_of_fields_and_ends_are_refused(monkeypatch):
    assert "inputs or outputs" in problem(one_graph(inputs=(X,) * 10_001))
    monkeypatch.setattr(onnx_module, "MAX_FIELDS", 1000)
    assert "too many fields" in problem(onnx.number(1, 1) * 1001)


@given(st.binary(max_size=300))
def test_any_bytes_are_a_model_or_a_wire_error(data):
    outcome = None
    try:
        parse_onnx(data)
    except WireError as error:
        outcome = str(error)
    assert outcome is None or outcome


@given(st.integers(0, len(onnx.linear_onnx()) - 1), st.integers(0, 255))
def test_any_changed_byte_is_a_model_or_a_wire_error(position, value):
    data = bytearray(onnx.linear_onnx())
    data[position] = value
    outcome = None
    try:
        parse_onnx(bytes(data))
    except WireError as error:
        outcome = str(error)
    assert outcome is None or outcome


@pytest.mark.parametrize("data", [b"", b"not a model", onnx.linear_onnx()[:-1]])
def test_a_bad_file_has_a_code_and_its_path(tmp_path, data):
    path = tmp_path / "bad.onnx"
    path.write_bytes(data)
    with pytest.raises(GmError) as caught:
        describe(path)
    assert (caught.value.code, caught.value.where) == ("GM-A501", str(path))


@pytest.mark.clause("A-snapshots-4")
def test_a_huge_file_is_read_in_little_memory(tmp_path):
    path = tmp_path / "huge.onnx"
    graph = onnx.graph([onnx.node("Identity", ["x"], ["y"])], [X], [Y])
    size = 1 << 31
    head = onnx.number(1, 8) + onnx.blob(7, graph) + onnx.varint(9 << 3 | 2) + onnx.varint(size)
    path.write_bytes(head)
    with path.open("r+b") as stream:
        stream.truncate(len(head) + size)
    script = (
        "import resource, sys; from pathlib import Path; from gitops_models.artifacts.formats.onnx import read_onnx\n"
        "before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss; read_onnx(Path(sys.argv[1]))\n"
        "print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)"
    )
    done = subprocess.run([sys.executable, "-c", script, path], capture_output=True, text=True, check=True, timeout=60)
    assert int(done.stdout) < 10 * 1024


@pytest.mark.parametrize(
    ("name", "expected"),
    [("a.keras", "keras"), ("a.PKL", "pickle"), ("a.pt", "torch"), ("a.unheard", None), ("plain", None)],
)
def test_other_formats_are_told_by_extension(tmp_path, name, expected):
    (tmp_path / name).write_bytes(b"x")
    described = describe(tmp_path / name)
    assert (described.format, described.interface, described.architecture) == (expected, None, None)


def test_directories_are_told_by_what_is_in_them(tmp_path):
    assert describe(tmp_path).format == "directory"
    (tmp_path / "MLmodel").write_text("flavors: {}\n")
    assert describe(tmp_path).format == "mlflow"
