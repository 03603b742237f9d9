"""Model files of other formats by hand: safetensors, GGUF and MLmodel."""

import json
import struct
from math import prod

_BYTES = {"F32": 4, "BF16": 2, "F64": 8, "I64": 8}


def safetensors(tensors, metadata=None):
    """A file of tensors of zeros, by name with dtype and shape."""
    header, at = {}, 0
    if metadata:
        header["__metadata__"] = metadata
    for name, (dtype, shape) in tensors.items():
        size = prod(shape) * _BYTES[dtype]
        header[name] = {"dtype": dtype, "shape": shape, "data_offsets": [at, at + size]}
        at += size
    text = json.dumps(header).encode()
    return struct.pack("<Q", len(text)) + text + bytes(at)


def gguf_text(text):
    """A text of GGUF."""
    return struct.pack("<Q", len(text.encode())) + text.encode()


def gguf(keys, tensors):
    """A file with these keys (texts, floats, lists of texts or numbers) and the infos of these tensors."""
    body = b"".join(gguf_text(name) + _value(value) for name, value in keys.items())
    for name, shape in tensors.items():
        dimensions = b"".join(struct.pack("<Q", size) for size in shape)
        body += gguf_text(name) + struct.pack("<I", len(shape)) + dimensions + struct.pack("<IQ", 0, 0)
    return b"GGUF" + struct.pack("<IQQ", 3, len(tensors), len(keys)) + body


def _value(value):
    if isinstance(value, str):
        return struct.pack("<I", 8) + gguf_text(value)
    if isinstance(value, float):
        return struct.pack("<If", 6, value)
    if isinstance(value[0], str):
        return struct.pack("<IIQ", 9, 8, len(value)) + b"".join(gguf_text(one) for one in value)
    return struct.pack("<IIQ", 9, 5, len(value)) + b"".join(struct.pack("<i", one) for one in value)


def mlmodel(inputs, outputs):
    """An MLmodel file as MLflow writes it."""
    ends = "".join(
        f"  {name}: '{json.dumps(said)}'\n"
        for name, said in (("inputs", inputs), ("outputs", outputs))
        if said is not None
    )
    function = "    loader_module: mlflow.sklearn\n    model_path: model.pkl\n"
    return f"flavors:\n  python_function:\n{function}signature:\n{ends}"
