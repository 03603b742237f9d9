"""One request and its answer, with a limit on its size and on the whole of its time.

Timeouts of sockets count from byte to byte and looking up a name knows none, so the exchange runs in a thread that is
left behind when its time is over.
"""

from __future__ import annotations

import os
import ssl
from dataclasses import field
from threading import Thread
from typing import TYPE_CHECKING, NoReturn
from urllib.parse import unquote

import urllib3
from urllib3.exceptions import HTTPError, NewConnectionError, ProtocolError, SSLError
from urllib3.exceptions import TimeoutError as SocketTimeout

from gitops_models.errors import GmError
from gitops_models.forge.github.fields import unlike
from gitops_models.registry.text import visible
from gitops_models.registry.values import dataclass

if TYPE_CHECKING:
    from collections.abc import Mapping

    from gitops_models.forge.github.address import Address

MOST_BYTES = 16 * 1024 * 1024
_PIECE = 65536
_SHOWN = 200


@dataclass(frozen=True)
class Raw:
    """An answer before it is judged: names of headers in lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True)
class Request:
    """What is sent: ``target`` is path and query."""

    method: str
    target: str
    headers: Mapping[str, str]
    body: bytes | None = None


@dataclass
class Line:
    """A line to one server, kept open from request to request. ``seconds``: for one exchange from end to end.

    ``ca_file``: further authorities for TLS beside the machine's (and SSL_CERT_FILE's). ``proxy``: ``http://host:port``.
    """

    address: Address
    seconds: float = 30.0
    ca_file: str | None = None
    proxy: str | None = None
    _kept: urllib3.PoolManager | None = field(default=None, init=False, repr=False, compare=False)

    def send(self, request: Request) -> Raw:
        """Exchange ``request`` for an answer of any status.

        Raises GM-F407 when none comes, GM-F408 when it is cut short or too long.
        """
        outcome: list[Raw | Exception] = []

        def work() -> None:
            try:
                outcome.append(self._exchange(request))
            except Exception as error:  # noqa: BLE001 - handed to the caller
                outcome.append(error)

        thread = Thread(target=work, name="gm-github", daemon=True)
        thread.start()
        thread.join(self.seconds)
        came = outcome[:]
        if not came:
            self._kept = None  # the line in use belongs to the thread that is left behind
            raise self._late()
        if isinstance(came[0], Exception):
            self._fail(came[0])
        return came[0]

    def _late(self) -> GmError:
        return GmError("GM-F407", f"no whole answer within {self.seconds:g} s", where=str(self.address))

    def _pool(self) -> urllib3.PoolManager:
        # Under no lock, in the thread with the limit: the file of authorities may hang.
        if self._kept is None:
            self._kept = self._opened()
        return self._kept

    def _opened(self) -> urllib3.PoolManager:
        context = self._context() if self.address.scheme == "https" else None
        if self.proxy is None:
            return urllib3.PoolManager(ssl_context=context)
        secret = urllib3.util.parse_url(self.proxy).auth
        headers = urllib3.make_headers(proxy_basic_auth=unquote(secret)) if secret else None
        return urllib3.ProxyManager(self.proxy, ssl_context=context, proxy_headers=headers)

    def _context(self) -> ssl.SSLContext:
        context = ssl.create_default_context()
        if self.ca_file and self.ca_file != os.environ.get("SSL_CERT_FILE"):
            try:
                context.load_verify_locations(self.ca_file)
            except OSError as error:
                raise GmError(
                    "GM-F407", f"the authorities for TLS cannot be read: {error}", where=self.ca_file
                ) from error
        return context

    def _exchange(self, request: Request) -> Raw:
        answer = self._pool().request(
            request.method,
            str(self.address).removesuffix(self.address.folder) + request.target,
            body=request.body,
            headers=dict(request.headers),
            timeout=urllib3.Timeout(total=self.seconds),
            retries=False,
            redirect=False,
            preload_content=False,
            decode_content=False,
        )
        headers = {name.lower(): answer.headers[name] for name in answer.headers}  # lines of one name are joined
        try:
            body = _read(answer)
        except ProtocolError as error:
            raise GmError("GM-F408", "the answer was cut short", where=str(self.address)) from error
        finally:
            answer.close()
        if headers.get("content-encoding", "identity") != "identity":
            raise unlike("the answer is packed, which was not asked for")
        return Raw(answer.status, headers, body)

    def _fail(self, error: Exception) -> NoReturn:
        where = str(self.address)
        if isinstance(error, GmError):
            raise error
        if isinstance(error, SocketTimeout) and not isinstance(error, NewConnectionError):
            raise self._late() from error  # the socket's own clock was first
        said = visible(str(error))[:_SHOWN]
        if isinstance(error, SSLError):
            hint = "name the server's authority in SSL_CERT_FILE"
            raise GmError("GM-F407", f"the server is not who it says: {said}", where=where, hint=hint) from error
        if isinstance(error, HTTPError | OSError):
            raise GmError("GM-F407", f"no answer: {said}", where=where) from error
        raise error


def _read(answer: urllib3.BaseHTTPResponse) -> bytes:
    body = bytearray()
    while piece := answer.read(_PIECE):
        body += piece
        if len(body) > MOST_BYTES:
            raise unlike(f"the answer has more than {MOST_BYTES} bytes")
    return bytes(body)
