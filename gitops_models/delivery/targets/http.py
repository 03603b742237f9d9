"""Engines that are told and asked by HTTP: ``reload: {http: …}``. Bounded in time and size; redirects are refused."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from gitops_models._version import __version__
from gitops_models.delivery.checks.fill import filled_address
from gitops_models.delivery.targets.command import words_of
from gitops_models.errors import GmError
from gitops_models.registry.text import visible

if TYPE_CHECKING:
    from collections.abc import Mapping

    from gitops_models.delivery.lines import Answer
    from gitops_models.delivery.targets.base import Order
    from gitops_models.delivery.targets.settings import HttpReload
    from gitops_models.delivery.values import ModelStage

_DONE = range(200, 300)
_AWAY = frozenset({429, 502, 503, 504})
_NOTHING_THERE = 404
_DIGEST = re.compile(r"[0-9a-f]{64}")
_TOKEN = re.compile(r"[\x21-\x7e]{1,4096}")
_LONGEST_TOKEN = 8192
_ASKING_SECONDS = 5.0
_SHOWN = 200


class HttpEngine:
    """An engine behind addresses; loading may take ``seconds``. ``name`` is for messages."""

    def __init__(self, name: str, told: HttpReload, seconds: float) -> None:
        self.name = name
        self.answers = told.observe is not None
        self._told = told
        self._seconds = seconds

    def load(self, order: Order) -> None:
        """POST to ``load``, then ask what is served. GM-R310, GM-R311, GM-R312, GM-R313."""
        words = words_of(order)
        self._tell(self._told.load, words)
        if self.answers and (said := self.digest(order.at)) != order.digest:
            raise GmError(
                "GM-R312", f"{self.name} serves {said or 'nothing'} after {order.digest}", where=str(order.at)
            )

    def unload(self, at: ModelStage) -> None:
        """POST to ``unload`` if there is one; an engine that knows no such model has done it. GM-R310, GM-R311."""
        if self._told.unload is not None:
            self._tell(self._told.unload, at._asdict(), also=_NOTHING_THERE)

    def digest(self, at: ModelStage) -> str | None:
        """GET ``observe`` and read its field. GM-R310, GM-R313."""
        ask = self._told.observe
        if ask is None:
            return None
        answer = self._send("GET", ask.url, at._asdict(), None, min(self._seconds, _ASKING_SECONDS))
        if answer.status == _NOTHING_THERE:
            return None
        if answer.status not in _DONE:
            raise GmError("GM-R310", f"{self.name} {_words(answer)}", where=str(at))
        return self._read(answer.body, ask.field, at)

    def _tell(self, url: str, words: Mapping[str, str], *, also: int = 0) -> None:
        body = json.dumps({"parameters": dict(words)}).encode()
        answer = self._send("POST", url, words, body, self._seconds)
        if answer.status in _DONE or answer.status == also:
            return
        code = "GM-R310" if answer.status in _AWAY else "GM-R311"
        raise GmError(code, f"{self.name} {_words(answer)}", where=f"{words['model']}#{words['stage']}")

    def _send(self, method: str, url: str, words: Mapping[str, str], body: bytes | None, seconds: float) -> Answer:
        from gitops_models.delivery.targets.asking import ask  # noqa: PLC0415 - http and ssl only where they serve

        address = filled_address(url, words)
        headers = {"user-agent": f"gitops-models/{__version__}", "accept": "application/json", **self._token()}
        if body is not None:
            headers["content-type"] = "application/json"
        try:
            return ask(method, address, body, headers, seconds=seconds, ca_file=self._told.ca_file)
        except TimeoutError as error:
            raise GmError("GM-R310", f"{self.name} did not answer within {seconds:g} s") from error
        except OSError as error:
            what = error.strerror or type(error).__name__
            raise GmError("GM-R310", f"{self.name} cannot be reached: {what}", where=urlsplit(url).netloc) from error

    def _token(self) -> dict[str, str]:
        if self._told.token_file is None:
            return {}
        path = Path(self._told.token_file)
        try:
            with path.open("rb") as file:
                token = file.read(_LONGEST_TOKEN).decode("ascii").strip()
        except (OSError, UnicodeDecodeError) as error:
            raise GmError("GM-R317", f"{self.name}: {path.name} cannot be read as a token", where=str(path)) from error
        if _TOKEN.fullmatch(token) is None:
            raise GmError("GM-R317", f"{self.name}: {path.name} holds no token", where=str(path))
        return {"authorization": f"Bearer {token}"}

    def _read(self, body: bytes, field: str, at: ModelStage) -> str | None:
        """Find the digest: absent, null and empty are nothing; anything but 64 hex digits is no answer."""
        try:
            found = pointed_at(json.loads(body), field)
        except (ValueError, RecursionError) as error:
            raise GmError("GM-R313", f"{self.name} answers no JSON: {visible(str(error))}", where=str(at)) from error
        if found in (None, ""):
            return None
        if not isinstance(found, str) or _DIGEST.fullmatch(found) is None:
            raise GmError("GM-R313", f"{self.name} answers no digest at {field}", where=str(at))
        return found


def pointed_at(value: Any, pointer: str) -> Any:
    """Return what the JSON pointer (RFC 6901) names in ``value``, ``None`` where there is nothing."""
    for step in pointer.split("/")[1:]:
        key = step.replace("~1", "/").replace("~0", "~")
        if isinstance(value, dict):
            value = value.get(key)
        elif isinstance(value, list) and key.isascii() and key.isdigit():
            value = value[int(key)] if int(key) < len(value) else None
        else:
            return None
    return value


def _words(answer: Answer) -> str:
    said = " ".join(answer.body[:_SHOWN].decode("utf-8", "replace").split())
    return f"answers {answer.status} {visible(said)}".rstrip()
