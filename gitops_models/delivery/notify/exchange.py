"""One POST with a limit on the whole of it: looking up the name, connecting, TLS, answers that trickle in."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitops_models.delivery.lines import HttpLine, target_of, within

if TYPE_CHECKING:
    from urllib.parse import SplitResult


def post(url: SplitResult, body: bytes, headers: dict[str, str], *, seconds: float, ca_file: str | None) -> int:
    """Return the status of the answer, whose body is not read.

    Raises ``TimeoutError`` after ``seconds``, ``OSError`` for all that fails.
    """
    line = HttpLine(url, seconds=seconds, ca_file=ca_file)

    def work() -> int:
        with line:
            line.request("POST", target_of(url), body=body, headers=headers)
            with line.getresponse() as answer:
                return answer.status

    try:
        return within(seconds, work, line.cut, name="gm-notice")
    except OSError:
        raise
    except Exception as error:
        raise OSError(0, f"no HTTP answer ({type(error).__name__})") from error
