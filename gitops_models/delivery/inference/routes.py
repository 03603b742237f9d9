"""What each address of the protocol answers. Values in, values out: the sockets are ``server``'s."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, urlsplit

from gitops_models._version import __version__
from gitops_models.delivery.inference.protocol import parse_json, parse_request, refused
from gitops_models.errors import Exit, GmError
from gitops_models.registry.values import dataclass

if TYPE_CHECKING:
    from collections.abc import Callable

    from gitops_models.delivery.inference.shelf import Loaded, Shelf

_OK, _BAD, _MISSING, _FAILED = 200, 400, 404, 500
_STATUS = {Exit.USAGE: _BAD, Exit.NOT_FOUND: _MISSING}
_DIGEST = re.compile(r"[0-9a-f]{64}")
_LONGEST_VERSION = 256
_PLATFORM = "onnx_onnxv1"


@dataclass(frozen=True)
class Reply:
    """A status and what is said as JSON."""

    status: int
    body: Any


def answer(shelf: Shelf, method: str, path: str, body: bytes) -> Reply:
    """Answer one request. Raises ``GmError`` for what ``failure`` puts into words."""
    words = tuple(unquote(word) for word in urlsplit(path).path.strip("/").split("/"))
    for wanted, shape, work in _ROUTES:
        if wanted == method and len(shape) == len(words):
            given = [word for word, expected in zip(words, shape, strict=True) if expected is None]
            if all(expected in (None, word) for word, expected in zip(words, shape, strict=True)):
                made = work(shelf, body, *given)
                return made if isinstance(made, Reply) else Reply(_OK, made)
    return Reply(_MISSING, {"error": "GM-R333: no such address"})


def failure(error: GmError) -> Reply:
    """Return a refusal in the protocol's form."""
    return Reply(_STATUS.get(error.exit_status, _FAILED), {"error": f"{error.code}: {error.message}"})


def _server(_shelf: Shelf, _body: bytes) -> Any:
    return {"name": "gitops-models", "version": __version__, "extensions": ["model_repository"]}


def _live(_shelf: Shelf, _body: bytes) -> Any:
    return {"live": True}


def _ready(_shelf: Shelf, _body: bytes) -> Any:
    return {"ready": True}  # one bad version does not take the others out of service: see the model's own readiness


def _metadata(shelf: Shelf, _body: bytes, model: str, version: str | None = None) -> Any:
    found = _chosen(shelf, model, version)
    return {
        "name": found.model,
        "versions": [found.version],
        "platform": _PLATFORM,
        "inputs": [spec.to_json() for spec in found.runtime.inputs],
        "outputs": [spec.to_json() for spec in found.runtime.outputs],
        "parameters": {**_identity(found), "stage": shelf.stage},
    }


def _model_ready(shelf: Shelf, _body: bytes, model: str, version: str | None = None) -> Any:
    return {"name": _chosen(shelf, model, version).model, "ready": True}


def _infer(shelf: Shelf, body: bytes, model: str, version: str | None = None) -> Any:
    found = _chosen(shelf, model, version)  # once: all that follows is of this version
    said = {"model_name": found.model, "model_version": found.version, "parameters": _identity(found)}
    try:
        request = parse_request(body)
        outputs = found.runtime.run(request)
    except GmError as error:
        refusal = failure(error)
        return Reply(refusal.status, {**refusal.body, **said})
    named = {} if request.id is None else {"id": request.id}
    return {**said, **named, "outputs": [tensor.to_json() for tensor in outputs]}


def _index(shelf: Shelf, _body: bytes) -> Any:
    return [
        {
            "name": slot.model,
            **({"version": slot.loaded.version, "sha256": slot.loaded.digest} if slot.loaded else {}),
            "state": "READY" if slot.loaded else "UNAVAILABLE",
            "reason": f"{slot.problem.code}: {slot.problem.message}" if slot.problem else "",
        }
        for slot in shelf.index()
    ]


def _load(shelf: Shelf, body: bytes, model: str) -> Any:
    asked = parse_json(body).get("parameters", {}) if body else {}
    if not isinstance(asked, dict):
        raise refused("parameters: an object is needed")
    version, digest = asked.get("version"), asked.get("sha256")
    if version is not None and not (isinstance(version, str) and 0 < len(version) <= _LONGEST_VERSION):
        raise refused("version: a text is needed")
    if digest is not None and not (isinstance(digest, str) and _DIGEST.fullmatch(digest)):
        raise refused("sha256: 64 hex digits are needed")
    return {"name": model, **_identity(shelf.load(model, version=version, digest=digest))}


def _unload(shelf: Shelf, _body: bytes, model: str) -> Any:
    shelf.unload(model)
    return {"name": model}


def _chosen(shelf: Shelf, model: str, version: str | None) -> Loaded:
    found = shelf.get(model)
    if version not in (None, found.version):
        raise GmError("GM-R333", f"{model} is served in version {found.version}")
    return found


def _identity(found: Loaded) -> dict[str, str]:
    return {"version": found.version, "sha256": found.digest}


_MODEL = ("v2", "models", None)
_VERSION = (*_MODEL, "versions", None)
_REPOSITORY = ("v2", "repository")
_ROUTES: tuple[tuple[str, tuple[str | None, ...], Callable[..., Any]], ...] = (
    ("GET", ("v2",), _server),
    ("GET", ("v2", "health", "live"), _live),
    ("GET", ("v2", "health", "ready"), _ready),
    ("GET", _MODEL, _metadata),
    ("GET", _VERSION, _metadata),
    ("GET", (*_MODEL, "ready"), _model_ready),
    ("GET", (*_VERSION, "ready"), _model_ready),
    ("POST", (*_MODEL, "infer"), _infer),
    ("POST", (*_VERSION, "infer"), _infer),
    ("POST", (*_REPOSITORY, "index"), _index),
    ("POST", (*_REPOSITORY, "models", None, "load"), _load),
    ("POST", (*_REPOSITORY, "models", None, "unload"), _unload),
)
