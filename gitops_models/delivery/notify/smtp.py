"""Notices by mail: one message to all recipients, in one conversation with the operator's mail server (RFC 5321)."""

from __future__ import annotations

import smtplib
import ssl
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from typing import TYPE_CHECKING, NoReturn

from gitops_models.delivery.lines import Line, within
from gitops_models.delivery.notify.base import AGAIN, PARTLY
from gitops_models.delivery.notify.hidden import UNUSABLE, password_of
from gitops_models.delivery.notify.words import cut, words_of
from gitops_models.errors import GmError
from gitops_models.registry.text import visible
from gitops_models.registry.times import parse_time
from gitops_models.registry.values import dataclass

if TYPE_CHECKING:
    import socket

    from gitops_models.delivery.notify.base import Message
    from gitops_models.delivery.notify.notices import Route
    from gitops_models.delivery.notify.ways import Smtp

_LONGEST_ANSWER = 200
_MAY_PASS = range(400, 500)  # RFC 5321 section 4.2.1: transient
_Refused = dict[str, tuple[int, bytes]]


@dataclass(frozen=True)
class SmtpNotifier:
    """Mails to a few people. The password is read at each attempt."""

    id: str
    routes: frozenset[Route]
    place: Smtp
    timeout: float

    def send(self, message: Message, *, left: float) -> None:
        """Mail once.

        Raises GM-R700 for what may pass by itself (4xx, no answer), GM-R701 for a refusal, GM-R711 where the password
        cannot be read, GM-R713 where the server does not encrypt, and GM-R714 when it went to some only.
        """
        password = _ascii(password_of(self.place), self.place) if self.place.user else None
        data = render(message, self.place)
        line, seconds = Line(), min(self.timeout, left)
        try:
            refused = within(seconds, lambda: self._converse(line, data, password, seconds), line.cut, name="gm-notice")
        except TimeoutError as error:
            raise GmError(AGAIN, f"{self._who} did not answer within {seconds:g} s") from error
        except smtplib.SMTPException as error:
            self._refuse(error)
        except OSError as error:
            what = error.strerror or type(error).__name__
            raise GmError(AGAIN, f"{self._who} cannot be reached: {what}") from error
        if refused:
            raise GmError(PARTLY, f"{self._who} refuses {_first(refused)}")

    def _converse(self, line: Line, data: bytes, password: str | None, seconds: float) -> _Refused:
        """Speak with the server; whom it refuses, where it took the mail for others."""
        place = self.place
        context = ssl.create_default_context(cafile=place.ca_file) if place.security != "none" else None
        with line, _Client(line, context if place.security == "tls" else None, place, seconds) as client:
            if place.security == "starttls":
                client.starttls(context=context)
            if place.user and password is not None:
                client.login(place.user, password)
            return client.sendmail(place.sender, place.recipients, data)

    def _refuse(self, error: smtplib.SMTPException) -> NoReturn:
        if isinstance(error, smtplib.SMTPNotSupportedError) and self.place.security == "starttls" and _no_tls(error):
            raise GmError("GM-R713", f"{self._who} offers no STARTTLS") from error
        if isinstance(error, smtplib.SMTPRecipientsRefused):
            may_pass = all(status in _MAY_PASS for status, _ in error.recipients.values())
            raise GmError(
                AGAIN if may_pass else "GM-R701", f"{self._who} refuses {_first(error.recipients)}"
            ) from error
        if isinstance(error, smtplib.SMTPResponseException):
            code = AGAIN if error.smtp_code in _MAY_PASS else "GM-R701"
            raise GmError(code, f"{self._who} answers {error.smtp_code} {_text(error.smtp_error)}") from error
        code = AGAIN if isinstance(error, smtplib.SMTPServerDisconnected) else "GM-R701"
        raise GmError(code, f"{self._who}: {_text(str(error))}") from error

    @property
    def _who(self) -> str:
        return f"{self.id}: {self.place.host}"


class _Client(smtplib.SMTP):
    """Speaks over a line that can be cut, encrypted from the first byte where a context is given.

    It greets with the sender's domain: looking up this machine's own name may take half a minute.
    """

    def __init__(self, line: Line, implicit: ssl.SSLContext | None, place: Smtp, seconds: float) -> None:
        self._line = line
        self._implicit = implicit
        super().__init__(place.host, place.door, place.sender.rpartition("@")[2], timeout=seconds)

    def _get_socket(self, host: str, port: int, timeout: float) -> socket.socket:
        raw = self._line.connect(host, port, timeout)
        return self._implicit.wrap_socket(raw, server_hostname=host) if self._implicit else raw


def render(message: Message, place: Smtp) -> bytes:
    """Return the mail of an event: the same bytes, and the same Message-ID, at each attempt."""
    words = words_of(message.body)
    mail = EmailMessage(policy=SMTP)
    mail["From"] = place.sender
    mail["To"] = ", ".join(place.recipients)
    mail["Subject"] = words.title
    mail["Date"] = format_datetime(parse_time(words.time))
    mail["Message-ID"] = f"<{message.id}@{place.sender.rpartition('@')[2]}>"
    mail["Auto-Submitted"] = "auto-generated"  # RFC 3834: nobody's holiday answer comes back
    mail.set_content(words.text, cte="base64")
    return mail.as_bytes()


def _no_tls(error: Exception) -> bool:
    return "STARTTLS" in str(error)


def _ascii(password: str, place: Smtp) -> str:
    if not password.isascii() or not password.isprintable():
        where = place.password_file or place.password_env
        raise GmError(UNUSABLE, f"the password in {where} must be one line of ASCII")
    return password


def _first(refused: _Refused) -> str:
    """The first refused recipient and why: the operator knows who the others are."""
    who, (status, why) = next(iter(refused.items()))
    return f"{who} ({status} {_text(why)}); {len(refused)} in all"


def _text(said: bytes | str) -> str:
    text = said.decode("utf-8", "replace") if isinstance(said, bytes) else said
    return visible(cut(" ".join(text.split()), _LONGEST_ANSWER))
