"""Servers on loopback that run in a thread of the test while a block does."""

import ssl
from contextlib import contextmanager
from http.server import ThreadingHTTPServer
from threading import Thread


class Quiet:
    """For a handler: the test's output is kept to itself."""

    def log_message(self, *_):
        pass


class Patient(ThreadingHTTPServer):
    """A server that minds no client: those that hang up, or never do, are what some tests are about."""

    daemon_threads = True
    request_queue_size = 64

    def handle_error(self, *_):
        pass


@contextmanager
def serving(server):
    """Serve while the block runs; give the port."""
    with server:
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield server.server_address[1]
        finally:
            server.shutdown()
            thread.join()


def patient(handler, certificate=None):
    """A patient server on a free port; ``certificate`` (files of certificate and key) makes it HTTPS."""
    server = Patient(("127.0.0.1", 0), handler)
    if certificate:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(*certificate)
        server.socket = context.wrap_socket(server.socket, server_side=True)
    return server
