"""Opening a repository for the verbs that read every step since the pin."""

from __future__ import annotations

import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING

from gitops_models.cli.common import open_here

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from gitops_models.cli.options import Options
    from gitops_models.workflows.session import Session

    Progress = Callable[[int, int], None]

_ERASE = "\r\x1b[K"


def open_replayed(options: Options, pin: str | None = None, *, anew: bool = False) -> Session:
    """The session of this run with its whole history judged, from ``pin`` when one is given.

    What this clone verified before is taken over, unless all is to be judged ``anew`` or a pin is given.
    """
    from gitops_models.workflows.inspect import replay_all

    with steps_bar(options) as progress:
        session = open_with_progress(options, pin, progress, anew=anew)
        replay_all(session, progress)
    return session


def open_with_progress(options: Options, pin: str | None, progress: Progress | None, *, anew: bool) -> Session:
    """The session of this run, or of ``pin`` when one is given; what was judged before is left where it is kept."""
    from gitops_models.workflows.inspect import open_pinned_at

    return open_pinned_at(options.repo, pin, progress) if pin else open_here(options, replay=anew, progress=progress)


@contextmanager
def steps_bar(options: Options) -> Iterator[Progress | None]:
    """A callback that shows how far the replay is; None where nobody watches."""
    if options.quiet or options.json or not sys.stderr.isatty():
        yield None
        return

    def advance(done: int, total: int) -> None:
        sys.stderr.write(f"\rreplaying history: {done} of {total} steps" if done < total else _ERASE)
        sys.stderr.flush()

    try:
        yield advance
    finally:
        sys.stderr.write(_ERASE)
