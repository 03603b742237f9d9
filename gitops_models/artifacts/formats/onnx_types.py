"""ONNX value types in NumPy's words (onnx.proto: TypeProto, TensorShapeProto, TensorProto.DataType)."""

from gitops_models.artifacts.formats.wire import Budget, Value, WireError, fields, signed
from gitops_models.registry.values import dataclass

MAX_NAME = 1024
MAX_RANK = 64
MAX_COUNT = 2**53 - 1  # the largest integer that canonical JSON can write exactly
_MAX_NESTING = 8
_FREE = -1
_DTYPES = (
    "undefined float32 uint8 int8 uint16 int16 int32 int64 string bool float16 float64 uint32 uint64 complex64 "
    "complex128 bfloat16 float8e4m3fn float8e4m3fnuz float8e5m2 float8e5m2fnuz uint4 int4 float4e2m1"
)
_DTYPE = dict(enumerate(_DTYPES.split(" ")))


@dataclass(frozen=True, slots=True)
class OnnxValue:
    """One input or output: name, NumPy dtype (``sequence(…)``, ``map(…)`` for others), shape with -1 for free."""

    name: str
    dtype: str
    shape: tuple[int, ...]


def text(value: Value) -> str:
    """Read a name; WireError when it is long, not UTF-8 or has control characters."""
    name = prose(value)
    if len(view(value)) > MAX_NAME or not name.isprintable():
        raise WireError("has a name that is no short line of text")
    return name


def prose(value: Value) -> str:
    """Read a free text, of which only the beginning matters; WireError when it is not UTF-8."""
    start = bytes(view(value)[: 4 * MAX_NAME])
    try:
        return start.decode()
    except UnicodeDecodeError as error:
        if len(view(value)) > len(start) and error.start >= len(start) - 3:  # cut inside a character
            return start[: error.start].decode()
        raise WireError("has text that is not UTF-8") from error


def view(value: Value) -> memoryview:
    """Read a nested message; WireError when the field is a number."""
    if isinstance(value, int):
        raise WireError("has a number where a message belongs")
    return value


def number(value: Value) -> int:
    """Read an int64; WireError when the field is bytes."""
    if not isinstance(value, int):
        raise WireError("has bytes where a number belongs")
    return signed(value)


def count(value: Value) -> int:
    """Read a size; WireError when it is negative or beyond what JSON can say."""
    size = number(value)
    if not 0 <= size <= MAX_COUNT:
        raise WireError("has an impossible size")
    return size


def dtype_name(code: int) -> str:
    """Name a TensorProto.DataType; unknown ones (a newer ONNX) keep their number."""
    return _DTYPE.get(code, f"onnx-{code}")


def read_value(message: memoryview, budget: Budget) -> OnnxValue:
    """Read a ValueInfoProto."""
    name, dtype = "", "undefined"
    shape: tuple[int, ...] = ()
    for field, value in fields(message, budget):
        if field == 1:
            name = text(value)
        elif field == 2:  # noqa: PLR2004 - field numbers of onnx.proto
            dtype, shape = _type(view(value), budget, 0)
    if not name:
        raise WireError("has an input or output without a name")
    return OnnxValue(name, dtype, shape)


def _type(message: memoryview, budget: Budget, depth: int) -> tuple[str, tuple[int, ...]]:
    if depth > _MAX_NESTING:
        raise WireError("has types nested too deeply")
    for field, value in fields(message, budget):
        if field in {1, 8}:  # dense and sparse tensors share their layout
            return _tensor(view(value), budget)
        if field in {4, 9}:
            kind = "sequence" if field == 4 else "optional"  # noqa: PLR2004 - field numbers of onnx.proto
            return f"{kind}({_inner(view(value), 1, budget, depth)})", ()
        if field == 5:  # noqa: PLR2004 - field numbers of onnx.proto
            return _map(view(value), budget, depth), ()
    return "undefined", ()


def _inner(message: memoryview, wanted: int, budget: Budget, depth: int) -> str:
    for field, value in fields(message, budget):
        if field == wanted:
            return _type(view(value), budget, depth + 1)[0]
    return "undefined"


def _map(message: memoryview, budget: Budget, depth: int) -> str:
    key, inner = 0, "undefined"
    for field, value in fields(message, budget):
        if field == 1:
            key = number(value)
        elif field == 2:  # noqa: PLR2004 - field numbers of onnx.proto
            inner = _type(view(value), budget, depth + 1)[0]
    return f"map({dtype_name(key)},{inner})"


def _tensor(message: memoryview, budget: Budget) -> tuple[str, tuple[int, ...]]:
    dtype = "undefined"
    shape: tuple[int, ...] = ()
    for field, value in fields(message, budget):
        if field == 1:
            dtype = dtype_name(number(value))
        elif field == 2:  # noqa: PLR2004 - field numbers of onnx.proto
            shape = tuple(_dimension(view(dim), budget) for one, dim in fields(view(value), budget) if one == 1)
    if len(shape) > MAX_RANK:
        raise WireError(f"has a tensor of more than {MAX_RANK} dimensions")
    return dtype, shape


def _dimension(message: memoryview, budget: Budget) -> int:
    """Read one dimension: a symbolic, missing or negative one is free."""
    for field, value in fields(message, budget):
        if field == 1:
            return count(value) if number(value) >= 0 else _FREE
    return _FREE
