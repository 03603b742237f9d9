"""Progress on a terminal; nothing where nobody watches."""

from __future__ import annotations

import sys
from contextlib import contextmanager
from threading import Lock
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from gitops_models.cli.options import Options

STEP = 16 * 1024 * 1024
MEBI = 1024 * 1024


@contextmanager
def bytes_bar(options: Options, what: str) -> Iterator[Callable[[int], None] | None]:
    """A callback that takes byte counts and shows their sum on stderr; None when stderr is no terminal."""
    if options.quiet or options.json or not sys.stderr.isatty():
        yield None
        return
    seen = shown = 0
    lock = Lock()  # several files, and models, arrive at once

    def advance(count: int) -> None:
        nonlocal seen, shown
        with lock:
            seen += count
            if seen - shown >= STEP:
                shown = seen
                sys.stderr.write(f"\r{what}: {seen // MEBI} MiB")
                sys.stderr.flush()

    try:
        yield advance
    finally:
        if shown:
            sys.stderr.write("\r\x1b[K")
