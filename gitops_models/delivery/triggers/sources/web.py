"""prometheus and http: servers that are asked over HTTP, with a limit on time and size."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode, urlsplit

from gitops_models._version import __version__
from gitops_models.delivery.checks.fill import filled_address
from gitops_models.delivery.triggers.sources.base import AWAY, NO_TOKEN, REFUSED, UNFIT, needed
from gitops_models.delivery.triggers.sources.fill import filled, in_string
from gitops_models.delivery.triggers.sources.reports import MOST_VALUES, answer_of, load
from gitops_models.delivery.triggers.values import Answer, Sample, decimal_of
from gitops_models.errors import GmError
from gitops_models.registry.text import visible
from gitops_models.registry.values import dataclass

if TYPE_CHECKING:
    from gitops_models.delivery.triggers.settings import HttpSource, PrometheusSource, WebPart
    from gitops_models.delivery.triggers.sources.base import Subject

_DONE = range(200, 300)
_FAULT = range(500, 600)
_BUSY = frozenset({408, 425, 429})
_TOKEN = re.compile(r"[\x21-\x7e]{1,4096}")
_LONGEST = 8192
_SHOWN = 200


@dataclass(frozen=True)
class PrometheusApi:
    """The query API of Prometheus: https://prometheus.io/docs/prometheus/latest/querying/api/ (instant queries)."""

    place: PrometheusSource

    def read(self, query: str | None, subject: Subject) -> Answer:
        """Ask an instant query; a range selector gives every sample of its range."""
        text = filled(needed(query, "PromQL"), subject.slots, in_string)
        url = self.place.url.rstrip("/") + "/api/v1/query"
        status, body = _ask(self.place, "POST", url, urlencode({"query": text}).encode())
        said = load(body) if body else None
        if not isinstance(said, dict) or said.get("status") not in ("success", "error"):
            raise _refused(self.place, status, body)
        if said["status"] == "error":
            code = UNFIT if said.get("errorType") == "bad_data" else REFUSED
            raise GmError(code, f"{self.place.id}: {visible(str(said.get('error'))[:_SHOWN])}")
        return _vector(said.get("data"))


@dataclass(frozen=True)
class HttpReport:
    """An address that answers with JSON."""

    place: HttpSource

    def read(self, query: str | None, subject: Subject) -> Answer:
        """Get the report and look at the query, a JSON pointer."""
        status, body = _ask(self.place, "GET", filled_address(self.place.url, subject.words), None)
        if status not in _DONE:
            raise _refused(self.place, status, body)
        return answer_of(load(body), query, subject.slots)


def _vector(data: Any) -> Answer:
    """Read a scalar, vector or matrix of numbers; a series may be empty, its histograms are no numbers."""
    kind = data.get("resultType") if isinstance(data, dict) else None
    result = data.get("result") if isinstance(data, dict) else None
    if kind == "scalar":
        return Answer((_sample(result),))
    if kind not in ("vector", "matrix") or not isinstance(result, list):
        raise GmError(REFUSED, "the answer is neither a number nor a list of series")
    field = "value" if kind == "vector" else "values"
    if not all(isinstance(series, dict) and field in series for series in result):
        raise GmError(REFUSED, "a series has no numbers")
    pairs = [series[field] for series in result]
    listed = pairs if kind == "vector" else [pair for series in pairs for pair in series]
    if len(listed) > MOST_VALUES:
        raise GmError(REFUSED, f"more than {MOST_VALUES} values")
    return Answer(tuple(_sample(pair) for pair in listed))


def _sample(pair: Any) -> Sample:
    try:
        at, text = pair
        value = decimal_of(text)
        time = datetime.fromtimestamp(float(at), UTC)
    except (TypeError, ValueError, OverflowError, OSError) as error:
        raise GmError(REFUSED, "a sample is no pair of time and number") from error
    if value is None or not isinstance(at, Decimal):
        raise GmError(REFUSED, f"a sample is no number: {visible(str(text)[:_SHOWN])}")
    return Sample(value, time)


def _ask(place: WebPart, method: str, url: str, body: bytes | None) -> tuple[int, bytes]:
    from gitops_models.delivery.targets.asking import ask  # noqa: PLC0415 - http and ssl only where they serve

    headers = {"user-agent": f"gitops-models/{__version__}", "accept": "application/json", **_token(place)}
    if body is not None:
        headers["content-type"] = "application/x-www-form-urlencoded"
    host = urlsplit(url).netloc
    try:
        answer = ask(method, url, body, headers, seconds=place.timeout, ca_file=place.ca_file)
    except TimeoutError as error:
        raise GmError(AWAY, f"{place.id} did not answer within {place.timeout:g} s", where=host) from error
    except OSError as error:
        what = error.strerror or type(error).__name__
        raise GmError(AWAY, f"{place.id} cannot be reached: {what}", where=host) from error
    return answer.status, answer.body


def _refused(place: WebPart, status: int, body: bytes) -> GmError:
    said = visible(" ".join(body[:_SHOWN].decode("utf-8", "replace").split()))
    away = status in _BUSY or status in _FAULT
    return GmError(AWAY if away else REFUSED, f"{place.id} answers {status} {said}".rstrip())


def _token(place: WebPart) -> dict[str, str]:
    if place.token_file is None:
        return {}
    path = Path(place.token_file)
    try:
        with path.open("rb") as file:
            token = file.read(_LONGEST).decode("ascii").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise GmError(NO_TOKEN, f"{place.id}: {path.name} cannot be read as a token", where=str(path)) from error
    if _TOKEN.fullmatch(token) is None:
        raise GmError(NO_TOKEN, f"{place.id}: {path.name} holds no token", where=str(path))
    return {"authorization": f"Bearer {token}"}
