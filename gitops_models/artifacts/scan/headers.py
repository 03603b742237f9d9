"""Formats that hold no code: their headers are read strictly, and texts are told from everything else."""

from __future__ import annotations

import codecs
import mmap
import re
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from gitops_models.artifacts.formats.describe import MLMODEL
from gitops_models.artifacts.formats.gguf import parse_gguf
from gitops_models.artifacts.formats.onnx import OnnxInfo, parse_onnx
from gitops_models.artifacts.formats.safetensors import LARGEST_HEADER, HeaderError, parse_safetensors
from gitops_models.artifacts.formats.wire import WireError
from gitops_models.artifacts.safe_names import relpath_problem
from gitops_models.artifacts.scan.outcome import Outcome, unread
from gitops_models.artifacts.scan.report import CODE, IS_SOURCE, TOO_MUCH, UNKNOWN, Finding
from gitops_models.artifacts.scan.source import Unread
from gitops_models.errors import GmError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gitops_models.artifacts.scan.member import Member

_PROGRAMS = frozenset({"elf", "macho", "pe"})
_CLOSED = {
    "hdf5": "is HDF5, which may hold Python code of Keras and is not looked into",
    "lz4": "is packed by lz4, which is not looked into",
    "zfile": "is packed by an old joblib, which is not looked into",
}
_SOURCES = frozenset({".bat", ".dll", ".jar", ".jl", ".js", ".lua", ".ps1", ".py", ".pyc", ".pyd", ".r", ".sh", ".so"})
_CHUNK = 1 << 20
_CONTROLS = bytes(frozenset(range(32)) - frozenset(b"\t\n\r\f") | {127})
_LARGEST_READ = 1 << 20
_LONGEST_TAG = 512
# Tags of PyYAML that import and call, in full, in short, with escapes, or behind a name of their own (%TAG), and the
# code of a Lambda layer of Keras.
_MAKES = re.compile(
    rb"!!python/|tag:yaml\.org,2002:python|![!<][^\s>]{0,200}%[0-9a-fA-F]{2}|"
    rb"%TAG[ \t]+\S{1,100}[ \t]+(?!tag:unity3d\.com)|\"__lambda__\""
)


def look_header(member: Member, kind: str | None) -> Outcome | None:
    """Look at what is neither pickle nor archive; None where the bytes are of no form that is known."""
    if kind in _PROGRAMS:
        return Outcome(kind, (Finding(member.path, CODE, "is a program"),))
    if kind in _CLOSED:
        return Outcome(kind, (Finding(member.path, UNKNOWN, _CLOSED[str(kind)]),))
    if kind in {"safetensors", "gguf"}:
        return _checked(member, str(kind))
    if kind == "tflite":
        return _look_tflite(member)
    if _is_text(member):
        return _look_text(member, kind)
    return _look_onnx(member)


def _checked(member: Member, kind: str) -> Outcome:
    try:
        if kind == "safetensors":
            length = int.from_bytes(member.head(8), "little")
            header = member.at(8, min(length, LARGEST_HEADER + 1))
            parse_safetensors(length, header, member.size - 8 - length)
            return Outcome(kind)
        return _look_gguf(member)
    except HeaderError as problem:
        return Outcome(kind, (unread(member.path, Unread(str(problem))),))


def _look_gguf(member: Member) -> Outcome:
    """Read the keys. A chat template is a Jinja program; one that reaches for Python's insides is no template."""
    info = parse_gguf(_bytes_of(member))
    templates = [value for key, value in info.keys.items() if "chat_template" in key and isinstance(value, str)]
    if any("__" in text or "|attr" in text.replace(" ", "") for text in templates):
        return Outcome("gguf", (Finding(member.path, CODE, "has a chat template that reaches into Python"),))
    return Outcome("gguf")


def _look_tflite(member: Member) -> Outcome:
    """Hold the beginning to a flatbuffer's: its root and the table of the root's fields lie inside of the file."""
    root, size = int.from_bytes(member.head(4), "little"), member.size
    table = root - int.from_bytes(member.at(root, 4), "little", signed=True) if root < size else -1
    ends = (0, 0)
    if 0 <= table <= size - 4:
        fields, length = (int.from_bytes(member.at(table + at, 2), "little") for at in (0, 2))
        ends = (table + fields if fields >= 4 and not fields % 2 else 0, root + length if length >= 4 else 0)  # noqa: PLR2004 - two lengths
    if root < 8 or not all(0 < end <= size for end in ends):  # noqa: PLR2004 - behind the place and "TFL3"
        return Outcome("tflite", (unread(member.path, Unread("has a header that TensorFlow Lite does not write")),))
    return Outcome("tflite")


def _look_onnx(member: Member) -> Outcome | None:
    if not member.size:
        return None
    try:
        info = parse_onnx(_bytes_of(member))
    except WireError:
        return None
    return Outcome("onnx", tuple(_outside(member, info)))


def _outside(member: Member, info: OnnxInfo) -> list[Finding]:
    """ONNX Runtime opens the files that hold external weights (CVE-2022-25882, CVE-2024-27318)."""
    return [
        Finding(member.path, TOO_MUCH, f"has weights in {name}, which {problem}")
        for name in info.external
        if (problem := relpath_problem(name))
    ]


def _look_text(member: Member, kind: str | None) -> Outcome:
    if PurePosixPath(member.path.rpartition("!")[2]).suffix.lower() in _SOURCES or member.head(2) == b"#!":
        return Outcome("source", (Finding(member.path, CODE, IS_SOURCE),))
    if PurePosixPath(member.path.rpartition("!")[2]).name == MLMODEL:
        return _look_mlmodel(member)
    if any(_MAKES.search(data) for data in _overlapping(member)):
        return Outcome(
            kind or "text", (Finding(member.path, CODE, "names Python code for who loads it as YAML or Keras"),)
        )
    return Outcome(kind or "text")


def _overlapping(member: Member) -> Iterator[bytes]:
    """Give all bytes in pieces, each with the end of the one before."""
    for at in range(0, member.size, _CHUNK):
        begins = max(0, at - _LONGEST_TAG)
        yield member.at(begins, at - begins + _CHUNK)


def _look_mlmodel(member: Member) -> Outcome:
    from gitops_models.artifacts.formats.mlmodel import parse_mlmodel, strange_loading  # noqa: PLC0415 - pydantic

    if member.size > _LARGEST_READ:
        return Outcome("mlflow", (unread(member.path, Unread("is too large for an MLmodel file")),))
    try:
        problem = strange_loading(parse_mlmodel(member.head(member.size), member.path))
    except GmError as error:
        return Outcome("mlflow", (unread(member.path, Unread(error.message)),))
    return Outcome("text", (Finding(member.path, CODE, problem),) if problem else ())


def _is_text(member: Member) -> bool:
    """Whether it is UTF-8 without control characters, from the first byte to the last."""
    decoder = codecs.getincrementaldecoder("utf-8")()
    try:
        for at in range(0, member.size, _CHUNK):
            data = member.at(at, _CHUNK)
            if len(data.translate(None, _CONTROLS)) != len(data):
                return False
            decoder.decode(data)
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return False
    return True


def _bytes_of(member: Member) -> memoryview:
    """Give all bytes: mapped where they are many, so that memory does not grow with the model."""
    if member.size <= _LARGEST_READ:
        return memoryview(member.head(member.size))
    member.stream.flush()
    return memoryview(mmap.mmap(member.stream.fileno(), 0, access=mmap.ACCESS_READ))
