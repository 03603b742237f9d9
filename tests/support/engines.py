"""A serving engine on loopback that answers as it is told, and notes what it was asked."""

from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler
from threading import Event

from tests.support.serving import Quiet, patient, serving


@dataclass
class Engine:
    """``answers`` by method: status and body, or ``None`` to hang up; ``asked`` is what came."""

    answers: dict = field(default_factory=lambda: {"POST": (200, b"{}"), "GET": (404, b"{}")})
    asked: list = field(default_factory=list)
    gate: Event | None = None
    port: int = 0

    @property
    def url(self):
        return f"http://127.0.0.1:{self.port}"


@contextmanager
def engine():
    made = Engine()

    class Handler(Quiet, BaseHTTPRequestHandler):
        def _answer(self):
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            made.asked.append((self.command, self.path, {k.lower(): v for k, v in self.headers.items()}, body))
            if made.gate:
                made.gate.wait(30)
            found = made.answers[self.command]
            if found is None:
                return
            self.send_response(found[0])
            if found[0] in (301, 307):
                self.send_header("Location", f"{made.url}/elsewhere")
            self.send_header("Content-Length", str(len(found[1])))
            self.end_headers()
            self.wfile.write(found[1])

        do_GET = do_POST = _answer  # noqa: N815 - the base class's words

    with serving(patient(Handler)) as made.port:
        try:
            yield made
        finally:
            if made.gate:
                made.gate.set()
