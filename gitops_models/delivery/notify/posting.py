"""One POST and what its answer means, for every place that is reached over HTTP.

The receiver is a stranger too: an answer is its status line, its body is never read, no redirect is followed, and what
takes too long is hung up on, however slowly it trickles.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitops_models._version import __version__
from gitops_models.delivery.notify.base import AGAIN
from gitops_models.errors import GmError

if TYPE_CHECKING:
    from urllib.parse import SplitResult

_BUSY = frozenset({408, 425, 429})
_DELIVERED, _REDIRECT, _FAULT = range(200, 300), range(300, 400), range(500, 600)  # RFC 9110 section 15


def deliver(
    url: SplitResult, body: bytes, headers: dict[str, str], *, place: str, seconds: float, ca_file: str | None
) -> None:
    """Post once; any 2xx is delivery. Raises GM-R700 for what may pass by itself, GM-R701 for a refusal.

    ``place`` names the receiver in messages. Of the address the host alone is shown: a path may hold a token.
    """
    from gitops_models.delivery.notify.exchange import post  # noqa: PLC0415 - http and ssl only where they serve

    host = url.hostname or ""
    headers = {"User-Agent": f"gitops-models/{__version__}", **headers}
    try:
        status = post(url, body, headers, seconds=seconds, ca_file=ca_file)
    except TimeoutError as error:
        raise GmError(AGAIN, f"{place}: {host} did not answer within {seconds:g} s") from error
    except OSError as error:
        what = error.strerror or type(error).__name__
        raise GmError(AGAIN, f"{place}: {host} cannot be reached: {what}") from error
    if status in _DELIVERED:
        return
    why = "redirects, which is not followed" if status in _REDIRECT else f"answers {status}"
    raise GmError(AGAIN if status in _BUSY or status in _FAULT else "GM-R701", f"{place}: {host} {why}")
