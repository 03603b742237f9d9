"""A receiver of notices on loopback: a real HTTP server that does as it is told, and a clock that waits for nobody."""

import base64
import hashlib
import hmac
import json
import socket
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler
from threading import Event, Thread

from tests.support.serving import Quiet, patient, serving

SECRET = "a shared secret of some length"


@dataclass(frozen=True)
class Delivery:
    """One request as it came."""

    path: str
    headers: dict
    body: bytes

    @property
    def event(self):
        return json.loads(self.body)

    @property
    def signed(self):
        """Whether the signature fits, worked out here from the words of Standard Webhooks alone."""
        signed = f"{self.headers['webhook-id']}.{self.headers['webhook-timestamp']}.".encode() + self.body
        digest = hmac.new(SECRET.encode(), signed, hashlib.sha256).digest()
        return self.headers["webhook-signature"] == "v1," + base64.b64encode(digest).decode()


@dataclass
class Receiver:
    """What came, and what to answer: ``answers`` in turn, the last one for ever."""

    deliveries: list = field(default_factory=list)
    answers: list = field(default_factory=lambda: [204])
    headers: dict = field(default_factory=dict)
    body: bytes = b""
    port: int = 0
    secure: bool = False
    gate: Event | None = None
    during: object = None
    arrived: Event = field(default_factory=Event)

    @property
    def url(self):
        return f"http{'s' if self.secure else ''}://127.0.0.1:{self.port}/hook?for=gm"

    @property
    def events(self):
        return [delivery.event for delivery in self.deliveries]

    @property
    def kinds(self):
        return [event["data"]["event"] for event in self.events]

    def take(self, delivery):
        self.deliveries.append(delivery)
        self.arrived.set()
        if self.during:
            self.during()
            self.during = None
        return self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]


def _handler(receiver):
    class Handler(Quiet, BaseHTTPRequestHandler):
        def do_POST(self):
            body = self.rfile.read(int(self.headers["Content-Length"]))
            status = receiver.take(Delivery(self.path, {k.lower(): v for k, v in self.headers.items()}, body))
            if receiver.gate:
                receiver.gate.wait(60)
            if status is None:  # hang up without an answer
                self.close_connection = True
                return
            self.send_response(status)
            for name, value in receiver.headers.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(receiver.body)

        def do_GET(self):
            receiver.deliveries.append(Delivery(self.path, {}, b""))
            self.send_response(204)
            self.end_headers()

    return Handler


@contextmanager
def receiver(certificate=None):
    """A receiver that runs while the block does; ``certificate`` (files of certificate and key) makes it HTTPS."""
    made = Receiver(secure=certificate is not None)
    with serving(patient(_handler(made), certificate)) as made.port:
        try:
            yield made
        finally:
            if made.gate:
                made.gate.set()


@contextmanager
def raw_server(serve):
    """A server below HTTP: ``serve(connection, over)`` talks to each client; ``over`` is set when the block ends."""
    over = Event()
    with socket.create_server(("127.0.0.1", 0)) as listening:
        listening.settimeout(0.05)

        def work():
            while not over.is_set():
                try:
                    connection, _ = listening.accept()
                except TimeoutError:
                    continue
                connection.settimeout(5)
                with connection:
                    try:
                        serve(connection, over)
                    except OSError:
                        continue

        thread = Thread(target=work)
        thread.start()
        try:
            yield listening.getsockname()[1]
        finally:
            over.set()
            thread.join()


class Waits:
    """A clock that goes on only where somebody waits."""

    def __init__(self):
        self.waited = []
        self.seconds = 0.0

    def wait(self, seconds):
        self.waited.append(seconds)
        self.seconds += seconds

    def now(self):
        return self.seconds


def self_signed(folder):
    """Certificate and key of 127.0.0.1, as files."""
    from datetime import UTC, datetime, timedelta  # noqa: PLC0415 - with what needs them
    from ipaddress import ip_address  # noqa: PLC0415 - as above

    from cryptography import x509  # noqa: PLC0415 - as above
    from cryptography.hazmat.primitives import hashes, serialization  # noqa: PLC0415 - as above
    from cryptography.hazmat.primitives.asymmetric import ec  # noqa: PLC0415 - as above

    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "receiver")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False)
        .sign(key, hashes.SHA256())
    )
    certificate, private = folder / "certificate.pem", folder / "key.pem"
    certificate.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    form = (serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    private.write_bytes(key.private_bytes(serialization.Encoding.PEM, *form))
    return certificate, private
