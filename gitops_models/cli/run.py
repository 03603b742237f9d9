"""One run of ``gm``: parse, call, and turn every error into its exit status."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

from gitops_models._version import __version__
from gitops_models.cli.options import COMPLETING, hoist
from gitops_models.errors import Exit, GmError

if TYPE_CHECKING:
    from collections.abc import Sequence


def run(arguments: Sequence[str]) -> int:
    """Run ``gm`` with ``arguments`` and return its exit status; nothing but a bug shows a traceback."""
    words = hoist(arguments)
    try:
        status = _answer(words)
        sys.stdout.flush()
        return _interrupted() if status == Exit.INTERRUPTED else status
    except GmError as error:
        return _refuse(error, as_json=_wants_json(words))
    except KeyboardInterrupt:
        return _interrupted()
    except BrokenPipeError:
        return _enough()
    except SystemExit as ended:
        # Typer turns a closed pipe into exit status 1 on its own, which here would say "a bug".
        if isinstance(ended.__context__, BrokenPipeError):
            return _enough()
        raise
    except Exception as error:  # noqa: BLE001 - whatever escapes is a bug and is shown as one
        return _usage_or_bug(error, words)


def _answer(words: list[str]) -> int:
    if words == ["--version"] and not COMPLETING & set(os.environ):
        print(__version__)  # noqa: T201 - data; asked often by scripts, so it waits for no parser
        return Exit.OK
    from gitops_models.cli.app import build

    return _status(build()(words, prog_name="gm", standalone_mode=False))


def _enough() -> int:
    """Whoever reads the output has enough of it; without this Python complains when it flushes at exit."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.__stdout__.fileno() if sys.__stdout__ else 1)
    return Exit.OK


def _wants_json(words: list[str]) -> bool:
    """Whether errors go out as JSON; what follows ``--`` is no option."""
    return "--json" in words[: words.index("--")] if "--" in words else "--json" in words


def _interrupted() -> int:
    print("interrupted: nothing is half done, run the command again", file=sys.stderr)  # noqa: T201 - message
    return Exit.INTERRUPTED


def _status(result: object) -> int:
    return result if isinstance(result, int) else Exit.OK


def _refuse(error: GmError, *, as_json: bool) -> int:
    from gitops_models.cli.output import print_error

    print_error(error, as_json=as_json)
    return error.exit_status


def _usage_or_bug(error: Exception, words: list[str]) -> int:
    """Typer's own usage errors know how to show themselves; anything else is a bug of ours."""
    import typer

    if isinstance(error, typer.Abort):  # Ctrl-C, or the end of input at a question
        return _interrupted()
    as_json = _wants_json(words)
    show = getattr(error, "format_message", None)
    if show is not None:
        return _refuse(GmError("GM-C002", str(show()), hint=_usage_hint(error)), as_json=as_json)
    if isinstance(code := getattr(error, "exit_code", None), int):
        return code
    from gitops_models.errors.unforeseen import is_of_machine, unforeseen

    if {"-v", "--verbose"} & set(words) and not is_of_machine(error):
        raise error
    return _refuse(unforeseen(error), as_json=as_json)


def _usage_hint(error: Exception) -> str:
    """The help of the very command that was meant."""
    context = getattr(error, "ctx", None)
    if context is None:
        return "see `gm --help`"
    usage = context.get_usage().splitlines()[0].removeprefix("Usage: ")
    return f"{usage}  (see `{context.command_path} --help`)"
