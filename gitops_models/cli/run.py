"""One run of ``gm``: parse, call, and turn every error into its exit status."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

from gitops_models.cli.options import hoist
from gitops_models.errors import Exit, GmError

if TYPE_CHECKING:
    from collections.abc import Sequence


def run(arguments: Sequence[str]) -> int:
    """Run ``gm`` with ``arguments`` and return its exit status; nothing but a bug shows a traceback."""
    from gitops_models.cli.app import build

    words = hoist(arguments)
    as_json = "--json" in words
    try:
        return _status(build()(words, prog_name="gm", standalone_mode=False))
    except GmError as error:
        return _refuse(error, as_json=as_json)
    except KeyboardInterrupt:
        print("interrupted: nothing is half done, run the command again", file=sys.stderr)  # noqa: T201 - message
        return Exit.INTERRUPTED
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return Exit.OK
    except Exception as error:  # noqa: BLE001 - whatever escapes is a bug and is shown as one
        return _usage_or_bug(error, as_json=as_json, verbose=bool({"-v", "--verbose"} & set(words)))


def _status(result: object) -> int:
    return result if isinstance(result, int) else Exit.OK


def _refuse(error: GmError, *, as_json: bool) -> int:
    from gitops_models.cli.output import print_error

    print_error(error, as_json=as_json)
    return error.exit_status


def _usage_or_bug(error: Exception, *, as_json: bool, verbose: bool) -> int:
    """Typer's own usage errors know how to show themselves; anything else is a bug of ours."""
    code = getattr(error, "exit_code", None)
    show = getattr(error, "format_message", None)
    if show is not None:
        usage = GmError("GM-C002", str(show()), hint="see `gm --help`, or `gm VERB --help`")
        return _refuse(usage, as_json=as_json)
    if isinstance(code, int):
        return code
    if verbose:
        raise error
    return _refuse(GmError("GM-C001", f"{type(error).__name__}: {error}"), as_json=as_json)
