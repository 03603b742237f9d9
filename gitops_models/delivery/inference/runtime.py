"""One ONNX model, loaded by onnxruntime.

The only module that imports onnxruntime and numpy, and only when something is loaded.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from gitops_models.delivery.inference.protocol import Tensor, refused
from gitops_models.errors import GmError
from gitops_models.registry.text import visible
from gitops_models.registry.values import dataclass

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from gitops_models.delivery.inference.protocol import Request

_TYPES = {
    "tensor(bool)": ("BOOL", "bool"),
    "tensor(float16)": ("FP16", "float16"),
    "tensor(float)": ("FP32", "float32"),
    "tensor(double)": ("FP64", "float64"),
    "tensor(string)": ("BYTES", "object"),
    **{
        f"tensor({sign}int{bits})": (f"{sign.upper()}INT{bits}", f"{sign}int{bits}")
        for sign in ("", "u")
        for bits in (8, 16, 32, 64)
    },
}
_NUMPY = dict(_TYPES.values())
_BESIDE = "session.model_external_initializers_file_folder_path"
_ERRORS_ONLY = 3
_MOST_VALUES = 4_000_000
_SHOWN = 300
_ANY = -1


@dataclass(frozen=True)
class Spec:
    """One input or output of a model; a dimension that is free is -1."""

    name: str
    datatype: str
    shape: tuple[int, ...]

    def to_json(self) -> dict[str, Any]:
        """Return it as it stands in metadata."""
        return {"name": self.name, "datatype": self.datatype, "shape": list(self.shape)}


class OnnxModel:
    """A loaded model; ``run`` may be called from many threads at once."""

    def __init__(self, session: Any) -> None:
        self._session = session
        self.inputs = _specs(session.get_inputs())
        self.outputs = _specs(session.get_outputs())
        if len(self.inputs) != len(session.get_inputs()) or not self.outputs:
            raise GmError("GM-R332", "the model takes or gives something else than tensors")

    def run(self, request: Request) -> tuple[Tensor, ...]:
        """Answer a request. GM-R334 where it does not fit the model, GM-R335 where the model fails on it."""
        known = {spec.name: spec for spec in self.outputs}
        wanted = request.outputs or tuple(known)
        if unknown := [name for name in wanted if name not in known]:
            raise refused(f"no output is called {unknown[0]}")
        feed = self._feed(request.inputs)
        try:
            found = self._session.run(list(wanted), feed)
        except Exception as error:  # onnxruntime has no common base class
            raise GmError("GM-R335", _words(error)) from error
        return tuple(_tensor(known[name], value) for name, value in zip(wanted, found, strict=True))

    def _feed(self, inputs: tuple[Tensor, ...]) -> dict[str, Any]:
        given = {tensor.name: tensor for tensor in inputs}
        if unknown := sorted(set(given) - {spec.name for spec in self.inputs}):
            raise refused(f"no input is called {unknown[0]}")
        if missing := [spec.name for spec in self.inputs if spec.name not in given]:
            raise refused(f"input {missing[0]} is missing")
        return {spec.name: _array(spec, given[spec.name]) for spec in self.inputs}


def load_onnx(data: bytes, folder: Path, *, threads: int = 1) -> OnnxModel:
    """Load the model of ``data``; weights that it keeps in other files are read below ``folder``.

    Raises GM-R330 where onnxruntime is missing, GM-R332 for what it does not load.
    """
    runtime = need_runtime()
    options = runtime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = threads
    options.log_severity_level = _ERRORS_ONLY
    options.add_session_config_entry(_BESIDE, str(folder))
    try:
        return OnnxModel(runtime.InferenceSession(data, options, providers=["CPUExecutionProvider"]))
    except GmError:
        raise
    except Exception as error:  # as above
        raise GmError("GM-R332", _words(error), where=str(folder)) from error


def need_runtime() -> Any:
    """Import onnxruntime; GM-R330 says how to get it."""
    try:
        import numpy  # noqa: F401, ICN001, PLC0415 - heavy, and an extra
        import onnxruntime  # noqa: PLC0415 - as above
    except ImportError as error:
        raise GmError("GM-R330", f"{error.name or 'onnxruntime'} cannot be imported") from error
    return onnxruntime


def _specs(nodes: Sequence[Any]) -> tuple[Spec, ...]:
    return tuple(
        Spec(node.name, _TYPES[node.type][0], tuple(size if isinstance(size, int) else _ANY for size in node.shape))
        for node in nodes
        if node.type in _TYPES
    )


def _array(spec: Spec, tensor: Tensor) -> Any:
    import numpy as np  # noqa: PLC0415 - heavy, and an extra

    if tensor.datatype != spec.datatype:
        raise refused(f"input {spec.name}: is {spec.datatype}, not {tensor.datatype}")
    fits = len(spec.shape) == len(tensor.shape) and all(
        want in (_ANY, have) for want, have in zip(spec.shape, tensor.shape, strict=True)
    )
    if not fits:
        raise refused(f"input {spec.name}: has the shape {list(spec.shape)}, not {list(tensor.shape)}")
    try:
        with np.errstate(over="ignore"):
            found = np.array(tensor.data, dtype=_NUMPY[spec.datatype]).reshape(tensor.shape)
    except (OverflowError, ValueError) as error:
        raise refused(f"input {spec.name}: a value is no {spec.datatype}") from error
    if found.dtype.kind == "f" and not np.isfinite(found).all():
        raise refused(f"input {spec.name}: a value is too large for {spec.datatype}")
    return found


def _tensor(spec: Spec, value: Any) -> Tensor:
    if value.size > _MOST_VALUES:
        raise GmError("GM-R335", f"output {spec.name} has {value.size} values")
    data = tuple(value.ravel().tolist())
    # JSON has no word for NaN and infinity (RFC 8259 section 6), and 0 or null would be another answer.
    if spec.datatype.startswith("FP") and not all(map(math.isfinite, data)):
        raise GmError("GM-R335", f"output {spec.name} has a value that is no number")
    return Tensor(spec.name, spec.datatype, tuple(value.shape), data)


def _words(error: Exception) -> str:
    return visible(" ".join(str(error).split())[:_SHOWN])
