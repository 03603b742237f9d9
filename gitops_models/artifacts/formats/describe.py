"""Which format a file has, and what can be read from its header."""

from pathlib import Path
from typing import TYPE_CHECKING

from gitops_models.artifacts.formats.onnx import OnnxInfo, read_onnx
from gitops_models.registry.values import dataclass

if TYPE_CHECKING:
    from gitops_models.artifacts.formats.onnx_types import OnnxValue
    from gitops_models.registry.documents import Interface, TensorSpec

_BY_SUFFIX = {
    ".bin": "binary",
    ".cbm": "catboost",
    ".gguf": "gguf",
    ".h5": "hdf5",
    ".j2": "jinja",
    ".jinja": "jinja",
    ".joblib": "joblib",
    ".json": "json",
    ".keras": "keras",
    ".md": "markdown",
    ".mlmodel": "coreml",
    ".npy": "npy",
    ".npz": "npz",
    ".onnx": "onnx",
    ".pickle": "pickle",
    ".pkl": "pickle",
    ".pmml": "pmml",
    ".pt": "torch",
    ".pth": "torch",
    ".safetensors": "safetensors",
    ".skops": "skops",
    ".tflite": "tflite",
    ".toml": "toml",
    ".txt": "text",
    ".ubj": "ubjson",
    ".yaml": "yaml",
    ".yml": "yaml",
}
_MAX_OPS_IN_ID = 8


@dataclass(frozen=True, slots=True)
class Described:
    """A file's format (None when unknown), and where its header tells: interface, architecture id, parameter count."""

    format: str | None
    interface: "Interface | None" = None
    architecture: str | None = None
    parameters: int | None = None
    external: tuple[str, ...] = ()


def describe(path: Path) -> Described:
    """Describe a model file; ONNX from its header (GM-A501 when malformed), others by their extension."""
    if path.is_dir():
        return Described("mlflow" if (path / "MLmodel").is_file() else "directory")
    kind = _BY_SUFFIX.get(path.suffix.lower())
    if kind != "onnx":
        return Described(kind)
    info = read_onnx(path)
    return Described(kind, _interface(info), architecture_id(info), info.parameters or None, info.external)


def architecture_id(info: OnnxInfo) -> str:
    """Name an architecture by its operators: ``onnx:LinearClassifier+Normalizer``, long ones cut with a count."""
    shown = "+".join(info.ops[:_MAX_OPS_IN_ID]) or "empty"
    rest = len(info.ops) - _MAX_OPS_IN_ID
    return f"onnx:{shown}" + (f"+{rest}" if rest > 0 else "")


def _interface(info: OnnxInfo) -> "Interface":
    from gitops_models.registry.documents import Interface  # noqa: PLC0415 - pydantic takes 0.1 s to import

    return Interface(
        inputs=tuple(_spec(value) for value in info.inputs), outputs=tuple(_spec(value) for value in info.outputs)
    )


def _spec(value: "OnnxValue") -> "TensorSpec":
    from gitops_models.registry.documents import TensorSpec  # noqa: PLC0415 - pydantic takes 0.1 s to import

    return TensorSpec(name=value.name, dtype=value.dtype, shape=value.shape)
