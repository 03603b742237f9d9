"""Serve a diagnosis model: the inference code of the reference registry.

``path`` may be a link that is switched under a running server: each request is answered by the model that the link
names at that moment, whole, and the answer says which bytes gave it.

usage: inference.py PATH [PORT]      PATH: model.onnx, or a directory that holds it; answers POST on loopback
       {"features": [[30 numbers], ...]} -> {"label": [...], "probabilities": [[benign, malignant], ...], "model": PATH}
"""

from __future__ import annotations

import json
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import numpy as np
import onnxruntime

FEATURES = 30
LARGEST_REQUEST = 4 * 1024 * 1024


class Model:
    """The model behind a path, opened again when the path leads elsewhere."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._opened: tuple[Path, onnxruntime.InferenceSession] | None = None

    def predict(self, features: np.ndarray) -> dict[str, object]:
        """Answer for float32 rows of shape (rows, 30); ``ValueError`` for any other shape."""
        if features.ndim != 2 or features.shape[1] != FEATURES:  # noqa: PLR2004 - rows and columns
            msg = f"features must be rows of {FEATURES} numbers"
            raise ValueError(msg)
        where, session = self._session()
        label, probabilities = session.run(["label", "probabilities"], {"features": features.astype(np.float32)})
        return {"label": label.tolist(), "probabilities": probabilities.tolist(), "model": str(where)}

    def _session(self) -> tuple[Path, onnxruntime.InferenceSession]:
        real = self._path.resolve(strict=True)
        opened = self._opened
        if opened is None or opened[0] != real:
            file = real / "model.onnx" if real.is_dir() else real
            opened = (real, onnxruntime.InferenceSession(file.read_bytes(), providers=["CPUExecutionProvider"]))
            self._opened = opened
        return opened


class Handler(BaseHTTPRequestHandler):
    """One request: JSON rows in, JSON predictions out."""

    model: Model

    def do_POST(self) -> None:
        """Answer 200 with predictions, 400 for rows that are none, 503 while no model is there."""
        try:
            length = min(int(self.headers["Content-Length"] or 0), LARGEST_REQUEST)
            rows = np.array(json.loads(self.rfile.read(length))["features"], dtype=np.float32)
            self._answer(200, self.model.predict(rows))
        except FileNotFoundError as error:
            self._answer(503, {"error": f"no model is served: {error.filename}"})
        except (KeyError, TypeError, ValueError) as error:
            self._answer(400, {"error": str(error)})

    def log_message(self, *_args: object) -> None:
        """Stay silent; the caller sees every answer."""

    def _answer(self, status: int, body: dict[str, object]) -> None:
        data = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)


def make_server(path: Path, port: int = 0) -> ThreadingHTTPServer:
    """Bind to loopback, port 0 for any free one; the caller runs ``serve_forever``."""
    handler = type("BoundHandler", (Handler,), {"model": Model(path)})
    return ThreadingHTTPServer(("127.0.0.1", port), handler)


def main(path: str, port: str = "0") -> None:
    """Serve until interrupted; the first line says where."""
    with make_server(Path(path), int(port)) as server:
        print(f"http://127.0.0.1:{server.server_port}", flush=True)
        server.serve_forever()


if __name__ == "__main__":
    main(*sys.argv[1:])
