"""One request to a serving engine, with a limit on the whole of it and on the size of the answer."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from gitops_models.delivery.lines import HttpLine, target_of, within

if TYPE_CHECKING:
    from gitops_models.delivery.lines import Answer

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
    parts = urlsplit(url)
    line = HttpLine(parts, seconds=seconds, ca_file=ca_file)
    line.secure = line.secure or ca_file is not None  # who names authorities is never spoken to in the clear

    def work() -> Answer:
        with line:
            return line.ask(method, target_of(parts), body, headers, most=MOST_BYTES)

    return within(seconds, work, line.cut, name="gm-ask")
