"""A mail server on loopback that speaks SMTP (RFC 5321, 3207, 4954) and does as it is told."""

import base64
import email
import email.policy
import socketserver
import ssl
from contextlib import contextmanager
from dataclasses import dataclass, field
from threading import Event

from tests.support.serving import serving


@dataclass
class Mail:
    """One message as the server took it, and how the client had come in."""

    sender: str
    recipients: list
    data: bytes
    encrypted: bool
    user: str | None

    @property
    def message(self):
        return email.message_from_bytes(self.data, policy=email.policy.default)


@dataclass
class Mailbox:
    """What came, and what to answer: ``answers`` by command replace the usual ones, ``refused`` are recipients."""

    certificate: tuple | None = None
    implicit: bool = False
    users: dict = field(default_factory=dict)
    answers: dict = field(default_factory=dict)
    refused: dict = field(default_factory=dict)
    offers: list = field(default_factory=lambda: ["STARTTLS", "AUTH PLAIN LOGIN", "8BITMIME"])
    mails: list = field(default_factory=list)
    heard: list = field(default_factory=list)
    silent_from: str | None = None
    over: Event = field(default_factory=Event)
    port: int = 0

    def context(self):
        made = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        made.load_cert_chain(*self.certificate)
        return made


class _Talk(socketserver.BaseRequestHandler):
    """One conversation."""

    def handle(self):
        self.box = self.server.box
        self.encrypted, self.user, self.sender, self.recipients = False, None, None, []
        try:
            if self.box.implicit:
                self._encrypt()
            self._listen()
            self._say(self.box.answers.get("", "220 mail.example.org"))
            while self._next():
                pass
        except (OSError, ssl.SSLError):
            return
        finally:
            self.request.close()

    def _listen(self):
        self.file = self.request.makefile("rb")

    def _encrypt(self):
        self.request = self.box.context().wrap_socket(self.request, server_side=True)
        self.encrypted = True

    def _say(self, *lines):
        self.request.sendall("".join(f"{line}\r\n" for line in lines).encode())

    def _next(self):
        line = self.file.readline().decode()
        if not line:
            return False
        self.box.heard.append(line.rstrip("\r\n"))
        word = line.split()[0].upper()
        if word == self.box.silent_from:
            self.box.over.wait(60)
            return False
        answer = self.box.answers.get(word)
        if answer is None:
            return getattr(self, f"do_{word.lower()}")(line)
        if answer:
            self._say(answer)
        return bool(answer)

    def do_ehlo(self, _line):
        said = ["mail.example.org", *(one for one in self.box.offers if one != "STARTTLS" or not self.encrypted)]
        self._say(*(f"250-{one}" for one in said[:-1]), f"250 {said[-1]}")
        return True

    def do_starttls(self, _line):
        self._say("220 go ahead")
        self._encrypt()
        self._listen()
        return True

    def do_auth(self, line):
        words = line.split()
        if words[1] == "PLAIN":
            _, user, password = base64.b64decode(words[2]).decode().split("\0")
        else:
            user = base64.b64decode(words[2]).decode()
            self._say("334 UGFzc3dvcmQ6")
            password = base64.b64decode(self.file.readline()).decode()
        if self.box.users.get(user) != password:
            self._say("535 5.7.8 who are you")
            return True
        self.user = user
        self._say("235 come in")
        return True

    def do_mail(self, line):
        self.sender, self.recipients = line.partition("<")[2].partition(">")[0], []
        self._say("250 ok")
        return True

    def do_rcpt(self, line):
        who = line.partition("<")[2].partition(">")[0]
        refusal = self.box.refused.get(who)
        if refusal is None:
            self.recipients.append(who)
        self._say(refusal or "250 ok")
        return True

    def do_data(self, _line):
        self._say("354 say it")
        data = b""
        while (line := self.file.readline()) not in (b".\r\n", b""):
            data += line.removeprefix(b".") if line.startswith(b"..") else line
        said = self.box.answers.get("message", "250 taken")
        if said.startswith("250"):
            self.box.mails.append(Mail(self.sender, self.recipients, data, self.encrypted, self.user))
        self._say(said)
        return True

    def do_rset(self, _line):
        self._say("250 ok")
        return True

    def do_quit(self, _line):
        self._say("221 bye")
        return False


class _Server(socketserver.ThreadingTCPServer):
    daemon_threads = True
    allow_reuse_address = True


@contextmanager
def mailbox(**settings):
    """A mail server that runs while the block does."""
    box = Mailbox(**settings)
    server = _Server(("127.0.0.1", 0), _Talk)
    server.box = box
    with serving(server) as box.port:
        try:
            yield box
        finally:
            box.over.set()
