"""The options of a line in allowed_signers (ssh-keygen(1)): whom it is for, when, and whether it certifies."""

import re
from datetime import UTC, datetime, tzinfo

from gitops_models.registry.values import dataclass

__all__ = ["SignerOptions", "read_options"]

_OPTION = re.compile(r'([a-zA-Z-]+)(?:="((?:[^"\\]|\\.)*)")?(,(?=.)|$)')
_DATES = {8: "%Y%m%d", 12: "%Y%m%d%H%M", 14: "%Y%m%d%H%M%S"}
_DATE = re.compile(r"([0-9]+)(Z|UTC)?", re.IGNORECASE)
_FLAG = "cert-authority"
_VALUED = frozenset({"namespaces", "valid-after", "valid-before"})


@dataclass(frozen=True)
class SignerOptions:
    """What the options of one line say; ``namespaces`` is a pattern list."""

    namespaces: tuple[str, ...] | None
    valid_after: datetime | None
    valid_before: datetime | None
    authority: bool


def read_options(text: str, zone: tzinfo | None) -> SignerOptions:
    """Read the options; a date without ``Z`` or ``UTC`` is in ``zone``.

    Raises ``ValueError`` for an option that is unknown, repeated, cut short, or not a date of ssh-keygen.
    """
    options = _split(text)
    namespaces = options.get("namespaces")
    after, before = (_date(options.get(name), zone) for name in ("valid-after", "valid-before"))
    if after and before and after >= before:
        raise ValueError("valid-before is not later than valid-after")
    spaces = None if namespaces is None else tuple(namespaces.split(","))
    return SignerOptions(spaces, after, before, _FLAG in options)


def _split(text: str) -> dict[str, str | None]:
    options: dict[str, str | None] = {}
    at = 0
    while at < len(text):
        match = _OPTION.match(text, at)
        if match is None:
            raise ValueError(f"option expected at {text[at:]!r}")
        name = match[1].lower()
        if name in options:
            raise ValueError(f"option {name} twice")
        _check(name, match[2])
        options[name] = None if match[2] is None else match[2].replace('\\"', '"')
        at = match.end()
    return options


def _check(name: str, value: str | None) -> None:
    if name == _FLAG and value is None:
        return
    if name not in _VALUED or value is None:
        raise ValueError(f"unknown option, or a value where none or one belongs: {name}")


def _date(text: str | None, zone: tzinfo | None) -> datetime | None:
    if text is None:
        return None
    match = _DATE.fullmatch(text)
    if match is None or len(match[1]) not in _DATES:
        raise ValueError(f"not a date: {text!r}")
    moment = datetime.strptime(match[1], _DATES[len(match[1])])  # noqa: DTZ007 - the zone follows
    placed = moment.replace(tzinfo=UTC) if match[2] else moment.replace(tzinfo=zone).astimezone(UTC)
    if placed.timestamp() <= 0:
        raise ValueError(f"a date before 1970: {text!r}")
    return placed
