"""Which format a file has, and what can be read from its header."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitops_models.artifacts.files import open_regular, read_error
from gitops_models.artifacts.formats.detect import detect_stream
from gitops_models.artifacts.formats.gguf import read_gguf
from gitops_models.artifacts.formats.onnx import read_onnx
from gitops_models.artifacts.formats.safetensors import read_safetensors
from gitops_models.errors import GmError
from gitops_models.registry.values import dataclass

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from gitops_models.artifacts.formats.gguf import GgufInfo
    from gitops_models.artifacts.formats.onnx import OnnxInfo
    from gitops_models.artifacts.formats.onnx_types import OnnxValue
    from gitops_models.artifacts.formats.safetensors import SafetensorsInfo
    from gitops_models.registry.documents import Interface, TensorSpec

MLMODEL = "MLmodel"
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
    interface: Interface | None = None
    architecture: str | None = None
    parameters: int | None = None
    external: tuple[str, ...] = ()


def describe(path: Path) -> Described:
    """Describe a model file or an MLflow folder from its header, what has none by its extension.

    A file whose name says ONNX, safetensors or GGUF and whose bytes are something else is GM-A501; what is named
    otherwise has the format of its bytes where these give it away. GM-A101..A109 when it cannot be read.
    """
    if path.is_dir():
        return _describe_folder(path)
    named = _BY_SUFFIX.get(path.suffix.lower())
    kind = named if named in _READERS else _by_bytes(path, named) or named
    reader = _READERS.get(kind or "")
    return reader(path) if reader else Described(kind)


def _describe_folder(path: Path) -> Described:
    if not (path / MLMODEL).is_file():
        return Described("directory")
    from gitops_models.artifacts.formats.mlmodel import read_mlmodel  # noqa: PLC0415 - pydantic takes 0.1 s to import

    return Described("mlflow", read_mlmodel(path / MLMODEL))


def _by_bytes(path: Path, named: str | None) -> str | None:
    """Give the format that the bytes give away, None where the name knows better: a zip may be PyTorch's or NumPy's."""
    with open_regular(path) as stream:
        try:
            found = detect_stream(stream)
        except OSError as error:
            raise read_error(error, str(path)) from error
    return found if found in _TOLD and not (found == "pickle" and named in _PICKLES) else None


def _onnx(path: Path) -> Described:
    info = read_onnx(path)
    return Described("onnx", _interface(info), architecture_id(info), info.parameters or None, info.external)


def _safetensors(path: Path) -> Described:
    info = read_safetensors(path)
    return Described("safetensors", _stated(info, path), parameters=info.parameters or None)


def _gguf(path: Path) -> Described:
    info = read_gguf(path)
    architecture = f"gguf:{info.architecture}" if info.architecture else None
    return Described("gguf", _tokens(info), architecture, info.parameters or None)


_READERS: dict[str, Callable[[Path], Described]] = {"gguf": _gguf, "onnx": _onnx, "safetensors": _safetensors}
_TOLD = frozenset({"gguf", "hdf5", "npy", "pickle", "safetensors", "xgboost-json"})
_PICKLES = frozenset({"joblib", "torch"})


def architecture_id(info: OnnxInfo) -> str:
    """Name an architecture by its operators: ``onnx:LinearClassifier+Normalizer``, long ones cut with a count."""
    shown = "+".join(info.ops[:_MAX_OPS_IN_ID]) or "empty"
    rest = len(info.ops) - _MAX_OPS_IN_ID
    return f"onnx:{shown}" + (f"+{rest}" if rest > 0 else "")


def _interface(info: OnnxInfo) -> Interface:
    from gitops_models.registry.documents import Interface  # noqa: PLC0415 - pydantic takes 0.1 s to import

    return Interface(
        inputs=tuple(_spec(value) for value in info.inputs), outputs=tuple(_spec(value) for value in info.outputs)
    )


def _spec(value: OnnxValue) -> TensorSpec:
    from gitops_models.registry.documents import TensorSpec  # noqa: PLC0415 - pydantic takes 0.1 s to import

    return TensorSpec(name=value.name, dtype=value.dtype, shape=value.shape)


def _stated(info: SafetensorsInfo, path: Path) -> Interface | None:
    """Read the Interface that whoever saved the tensors wrote among the free texts."""
    said = info.metadata.get("interface")
    if said is None:
        return None
    from gitops_models.registry.documents import Interface  # noqa: PLC0415 - pydantic takes 0.1 s to import

    try:
        return Interface.model_validate_json(said)
    except ValueError as error:
        raise GmError("GM-A501", f"{path} states an interface that is none", where=str(path)) from error


def _tokens(info: GgufInfo) -> Interface | None:
    """Take the interface of a language model from its vocabulary: token numbers in, a score for each token out."""
    if info.vocabulary is None:
        return None
    from gitops_models.registry.documents import Interface, TensorSpec  # noqa: PLC0415 - pydantic takes 0.1 s to import

    return Interface(
        inputs=(TensorSpec(name="tokens", dtype="int32", shape=(-1,)),),
        outputs=(TensorSpec(name="logits", dtype="float32", shape=(-1, info.vocabulary)),),
    )
