"""A small server of the Open Inference Protocol (V2) on loopback that really answers, and does as it is told."""

import json
import re
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from threading import Event, Lock

from gitops_models.delivery.resolve import resolve
from tests.support.serving import Quiet, patient, serving


@dataclass
class Inference:
    """What the server serves: ``y = factor * x`` under ``digest``; ``status`` and ``body`` instead where given.

    With ``place`` it is an engine of a directory target: digest and factor are those of the version that lies there at
    each request, ``factors`` by version.
    """

    digest: str | None = None
    factor: float = 2.0
    port: int = 0
    status: int = 200
    body: bytes | None = None
    versions: list = field(default_factory=list)
    gate: Event | None = None
    asked: list = field(default_factory=list)
    lock: Lock = field(default_factory=Lock)
    place: Path | None = None
    factors: dict = field(default_factory=dict)

    @property
    def address(self):
        return f"http://127.0.0.1:{self.port}"

    def follow(self):
        if self.place is not None:
            live = resolve(self.place)
            self.digest = live.name.partition(".")[0]
            self.factor = self.factors[re.search(r"\d+\.\d+\.\d+", (live / "model.onnx").read_text())[0]]

    def metadata(self, model):
        self.follow()
        parameters = {} if self.digest is None else {"parameters": {"sha256": self.digest}}
        return {"name": model, "versions": self.versions, "platform": "test", **parameters}

    def answer(self, inputs):
        self.follow()
        data = [self.factor * value for value in inputs[0]["data"]]
        return {"outputs": [{"name": "y", "datatype": "FP64", "shape": [len(data)], "data": data}]}


def case(*values, factor=2.0):
    """One golden case: inputs, and the outputs of a model with ``factor``."""
    shape = [len(values)]
    return {
        "inputs": [{"name": "x", "datatype": "FP64", "shape": shape, "data": list(values)}],
        "outputs": [{"name": "y", "shape": shape, "data": [factor * value for value in values]}],
    }


def cases_file(path, *cases):
    """Write golden cases to ``path`` and give its name."""
    path.write_text(json.dumps({"cases": list(cases)}))
    return str(path)


def _handler(served):
    class Handler(Quiet, BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True
        wbufsize = -1

        def do_GET(self):
            self._reply(served.metadata(self.path.split("/")[3]))

        def do_POST(self):
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            if served.gate:
                served.gate.wait(60)
            self._reply(served.answer(body["inputs"]))

        def _reply(self, value):
            with served.lock:
                served.asked.append((self.command, self.path))
            data = json.dumps(value).encode() if served.body is None else served.body
            self.send_response(served.status)
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)
            self.wfile.flush()

    return Handler


@contextmanager
def inference(**options):
    """A server that runs while the block does."""
    served = Inference(**options)
    with serving(patient(_handler(served))) as served.port:
        try:
            yield served
        finally:
            if served.gate:
                served.gate.set()
