"""One ONNX graph: its ends, its operators and the size of its weights (onnx.proto: GraphProto, TensorProto)."""

from math import prod
from typing import TYPE_CHECKING

from gitops_models.artifacts.formats.onnx_types import MAX_RANK, OnnxValue, count, read_value, text, view
from gitops_models.artifacts.formats.wire import Budget, Value, WireError, fields, varints

if TYPE_CHECKING:
    from collections.abc import Callable

_MAX_ENDS = 10_000
_MAX_VARINT_BYTES = 10
_NODE, _INITIALIZER, _INPUT, _OUTPUT = 1, 5, 11, 12
_NODE_OP_TYPE = 4
_TENSOR_DIMS, _TENSOR_NAME, _TENSOR_EXTERNAL = 1, 8, 13


class Graph:
    """Collects what a description needs while one graph is walked once."""

    def __init__(self, budget: Budget) -> None:
        self._budget = budget
        self._initializers: set[str] = set()
        self.inputs: list[OnnxValue] = []
        self.outputs: list[OnnxValue] = []
        self.ops: dict[str, None] = {}
        self.external: dict[str, None] = {}
        self.parameters = 0

    def read(self, message: memoryview) -> None:
        """Walk a GraphProto; WireError."""
        handlers: dict[int, Callable[[memoryview], None]] = {
            _NODE: self._node,
            _INITIALIZER: self._initializer,
            _INPUT: lambda value: self._end(self.inputs, value),
            _OUTPUT: lambda value: self._end(self.outputs, value),
        }
        for field, value in fields(message, self._budget):
            handler = handlers.get(field)
            if handler:
                handler(view(value))

    def real_inputs(self) -> tuple[OnnxValue, ...]:
        """Give the inputs that a caller feeds: before IR 4 every initializer was listed as an input too."""
        return tuple(value for value in self.inputs if value.name not in self._initializers)

    def _end(self, ends: list[OnnxValue], message: memoryview) -> None:
        if len(ends) >= _MAX_ENDS:
            raise WireError(f"has more than {_MAX_ENDS} inputs or outputs")
        ends.append(read_value(message, self._budget))

    def _node(self, message: memoryview) -> None:
        for field, value in fields(message, self._budget):
            if field == _NODE_OP_TYPE:
                self.ops.setdefault(text(value))

    def _initializer(self, message: memoryview) -> None:
        shape: list[int] = []
        for field, value in fields(message, self._budget):
            if field == _TENSOR_DIMS:
                shape += self._dims(value)
            elif field == _TENSOR_NAME:
                self._initializers.add(text(value))
            elif field == _TENSOR_EXTERNAL:
                self._external(view(value))
        if len(shape) > MAX_RANK:
            raise WireError(f"has weights of more than {MAX_RANK} dimensions")
        self.parameters = count(self.parameters + prod(shape))

    def _dims(self, value: Value) -> list[int]:
        if isinstance(value, int):
            return [count(value)]
        if len(value) > _MAX_VARINT_BYTES * MAX_RANK:
            raise WireError(f"has weights of more than {MAX_RANK} dimensions")
        return [count(size) for size in varints(value, self._budget)]

    def _external(self, message: memoryview) -> None:
        pair = {field: text(value) for field, value in fields(message, self._budget) if field in {1, 2}}
        if pair.get(1) == "location":
            self.external.setdefault(pair.get(2, ""))
