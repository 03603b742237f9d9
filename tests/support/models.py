"""A tiny ONNX writer in protobuf wire format: models for tests without the onnx package; onnxruntime loads them."""

import struct
from collections.abc import Mapping, Sequence
from pathlib import Path

FLOAT, INT64 = 1, 7


def varint(value: int) -> bytes:
    """One unsigned varint (negative numbers as int64)."""
    value &= (1 << 64) - 1
    out = bytearray()
    while value >= 0x80:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes([*out, value])


def number(field: int, value: int) -> bytes:
    """A varint field."""
    return varint(field << 3) + varint(value)


def blob(field: int, data: bytes | str) -> bytes:
    """A length-delimited field."""
    data = data.encode() if isinstance(data, str) else data
    return varint(field << 3 | 2) + varint(len(data)) + data


def value_info(name: str, shape: Sequence[int | str | None], dtype: int = FLOAT) -> bytes:
    """A ValueInfoProto; a text is a symbolic dimension, None an unknown one."""
    dims = b"".join(blob(1, _dimension(size)) for size in shape)
    return blob(1, name) + blob(2, blob(1, number(1, dtype) + blob(2, dims)))


def tensor(name: str, shape: Sequence[int], values: Sequence[float]) -> bytes:
    """A float32 TensorProto with raw data."""
    dims = b"".join(number(1, size) for size in shape)
    return dims + number(2, FLOAT) + blob(8, name) + blob(9, struct.pack(f"<{len(values)}f", *values))


def node(op: str, inputs: Sequence[str], outputs: Sequence[str], domain: str = "") -> bytes:
    """A NodeProto without attributes."""
    ends = b"".join(blob(1, name) for name in inputs) + b"".join(blob(2, name) for name in outputs)
    return ends + blob(4, op) + (blob(7, domain) if domain else b"")


def graph(
    nodes: Sequence[bytes], inputs: Sequence[bytes], outputs: Sequence[bytes], initializers: Sequence[bytes] = ()
) -> bytes:
    """A GraphProto."""
    parts = [(1, item) for item in nodes] + [(5, item) for item in initializers]
    parts += [(11, item) for item in inputs] + [(12, item) for item in outputs]
    return b"".join(blob(field, item) for field, item in parts) + blob(2, "g")


def model(graph_bytes: bytes, *, opset: int = 13, metadata: Mapping[str, str] | None = None) -> bytes:
    """A ModelProto of IR version 8."""
    props = b"".join(blob(14, blob(1, key) + blob(2, value)) for key, value in (metadata or {}).items())
    head = number(1, 8) + blob(2, "gitops-models-tests") + blob(3, "1")
    return head + blob(7, graph_bytes) + blob(8, number(2, opset)) + props


def linear_onnx(
    weights: Sequence[float] = (0.5, -0.25), bias: float = 0.0, *, input_name: str = "features", output: str = "score"
) -> bytes:
    """``score = features @ weights + bias`` with shapes [n, k] -> [n, 1]; other weights give other bytes."""
    size = len(weights)
    return model(
        graph(
            [node("MatMul", [input_name, "weights"], ["product"]), node("Add", ["product", "bias"], [output])],
            [value_info(input_name, ["n", size])],
            [value_info(output, ["n", 1])],
            [tensor("weights", [size, 1], weights), tensor("bias", [1], [bias])],
        )
    )


def identity_onnx(size: int = 4) -> bytes:
    """A model that gives back its input ``x`` of shape [n, size] as ``y``."""
    ends = [value_info("x", ["n", size])], [value_info("y", ["n", size])]
    return model(graph([node("Identity", ["x"], ["y"])], *ends))


def write_linear(path: Path, weights: Sequence[float] = (0.5, -0.25), bias: float = 0.0) -> Path:
    """Write ``linear_onnx`` to ``path``, folders included."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(linear_onnx(weights, bias))
    return path


def _dimension(size: int | str | None) -> bytes:
    if size is None:
        return b""
    return blob(2, size) if isinstance(size, str) else number(1, size)
