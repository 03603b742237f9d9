"""Model files of strangers: with what the scanner passes, Python's own reader of opcodes agrees."""

import io
import pickle
import pickletools
import struct
from contextlib import suppress
from pathlib import Path

from gitops_models.artifacts.formats import gguf, mlmodel, onnx, onnx_graph, onnx_types, safetensors, wire
from gitops_models.artifacts.scan import (
    calls,
    dtypes,
    headers,
    joblib,
    literals,
    looking,
    npy,
    packed,
    pickles,
    serial,
    stack,
    tars,
    torch,
    zips,
)
from gitops_models.artifacts.scan.allow import CALLED, NAMED
from gitops_models.artifacts.scan.allow import TORCH as TORCH_NAMES
from gitops_models.artifacts.scan.budget import Budget
from gitops_models.artifacts.scan.member import Member
from gitops_models.errors import GmError
from tests.fuzz.engine import Target
from tests.support import models
from tests.support import pickles as made
from tests.support.headers import gguf as gguf_file
from tests.support.headers import gguf_text
from tests.support.headers import mlmodel as mlmodel_file
from tests.support.headers import safetensors as safetensors_file
from tests.support.hostile import BROKEN, DAMAGED, TORCH_ODD, TRICKS

TORCH = Path(__file__).resolve().parent.parent / "data" / "torch"
KNOWN = {f"{module}.{name}" for module, name in CALLED | NAMED | TORCH_NAMES}
IMPORTING = frozenset({"GLOBAL", "INST", "EXT1", "EXT2", "EXT4"})


class Refused(Exception):  # noqa: N818 - the scanner's word, no error
    """The scanner found something."""


def scan(data):
    """What passes imports nothing beside the list, by our word and by that of Python's own reader of opcodes."""
    outcome = looking.look(Member("x", io.BytesIO(data), len(data), Budget(len(data))))
    if outcome.findings:
        raise Refused
    assert set(outcome.imports) <= KNOWN
    if outcome.format in {"joblib", "pickle"} and data[:1] == b"\x80":
        for kind in (pickle.Unpickler, pickle._Unpickler, joblib_unpickler()):
            assert asked_of(kind, data) <= set(outcome.imports)
    if outcome.format == "pickle":
        opcodes = list(pickletools.genops(data))
        assert opcodes[-1][2] == len(data) - 1
        spelled = {argument.replace(" ", ".") for opcode, argument, _ in opcodes if opcode.name in IMPORTING}
        assert spelled <= KNOWN


def asked_of(kind, data):
    """The names that one of Python's own unpicklers asks for; each is answered by a class that does nothing."""
    asked = set()
    real = kind not in {pickle.Unpickler, pickle._Unpickler}  # joblib needs to know the size of an element

    class Inert(kind):
        def find_class(self, module, name):
            asked.add(f"{module}.{name}")
            return super().find_class(module, name) if real and (module, name) in REAL else Nothing

    with suppress(Exception):  # what it fails at comes after what it asked for
        Inert(io.BytesIO(data)).load()
    return asked


REAL = frozenset({("joblib.numpy_pickle", "NumpyArrayWrapper"), ("numpy", "dtype"), ("numpy", "ndarray")})


def joblib_unpickler():
    """joblib's own, which reads the bytes of arrays between opcodes."""
    from joblib.numpy_pickle import NumpyUnpickler  # noqa: PLC0415 - a development dependency that takes a second

    class Unpickler(NumpyUnpickler):
        def __init__(self, stream):
            super().__init__("x", stream, ensure_native_byte_order=False)

    return Unpickler


class Nothing:
    """Stands for every class."""

    def __init__(self, *_values, **_named):
        """Take whatever is given."""


def read_headers(data):
    """A header that is read gives names and counts that can be written down."""
    if data[:4] == b"GGUF":
        info = gguf.parse_gguf(data)
        assert info.parameters >= 0
        assert info.vocabulary is None or info.vocabulary >= 0
    elif data[:1] == b"f":
        fields = mlmodel.parse_mlmodel(data, "MLmodel")
        mlmodel.strange_loading(fields)
        found = mlmodel.signature_of(fields, "MLmodel")
        assert found is None or all(spec.name for spec in (*found.inputs, *found.outputs))
    elif safetensors.looks_like_safetensors(data):
        length = int.from_bytes(data[:8], "little")
        info = safetensors.parse_safetensors(length, data[8 : 8 + length], len(data) - 8 - length)
        assert info.parameters >= 0
    else:
        assert onnx.parse_onnx(data).parameters >= 0


NPY = (
    "{'descr': [('a', '<f4'), ('b', '<i4')], 'fortran_order': False, 'shape': (1, ), }",
    "{'descr': '<M8[ns]', 'fortran_order': True, 'shape': (), }",
    "{'descr': '<q8', 'fortran_order': True, 'shape': (), }",
    "{'descr': 1}",
)


def header(text):
    """A npy file of eight bytes."""
    return made.npy(text, bytes(8), (2, 0))


def record(offset):
    """A pickle of a dtype with one field of four bytes at this offset."""
    field = b"}" + made.text("a") + made.dtype_of(made.text("f4")) + offset + b"\x86s"
    state = b"(K\x03" + made.text("|") + b"N" + made.text("a") + b"\x85" + field + b"K\x08K\x01K\x10tb"
    return made.proto(made.dtype_of(made.text("V8"), state))


def odd_zips():
    """Zip archives that readers would read differently."""
    plain = made.zipped({"a.txt": b"aa"})
    at = plain.index(b"PK\x01\x02")
    yield plain[: at + 8] + b"\x01" + plain[at + 9 :]
    yield plain[: at + 10] + b"\x0c" + plain[at + 11 :]
    yield plain[:at] + b"x" + plain[at:]
    yield plain[:-2] + b"\x01\x00x"
    yield plain[:40] + b"xx" + plain[42:]
    yield plain.replace(b"a.txt", b"a\0txt")
    yield b"text" + plain
    yield made.zipped({"a": b"x", "A": b"y"})
    yield made.zipped({"../a": b"x"})


def scanned():
    """Files that pass and files that do not, of every form."""
    evil = made.call()
    good = [made.dumped({"a": [1, 2.5, "x", None, b"y", (1,), {2}]}, protocol) for protocol in range(6)]
    good += [
        made.proto(made.joblib_array()),
        made.joblib_objects(made.proto(b"N", 5)),
        made.torch_zip(made.torch_tensor()),
    ]
    good += [made.npy("{'descr': '<f8', 'fortran_order': False, 'shape': (1,), }", bytes(8)), b"a text\n"]
    good += [made.zipped({"a/b.txt": b"x"}), made.tarred({"a": b"x"}), models.linear_onnx()]
    good += [pack(good[4]) for pack in made.PACK.values()]
    bad = [evil, made.after_array(), made.torch_zip(evil), made.zipped({"a": evil}), made.tarred({"a": evil})]
    bad += [b"(S'true'\nios\nsystem\n.", b"cos\nsystem\n(S'true'\ntR.", made.proto(b"\x82\x01)R"), b"Px\n."]
    bad += [made.npy("{'descr': '|O', 'fortran_order': False, 'shape': (1,), }", evil), b"\x7fELF", b"#!/bin/sh\n"]
    bad += [b"\x89HDF\r\n\x1a\n", made.tarred({"x" * 150: b"x"}, form=1), made.tarred({"a": b""}, b"2")]
    bad += [
        made.proto(made.stack_global("numpy", "ndarray") + b")}\x92"),
        made.proto(b"\x95" + struct.pack("<Q", 1) + b"N"),
    ]
    good += [*map(record, (b"K\x00", b"K\x04", b"K\x08")), *map(header, NPY), gguf_file({}, {}), safetensors_file({})]
    good += [(TORCH / name).read_bytes() for name in ("state_dict.pt", "legacy.pt")]
    good += [made.tarred({"x": b"", "y": b"z"}, form=0), b"x\0\0\0TFL3", made.zipped({"b/": b""})]
    good += [made.proto(made.dtype_of(made.text(kind))) for kind in ("U2", "S1", "?", "V3", "M8", "u9", "xx")]
    bad += [*odd_zips(), made.tarred({"a": b""}, b"g"), made.tarred({"a": b"x"})[:700], made.tarred({"a": b""}) + b"x"]
    bad += [b"BZh91AY&SY" + b"x" * 20, b"\x1f\x8b\x08" + b"x" * 20, made.PACK["gzip"](b"x") + b"y"]
    bad += [b"\x04\x22\x4d\x18", b"ZF0x", mlmodel_file([], []).encode(), made.tarred({"../x": b"a"})]
    bad += [
        made.zipped({"MLmodel": b"flavors: {python_function: {loader_module: os}}"}),
        made.zipped({"m.py": b"import os"}),
    ]
    bad += [
        made.zipped({"m/MLmodel": b"["}),
        gguf_file({"tokenizer.chat_template": "{{ a.__class__ }}"}, {}),
        bytes(40),
    ]
    bad += [data if data[:1] == b"\x80" else b"\x80\x02" + data for data in (*TRICKS.values(), *BROKEN.values())]
    return [*good, *bad, *TORCH_ODD.values(), *DAMAGED.values()]


SCAN_WORDS = [
    b"\x80\x04",
    b"\x93",
    b"R",
    b"\x81",
    b"(",
    b"t",
    b".",
    b"}",
    b"\x94",
    b"h\x00",
    b"0",
    b"cos\nsystem\n",
    b"I1\n",
    b"\x95\x02\0\0\0\0\0\0\0",
    made.stack_global("os", "system"),
    made.stack_global("numpy", "dtype"),
    made.dtype_of(made.text("f8")),
    made.joblib_array(),
    b"PK\x01\x02",
    b"PK\x05\x06",
    b"ustar",
]
TENSOR = models.blob(1, models.number(1, 7))
ENDS = [
    models.value_info("x", [None, -5, "batch", 3], dtype=99),
    models.blob(1, "bare"),
    models.blob(1, "s") + models.blob(2, models.blob(8, models.number(1, 1))),
    models.blob(1, "o") + models.blob(2, models.blob(9, models.blob(1, models.blob(4, models.blob(1, TENSOR))))),
    models.blob(1, "m") + models.blob(2, models.blob(5, models.number(1, 7) + models.blob(2, TENSOR))),
    models.blob(1, "q") + models.blob(2, models.blob(7, b"")),
]
OUTSIDE = models.blob(13, models.blob(1, "location") + models.blob(2, "weights.bin"))
WEIGHTS = [models.blob(1, models.varint(4) + models.varint(5)) + models.blob(8, "w") + OUTSIDE]
HEADERS = [
    gguf_file(
        {"general.architecture": "llama", "tokenizer.ggml.tokens": ["a", "b"], "x": [1], "y": 0.5}, {"w": [2, 2]}
    ),
    safetensors_file({"w": ("F32", [2])}, {"interface": "{}"}),
    mlmodel_file(
        [{"name": "a", "type": "double"}], [{"type": "tensor", "tensor-spec": {"dtype": "f4", "shape": [-1]}}]
    ).encode(),
    models.linear_onnx(),
    models.model(models.graph([], ENDS, ENDS[:1], WEIGHTS), metadata={"k": "e" * 5000}),
    gguf_file({"llama.vocab_size": "x", "general.architecture": "llama"}, {"w": []}),
]
HEADER_WORDS = [gguf_text("a"), b'"F32"', b'"shape"', b"[", b"{", b"signature", b"code: x", b"\xff" * 8, b"\0" * 8]


def odd_headers():
    """Headers that are refused, one for each reason that is rarely met by chance."""
    texts = [
        "[]",
        '{"__metadata__": {"a": 1}}',
        '{"w": 1}',
        '{"w": {"dtype": "F9", "shape": [], "data_offsets": [0, 4]}}',
    ]
    texts += ['{"w": {"dtype": "F32", "shape": [2], "data_offsets": [0, 4]}}', '{"a": NaN}', '{"a": {}, "a": {}}']
    yield from (struct.pack("<Q", len(text)) + text.encode() for text in texts)
    begin = b"GGUF" + struct.pack("<I", 3)
    yield from (begin + struct.pack("<QQ", *counts) for counts in ((1 << 40, 0), (0, 1 << 40)))
    yield begin + struct.pack("<QQ", 1, 0) + gguf_text("w") + struct.pack("<I", 99)
    yield (
        begin
        + struct.pack("<QQ", 0, 1)
        + gguf_text("a")
        + struct.pack("<IIQ", 9, 9, 1)
        + struct.pack("<IQ", 0, 1)
        + b"x"
    )
    yield begin + struct.pack("<QQ", 0, 2) + (gguf_text("a") + struct.pack("<IB", 0, 1)) * 2
    yield b"flavors: {python_function: {loader_module: mlflow.sklearn, code: x}}\n"
    yield b"flavors: {python_function: x}\nsignature: {inputs: 1}\n"


def targets():
    """The scanner, and the parsers of headers."""
    scanner = (
        calls,
        dtypes,
        headers,
        joblib,
        literals,
        looking,
        npy,
        packed,
        pickles,
        serial,
        stack,
        tars,
        torch,
        zips,
    )
    parsers = (gguf, mlmodel, onnx, onnx_graph, onnx_types, safetensors, wire)
    refusals = (GmError, safetensors.HeaderError, wire.WireError)
    return [
        Target("scanner", scan, scanner, scanned(), SCAN_WORDS, (Refused,), 4),
        Target("model headers", read_headers, parsers, [*HEADERS, *odd_headers()], HEADER_WORDS, refusals, 3),
    ]
