"""What is printed of notices that did not go out: warnings beside the result, which stays what it is."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from gitops_models.cli.output import print_warning

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from gitops_models.cli.options import Options
    from gitops_models.delivery.notify.post import Post
    from gitops_models.errors import GmError
    from gitops_models.workflows.session import Session


@contextmanager
def telling(options: Options, session: Session) -> Iterator[Post]:
    """A post for one command; what did not go out is printed when the command ends, however it ends."""
    from gitops_models.workflows.notices import post_of

    post = post_of(session)
    try:
        yield post
    finally:
        print_warnings(options, post.warnings)


def print_warnings(options: Options, warnings: Iterable[GmError]) -> None:
    """Print each warning once, to standard error; JSON objects where JSON was asked for."""
    shown: set[tuple[str, str]] = set()
    for warning in warnings:
        if (warning.code, warning.message) not in shown:
            shown.add((warning.code, warning.message))
            print_warning(warning, as_json=options.json)
