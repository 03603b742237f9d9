"""What an answer says: strict JSON, or the error that its status stands for."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, NoReturn

from gitops_models.errors import GmError
from gitops_models.forge.github.fields import unlike
from gitops_models.registry.strictjson import strict_json
from gitops_models.registry.text import visible

if TYPE_CHECKING:
    from collections.abc import Mapping

    from gitops_models.forge.github.exchange import Raw

MOST_DEPTH = 40
_SHOWN = 300
_MOST_REASONS = 5
_TOO_MANY = 429
_SERVERS_FAULT = 500
_FORBIDDEN = 403
# By GitHub's documentation: what names neither a time nor a limit is asked again after a minute at the earliest.
_REST = 60.0
_LATEST = 253402300799.0  # the end of the year 9999
_CODES = {
    401: "GM-F401",
    403: "GM-F402",
    404: "GM-F403",
    408: "GM-F407",
    409: "GM-F404",
    410: "GM-F403",
    412: "GM-F404",
    451: "GM-F402",
}


class LimitedError(GmError):
    """GM-F406: nothing was done, and it may be asked again after ``seconds``."""

    def __init__(self, message: str, seconds: float, *, where: str) -> None:
        super().__init__("GM-F406", message, where=where)
        self.seconds = seconds


def parse_json(body: bytes, what: str) -> Any:
    """Read strict JSON: UTF-8, every key once, no NaN, at most ``MOST_DEPTH`` levels. GM-F408."""
    try:
        value = strict_json(body)
    except (ValueError, RecursionError) as error:
        raise unlike(f"{what} is no JSON: {visible(str(error))[:_SHOWN]}") from error
    if _is_deeper(value, MOST_DEPTH):
        raise unlike(f"{what} is nested more than {MOST_DEPTH} deep")
    return value


def raise_for(raw: Raw, where: str, *, now: float) -> NoReturn:
    """Raise what a status of 400 or more stands for; ``now`` in seconds since 1970."""
    said, reasons = _words(raw.body)
    seconds = _rest(raw, said, now)
    if seconds is not None:
        at = datetime.fromtimestamp(min(now + seconds, _LATEST), UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        raise LimitedError(f"asked too often; again in {seconds:.0f} s, at {at}: {said}", seconds, where=where)
    fallback = "GM-F407" if raw.status >= _SERVERS_FAULT else "GM-F405"
    code = _CODES.get(raw.status, fallback)
    raise GmError(code, f"GitHub answers {raw.status}: {said}", where=where, details=reasons)


def _rest(raw: Raw, said: str, now: float) -> float | None:
    """How long to wait before it is asked again; None when this is no matter of the rate."""
    if raw.status not in (_FORBIDDEN, _TOO_MANY):
        return None
    after, reset = _number(raw.headers, "retry-after"), _number(raw.headers, "x-ratelimit-reset")
    if after is not None:
        return after
    if raw.headers.get("x-ratelimit-remaining") == "0" and reset is not None:
        return max(reset - now, 0.0) + 1.0  # the clocks of the two need not agree to the second
    if raw.status == _TOO_MANY or "rate limit" in said.lower():
        return _REST
    return None


def _number(headers: Mapping[str, str], name: str) -> float | None:
    said = headers.get(name, "")
    return float(said) if said.isascii() and said.isdigit() and len(said) < 12 else None  # noqa: PLR2004 - a time


def _words(body: bytes) -> tuple[str, tuple[str, ...]]:
    """What GitHub says in words: its message and the reasons below it, escaped and cut."""
    try:
        value = parse_json(body, "the reason")
    except GmError:
        return "(no reason that can be read)", ()
    value = value if isinstance(value, dict) else {}
    message = value.get("message")
    errors = value.get("errors")
    reasons = [_reason(one) for one in errors[:_MOST_REASONS]] if isinstance(errors, list) else []
    return _shown(message) if isinstance(message, str) and message else "(no reason)", tuple(filter(None, reasons))


def _reason(one: Any) -> str:
    if isinstance(one, dict):
        one = " ".join(str(one[name]) for name in ("resource", "field", "code", "message") if one.get(name))
    return _shown(one) if isinstance(one, str) else ""


def _shown(text: str) -> str:
    return visible(text[:_SHOWN])


def _is_deeper(value: Any, most: int) -> bool:
    level = [value]
    for _ in range(most):
        level = [
            inner
            for one in level
            if isinstance(one, dict | list)
            for inner in (one.values() if isinstance(one, dict) else one)
        ]
    return any(isinstance(one, dict | list) for one in level)
