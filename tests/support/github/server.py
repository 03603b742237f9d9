"""HTTP/1.1 over TLS on the loopback interface: one thread per connection, connections stay open."""

import contextlib
import socketserver
import ssl
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qsl, urlsplit

from tests.support.github.messages import Answer, Request


class Server(ThreadingHTTPServer):
    """Shakes hands in the thread of the connection, so that a silent client stops nobody."""

    daemon_threads = True
    block_on_close = False
    request_queue_size = 64

    def __init__(self, certificate, answer):
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.context.load_cert_chain(certificate)
        self.answer = answer
        super().__init__(("127.0.0.1", 0), Handler)

    def server_bind(self):
        socketserver.TCPServer.server_bind(self)  # HTTPServer asks the resolver for a name of the machine
        self.server_name, self.server_port = self.server_address[:2]

    def finish_request(self, request, client_address):
        request.settimeout(60)
        gone = contextlib.suppress(OSError, ssl.SSLError)
        with gone, self.context.wrap_socket(request, server_side=True) as secured:
            Handler(secured, client_address, self)
            secured.settimeout(1)
            secured.unwrap()

    def handle_error(self, request, client_address):
        """A client that went away is no matter of the fake."""

    def start(self):
        self._thread = threading.Thread(target=self.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        self._thread.start()

    def stop(self):
        self.shutdown()
        self._thread.join()
        self.server_close()


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1

    def log_message(self, *arguments):
        """The fake keeps its own list of requests."""

    def version_string(self):
        return "github.com"

    def _serve(self):
        parts = urlsplit(self.path)
        query = dict(parse_qsl(parts.query, keep_blank_values=True))
        request = Request(self.command, parts.path, query, self.headers, self._body())
        answer, cut = self.server.answer(request)
        if answer is None:
            self.close_connection = True
            return
        self._send(answer, cut)

    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = do_HEAD = _serve  # noqa: N815 - names of http.server

    def _body(self):
        if self.headers.get("Transfer-Encoding", "").lower() == "chunked":
            return b"".join(self._chunks())
        return self.rfile.read(int(self.headers.get("Content-Length") or 0))

    def _chunks(self):
        while size := int(self.rfile.readline().split(b";")[0], 16):
            yield self.rfile.read(size)
            self.rfile.readline()
        while self.rfile.readline().strip():
            pass

    def _send(self, answer: Answer, cut):
        content = answer.content
        self.send_response(answer.status)
        headers = {"Content-Type": "application/json; charset=utf-8"} | answer.headers
        for name, value in headers.items():
            self.send_header(name, value)
        if answer.status != 304:
            self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        if self.command != "HEAD" and answer.status != 304:
            self.wfile.write(content if cut is None else content[:cut])
        self.wfile.flush()
        if cut is not None:
            self.close_connection = True
