"""How a place is reached: the parts of the operator's list that say where, with what secret and by whose certificates.

An address that holds a token (Slack, Teams, most of apprise) is a secret itself and never stands in the list.
"""

from typing import Annotated, Literal, Self

from pydantic import AfterValidator, Field, StringConstraints, model_validator

from gitops_models.delivery.fields import Place, web_parts
from gitops_models.registry.documents import Part
from gitops_models.registry.documents._base import Items, Line, about

_HERE = frozenset({"localhost", "127.0.0.1", "::1"})
_PORTS = {"starttls": 587, "tls": 465, "none": 25}  # RFC 6409, RFC 8314, RFC 5321

Variable = Annotated[str, StringConstraints(pattern=r"^[A-Za-z_][A-Za-z0-9_]{0,127}$")]
Authorities = Annotated[Place | None, about("Certificates to trust instead of the system's (PEM).", "ca.pem")]
# The dot-atom of RFC 5321 without quoting: nothing that ends an address or a line.
Mailbox = Annotated[
    str,
    StringConstraints(
        pattern=r"^[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@[A-Za-z0-9](?:[A-Za-z0-9.-]{0,188}[A-Za-z0-9])?$"
    ),
]
Host = Annotated[
    str, StringConstraints(pattern=r"^(?:[A-Za-z0-9](?:[A-Za-z0-9.-]{0,251}[A-Za-z0-9])?|[0-9a-f:]{2,39})$")
]


def web_address(text: str) -> str:
    """Return a plain HTTPS address; HTTP is for this machine alone. Raises ``ValueError``."""
    parts = web_parts(text)
    if parts.scheme != "https" and parts.hostname not in _HERE:
        raise ValueError("must begin with https:// (http:// is for this machine alone)")
    return text


class Webhook(Part):
    """An address that takes CloudEvents over HTTPS, signed with a shared secret."""

    url: Annotated[Line, AfterValidator(web_address), about("Where events are posted.", "https://hooks.example.org/gm")]
    secret_file: Annotated[Place | None, about("File that holds the shared secret.", "webhook-secret")] = None
    secret_env: Annotated[
        Variable | None, about("Environment variable that holds the shared secret.", "GM_WEBHOOK_SECRET")
    ] = None
    ca_file: Authorities = None

    @model_validator(mode="after")
    def _one_secret(self) -> Self:
        if (self.secret_file is None) == (self.secret_env is None):
            raise ValueError("name the secret by secret_file or by secret_env")
        return self


class Hidden(Part):
    """An address that is a secret, because who knows it may write there."""

    url_file: Annotated[Place | None, about("File that holds the address.", "channel-url")] = None
    url_env: Annotated[Variable | None, about("Environment variable that holds the address.", "GM_CHANNEL")] = None

    @model_validator(mode="after")
    def _one_address(self) -> Self:
        if (self.url_file is None) == (self.url_env is None):
            raise ValueError("name the address by url_file or by url_env")
        return self


class Chat(Hidden):
    """A channel of Slack or Teams, by the address of its incoming webhook."""

    ca_file: Authorities = None


class Smtp(Part):
    """Mailboxes, and the server that takes mail for them."""

    host: Annotated[Host, about("Mail server.", "smtp.example.org")]
    port: Annotated[
        Annotated[int, Field(ge=1, le=65535)] | None, about("Port; 587, 465 or 25 by `security` when absent.", 587)
    ] = None
    security: Annotated[
        Literal["starttls", "tls", "none"],
        about("Encryption from the first byte, by STARTTLS, or none (on this machine alone).", "starttls"),
    ] = "starttls"
    sender: Annotated[Mailbox, about("Who the mail comes from.", "gm@example.org")]
    recipients: Annotated[
        Annotated[Items[Mailbox], Field(min_length=1, max_length=50)],
        about("Who gets it.", ["on-call@example.org"]),
    ]
    user: Annotated[Line | None, about("Name to log in with; no log-in when absent.", "gm")] = None
    password_file: Annotated[Place | None, about("File that holds the password.", "smtp-password")] = None
    password_env: Annotated[
        Variable | None, about("Environment variable that holds the password.", "GM_SMTP_PASSWORD")
    ] = None
    ca_file: Authorities = None

    @model_validator(mode="after")
    def _one_password(self) -> Self:
        if [self.password_file, self.password_env].count(None) != (1 if self.user else 2):
            raise ValueError("a user needs password_file or password_env, and a password needs a user")
        if self.security == "none" and self.host not in _HERE:
            raise ValueError("security: none is for this machine alone")
        return self

    @property
    def door(self) -> int:
        """The port that is spoken to."""
        return self.port or _PORTS[self.security]
