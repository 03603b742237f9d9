"""One request to a serving engine, with a limit on the whole of it and on the size of the answer."""

from __future__ import annotations

import http.client
import ssl
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from gitops_models.delivery.checks.web import Answer, Lines, within

if TYPE_CHECKING:
    from urllib.parse import SplitResult

    from gitops_models.delivery.checks.web import Line

MOST_BYTES = 1 << 20


def ask(
    method: str,
    url: str,
    body: bytes | None,
    headers: dict[str, str],
    *,
    seconds: float,
    ca_file: str | None = None,
) -> Answer:
    """Return the answer; no redirect is followed.

    Raises ``TimeoutError`` after ``seconds``, ``OSError`` for all that fails.
    """

    def work(lines: Lines) -> Answer:
        client = lines.client(url)
        if ca_file is not None:
            client.line.context = ssl.create_default_context(cafile=ca_file)
        return _exchange(client.line, method, _target(urlsplit(url)), body, headers)

    return within(Lines(seconds), work)


def _target(url: SplitResult) -> str:
    return (url.path or "/") + (f"?{url.query}" if url.query else "")


def _exchange(line: Line, method: str, target: str, body: bytes | None, headers: dict[str, str]) -> Answer:
    try:
        line.request(method, target, body=body, headers=headers)
        with line.getresponse() as answer:
            data = answer.read(MOST_BYTES + 1)
            # What is cut short while its length is unknown looks whole: the line says who hung up.
            if line.over:
                raise TimeoutError
    except (http.client.HTTPException, ValueError) as error:
        raise OSError(0, f"no HTTP answer ({type(error).__name__})") from error
    if len(data) > MOST_BYTES:
        raise OSError(0, f"the answer is longer than {MOST_BYTES} bytes")
    return Answer(answer.status, data)
